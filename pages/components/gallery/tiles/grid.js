// The tiles: only those near the screen exist, and they are used again while scrolling. What a key
// changed is painted at once, since the next key acts on what is seen; all else once a frame, and new
// tiles only for so long in each: a long way further fills by and by, and the browser answers.

import { Prefetch } from "./prefetch.js";
import { Scrolling } from "./scrolling.js";
import { inTime } from "./slices.js";
import { Tiles } from "./tiles.js";

const GAP = 8;
const EDGE = 4; // the line in the colour of the class
const OVERSCAN_ROWS = 2;
const NEW_TILES_MS = 6; // of a frame; the browser lays out and paints what is new in the rest

export class Grid {
  constructor({ viewport, canvas, rows, selection, look, pictures, onNeed }) {
    Object.assign(this, { viewport, canvas, rows, selection, look, onNeed });
    this.painter = new Tiles({ canvas, rows, selection, look, pictures });
    this.scrolling = new Scrolling(viewport, canvas, () => this.schedule());
    this.prefetch = new Prefetch(rows, pictures);
    this.tiles = new Map(); // position -> tile element
    this.spare = [];
    this.marked = 0; // position of the tile that shows the focus
    this.columns = 1;
    this.height = 0; // of the viewport, in pixels
    this.rowHeight = 100;
    this.observer = new ResizeObserver(() => this.layout());
    this.observer.observe(viewport);
  }

  stop() {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    this.scrolling.stop();
    this.prefetch.stop();
  }

  /** Fit the columns to the width. What was in view stays in view. */
  layout() {
    const style = getComputedStyle(this.viewport);
    this.height = this.viewport.clientHeight; // kept: reading it in a key press would lay out the page
    const width =
      this.viewport.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (width <= 0) return;
    const anchor = this.anchor();
    this.columns = this.look.isStrip
      ? 1
      : Math.max(1, Math.round((width + GAP) / (this.look.size + GAP)));
    this.tileWidth = (width - GAP * (this.columns - 1)) / this.columns;
    const caption = this.tileWidth >= 72 && this.look.show.label ? 22 : 0;
    this.rowHeight = Math.floor(this.tileWidth + EDGE + caption + GAP);
    this.canvas.style.setProperty("--tile", `${this.tileWidth}px`);
    this.canvas.style.setProperty("--caption", `${caption}px`);
    this.viewport.classList.toggle("fill", this.look.fill);
    this.viewport.classList.toggle("small", this.tileWidth < 110);
    this.resize();
    if (anchor) this.scrolling.top = this.top(anchor.position) - anchor.offset;
    this.render();
  }

  /** The position that must not move: the focused tile when it is in view, else the first one. */
  anchor() {
    if (!this.tiles.size) return null;
    const seen = (position) => {
      const offset = this.top(position) - this.scrolling.top;
      return offset > -this.rowHeight && offset < this.height ? { position, offset } : null;
    };
    return (
      seen(this.selection.focus) ??
      seen(Math.ceil(this.scrolling.top / this.rowHeight) * this.columns)
    );
  }

  top(position) {
    return Math.floor(position / this.columns) * this.rowHeight;
  }

  resize() {
    const lines = Math.ceil(this.rows.length / this.columns);
    this.scrolling.setHeight(Math.max(0, lines * this.rowHeight - GAP));
  }

  /** Forget every tile, as after another filter. */
  reset() {
    for (const position of [...this.tiles.keys()]) this.release(position);
    this.resize();
    this.scrolling.top = 0;
    this.render();
  }

  /** Rows came, went or moved. */
  refresh() {
    this.resize();
    this.render();
  }

  /** The focus or the selection changed. */
  showSelection() {
    for (const position of [this.marked, this.selection.focus]) {
      const tile = this.tiles.get(position);
      const row = this.rows.at(position);
      if (tile && tile.shown === row?.id) this.painter.paintMarks(tile, row, position);
    }
    this.marked = this.selection.focus;
    this.schedule();
  }

  /** Paint with the next frame. */
  schedule() {
    this.frame ??= requestAnimationFrame(() => this.render());
  }

  render() {
    cancelAnimationFrame(this.frame);
    this.frame = null;
    const first = Math.max(0, Math.floor(this.scrolling.top / this.rowHeight) - OVERSCAN_ROWS);
    const lines = Math.ceil(this.height / this.rowHeight) + 2 * OVERSCAN_ROWS;
    const from = first * this.columns;
    const to = Math.min(this.rows.length, (first + lines) * this.columns);
    for (const position of this.tiles.keys()) {
      if (position < from || position >= to) this.release(position);
    }
    this.geometry = `${this.tileWidth} ${this.rowHeight} ${this.columns} ${this.scrolling.shift}`;
    const missing = this.repaintThere(from, to);
    const left = inTime(this.inOrder(missing), (position) => this.add(position), NEW_TILES_MS);
    if (left) this.schedule();
    this.onNeed(from, to + 2 * lines * this.columns);
    this.prefetch.want(to, to + this.linesOnScreen * this.columns);
    this.nameFocused();
  }

