// Everything that is on the screen for one run: progress, curves, hover, zoom.

import { storage } from "../javascript/storage.js";
import { Curve } from "./curve.js";
import { METRICS } from "./metrics.js";
import { lastOnAxis } from "./scale.js";
import { Steps } from "./steps.js";
import { writeTip } from "./tip.js";
import { BEFORE_EPOCHS, count, leftText, lossText, rateText, stageTitle } from "./text.js";

const NARROW_PX = 620;
const DRAG_PX = 6;
const SMOOTHEST = 0.2; // share of the steps in view over which the most smoothing averages
const CHOICES = { smoothing: 25, isLog: false, isMoreOpen: false };

export class View {
  constructor(root) {
    this.root = root;
    this.part = (name) => root.querySelector(name);
    this.curves = [...root.querySelectorAll(".chart")].map((figure) => new Curve(figure));
    this.epochs = [];
    this.steps = new Steps();
    this.stages = [];
    this.zoom = null;
    this.drag = null; // where a selection of epochs began
    this.selected = null;
    this.hoveredEpoch = null;
    this.hoveredAt = null; // place among the epochs, not rounded
    this.onZoom = () => {};
    this.choices = { ...CHOICES, ...storage.get("localStorage", "live-chart", {}) };
    this.listenToChoices();
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(root);
    this.part(".whole").addEventListener("click", () => this.setZoom(null));
    for (const curve of this.curves) this.listen(curve);
  }

  close() {
    this.sizes.disconnect();
  }

  // Epochs

  reset(epochs, zoom = null) {
    this.epochs = epochs;
    this.steps = new Steps();
    this.zoom = zoom;
  }

  /** Take in epochs in order; one that is told again replaces itself and all later ones. */
  append(epochs) {
    for (const entry of epochs) {
      while (this.epochs.length && this.epochs.at(-1).epoch >= entry.epoch) this.epochs.pop();
      this.epochs.push(entry);
    }
  }

  get lastEpoch() {
    return this.epochs.at(-1)?.epoch ?? 0;
  }

  // Progress

  showProgress(progress) {
    const head = this.part(".head");
    head.hidden = this.isFinal;
    if (this.isFinal) return;
    const { state, stage, epoch, step, steps } = progress;
    const isBefore = BEFORE_EPOCHS.includes(stage);
    const isWaiting = state === "queued" || !stage;
    head.toggleAttribute("data-waiting", isWaiting);
    let what = state === "queued" ? progress.message.replace(/\.$/, "") : "Starting";
    let share = 0;
    if (!isWaiting && isBefore) {
      what = `${stageTitle(stage)}, ${count(step)} of ${count(steps)}`;
      share = steps ? step / steps : 0;
    } else if (stage === "test") {
      what = stageTitle(stage);
      share = 1;
    } else if (!isWaiting) {
      what = `${stageTitle(stage)}, epoch ${epoch} of ${this.total}`;
      share = (Math.max(0, epoch - 1) + (steps ? step / steps : 0)) / Math.max(1, this.total);
    }
    const isTraining = !isWaiting && !isBefore && stage !== "test";
    const left = leftText(progress.eta_low_seconds, progress.eta_high_seconds);
    this.part(".what").textContent = what;
    this.part(".rate").textContent = isWaiting ? "" : rateText(progress.images_per_second);
    const loss = isWaiting || isBefore || stage === "test" ? null : this.steps.loss;
    this.part(".loss").textContent = loss == null ? "" : `loss ${lossText(loss)}`;
    this.part(".left").textContent = isTraining ? left || "measuring the time left" : "";
    this.part(".why").textContent = isTraining && left ? progress.eta_why : "";
    const bar = this.part(".bar");
    const hundredths = Math.min(100, 100 * share);
    this.part(".fill").style.width = isWaiting ? "" : `${hundredths}%`;
    bar.setAttribute("aria-valuenow", Math.round(hundredths));
    bar.setAttribute("aria-valuetext", what);
  }

  showTrouble(text) {
    this.part(".trouble").hidden = !text;
    this.part(".trouble").textContent = text;
  }

  // Drawing

  draw() {
    this.root.toggleAttribute("data-narrow", this.root.clientWidth < NARROW_PX);
    this.root.dataset.theme = isDark(this.root) ? "dark" : "light";
    this.root.dataset.points = this.epochs.length;
    const last = lastOnAxis(this.lastEpoch, this.total, this.isFinal);
    const whole = this.steps.isEmpty ? [1, last] : [0.5, last + 0.5];
    this.part(".of-steps").hidden = this.steps.isEmpty;
    this.part(".more").hidden = this.steps.isEmpty;
    for (const curve of this.curves) {
      const { series, fields } = METRICS[curve.metric];
      const isKnown = fields || series.some((name) => this.steps.series.has(name));
      curve.figure.hidden = !isKnown;
      if (!isKnown || (!fields && !this.choices.isMoreOpen)) continue;
      curve.draw({
        epochs: this.epochs,
        steps: this.steps,
        range: this.drag?.range ?? this.zoom ?? whole,
        stages: this.stages,
        smoothing: (this.choices.smoothing / 100) ** 2 * SMOOTHEST,
        isLog: this.choices.isLog,
        ...this.marks(),
      });
    }
    this.part(".whole").hidden = !this.zoom;
    this.showTip();
  }

