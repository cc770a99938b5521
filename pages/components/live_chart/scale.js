// Axes: where a value is drawn, and which values get a line.

/** Step of 1, 2 or 5 times a power of ten that gives about `wanted` steps over `span`. */
export function niceStep(span, wanted) {
  const rough = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough * 0.999) ?? 10;
  return factor * power;
}

export function ticks(low, high, wanted) {
  const step = niceStep(high - low, wanted);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k += 1) {
    found.push(Number((k * step).toPrecision(12)));
  }
  return found;
}

/** Range of the values with some air, rounded so that it rarely changes while a curve grows. */
export function valueRange(values, { floor = 0, ceiling = Infinity } = {}) {
  const finite = values.filter(Number.isFinite);
  if (!finite.length) return [0, 1];
  let low = Math.min(...finite);
  let high = Math.max(...finite);
  const span = Math.max(high - low, 0.02);
  const step = niceStep(span * 1.1, 5);
  low = Math.max(floor, Math.floor((low - span * 0.04) / step) * step);
  high = Math.min(ceiling, Math.ceil((high + span * 0.04) / step) * step);
  return high > low ? [low, high] : [low, low + step];
}

/** Last epoch on the axis: the whole plan, or for long ones room to grow. */
export function lastOnAxis(known, total, isFinal) {
  if (isFinal) return Math.max(2, known);
  if (total <= 60) return Math.max(2, total);
  let room = 30;
  while (room < known * 1.1) room *= 1.5;
  return Math.min(total, Math.ceil(room));
}
