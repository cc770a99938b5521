// One image large, the classes as keys below it, the next ones fetched ahead: the focus view, and
// beside its strip the film view. Every key of the gallery works, and a label moves on.

import { el } from "../../javascript/dom.js";
import { formatNumber, splitWords } from "../../javascript/text.js";
import { showKey } from "../keys/commands.js";
import { formatConfidence } from "../state/suggestions.js";
import { Zoom } from "./zoom.js";

const SHOWN_CLASSES = 12;
const FETCHED_AHEAD = [1, 2, 3, -1];

export class LargeView {
  constructor(element, { rows, classes, pace, pictures, review, bar, actions }) {
    Object.assign(this, { element, rows, classes, pace, pictures, review, bar, actions });
    this.zoom = new Zoom();
    this.stage = el("div", { className: "preview-image" });
    this.place = el("span", { className: "place" });
    this.paceButton = el("button", {
      type: "button",
      className: "tool pace",
      title: "Set a goal for today",
    });
    this.paceButton.addEventListener("click", () => actions.setGoal());
    const close = el(
      "button",
      { type: "button", className: "tool close", title: "Back (Esc)" },
      "Close",
    );
    close.addEventListener("click", () => actions.close());
    this.choices = el("div", { className: "focus-classes", role: "group", "aria-label": "Class" });
    this.caption = el("div", { className: "preview-caption" });
    element.append(
      el("div", { className: "focus-head" }, this.place, this.paceButton, close),
      this.stage,
      bar.element,
      this.choices,
      this.caption,
    );
    this.zoom.bind(this.stage);
  }

  get isOpen() {
    return !this.element.hidden;
  }

  close() {
    if (this.element.hidden) return;
    this.element.hidden = true;
    cancelAnimationFrame(this.frame);
    this.frame = null;
    this.stage.replaceChildren();
    this.shown = null;
  }

  /** Painted with the next frame, once however often it is asked for until then. */
  show(position) {
    this.element.hidden = false;
    this.position = position;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.paint(this.position);
    });
  }

  paint(position) {
    const all = this.rows.isCounted ? ` of ${formatNumber(this.rows.length)}` : "";
    const place = this.rows.length ? formatNumber(position + 1) + all : "";
    this.place.textContent = this.review.isOn ? `${place} · ${this.review.words()}` : place;
    this.paceButton.textContent = this.pace.words();
    const row = this.review.isOver ? null : this.rows.at(position);
    const shown = this.review.isOver ? "end" : row?.id;
    if (this.shown !== shown) this.showImage(row, position);
    this.shown = shown;
    this.bar.paint(row);
    this.choices.hidden = this.review.isOver;
    if (!this.review.isOver) this.showChoices(row);
    this.showFacts(row);
  }

  showImage(row, position) {
    if (!row) {
      const words = this.rows.complete ? "No image is left here." : "Loading";
      this.zoom.attach([]);
      this.stage.replaceChildren(
        this.review.isOver ? this.bar.makeEnd() : el("p", { className: "broken" }, words),
      );
      return;
    }
    const image = this.pictures.make(row, this.pictures.imageUrl(row));
    image.style.backgroundImage = `url("${this.pictures.thumbnailUrl(row)}")`;
    image.addEventListener("load", () => image.style.removeProperty("background-image"));
    this.stage.replaceChildren(image);
    this.zoom.attach([image]);
    for (const ahead of FETCHED_AHEAD) this.prefetch(this.rows.at(position + ahead));
  }

  /** First what the model says, with the key that accepts it, then the image's own class. */
  showChoices(row) {
    const { isOn } = this.review; // then both stand above, as answers
    const says = !isOn && this.classes.get(row?.suggestion?.label_id) ? row.suggestion : null;
    const own = isOn ? null : row?.label_id;
    const among = row?.suggestion?.among ?? []; // what imports say, of which one may hold
    const first = new Set([says?.label_id, own, ...among].filter((id) => this.classes.get(id)));
    const others = this.classes.list.filter((label) => !first.has(label.label_id));
    const shown = [...first]
      .map((id) => this.classes.get(id))
      .concat(others.slice(0, SHOWN_CLASSES - first.size));
    const acceptKey = this.actions.keyOf("accept");
    const key = [
      says?.confidence,
      acceptKey,
      row?.label_id,
      ...shown.map((label) => label.label_id + (label.key ?? "") + label.name),
    ].join("/");
    if (this.shownChoices === key) return;
    this.shownChoices = key;
    this.choices.replaceChildren(
      ...shown.map((label, i) => this.makeChoice(label, row, i === 0 ? says : null, acceptKey)),
    );
  }

  makeChoice(label, row, says, acceptKey) {
    const button = el(
      "button",
      {
        type: "button",
        className: says ? "class says-first" : "class",
        style: { "--class": label.color },
        "aria-pressed": row?.label_id === label.label_id,
        title: says
          ? `What run ${says.run} says${acceptKey ? ` (${showKey(acceptKey)})` : ""}`
          : label.name,
      },
      says && acceptKey && el("kbd", {}, showKey(acceptKey)),
      label.key && el("kbd", {}, label.key),
      el("span", { className: "name" }, label.name),
      says && el("span", { className: "confidence" }, formatConfidence(says.confidence)),
    );
    button.addEventListener("click", () =>
      says ? this.actions.accept() : this.actions.label(label.label_id),
    );
    return button;
  }

  showFacts(row) {
    if (!row) return this.caption.replaceChildren();
    const size = `${formatNumber(row.width)} × ${formatNumber(row.height)} px`;
    const facts = row.blind
      ? [row.label_name ? `you: ${row.label_name}` : "its label is not shown", size]
      : [row.label_name ?? "no label", splitWords(row.split), size, row.source];
    if (row.suggestion?.voters) facts.unshift(`says ${row.suggestion.voters}`);
    if (row.review) facts.push(row.note ? `⚑ ${row.note}` : "⚑ marked for review");
    else if (row.note) facts.push(row.note); // such as what a service and its shadow answered
    if (row.gone) facts.push("removed from the catalog");
    return this.caption.replaceChildren(
      el("span", {}, facts.join(" · ")),
      el("code", {}, row.path),
    );
  }

  prefetch(row) {
    if (row) new Image().src = this.pictures.imageUrl(row);
  }
}
