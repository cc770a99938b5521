// Where the hand goes: tiles, keys that move, and what is selected on the way.

import { formatNumber, plural } from "../../javascript/text.js";

const MAX_ALIKE = 50;
const COMPARE_STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

export class Navigation {
  constructor({ rows, selection, grid, views, compare, notices, listing }) {
    Object.assign(this, { rows, selection, grid, views, compare, notices, listing });
  }

  click(event) {
    const tile = event.composedPath().find((node) => node.classList?.contains("tile"));
    if (!tile?.dataset.id) return;
    this.selection.click(Number(tile.dataset.position), {
      extend: event.shiftKey,
      toggle: event.ctrlKey || event.metaKey,
    });
  }

  goTo(position) {
    this.selection.moveTo(position);
    this.grid.reveal();
  }

  move(key, event) {
    const isChord = event.ctrlKey || event.metaKey;
    if (isChord && key.startsWith("Arrow") && this.views.zoom?.isZoomed) this.views.zoom.pan(key);
    else if (this.views.now === "compare") this.compare.step(COMPARE_STEPS[key] ?? 0);
    else {
      this.selection.moveTo(this.placeAfter(key), { extend: event.shiftKey, keep: isChord });
      this.grid.reveal();
    }
  }

  /** The position that a key leads to; it may lie outside of the list. */
  placeAfter(key) {
    const { focus } = this.selection;
    // In focus the grid is behind the image: every arrow is one image on.
    const columns = this.views.now === "focus" ? 1 : this.grid.columns;
    const page = this.grid.linesOnScreen * columns;
    const steps = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns,
      PageUp: -page,
      PageDown: page,
    };
    const last = this.rows.length - 1;
    const to = { Home: 0, End: last }[key] ?? focus + steps[key];
    const isLastLine = Math.floor(focus / columns) === Math.floor(last / columns);
    const isStuck =
      (key === "ArrowUp" && to < 0) || (key === "ArrowDown" && to > last && isLastLine);
    return isStuck ? focus : to;
  }

  /** Python searches and opens what it found: a list of its own. */
  findAlike() {
    const images = this.selection.targets().map((row) => row.id);
    if (this.selection.matching || images.length > MAX_ALIKE) {
      this.notices.say(`Select at most ${MAX_ALIKE} images to find what looks like them.`);
    } else if (images.length) {
      this.notices.say("Looking for what is alike…");
      this.askAlike({ images, at: Date.now() });
    }
  }

  /** What is loaded first; then, by a second press or the button, all that match the filter. */
  selectAll() {
    const here = this.rows.byPosition.size;
    const isSecond = here > 0 && this.selection.ids.size === here;
    const { matchingCount } = this.listing;
    if (this.rows.complete) this.selection.selectAll();
    else if (isSecond && matchingCount) this.selectMatching();
    else {
      this.selection.selectAll();
      const action = matchingCount && {
        words: `Select all ${formatNumber(matchingCount)} that match`,
        run: () => this.selectMatching(),
      };
      this.notices.say(`${plural(here, "image")} selected: those loaded so far.`, action);
    }
  }

  selectMatching() {
    this.notices.hush();
    this.selection.selectMatching(this.listing.matchingCount);
    this.views.focusHere();
  }

  /** One thing at a time: what lies over the grid, the message, the selection, the film. */
  escape() {
    if (this.views.leave()) this.views.focusHere();
    else if (this.notices.isSaying) this.notices.hush();
    else if (this.selection.ids.size) this.selection.clear();
    else this.views.set("grid");
  }
}
