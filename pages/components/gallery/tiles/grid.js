// The tiles: only those near the screen exist, and they are used again while scrolling.

import { Prefetch } from "./prefetch.js";
import { Scrolling } from "./scrolling.js";
import { Tiles } from "./tiles.js";

const GAP = 8;
const EDGE = 4; // the line in the colour of the class
const OVERSCAN_ROWS = 2;

export class Grid {
  constructor({ viewport, canvas, rows, selection, look, pictures, onNeed }) {
    Object.assign(this, { viewport, canvas, rows, selection, look, onNeed });
    this.painter = new Tiles({ canvas, rows, selection, look, pictures });
    this.scrolling = new Scrolling(viewport, canvas, () => this.schedule());
    this.prefetch = new Prefetch(rows, pictures);
    this.tiles = new Map(); // position -> tile element
    this.spare = [];
    this.columns = 1;
    this.height = 0; // of the viewport, in pixels
    this.rowHeight = 100;
    this.observer = new ResizeObserver(() => this.layout());
    this.observer.observe(viewport);
  }

  stop() {
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
    this.render(true);
  }

  schedule() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.render();
    });
  }

  render(repaint = false) {
    const first = Math.max(0, Math.floor(this.scrolling.top / this.rowHeight) - OVERSCAN_ROWS);
    const lines = Math.ceil(this.height / this.rowHeight) + 2 * OVERSCAN_ROWS;
    const from = first * this.columns;
    const to = Math.min(this.rows.length, (first + lines) * this.columns);
    for (const position of [...this.tiles.keys()]) {
      if (position < from || position >= to) this.release(position);
    }
    for (let position = from; position < to; position += 1) this.place(position, repaint);
    this.onNeed(from, to + 2 * lines * this.columns);
    this.prefetch.want(to, to + this.linesOnScreen * this.columns);
    const focused = this.tiles.get(this.selection.focus);
    if (focused) this.viewport.setAttribute("aria-activedescendant", focused.id);
    else this.viewport.removeAttribute("aria-activedescendant");
  }

  release(position) {
    const tile = this.tiles.get(position);
    this.tiles.delete(position);
    this.painter.letGo(tile);
    tile.hidden = true;
    delete tile.dataset.id;
    delete tile.dataset.position;
    this.spare.push(tile);
  }

  /** Every tile again, as after another choice of what is shown on them. */
  repaintAll() {
    this.layout();
    this.render(true);
  }

  place(position, repaint) {
    const row = this.rows.at(position);
    let tile = this.tiles.get(position);
    const isNew = !tile;
    if (isNew) {
      tile = this.spare.shift() ?? this.painter.make();
      tile.hidden = false;
      this.tiles.set(position, tile);
    }
    const x = (position % this.columns) * (this.tileWidth + GAP);
    const place = `translate(${x}px, ${this.top(position) - this.scrolling.shift}px)`;
    if (tile.place !== place) tile.style.transform = tile.place = place; // most stay where they are
    if (!row) return this.painter.paintEmpty(tile, position);
    tile.classList.remove("awaited");
    if (isNew || tile.dataset.id !== row.id) this.painter.showImage(tile, row);
    if (isNew || repaint || tile.dataset.id !== row.id) {
      tile.dataset.id = row.id;
      tile.dataset.position = position;
      this.painter.paint(tile, row, position);
    } else {
      this.painter.paintMarks(tile, row, position);
    }
    return undefined;
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
    this.render();
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
