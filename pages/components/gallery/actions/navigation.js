// Where the hand goes: tiles, keys that move, and what is selected on the way.

import { formatNumber, plural } from "../../javascript/text.js";

const COMPARE_STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

export class Moving {
  click(event) {
    const tile = event.composedPath().find((node) => node.classList?.contains("tile"));
    if (!tile?.dataset.id) return;
    this.selection.click(Number(tile.dataset.position), { extend: event.shiftKey, toggle: event.ctrlKey || event.metaKey });
  }

  sayNoClass(key) {
    this.notices.say(`No class has the key ${key}. Press / to find or create one.`);
  }

  /** The page that a position is on; whether there is a row at the position now. */
  async loadAt(position) {
    const fresh = await this.rows.fetch(position).catch(() => []);
    this.labels.paintPending(fresh);
    this.grid.refresh();
    return Boolean(this.rows.at(position));
  }

  goTo(position) {
    this.selection.moveTo(position);
    this.grid.reveal();
  }

  move(key, event) {
    const isChord = event.ctrlKey || event.metaKey;
    if (isChord && key.startsWith("Arrow") && this.views.zoom?.isZoomed) return this.views.zoom.pan(key);
    if (this.views.now === "compare") return this.compare.step(COMPARE_STEPS[key] ?? 0);
    // In focus the grid is behind the image: every arrow is one image on.
    const columns = this.views.now === "focus" ? 1 : this.grid.columns;
    const page = this.grid.linesOnScreen * columns;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -page, PageDown: page };
    const last = this.rows.length - 1;
    let to = { Home: 0, End: last }[key] ?? this.selection.focus + steps[key];
    if ((key === "ArrowUp" && to < 0) || (key === "ArrowDown" && to > last && Math.floor(this.selection.focus / columns) === Math.floor(last / columns))) to = this.selection.focus;
    this.selection.moveTo(to, { extend: event.shiftKey, keep: isChord });
    return this.grid.reveal();
  }

  /** What is loaded first; then, by a second press or the button, all that match the filter. */
  selectAll() {
    const here = this.rows.byPosition.size;
    const isSecond = here > 0 && this.selection.ids.size === here;
    if (this.rows.complete) this.selection.selectAll();
    else if (isSecond && this.matchingCount) this.selectMatching();
    else {
      this.selection.selectAll();
      const action = this.matchingCount && { words: `Select all ${formatNumber(this.matchingCount)} that match`, run: () => this.selectMatching() };
      this.notices.say(`${plural(here, "image")} selected: those loaded so far.`, action);
    }
  }

  selectMatching() {
    this.notices.hush();
    this.selection.selectMatching(this.matchingCount);
    this.views.focusHere();
  }

  /** One thing at a time: what lies over the grid, the message, the selection, the film. */
  escape() {
    if (this.views.leave()) this.views.focusHere();
    else if (!this.ui.toast.hidden) this.notices.hush();
    else if (this.selection.ids.size) this.selection.clear();
    else this.views.set("grid");
  }
}