  /** What is new on the tiles that are there; the positions that have none yet. */
  repaintThere(from, to) {
    const missing = [];
    for (let position = from; position < to; position += 1) {
      const tile = this.tiles.get(position);
      if (tile) this.place(tile, position);
      else missing.push(position);
    }
    return missing;
  }

  /** First what is in view; within it and beyond as they lie, which is how they are read. */
  inOrder(positions) {
    const top = Math.floor(this.scrolling.top / this.rowHeight) * this.columns;
    const end = top + (this.linesOnScreen + 2) * this.columns;
    const isOut = (at) => at < top || at >= end;
    return positions.sort((a, b) => isOut(a) - isOut(b));
  }

  nameFocused() {
    const name = this.tiles.get(this.selection.focus)?.id ?? null;
    if (this.focusedName === name) return;
    this.focusedName = name;
    if (name) this.viewport.setAttribute("aria-activedescendant", name);
    else this.viewport.removeAttribute("aria-activedescendant");
  }

  release(position) {
    const tile = this.tiles.get(position);
    this.tiles.delete(position);
    this.painter.letGo(tile);
    tile.hidden = true;
    tile.shown = null;
    delete tile.dataset.id;
    delete tile.dataset.position;
    this.spare.push(tile);
  }

  /** Every tile again, as after another choice of what is shown on them. */
  repaintAll() {
    this.layout();
    this.repaintRows(this.shownIds());
  }

  add(position) {
    const tile = this.spare.shift() ?? this.painter.make(); // so the page keeps their order
    tile.hidden = false;
    this.tiles.set(position, tile);
    this.place(tile, position);
  }

  /** Most tiles stay as and where they are; then nothing of the page is touched. */
  place(tile, position) {
    const row = this.rows.at(position);
    if (tile.position !== position || tile.geometry !== this.geometry) {
      Object.assign(tile, { position, geometry: this.geometry });
      const x = (position % this.columns) * (this.tileWidth + GAP);
      tile.style.transform = `translate(${x}px, ${this.top(position) - this.scrolling.shift}px)`;
    }
    if (!row) this.painter.paintEmpty(tile, position);
    else if (tile.shown !== row.id) this.painter.show(tile, row, position);
    else this.painter.paintMarks(tile, row, position);
  }

  /** Repaint these rows where they are on screen. */
  repaintRows(ids) {
    for (const id of ids) {
      const position = this.rows.index.get(id);
      const tile = this.tiles.get(position);
      if (tile) this.painter.paint(tile, this.rows.at(position), position);
    }
  }

  /** Scroll just enough to show the focused tile. */
  reveal() {
    const top = this.top(this.selection.focus);
    const clientHeight = this.height;
    const now = this.scrolling.top;
    if (top < now) this.scrolling.top = top;
    else if (top + this.rowHeight > now + clientHeight) {
      this.scrolling.top = top + this.rowHeight - clientHeight + GAP;
    }
    if (this.tiles.has(this.selection.focus)) this.schedule();
    else this.render();
  }

  /** Scroll until the focused tile is in the middle. */
  center() {
    const spare = this.height - this.rowHeight;
    this.scrolling.top = this.top(this.selection.focus) - Math.max(0, spare / 2);
    this.render();
  }

  /** Ids of the tiles that exist now: those on screen and a little around. */
  shownIds() {
    return [...this.tiles.values()].map((tile) => tile.dataset.id).filter(Boolean);
  }

  /** Ids of the tiles that a box of the scrolled canvas touches, seen or not. */
  idsIn({ left, top, right, bottom }) {
    const inset = parseFloat(getComputedStyle(this.viewport).paddingLeft);
    const column = (x) => (x - inset + GAP) / (this.tileWidth + GAP);
    const clampColumn = (value) => Math.max(0, Math.min(this.columns - 1, value));
    const firstColumn = clampColumn(Math.floor(column(left)));
    const lastColumn = clampColumn(Math.floor(column(right - GAP)));
    const ids = [];
    const lastLine = Math.floor((bottom - inset) / this.rowHeight);
    for (
      let line = Math.max(0, Math.floor((top - inset) / this.rowHeight));
      line <= lastLine;
      line += 1
    ) {
      for (let at = firstColumn; at <= lastColumn; at += 1) {
        const row = this.rows.at(line * this.columns + at);
        if (row) ids.push(row.id);
      }
    }
    return ids;
  }

  get linesOnScreen() {
    return Math.max(1, Math.floor(this.height / this.rowHeight));
  }
}
