// One chart: a metric over the epochs, of training and validation or of single steps, as SVG.

import { METRICS } from "./metrics.js";
import { logRange, logTicks, niceStep, ticks, valueRange } from "./scale.js";
import { smoothed, visibleColumns } from "./steps.js";
import { percent, powerText, stageTitle } from "./text.js";

const MARGIN = { top: 30, right: 12, bottom: 36, left: 52 };
const HEIGHT = 260;
const SMALL_HEIGHT = 150;
const POINTS_UP_TO = 120; // beyond that many epochs in view, circles would hide the line
const COLOURS = ["train", "val"];

export class Curve {
  constructor(figure) {
    this.figure = figure;
    this.metric = figure.dataset.metric;
    this.about = METRICS[this.metric];
    this.isAccuracy = this.metric === "accuracy";
    this.height = this.about.fields ? HEIGHT : SMALL_HEIGHT;
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.svg.setAttribute("role", "img");
    figure.replaceChildren(this.svg);
  }

  text(value) {
    return this.about.text(value);
  }

  x(epoch) {
    const [first, last] = this.range;
    return MARGIN.left + ((epoch - first) / (last - first)) * this.plotWidth;
  }

  y(value) {
    const [low, high] = this.values.map((limit) => this.share(limit));
    const share = (this.share(value) - low) / (high - low);
    return MARGIN.top + (1 - share) * (this.height - MARGIN.top - MARGIN.bottom);
  }

  /** A value on a scale on which equal distances look equal. */
  share(value) {
    return this.isLog ? Math.log10(Math.max(value, this.values[0])) : value;
  }

  /** Epoch (not rounded) at a horizontal place of the page. */
  epochAt(clientX) {
    const box = this.figure.getBoundingClientRect();
    const [first, last] = this.range;
    const share = (clientX - box.left - MARGIN.left) / this.plotWidth;
    return first + Math.min(1, Math.max(0, share)) * (last - first);
  }

