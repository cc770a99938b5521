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

/** Values of a logarithmic axis that get a line: powers of ten, and where there are few 2 and 5. */
export function logTicks(low, high) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const factors = last - first > 3 ? [1] : [1, 2, 5];
  const every = Math.max(1, Math.ceil((last - first) / 6));
  const found = [];
  for (let power = first; power <= last; power += every) {
    for (const factor of factors) {
      const value = Number(`${factor}e${power}`);
      if (value >= low && value <= high) found.push(value);
    }
  }
  return found;
}

/** Range of the values with some air, rounded so that it rarely changes while a curve grows. */
export function valueRange(values, { floor = 0, ceiling = Infinity, smallest = 0.02 } = {}) {
  let [low, high] = extremes(values);
  if (low > high) return [0, 1];
  const span = Math.max(high - low, smallest) || Math.abs(high) || 1;
  const step = niceStep(span * 1.1, 5);
  low = Math.max(floor, Math.floor((low - span * 0.04) / step) * step);
  high = Math.min(ceiling, Math.ceil((high + span * 0.04) / step) * step);
  return high > low ? [low, high] : [low, low + step];
}

/** The same of a logarithmic axis, to whole halves of a power of ten; it leaves out 0 and less. */
export function logRange(values) {
  const [low, high] = extremes(values.filter((value) => value > 0));
  if (low > high) return [0.1, 1];
  const from = Math.floor(Math.log10(low) * 2 - 0.05) / 2;
  const to = Math.ceil(Math.log10(high) * 2 + 0.05) / 2;
  return [10 ** from, 10 ** to];
}

function extremes(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** Last epoch on the axis: the whole plan, or for long ones room to grow. */
export function lastOnAxis(known, total, isFinal) {
  if (isFinal) return Math.max(2, known);
  if (total <= 60) return Math.max(2, total);
  let room = 30;
  while (room < known * 1.1) room *= 1.5;
  return Math.min(total, Math.ceil(room));
}