  /** What is pointed at: an epoch, the nearest step, and the part that is being chosen. */
  marks() {
    const entry = this.epochs.find((each) => each.epoch === this.hoveredEpoch);
    const point = this.hoveredAt == null ? null : this.steps.at(this.hoveredAt - 0.5);
    return { hovered: entry || point ? { entry, point } : null, selected: this.selected };
  }

  /** Draw what follows the pointer; the curves stay as they are. */
  drawOver() {
    const marks = this.marks();
    for (const curve of this.curves) if (!curve.figure.hidden) curve.drawOver(marks);
    this.showTip();
  }

  showTip() {
    const tip = this.part(".tip");
    const { hovered } = this.marks();
    tip.hidden = !hovered || !this.tipCurve?.range;
    if (tip.hidden) return;
    writeTip(tip, hovered);
    const box = this.tipCurve.figure.getBoundingClientRect();
    const own = this.root.getBoundingClientRect();
    const at = box.left - own.left + this.tipCurve.x(this.hoveredAt ?? hovered.entry.epoch);
    const isRight = at + tip.offsetWidth + 16 > own.width;
    const left = isRight ? at - tip.offsetWidth - 12 : at + 12;
    tip.style.left = `${Math.max(0, Math.min(left, own.width - tip.offsetWidth))}px`;
    tip.style.top = `${box.top - own.top + 44}px`;
  }

  // Choices, kept in this browser

  listenToChoices() {
    const { smoothing, isLog, isMoreOpen } = this.choices;
    const [slider, log, more] = [".smoothing input", ".log input", ".more"].map(this.part);
    slider.value = smoothing;
    log.checked = isLog;
    more.open = isMoreOpen;
    slider.addEventListener("input", () => this.choose({ smoothing: Number(slider.value) }));
    log.addEventListener("change", () => this.choose({ isLog: log.checked }));
    more.addEventListener("toggle", () => this.choose({ isMoreOpen: more.open }));
  }

  choose(choice) {
    Object.assign(this.choices, choice);
    storage.set("localStorage", "live-chart", this.choices);
    this.draw();
  }

  // Hover and zoom

  listen(curve) {
    const { figure } = curve;
    const hover = (epoch) => {
      this.tipCurve = curve;
      this.hoveredAt = epoch;
      this.hoveredEpoch = nearest(this.epochs, epoch);
      this.drawOver();
    };
    const leave = () => {
      this.hoveredEpoch = null;
      this.hoveredAt = null;
      this.drawOver();
    };
    figure.addEventListener("pointermove", (event) => {
      if (!curve.range) return;
      const epoch = curve.epochAt(event.clientX);
      const isDragging = this.drag && Math.abs(event.clientX - this.drag.clientX) > DRAG_PX;
      if (isDragging) this.selected = [this.drag.epoch, epoch];
      hover(epoch);
    });
    figure.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !curve.range) return;
      // The axis stands still while a part of it is being chosen, also when epochs arrive.
      this.drag = {
        clientX: event.clientX,
        epoch: curve.epochAt(event.clientX),
        range: curve.range,
      };
      figure.setPointerCapture(event.pointerId);
      hover(this.drag.epoch);
    });
    // The end of a capture comes after pointerup and after pointercancel, wherever the pointer is.
    figure.addEventListener("lostpointercapture", () => {
      const selected = this.selected;
      this.drag = null;
      this.selected = null;
      if (selected) this.setZoom(selected.sort((a, b) => a - b));
      else this.draw();
    });
    figure.addEventListener("pointercancel", () => (this.selected = null));
    figure.addEventListener("pointerleave", () => {
      if (!this.drag) leave();
    });
    figure.addEventListener("dragstart", (event) => event.preventDefault());
    figure.addEventListener("dblclick", () => this.setZoom(null));
    figure.addEventListener("blur", leave);
    figure.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") this.setZoom(null);
      else if (step && this.lastEpoch) {
        const wanted = (this.hoveredEpoch ?? this.lastEpoch - step) + step;
        hover(Math.min(this.lastEpoch, Math.max(1, wanted)));
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  /** Show these epochs only, at least one wide, or eight steps; null for all. */
  setZoom(range) {
    if (range) {
      const least = Math.min(1, 8 * (this.steps.epochsPerStep ?? 1));
      const missing = Math.max(0, least - (range[1] - range[0])) / 2;
      range = [range[0] - missing, range[1] + missing];
    }
    this.zoom = range;
    this.draw();
    this.onZoom();
  }

  /** The steps in view and the pixels that they have; null where the whole run is in view. */
  stepsInView() {
    const { epochsPerStep } = this.steps;
    if (!this.zoom || !epochsPerStep) return null;
    const [first, last] = this.zoom.map((epoch) => Math.round((epoch - 0.5) / epochsPerStep));
    const columns = Math.max(...this.curves.map((curve) => curve.plotWidth ?? 0));
    return { first: Math.max(0, first), last: Math.max(1, last), columns: Math.round(columns) };
  }
}

function nearest(epochs, wanted) {
  let found = null;
  for (const entry of epochs) {
    if (found == null || Math.abs(entry.epoch - wanted) < Math.abs(found - wanted)) {
      found = entry.epoch;
    }
  }
  return found;
}

function isDark(element) {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle =
    getComputedStyle(element).getPropertyValue("--st-background-color").trim() || "#fff";
  const [red, green, blue] = probe.fillStyle
    .match(/[0-9a-f]{2}/gi)
    ?.map((pair) => parseInt(pair, 16)) ?? [255, 255, 255];
  return red * 0.3 + green * 0.59 + blue * 0.11 < 128;
}