  /**
   * `steps` are the `Steps` of the run, `smoothing` a share of the steps in view over which the
   * curve of the steps is averaged.
   */
  draw({ epochs, steps, range, stages, smoothing = 0, isLog = false, hovered, selected }) {
    const width = this.figure.clientWidth;
    if (!width) return;
    this.range = range;
    this.width = width;
    this.plotWidth = Math.max(40, width - MARGIN.left - MARGIN.right);
    this.isLog = isLog && Boolean(this.about.canBeLog);
    const { fields = [], limits = {}, unit = 1 } = this.about;
    const [first, last] = range;
    const visible = fields.length
      ? epochs.filter((entry) => entry.epoch >= first - 1 && entry.epoch <= last + 1)
      : [];
    const lines = this.about.series.map((name) => this.columns(steps, name, smoothing));
    const values = visible.flatMap((entry) => fields.map((field) => entry[field]));
    for (const { exact } of lines) {
      for (const column of exact) values.push(column.low, column.high);
    }
    this.values = this.isLog
      ? logRange(values)
      : valueRange(
          values.map((value) => (value == null ? value : value / unit)),
          limits,
        ).map((limit) => limit * unit);
    const best = this.isAccuracy ? bestEntry(epochs) : null;
    const clip = `clip-${this.metric}`;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${this.height}`);
    this.svg.setAttribute("height", this.height);
    this.svg.setAttribute("aria-label", this.summary(epochs, best, lines));
    this.svg.innerHTML = [
      `<text class="title" x="0" y="14">${this.about.title}</text>`,
      this.axes(width),
      this.stageMarks(stages),
      `<clipPath id="${clip}"><rect x="${MARGIN.left - 6}" y="${MARGIN.top - 8}" ` +
        `width="${this.plotWidth + 12}" height="${this.height - MARGIN.top - MARGIN.bottom + 16}"/></clipPath>`,
      `<g clip-path="url(#${clip})">`,
      ...lines.map((line, place) => this.stepLines(line, COLOURS[place])),
      ...fields.map((field, place) => this.line(visible, field, COLOURS[place])),
      best && best.epoch >= first && best.epoch <= last ? this.bestMark(best, width) : "",
      "</g>",
      `<g class="over">${this.over({ hovered, selected })}</g>`,
    ].join("");
  }

  /** Draw what follows the pointer, and nothing else. */
  drawOver(marks) {
    const layer = this.svg.querySelector(".over");
    if (layer && this.range) layer.innerHTML = this.over(marks);
  }

  over({ hovered, selected }) {
    return (selected ? this.selection(selected) : "") + (hovered ? this.cursor(hovered) : "");
  }

  /** A series of the steps in pixel columns: as it is, and averaged where that is wanted. */
  columns(steps, name, smoothing) {
    const entries = steps?.entries(name) ?? [];
    const exact = visibleColumns(entries, this.range, this.plotWidth);
    if (!smoothing || this.about.isExact || !steps.epochsPerStep) return { exact, mean: exact };
    const stepsInView = (this.range[1] - this.range[0]) / steps.epochsPerStep;
    const averaged = smoothed(entries, smoothing * stepsInView);
    return {
      exact,
      mean: visibleColumns(averaged, this.range, this.plotWidth),
      isSmoothed: true,
    };
  }

  axes(width) {
    const bottom = this.height - MARGIN.bottom;
    const rows = this.rows().map(([value, label]) => {
      const y = Math.round(this.y(value));
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
    const name = `<text x="${width - MARGIN.right}" y="${this.height - 2}" text-anchor="end">epoch</text>`;
    return rows.join("") + columns.join("") + name;
  }

  /** The lines across the chart: value and label. */
  rows() {
    const [low, high] = this.values;
    if (this.isLog) {
      const label = (value) => (value >= 1e-3 && value < 1e5 ? String(value) : powerText(value));
      return logTicks(low, high).map((value) => [value, label(value)]);
    }
    const { unit = 1, axis } = this.about;
    const wanted = this.height === HEIGHT ? 5 : 3;
    const step = niceStep((high - low) / unit, wanted);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return ticks(low / unit, high / unit, wanted).map((count) => {
      const value = count * unit;
      return [value, axis ? axis(value, digits) : count.toFixed(digits)];
    });
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
        const bottom = this.height - MARGIN.bottom;
        const line =
          begins && isInside
            ? `<line class="stage" x1="${x}" x2="${x}" y1="${MARGIN.top - 8}" y2="${bottom}"/>`
            : "";
        const name =
          room > 64 && this.about.fields
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

  /** A series of the steps: all that its columns hold as a band, and their means as a line. */
  stepLines({ exact, mean, isSmoothed = false }, colour) {
    if (!exact.length) return "";
    const bars = exact
      .filter(({ low, high }) => Number.isFinite(low) && high > low)
      .map(({ epoch, low, high }) => {
        const x = this.x(epoch).toFixed(1);
        return `M${x} ${this.y(low).toFixed(1)}V${this.y(high).toFixed(1)}`;
      })
      .join("");
    const faint = isSmoothed ? `<path class="steps ${colour} faint" d="${this.path(exact)}"/>` : "";
    const line = `<path class="steps ${colour}" d="${this.path(mean)}"/>`;
    return `<path class="span ${colour}" d="${bars}"/>${faint}${line}`;
  }

  /** The line through means; it breaks where no number was finite. */
  path(columns) {
    let path = "";
    let isOpen = false;
    for (const { epoch, mean } of columns) {
      if (Number.isFinite(mean)) {
        path += `${isOpen ? "L" : "M"}${this.x(epoch).toFixed(1)} ${this.y(mean).toFixed(1)}`;
      }
      isOpen = Number.isFinite(mean);
    }
    return path;
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
    const height = this.height - MARGIN.top - MARGIN.bottom;
    return `<rect class="selected" x="${left}" y="${MARGIN.top}" width="${width}" height="${height}"/>`;
  }

  /** A line at the step or the epoch that is pointed at, with a dot at each of its values. */
  cursor({ entry, point }) {
    const dots = (this.about.fields ?? []).map((field, place) =>
      this.dot(entry?.epoch, entry?.[field], COLOURS[place]),
    );
    for (const [place, name] of this.about.series.entries()) {
      const at = point?.[name];
      dots.push(this.dot(at && at.epoch + 0.5, at?.mean, COLOURS[place]));
    }
    const at = point?.train_loss ? point.train_loss.epoch + 0.5 : entry?.epoch;
    if (at == null || at < this.range[0] || at > this.range[1]) return "";
    const x = this.x(at);
    const bottom = this.height - MARGIN.bottom;
    return `<line class="cursor" x1="${x}" x2="${x}" y1="${MARGIN.top}" y2="${bottom}"/>${dots.join("")}`;
  }

  dot(epoch, value, colour) {
    if (epoch == null || !Number.isFinite(value)) return "";
    if (epoch < this.range[0] || epoch > this.range[1]) return "";
    return `<circle class="${colour}" cx="${this.x(epoch)}" cy="${this.y(value)}" r="4.5"/>`;
  }

  summary(epochs, best, lines) {
    const { title, fields, names = [] } = this.about;
    const newest = lines.map(({ exact }) => exact.at(-1)?.mean);
    if (!fields) {
      const now = newest.map((value, place) => `${names[place] ?? ""} ${this.text(value)}`.trim());
      return `${title}: ${now.join(", ")} now.`;
    }
    const last = epochs.at(-1);
    if (!last) {
      const now = newest[0] == null ? "" : ` Training ${this.text(newest[0])} now.`;
      return `${title}: no epoch is finished yet.${now}`;
    }
    const [train, val] = fields.map((field) => this.text(last[field]));
    const peak = best
      ? ` Best validation ${percent(best.val_accuracy)} at epoch ${best.epoch}.`
      : "";
    return `${title} after epoch ${last.epoch}: validation ${val}, training ${train}.${peak}`;
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
