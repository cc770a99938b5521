// Two to six of the selection side by side, zoomed and moved together. Keys label all that are
// selected, or with an arrow key or a click one of them.

import { el } from "../../javascript/dom.js";
import { formatNumber, plural, splitWords } from "../../javascript/text.js";
import { isDoubted, saysWords } from "../state/suggestions.js";
import { Zoom } from "./zoom.js";

const MAX_COMPARED = 6;

export class Compare {
  constructor(element, { selection, pictures, look, actions }) {
    Object.assign(this, { element, selection, pictures, look, actions });
    this.zoom = new Zoom();
    this.words = el("span", { className: "compare-words", role: "status" });
    const close = el("button", { type: "button", className: "tool", title: "Back (Esc)" }, "Close");
    close.addEventListener("click", () => actions.close());
    this.panes = el("div", { className: "panes" });
    element.append(el("div", { className: "focus-head" }, this.words, close), this.panes);
  }

  get isOpen() {
    return !this.element.hidden;
  }

  close() {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.panes.replaceChildren();
    this.shown = null;
  }

  /** The images that lie side by side. */
  compared() {
    return this.selection.chosenRows().slice(0, MAX_COMPARED);
  }

  show() {
    this.element.hidden = false;
    const rows = this.compared();
    const key = rows.map((row) => row.id).join();
    if (this.shown !== key) this.place(rows);
    this.shown = key;
    rows.forEach((row, i) => this.paint(this.panes.children[i], row, i, rows.length));
    this.words.textContent = this.describe(rows.length);
  }

  describe(count) {
    const { ids, only, matching } = this.selection;
    const all = matching || ids.size;
    const here = all > count ? `${count} of ${formatNumber(all)} selected` : plural(count, "image");
    const at = this.compared().findIndex((row) => row.id === only);
    return at < 0
      ? `${here} · keys label all ${formatNumber(all)}`
      : `${here} · keys label number ${at + 1}`;
  }

  place(rows) {
    this.panes.dataset.count = rows.length;
    this.panes.replaceChildren(
      ...rows.map((row) => {
        const image = this.pictures.make(row, this.pictures.imageUrl(row));
        image.style.backgroundImage = `url("${this.pictures.thumbnailUrl(row)}")`;
        image.addEventListener("load", () => image.style.removeProperty("background-image"));
        const box = el("div", { className: "preview-image" }, image);
        this.zoom.bind(box);
        const pane = el(
          "div",
          { className: "pane", role: "group", tabIndex: 0 },
          box,
          el(
            "div",
            { className: "pane-caption" },
            el("i", { className: "swatch" }),
            el("span", { className: "name" }),
            el("span", { className: "says-words" }),
            el("span", { className: "split-words" }),
          ),
        );
        box.addEventListener(
          "click",
          () => !this.zoom.wasDragged && this.focus(this.selection.only === row.id ? null : row.id),
        );
        pane.addEventListener(
          "focus",
          () =>
            this.selection.only !== row.id && pane.matches(":focus-visible") && this.focus(row.id),
        );
        return pane;
      }),
    );
    this.zoom.attach([...this.panes.querySelectorAll("img")]);
  }

  paint(pane, row, i, count) {
    const [, name, says, split] = pane.lastChild.children;
    const label = row.label_name ?? "no label";
    const split_words = splitWords(row.split);
    const said = row.suggestion ? `model: ${saysWords(row.suggestion)}` : "";
    pane.style.setProperty("--class", this.look.colorOf(row.label_id));
    pane.classList.toggle("unlabelled", row.label_id === null);
    pane.classList.toggle("doubted", isDoubted(row));
    pane.classList.toggle("active", this.selection.only === row.id);
    pane.setAttribute("aria-current", this.selection.only === row.id);
    pane.setAttribute(
      "aria-label",
      [`${i + 1} of ${count}`, label, split_words, said, row.path].filter(Boolean).join(", "),
    );
    pane.title = row.path;
    for (const [element, words] of [
      [name, label],
      [says, said],
      [split, split_words],
    ]) {
      if (element.textContent !== words) element.textContent = words;
    }
  }

  focus(id) {
    this.selection.focusOnly(id);
    this.actions.focusHere();
  }

  /** The DOM focus goes where the keys act. */
  focusHere() {
    const at = this.compared().findIndex((row) => row.id === this.selection.only);
    (this.panes.children[at] ?? this.element).focus({ preventScroll: true });
  }

  /** From one to the next; before the first and behind the last are all of them. */
  step(by) {
    this.focus(this.neighbour(by));
  }

  neighbour(by) {
    const rows = this.compared();
    const now = rows.findIndex((row) => row.id === this.selection.only);
    if (now < 0) return (by > 0 ? rows.at(0) : by < 0 ? rows.at(-1) : null)?.id ?? null;
    return rows[now + by]?.id ?? null;
  }
}
