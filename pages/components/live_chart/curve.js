// One chart: training and validation of one metric over the epochs, as SVG.

import { niceStep, ticks, valueRange } from "./scale.js";
import { visibleSteps } from "./steps.js";
import { lossText, percent, stageTitle } from "./text.js";

const MARGIN = { top: 30, right: 12, bottom: 36, left: 52 };
const HEIGHT = 260;
const POINTS_UP_TO = 120; // beyond that many epochs in view, circles would hide the line

export class Curve {
  constructor(figure) {
    this.figure = figure;
    this.metric = figure.dataset.metric;
    this.isAccuracy = this.metric === "accuracy";
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.svg.setAttribute("role", "img");
    figure.replaceChildren(this.svg);
  }

  text(value) {
    return this.isAccuracy ? percent(value) : lossText(value);
  }

  x(epoch) {
    const [first, last] = this.range;
    return MARGIN.left + ((epoch - first) / (last - first)) * this.plotWidth;
  }

  y(value) {
    const [low, high] = this.values;
    return MARGIN.top + (1 - (value - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  }

  /** Epoch (not rounded) at a horizontal place of the page. */
  epochAt(clientX) {
    const box = this.figure.getBoundingClientRect();
    const [first, last] = this.range;
    const share = (clientX - box.left - MARGIN.left) / this.plotWidth;
    return first + Math.min(1, Math.max(0, share)) * (last - first);
  }

  draw({ epochs, steps = [], range, stages, hovered, selected }) {
    const width = this.figure.clientWidth;
    if (!width) return;
    this.range = range;
    this.plotWidth = Math.max(40, width - MARGIN.left - MARGIN.right);
    const [first, last] = range;
    const visible = epochs.filter((entry) => entry.epoch >= first - 1 && entry.epoch <= last + 1);
    const points = this.isAccuracy ? [] : visibleSteps(steps, range, this.plotWidth);
    const keys = [`train_${this.metric}`, `val_${this.metric}`];
    const values = visible.flatMap((entry) => keys.map((key) => entry[key]));
    for (const point of points) values.push(point.loss);
    this.values = valueRange(values, this.isAccuracy ? { ceiling: 1 } : {});
    const best = this.isAccuracy ? bestEntry(epochs) : null;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.svg.setAttribute("height", HEIGHT);
    this.svg.setAttribute("aria-label", this.summary(epochs, best, points));
    this.svg.innerHTML = [
      `<text class="title" x="0" y="14">${this.isAccuracy ? "Accuracy" : "Loss"}</text>`,
      this.axes(width),
      this.stageMarks(stages),
      selected ? this.selection(selected) : "",
      `<clipPath id="clip-${this.metric}"><rect x="${MARGIN.left - 6}" y="${MARGIN.top - 8}" ` +
        `width="${this.plotWidth + 12}" height="${HEIGHT - MARGIN.top - MARGIN.bottom + 16}"/></clipPath>`,
      `<g clip-path="url(#clip-${this.metric})">`,
      points.length ? this.stepLine(points) : "",
      this.line(visible, keys[0], "train"),
      this.line(visible, keys[1], "val"),
      best && best.epoch >= first && best.epoch <= last ? this.bestMark(best, width) : "",
      "</g>",
      hovered ? this.cursor(hovered, keys) : "",
    ].join("");
  }

  axes(width) {
    const [low, high] = this.values;
    const bottom = HEIGHT - MARGIN.bottom;
    const step = niceStep(high - low, 5);
    const digits = Math.max(0, -Math.floor(Math.log10(step * (this.isAccuracy ? 100 : 1)) + 1e-9));
    const rows = ticks(low, high, 5).map((value) => {
      const y = Math.round(this.y(value));
      const label = this.isAccuracy ? percent(value, digits) : value.toFixed(digits);
      return (
        `<line class="grid" x1="${MARGIN.left}" x2="${width - MARGIN.right}" y1="${y}" y2="${y}"/>` +
        `<text x="${MARGIN.left - 8}" y="${y + 4}" text-anchor="end">${label}</text>`
      );
    });
    const [first, last] = this.range;
    const columns = ticks(first, last, Math.max(2, this.plotWidth / 64))
      .filter((epoch) => Number.isInteger(epoch) && epoch > 0)
      .map(
        (epoch) =>
          `<text x="${this.x(epoch)}" y="${bottom + 18}" text-anchor="middle">${epoch}</text>`,
      );
    const name = `<text x="${width - MARGIN.right}" y="${HEIGHT - 2}" text-anchor="end">epoch</text>`;
    return rows.join("") + columns.join("") + name;
  }

  stageMarks(stages) {
    if (stages.length < 2) return "";
    let end = 0;
    return stages
      .map((stage) => {
        const begins = end;
        end += stage.epochs;
        const x = this.x(begins + 0.5);
        const isInside = x >= MARGIN.left - 1 && x <= MARGIN.left + this.plotWidth;
        const left = Math.max(x, MARGIN.left);
        const room = Math.min(this.x(end + 0.5), MARGIN.left + this.plotWidth) - left;
        const bottom = HEIGHT - MARGIN.bottom;
        const line =
          begins && isInside
            ? `<line class="stage" x1="${x}" x2="${x}" y1="${MARGIN.top - 8}" y2="${bottom}"/>`
            : "";
        const name =
          room > 64
            ? `<text x="${left + 6}" y="${MARGIN.top - 2}">${stageTitle(stage.name)}</text>`
            : "";
        return line + name;
      })
      .join("");
  }

  line(entries, key, name) {
    let path = "";
    let isOpen = false;
    const circles = [];
    for (const entry of entries) {
      const value = entry[key];
      if (!Number.isFinite(value)) {
        isOpen = false;
        continue;
      }
      const place = `${this.x(entry.epoch).toFixed(1)} ${this.y(value).toFixed(1)}`;
      path += `${isOpen ? "L" : "M"}${place}`;
      isOpen = true;
      const [cx, cy] = place.split(" ");
      circles.push(
        `<circle class="${name} point" cx="${cx}" cy="${cy}" r="${name === "val" ? 3 : 2}"/>`,
      );
    }
    return `<path class="${name}" d="${path}"/>${entries.length > POINTS_UP_TO ? "" : circles.join("")}`;
  }

  /** The loss within epochs; it breaks where no number was finite. */
  stepLine(points) {
    let path = "";
    let isOpen = false;
    for (const { epoch, loss } of points) {
      if (Number.isFinite(loss)) {
        path += `${isOpen ? "L" : "M"}${this.x(epoch).toFixed(1)} ${this.y(loss).toFixed(1)}`;
      }
      isOpen = Number.isFinite(loss);
    }
    return `<path class="steps" d="${path}"/>`;
  }

  bestMark(best, width) {
    const x = this.x(best.epoch);
    const y = this.y(best.val_accuracy);
    const side = x > width / 2 ? "end" : "start";
    const below = y < MARGIN.top + 24 ? 22 : -12;
    const offset = side === "end" ? 6 : -6;
    return (
      `<circle class="best" cx="${x}" cy="${y}" r="5"/>` +
      `<text class="best-text" x="${x + offset}" y="${y + below}" text-anchor="${side}">` +
      `best ${percent(best.val_accuracy)}</text>`
    );
  }

  selection([from, to]) {
    const left = this.x(Math.min(from, to));
    const width = this.x(Math.max(from, to)) - left;
    const height = HEIGHT - MARGIN.top - MARGIN.bottom;
    return `<rect class="selected" x="${left}" y="${MARGIN.top}" width="${width}" height="${height}"/>`;
  }

  cursor(entry, keys) {
    const x = this.x(entry.epoch);
    const dots = keys.map((key, place) =>
      Number.isFinite(entry[key])
        ? `<circle class="${place ? "val" : "train"}" cx="${x}" cy="${this.y(entry[key])}" r="4.5"/>`
        : "",
    );
    const bottom = HEIGHT - MARGIN.bottom;
    return `<line class="cursor" x1="${x}" x2="${x}" y1="${MARGIN.top}" y2="${bottom}"/>${dots.join("")}`;
  }

  summary(epochs, best, points) {
    const name = this.isAccuracy ? "Accuracy" : "Loss";
    const last = epochs.at(-1);
    if (!last) {
      const now = points.length ? ` Training ${this.text(points.at(-1).loss)} now.` : "";
      return `${name}: no epoch is finished yet.${now}`;
    }
    const now = `validation ${this.text(last[`val_${this.metric}`])}, training ${this.text(last[`train_${this.metric}`])}`;
    const peak = best
      ? ` Best validation ${percent(best.val_accuracy)} at epoch ${best.epoch}.`
      : "";
    return `${name} after epoch ${last.epoch}: ${now}.${peak}`;
  }
}

/** The epoch that the best checkpoint is from: highest validation accuracy, then lowest loss. */
export function bestEntry(epochs) {
  let best = null;
  for (const entry of epochs) {
    const isBetter =
      !best ||
      entry.val_accuracy > best.val_accuracy ||
      (entry.val_accuracy === best.val_accuracy && entry.val_loss < best.val_loss);
    if (Number.isFinite(entry.val_accuracy) && isBetter) best = entry;
  }
  return best;
}
