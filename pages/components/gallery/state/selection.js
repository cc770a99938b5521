// Which tile has the focus, and which are selected. Positions move; ids stay.

export class Selection {
  constructor(rows, onChange) {
    this.rows = rows;
    this.onChange = onChange;
    this.reset();
  }

  reset() {
    this.focus = 0;
    this.anchor = 0;
    this.ids = new Set();
    this.matching = 0; // how many are meant when the selection is "all that match the filter"
  }

  /** Every choice of single tiles ends the choice of all that match, and of one in it. */
  set ids(ids) {
    this.chosen = ids;
    this.matching = 0;
    this.only = null; // the one of the selection that keys act on, while some are compared
  }

  get ids() {
    return this.chosen;
  }

  /** Not a list of ids but the filter itself, with its number of images now. */
  selectMatching(count) {
    this.ids = new Set(this.rows.loaded().map((row) => row.id));
    this.matching = count;
    this.onChange();
  }

  invert() {
    this.select(
      this.rows
        .loaded()
        .filter((row) => !this.ids.has(row.id))
        .map((row) => row.id),
    );
  }

  focusedRow() {
    return this.rows.at(this.focus);
  }

  /** What a key acts on: the selection in order, or else the focused tile. */
  targets() {
    if (this.only && this.rows.index.has(this.only)) return [this.rows.get(this.only)];
    if (!this.ids.size) return this.focusedRow() ? [this.focusedRow()] : [];
    return this.chosenRows();
  }

  /** All of the selection in order. */
  chosenRows() {
    return [...this.ids]
      .filter((id) => this.rows.index.has(id))
      .sort((a, b) => this.rows.index.get(a) - this.rows.index.get(b))
      .map((id) => this.rows.get(id));
  }

  /** Keys act on this one of the selection; on all of it with null. */
  focusOnly(id) {
    this.only = id;
    if (id) this.focus = this.rows.index.get(id);
    this.onChange();
  }

  clamp(position) {
    return Math.max(0, Math.min(this.rows.length - 1, position));
  }

  /** Move the focus; shift extends from the anchor, keep leaves the selection as it is. */
  moveTo(position, { extend = false, keep: keepSelection = false } = {}) {
    this.focus = this.clamp(position);
    if (extend) this.selectRange(this.anchor, this.focus);
    else if (!keepSelection) this.ids = new Set();
    if (!extend) this.anchor = this.focus;
    this.onChange();
  }

  click(position, { extend, toggle }) {
    this.focus = this.clamp(position);
    const id = this.focusedRow().id;
    if (extend) {
      this.selectRange(this.anchor, this.focus, toggle);
    } else if (toggle) {
      const ids = new Set(this.ids);
      if (!ids.delete(id)) ids.add(id);
      this.ids = ids;
      this.anchor = this.focus;
    } else {
      this.ids = new Set([id]);
      this.anchor = this.focus;
    }
    this.onChange();
  }

  selectRange(from, to, add = false) {
    const [low, high] = from < to ? [from, to] : [to, from];
    const range = this.rows.between(low, high).map((row) => row.id);
    this.ids = new Set(add ? [...this.ids, ...range] : range);
  }

  toggleFocused() {
    if (this.focusedRow()) this.click(this.focus, { toggle: true });
  }

  select(ids) {
    this.ids = new Set(ids.filter((id) => this.rows.index.has(id)));
    this.onChange();
  }

  selectAll() {
    this.select(this.rows.loaded().map((row) => row.id));
  }

  clear() {
    this.ids = new Set();
    this.onChange();
  }
}
