// One tile: a picture with its class as a coloured edge, and around it what a person wants shown.

import { el } from "../../javascript/dom.js";
import { splitWords } from "../../javascript/text.js";
import { formatConfidence, isDoubted, saysWords, speaker, whoSays } from "../state/suggestions.js";
import { BROKEN_SHORT, TINY_PIXELS } from "./pictures.js";

const AWAITED = Symbol("its row is on its way");
const SPLIT_SHORT = { train: "train", val: "val", test: "test", held_out: "aside" };

export class Tiles {
  constructor({ canvas, rows, selection, look, pictures }) {
    Object.assign(this, { canvas, rows, selection, look, pictures });
    this.made = 0;
  }

  make() {
    const tile = el("div", { className: "tile", role: "option", id: `tile-${(this.made += 1)}` });
    tile.append(
      el("div", { className: "picture" }),
      el("span", { className: "split" }),
      el(
        "span",
        { className: "marks" },
        el("i", { className: "doubt" }),
        el("span", { className: "says" }, el("span", { className: "word" }), el("span", {})),
        el("span", { className: "flag" }, "⚑"),
      ),
      el("span", { className: "caption" }, el("span", { className: "name" })),
    );
    this.canvas.append(tile);
    return tile;
  }

  /** A place whose row is on its way. */
  paintEmpty(tile, position) {
    if (tile.shown === AWAITED) return;
    tile.shown = AWAITED;
    tile.dataset.position = position;
    delete tile.dataset.id;
    tile.className = "tile awaited";
    tile.marks = null;
    tile.firstChild.replaceChildren();
    const [, split, marks, caption] = tile.children;
    split.hidden = marks.hidden = true;
    caption.firstChild.textContent = "";
    tile.setAttribute("aria-label", "not loaded yet");
    tile.setAttribute("aria-selected", "false");
  }

  /** A picture that was scrolled past and is not here yet is not waited for any more. */
  letGo(tile) {
    stopLoading(tile.firstChild.firstChild);
  }

  /** Another row than the tile had. */
  show(tile, row, position) {
    tile.shown = tile.dataset.id = row.id;
    tile.dataset.position = position;
    tile.classList.remove("awaited");
    this.showImage(tile, row);
    this.paint(tile, row, position);
  }

  /** A new <img> each time: a used one would show its last picture until the new one is there. */
  showImage(tile, row) {
    const image = el("img", { alt: "", decoding: "async", draggable: false });
    image.addEventListener("error", () => this.failed(image, tile, row));
    image.src = this.pictures.thumbnailUrl(row);
    delete tile.dataset.broken;
    tile.classList.toggle("tiny", row.width < TINY_PIXELS && row.height < TINY_PIXELS);
    this.letGo(tile);
    tile.firstChild.replaceChildren(image);
  }

  /** The first failure may be an expired cookie; the second is the image's own. */
  async failed(image, tile, row) {
    if (!image.dataset.again) {
      image.dataset.again = "1";
      await this.pictures.repair();
      if (image.isConnected) image.src = this.pictures.thumbnailUrl(row);
      return;
    }
    const why = await this.pictures.explain(row);
    if (!image.isConnected) return;
    image.replaceWith(el("span", { className: "broken" }, BROKEN_SHORT[why]));
    tile.dataset.broken = BROKEN_SHORT[why];
    this.describe(tile, row);
  }

  paint(tile, row, position) {
    const [, split, marks, caption] = tile.children;
    const [doubt, says, flag] = marks.children;
    const { show } = this.look;
    const isUnlabelled = row.label_id === null;
    tile.classList.toggle("unlabelled", isUnlabelled);
    tile.classList.toggle("gone", Boolean(row.gone));
    tile.style.setProperty("--class", this.look.colorOf(row.label_id));
    caption.firstChild.textContent = row.label_name ?? (row.blind ? "what is it?" : "no label");
    split.textContent = SPLIT_SHORT[row.split] ?? "";
    split.hidden = !row.split || !show.split;
    doubt.hidden = !show.doubt || !isDoubted(row);
    says.hidden = !show.suggestion || !row.suggestion;
    if (!says.hidden) this.paintSuggestion(says, row);
    flag.hidden = !show.review || !row.review;
    marks.hidden = doubt.hidden && says.hidden && flag.hidden;
    tile.setAttribute("aria-posinset", position + 1);
    this.describe(tile, row);
    this.paintMarks(tile, row, position);
  }

  /** The class in words where it is another one than the label; else only how sure the model is. */
  paintSuggestion(says, { suggestion, label_id: labelId }) {
    const agrees = suggestion.label_id === labelId;
    says.firstChild.textContent = agrees ? "" : suggestion.label_name;
    says.lastChild.textContent = formatConfidence(suggestion.confidence);
    says.classList.toggle("agrees", agrees);
    says.style.setProperty("--says", this.look.colorOf(suggestion.label_id));
  }

  describe(tile, row) {
    const words = row.blind
      ? [row.label_name ?? "its label is not shown"]
      : [row.label_name ?? "unlabelled", splitWords(row.split), row.path];
    if (row.augmented) words.push("augmented copy");
    if (row.suggestion) {
      words.push(`${speaker(row.suggestion.run)} says ${saysWords(row.suggestion)}`);
    }
    if (row.review) words.push(row.note ? `marked for review: ${row.note}` : "marked for review");
    if (row.gone) words.push("removed from the catalog");
    if (tile.dataset.broken) words.push(tile.dataset.broken);
    tile.setAttribute("aria-label", words.join(", "));
    const title = [row.path];
    if (isDoubted(row)) {
      title.push(`${whoSays(row.suggestion.run)} says ${saysWords(row.suggestion)}`);
    }
    if (row.note) title.push(`⚑ ${row.note}`);
    tile.title = title.join("\n");
  }

  /** What moves with the hand: selected, focused, on its way. */
  paintMarks(tile, row, position) {
    const selected = this.selection.ids.has(row.id);
    const focused = position === this.selection.focus;
    const pending = this.look.isPending(row.id);
    if (tile.setSize !== this.rows.length) {
      tile.setSize = this.rows.length;
      tile.setAttribute("aria-setsize", tile.setSize);
    }
    const marks = Number(selected) + 2 * Number(focused) + 4 * Number(pending);
    if (tile.marks === marks) return; // most tiles, on most keys
    tile.marks = marks;
    tile.classList.toggle("selected", selected);
    tile.setAttribute("aria-selected", selected);
    tile.classList.toggle("focused", focused);
    tile.classList.toggle("pending", pending);
  }
}

/** Take an image out of the browser's queue, where it would keep later ones and its memory waiting. */
export function stopLoading(image) {
  if (image?.tagName === "IMG" && !image.complete) image.removeAttribute("src");
}
