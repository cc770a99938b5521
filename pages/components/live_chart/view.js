// Everything that is on the screen for one run: progress, two curves, hover, zoom.

import { Curve } from "./curve.js";
import { lastOnAxis } from "./scale.js";
import { Steps } from "./steps.js";
import { BEFORE_EPOCHS, count, leftText, lossText, percent, rateText, stageTitle } from "./text.js";

const NARROW_PX = 620;
const DRAG_PX = 6;

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
    const left = leftText(progress.eta_seconds);
    this.part(".what").textContent = what;
    this.part(".rate").textContent = isWaiting ? "" : rateText(progress.images_per_second);
    const loss = isWaiting || isBefore || stage === "test" ? null : this.steps.loss;
    this.part(".loss").textContent = loss == null ? "" : `loss ${lossText(loss)}`;
    this.part(".left").textContent = isWaiting ? "" : left;
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
    const whole = this.steps.points.length ? [0.5, last + 0.5] : [1, last];
    const hovered = this.epochs.find((entry) => entry.epoch === this.hoveredEpoch);
    for (const curve of this.curves) {
      curve.draw({
        epochs: this.epochs,
        steps: this.steps.points,
        range: this.drag?.range ?? this.zoom ?? whole,
        stages: this.stages,
        hovered,
        selected: this.selected,
      });
    }
    this.part(".whole").hidden = !this.zoom;
    this.showTip(hovered);
  }

  showTip(entry) {
    const tip = this.part(".tip");
    tip.hidden = !entry || !this.tipCurve?.range;
    if (tip.hidden) return;
    const rates = Object.entries(entry.learning_rates ?? {})
      .map(([name, rate]) => `${name} ${rate.toExponential(1)}`)
      .join(", ");
    tip.innerHTML =
      `<b></b><table><thead><tr><th></th><th>training</th><th>validation</th></tr></thead><tbody>` +
      `<tr><th>accuracy</th><td>${percent(entry.train_accuracy)}</td><td>${percent(entry.val_accuracy)}</td></tr>` +
      `<tr><th>loss</th><td>${lossText(entry.train_loss)}</td><td>${lossText(entry.val_loss)}</td></tr>` +
      `<tr><th>learning rate</th><td colspan="2" class="rates"></td></tr>` +
      `<tr><th>time</th><td colspan="2">${entry.duration_seconds.toFixed(1)} s, ${rateText(entry.images_per_second)}</td></tr>` +
      `</tbody></table>`;
    tip.querySelector("b").textContent =
      `Epoch ${entry.epoch}, ${stageTitle(entry.stage).toLowerCase()}`;
    tip.querySelector(".rates").textContent = rates;
    const box = this.tipCurve.figure.getBoundingClientRect();
    const own = this.root.getBoundingClientRect();
    const at = box.left - own.left + this.tipCurve.x(entry.epoch);
    const isRight = at + tip.offsetWidth + 16 > own.width;
    const left = isRight ? at - tip.offsetWidth - 12 : at + 12;
    tip.style.left = `${Math.max(0, Math.min(left, own.width - tip.offsetWidth))}px`;
    tip.style.top = `${box.top - own.top + 44}px`;
  }

  // Hover and zoom

  listen(curve) {
    const { figure } = curve;
    const hover = (epoch) => {
      this.tipCurve = curve;
      this.hoveredEpoch = nearest(this.epochs, epoch);
      this.draw();
    };
    const leave = () => {
      this.hoveredEpoch = null;
      this.draw();
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
      else if (step) hover((this.hoveredEpoch ?? this.lastEpoch - step) + step);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  /** Show these epochs only, at least one wide; null for all. */
  setZoom(range) {
    if (range) {
      const missing = Math.max(0, 1 - (range[1] - range[0])) / 2;
      range = [range[0] - missing, range[1] + missing];
    }
    this.zoom = range;
    this.draw();
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
