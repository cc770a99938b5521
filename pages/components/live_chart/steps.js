// The numbers of single steps: the whole run as the server summed it up, what came since, and one
// part of it seen from near. An entry is { step, epoch, low, high, mean }.

const LOSS = "train_loss";
const HIDDEN = ["step", "epoch", "train_loss_low", "train_loss_high"];

export class Steps {
  constructor() {
    this.series = new Map();
    this.last = 0; // step of the last point that is known
    this.epochsPerStep = null;
    this.near = null;
  }

  /** The newest loss; null where there is none. */
  get loss() {
    return this.series.get(LOSS)?.at(-1)?.mean ?? null;
  }

  get isEmpty() {
    return !this.series.size;
  }

  /** Take in the whole run as columns; what is known already and lies behind them stays. */
  begin({ last_step: lastStep, epochs_per_step: epochsPerStep, series }) {
    if (!epochsPerStep) return;
    const behind = this.series;
    this.epochsPerStep = epochsPerStep;
    this.series = this.read(series);
    for (const [name, entries] of behind) {
      const kept = entries.filter((entry) => entry.step > lastStep);
      if (kept.length) this.series.set(name, [...(this.series.get(name) ?? []), ...kept]);
    }
    this.last = Math.max(this.last, lastStep);
  }

  /** Take in the points behind `last`; a resumed run has forgotten those behind `lastStep`. */
  append(points, lastStep) {
    if (this.last > lastStep) this.forgetAfter(lastStep);
    for (const point of points) {
      if (point.step <= this.last) continue;
      this.last = point.step;
      this.epochsPerStep = point.epoch / point.step;
      for (const [name, mean] of Object.entries(point)) {
        if (HIDDEN.includes(name) || (mean == null && name !== LOSS)) continue;
        const isLoss = name === LOSS;
        const low = (isLoss ? point.train_loss_low : null) ?? mean;
        const high = (isLoss ? point.train_loss_high : null) ?? mean;
        if (!this.series.has(name)) this.series.set(name, []);
        this.series.get(name).push({ step: point.step, epoch: point.epoch, low, high, mean });
      }
    }
  }

  forgetAfter(lastStep) {
    for (const [name, entries] of this.series) {
      while (entries.length && entries.at(-1).step > lastStep) entries.pop();
      if (!entries.length) this.series.delete(name);
    }
    if (this.near?.last > lastStep) this.near = null;
    this.last = lastStep;
  }

  /** Take in columns of the steps `first` to `last`, which show more than those of the whole. */
  refine(series, first, last) {
    this.near = { first, last: Math.min(last, this.last), series: this.read(series) };
  }

  /** Whether this part of the run, in steps, was refined. */
  isNear(first, last) {
    return Boolean(
      this.near && this.near.first <= first && Math.min(last, this.last) <= this.near.last,
    );
  }

  /** All entries of a series in order, each part of the run as exactly as it is known. */
  entries(name) {
    const whole = this.series.get(name) ?? [];
    const { near } = this;
    if (!near) return whole;
    return [
      ...whole.filter((entry) => entry.step < near.first),
      ...(near.series.get(name) ?? []),
      ...whole.filter((entry) => entry.step > near.last),
    ];
  }

  /** The values of all series at the step nearest to a place among the epochs; null without any. */
  at(epoch) {
    const found = {};
    for (const name of this.series.keys()) {
      const entries = this.entries(name);
      found[name] = entries[nearestPlace(entries, epoch)];
    }
    return found[LOSS] ? found : null;
  }

  read(series) {
    return new Map(
      Object.entries(series)
        .filter(([name]) => !HIDDEN.includes(name))
        .map(([name, columns]) => [
          name,
          columns.map(([step, low, high, mean]) => {
            return { step, epoch: step * this.epochsPerStep, low, high, mean };
          }),
        ]),
    );
  }
}

function nearestPlace(entries, epoch) {
  let [low, high] = [0, entries.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle].epoch < epoch) low = middle + 1;
    else high = middle;
  }
  const isBefore = low > 0 && epoch - entries[low - 1].epoch < entries[low].epoch - epoch;
  return isBefore ? low - 1 : low;
}

/**
 * The means of entries, each averaged with those before it.
 *
 * The weight of a step falls to a third over `width` steps, so that a curve looks the same whether
 * it is made of all steps or of columns.
 */
export function smoothed(entries, width) {
  if (!(width > 0)) return entries;
  let [sum, weight, before] = [0, 0, null];
  return entries.map((entry) => {
    if (!Number.isFinite(entry.mean)) return entry;
    const gap = before == null ? 1 : entry.step - before;
    const kept = before == null ? 0 : Math.exp(-gap / width);
    before = entry.step;
    sum = sum * kept + entry.mean * gap;
    weight = weight * kept + gap;
    return { ...entry, mean: sum / weight };
  });
}

/**
 * Where entries are drawn: `{ epoch, low, high, mean }`, at most one a pixel, and none of its values
 * outside of `low` and `high`.
 *
 * An epoch's numbers stand above its number, so its steps lie from half before to half behind it.
 */
export function visibleColumns(entries, [first, last], width) {
  const found = [];
  let column = null;
  for (const entry of entries) {
    const epoch = entry.epoch + 0.5;
    if (epoch < first - 1 || epoch > last + 1) continue;
    const pixel = Math.floor(((epoch - first) / (last - first)) * width);
    if (column?.pixel !== pixel) {
      column = { pixel, epoch, low: Infinity, high: -Infinity, sum: 0, count: 0 };
      found.push(column);
    }
    column.epoch = epoch;
    if (Number.isFinite(entry.mean)) {
      column.low = Math.min(column.low, entry.low);
      column.high = Math.max(column.high, entry.high);
      column.sum += entry.mean;
      column.count += 1;
    }
  }
  return found.map(({ epoch, low, high, sum, count }) =>
    count ? { epoch, low, high, mean: sum / count } : { epoch, low: null, high: null, mean: null },
  );
}
