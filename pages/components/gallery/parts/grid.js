// The tiles: only those near the screen exist, and they are used again while scrolling.

const GAP = 8;
const EDGE = 4; // the line in the colour of the class
const OVERSCAN_ROWS = 2;
const TINY_PIXELS = 64;
const SPLIT_SHORT = { train: "train", val: "val", test: "test", held_out: "held" };

class Grid {
  constructor({ viewport, canvas, rows, selection, look, onNeed, onImageError }) {
    Object.assign(this, { viewport, canvas, rows, selection, look, onNeed, onImageError });
    this.scrolling = new Scrolling(viewport, canvas, () => this.schedule());
    this.tiles = new Map(); // position -> tile element
    this.spare = [];
    this.columns = 1;
    this.rowHeight = 100;
    this.observer = new ResizeObserver(() => this.layout());
    this.observer.observe(viewport);
  }

  destroy() {
    this.observer.disconnect();
    this.scrolling.stop();
  }

  /** Fit the columns to the width. What was in view stays in view. */
  layout() {
    const style = getComputedStyle(this.viewport);
    const width = this.viewport.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (width <= 0) return;
    const anchor = this.anchor();
    this.columns = Math.max(1, Math.round((width + GAP) / (this.look.size + GAP)));
    this.tileWidth = (width - GAP * (this.columns - 1)) / this.columns;
    const caption = this.tileWidth >= 72 ? 22 : 0;
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
      return offset > -this.rowHeight && offset < this.viewport.clientHeight ? { position, offset } : null;
    };
    return seen(this.selection.focus) ?? seen(Math.ceil(this.scrolling.top / this.rowHeight) * this.columns);
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
    const lines = Math.ceil(this.viewport.clientHeight / this.rowHeight) + 2 * OVERSCAN_ROWS;
    const from = first * this.columns;
    const to = Math.min(this.rows.length, (first + lines) * this.columns);
    for (const position of [...this.tiles.keys()]) {
      if (position < from || position >= to) this.release(position);
    }
    for (let position = from; position < to; position += 1) this.place(position, repaint);
    this.onNeed(from, to + 2 * lines * this.columns);
    const focused = this.tiles.get(this.selection.focus);
    if (focused) this.viewport.setAttribute("aria-activedescendant", focused.id);
    else this.viewport.removeAttribute("aria-activedescendant");
  }

  release(position) {
    const tile = this.tiles.get(position);
    this.tiles.delete(position);
    tile.hidden = true;
    delete tile.dataset.id;
    delete tile.dataset.position;
    this.spare.push(tile);
  }

  place(position, repaint) {
    const row = this.rows.at(position);
    let tile = this.tiles.get(position);
    const isNew = !tile;
    if (isNew) {
      tile = this.spare.shift() ?? this.makeTile();
      tile.hidden = false;
      this.tiles.set(position, tile);
    }
    const x = (position % this.columns) * (this.tileWidth + GAP);
    tile.style.transform = `translate(${x}px, ${this.top(position) - this.scrolling.shift}px)`;
    if (!row) return this.placeEmpty(tile, position);
    tile.classList.remove("awaited");
    if (isNew || tile.dataset.id !== row.id) this.showImage(tile, row);
    if (isNew || repaint || tile.dataset.id !== row.id) {
      tile.dataset.id = row.id;
      tile.dataset.position = position;
      this.paint(tile, row, position);
    } else {
      this.paintMarks(tile, row, position);
    }
    return undefined;
  }

  /** A place whose row is on its way. */
  placeEmpty(tile, position) {
    tile.dataset.position = position;
    if (tile.classList.contains("awaited")) return;
    delete tile.dataset.id;
    tile.className = "tile awaited";
    tile.firstChild.replaceChildren();
    const [, split, flag, caption] = tile.children;
    split.hidden = flag.hidden = true;
    caption.lastChild.textContent = "";
    tile.setAttribute("aria-label", "not loaded yet");
  }

  makeTile() {
    const tile = el("div", { className: "tile", role: "option", id: `tile-${(this.made = (this.made ?? 0) + 1)}` });
    tile.append(
      el("div", { className: "picture" }),
      el("span", { className: "split" }),
      el("span", { className: "flag", "aria-hidden": "true" }, "⚑"),
      el("span", { className: "caption" }, el("i", { className: "swatch" }), el("span", { className: "name" })),
    );
    this.canvas.append(tile);
    return tile;
  }

  /** A new <img> each time: a used one would show its last picture until the new one is there. */
  showImage(tile, row) {
    const image = el("img", { alt: "", decoding: "async", draggable: false });
    image.addEventListener("error", () => this.onImageError(image, tile, row));
    image.src = thumbnailUrl(row);
    tile.classList.remove("broken");
    tile.classList.toggle("tiny", row.width < TINY_PIXELS && row.height < TINY_PIXELS);
    tile.firstChild.replaceChildren(image);
  }

  paint(tile, row, position) {
    const [, split, flag, caption] = tile.children;
    flag.hidden = !row.review;
    tile.classList.toggle("unlabelled", row.label_id === null);
    tile.classList.toggle("gone", Boolean(row.gone));
    tile.style.setProperty("--class", this.look.colorOf(row.label_id));
    caption.lastChild.textContent = row.label_name ?? "no label";
    split.textContent = SPLIT_SHORT[row.split] ?? "";
    split.hidden = !row.split;
    const words = [row.label_name ?? "unlabelled", row.split ?? "no split", row.path];
    if (row.augmented) words.push("augmented copy");
    if (row.review) words.push(row.note ? `marked for review: ${row.note}` : "marked for review");
    if (row.gone) words.push("removed from the catalog");
    tile.setAttribute("aria-label", words.join(", "));
    tile.setAttribute("aria-posinset", position + 1);
    tile.setAttribute("aria-setsize", this.rows.length);
    tile.title = row.note ? `${row.path}\n⚑ ${row.note}` : row.path;
    this.paintMarks(tile, row, position);
  }

  paintMarks(tile, row, position) {
    const selected = this.selection.ids.has(row.id);
    tile.classList.toggle("selected", selected);
    tile.setAttribute("aria-selected", selected);
    tile.classList.toggle("focused", position === this.selection.focus);
    tile.classList.toggle("pending", this.look.isPending(row.id));
  }

  /** Repaint these rows where they are on screen. */
  repaintRows(ids) {
    for (const id of ids) {
      const position = this.rows.index.get(id);
      const tile = this.tiles.get(position);
      if (tile) this.paint(tile, this.rows.at(position), position);
    }
  }

  /** Scroll just enough to show the focused tile. */
  reveal() {
    const top = this.top(this.selection.focus);
    const { clientHeight } = this.viewport;
    const now = this.scrolling.top;
    if (top < now) this.scrolling.top = top;
    else if (top + this.rowHeight > now + clientHeight) this.scrolling.top = top + this.rowHeight - clientHeight + GAP;
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
    for (let line = Math.max(0, Math.floor((top - inset) / this.rowHeight)); line <= lastLine; line += 1) {
      for (let at = firstColumn; at <= lastColumn; at += 1) {
        const row = this.rows.at(line * this.columns + at);
        if (row) ids.push(row.id);
      }
    }
    return ids;
  }

  get linesOnScreen() {
    return Math.max(1, Math.floor(this.viewport.clientHeight / this.rowHeight));
  }
}
