// The training loss within epochs, known from the first steps on.

export class Steps {
  constructor() {
    this.points = [];
  }

  /** Step of the last point that is known. */
  get last() {
    return this.points.at(-1)?.step ?? 0;
  }

  /** The newest loss; null where there is none. */
  get loss() {
    return this.points.at(-1)?.train_loss ?? null;
  }

  /** Take in the points behind `last`; a resumed run has forgotten those behind `lastStep`. */
  append(points, lastStep) {
    while (this.points.length && this.last > lastStep) this.points.pop();
    const known = this.last;
    for (const point of points) if (point.step > known) this.points.push(point);
  }
}

/**
 * Where the points are drawn: `{ epoch, loss }`, at most one a pixel, the mean of its finite losses.
 *
 * An epoch's numbers stand above its number, so its steps lie from half before to half behind it.
 */
export function visibleSteps(points, [first, last], width) {
  const found = [];
  let group = null;
  for (const point of points) {
    const epoch = point.epoch + 0.5;
    if (epoch < first - 1 || epoch > last + 1) continue;
    const pixel = Math.floor(((epoch - first) / (last - first)) * width);
    if (group?.pixel !== pixel) {
      group = { pixel, epoch, sum: 0, count: 0 };
      found.push(group);
    }
    group.epoch = epoch;
    if (Number.isFinite(point.train_loss)) {
      group.sum += point.train_loss;
      group.count += 1;
    }
  }
  return found.map(({ epoch, sum, count }) => ({ epoch, loss: count ? sum / count : null }));
}
