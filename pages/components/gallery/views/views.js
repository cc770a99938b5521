// Four ways to look at one list and one selection: the grid, a film (one image large, its
// neighbours beside it), some of the selection compared, and one image alone in focus.

const LASTING_VIEWS = ["grid", "film"]; // the others lie over one of these, and Esc leaves them

export class Views {
  /** `parts`: what it works with, by name, as `wiring.js` lists it. */
  constructor(parts) {
    Object.assign(this, parts);
    const { buttons } = parts;
    this.now = "grid";
    this.base = "grid";
    for (const button of buttons) {
      button.addEventListener("click", () => {
        this.set(button.dataset.view);
        this.focusHere();
      });
    }
  }

  /** As this person left it. */
  restore() {
    const base = this.preferences.get("view", "grid");
    this.set(LASTING_VIEWS.includes(base) ? base : "grid", { remember: false });
  }

  toggle(view) {
    if (this.now !== view) this.set(view);
    else this.set(view === this.base ? "grid" : this.base);
  }

  set(view, { remember = true } = {}) {
    if (view === "compare" && this.compare.compared().length < 2) {
      this.actions.say("Select two to six images to compare them.");
      return;
    }
    if (view !== "compare") this.selection.only = null;
    this.now = view;
    if (LASTING_VIEWS.includes(view)) this.base = view;
    if (remember && this.base !== this.preferences.get("view", "grid")) {
      this.preferences.set("view", this.base);
    }
    this.root.dataset.view = view;
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", button.dataset.view === view);
    }
    const isStrip = this.base === "film";
    if (this.look.isStrip !== isStrip) {
      this.look.isStrip = isStrip;
      this.root.classList.toggle("film", isStrip);
      this.grid.layout();
      this.grid.center();
    }
    this.show();
    if (view !== "compare") this.grid.reveal();
    this.actions.changed();
  }

  /** Whether one image is large, with the strip or alone. */
  get isLarge() {
    return this.now === "film" || this.now === "focus";
  }

  /** What can be zoomed, or null in the grid. */
  get zoom() {
    if (this.isLarge) return this.large.zoom;
    return this.now === "compare" ? this.compare.zoom : null;
  }

  /** Paint what lies beside or over the grid. */
  show() {
    if (this.now === "compare" && this.compare.compared().length < 2) return this.set(this.base);
    if (this.isLarge) this.large.show(this.selection.focus);
    else this.large.close();
    if (this.now === "compare") this.compare.show();
    else this.compare.close();
    return undefined;
  }

  /** One step back; whether there was one. */
  leave() {
    if (this.now === "compare" && this.selection.only) this.selection.focusOnly(null);
    else if (this.now !== this.base) this.set(this.base);
    else return false;
    return true;
  }

  focusHere() {
    if (this.now === "compare") this.compare.focusHere();
    else {
      const { viewport } = this.grid;
      // To be given the focus that it has would lay out the page all the same.
      if (viewport.getRootNode().activeElement !== viewport) {
        viewport.focus({ preventScroll: true });
      }
    }
  }
}
