// How the page looks to this person: sizes, what is shown, keys; remembered.

import { storage } from "../../javascript/storage.js";
import { openGoal } from "../dialogs/overlays.js";
import { showKey } from "../keys/commands.js";
import { ALL_SHOWN } from "../views/show_menu.js";

const PANEL_MIN_WIDTH = 900;
const MIN_TILE_PX = 56;
const MAX_TILE_PX = 320;
const TILE_STEP_PX = 24;
const ZOOM_STEP = 1.5;

/** What a person sees as they left it; changed by `Appearance` alone. */
export function readLook(preferences, { colorOf, isPending }) {
  return {
    size: storage.get("localStorage", "tile", 144),
    fill: storage.get("localStorage", "fill", false),
    ...readPreferences(preferences),
    isStrip: false,
    colorOf,
    isPending,
  };
}

function readPreferences(preferences) {
  return {
    keepSelection: preferences.get("keepSelection", false),
    show: { ...ALL_SHOWN, ...preferences.get("show", {}) },
  };
}

export class Appearance {
  /** `parts`: what it works with, by name, as `wiring.js` lists it. */
  constructor(parts) {
    Object.assign(this, parts);
    const { slider } = parts;
    slider.addEventListener("input", () => this.setSize(Number(slider.value)));
    this.narrow = matchMedia(`(max-width: ${PANEL_MIN_WIDTH - 1}px)`);
    this.fitPanel = () =>
      this.togglePanel(!this.narrow.matches && storage.get("localStorage", "panel", true), {
        remember: false,
      });
    this.narrow.addEventListener("change", this.fitPanel);
  }

  /** Everything as this person left it. */
  restore() {
    this.fitPanel();
    this.setSize(this.look.size);
    this.toggleFill(this.look.fill);
    this.titleKeys();
    this.views.restore();
    this.preferences.onLoad = () => this.preferencesChanged();
  }

  stop() {
    this.narrow.removeEventListener("change", this.fitPanel);
  }

  togglePanel(on = this.panel.hidden, { remember = true } = {}) {
    this.panel.hidden = !on;
    this.root.classList.toggle("with-panel", on);
    this.sideButton.setAttribute("aria-pressed", on);
    if (remember) storage.set("localStorage", "panel", on);
    this.actions.showPanel();
  }

  toggleFill(on = !this.look.fill) {
    this.look.fill = on;
    storage.set("localStorage", "fill", on);
    this.grid.layout();
  }

  setSize(size) {
    this.look.size = Math.max(MIN_TILE_PX, Math.min(MAX_TILE_PX, size));
    this.slider.value = this.look.size;
    this.root.style.setProperty("--size", `${this.look.size}px`);
    storage.set("localStorage", "tile", this.look.size);
    this.grid.layout();
  }

  zoom(direction) {
    const { zoom } = this.views;
    if (zoom) zoom.by(direction > 0 ? ZOOM_STEP : 1 / ZOOM_STEP);
    else this.setSize(this.look.size + direction * TILE_STEP_PX);
  }

  toggleKeep(on = !this.look.keepSelection) {
    this.look.keepSelection = on;
    this.preferences.set("keepSelection", on);
    this.notices.say(
      on ? "A label now keeps the selection." : "A label now ends the selection and moves on.",
    );
  }

  /** Turn a part of the tiles on or off; what is in view stays in view. */
  showOnTiles(name, on) {
    this.look.show[name] = on;
    this.preferences.set("show", { ...this.look.show });
    this.grid.repaintAll();
  }

  /** How many labels a person wants to give today; 0 for none. */
  setGoal() {
    openGoal(this.overlay, {
      goal: this.pace.goal,
      onDone: (goal) => {
        this.pace.setGoal(goal);
        this.actions.repaint([]);
      },
    });
  }

  openHelp() {
    this.menu.close();
    this.keysDialog.open();
  }

  keysChanged() {
    this.classes.set(this.classes.list, this.bindings.freeLetters());
    this.titleKeys();
    this.actions.repaint([]);
  }

  /** What the buttons say on hover, with the keys of now. */
  titleKeys() {
    for (const button of this.root.querySelectorAll("[data-command]")) {
      const key = this.bindings.keyOf(button.dataset.command);
      button.dataset.words ??= button.title;
      button.title = key ? `${button.dataset.words} (${showKey(key)})` : button.dataset.words;
    }
  }

  /** They came from another browser of this person. */
  preferencesChanged() {
    Object.assign(this.look, readPreferences(this.preferences));
    this.bindings.read();
    this.keysChanged();
    if (this.views.now === this.views.base) this.views.restore();
    this.grid.repaintAll();
  }
}
