// How the page looks to this person: sizes, what is shown, keys; remembered.

import { storage } from "../../javascript/storage.js";
import { openGoal } from "../dialogs/overlays.js";
import { showKey } from "../keys/commands.js";
import { ALL_SHOWN } from "../views/show_menu.js";
import { Moving } from "./navigation.js";

export class Looking extends Moving {
  togglePanel(on = this.ui.panel.hidden, { remember = true } = {}) {
    this.ui.panel.hidden = !on;
    this.root.classList.toggle("with-panel", on);
    this.sideButton.setAttribute("aria-pressed", on);
    if (remember) storage.set("localStorage", "panel", on);
    this.showPanel();
  }

  toggleFill(on = !this.look.fill) {
    this.look.fill = on;
    storage.set("localStorage", "fill", on);
    this.grid.layout();
  }

  setSize(size) {
    this.look.size = Math.max(56, Math.min(320, size));
    this.slider.value = this.look.size;
    this.root.style.setProperty("--size", `${this.look.size}px`);
    storage.set("localStorage", "tile", this.look.size);
    this.grid.layout();
  }

  zoom(direction) {
    const { zoom } = this.views;
    if (zoom) zoom.by(direction > 0 ? 1.5 : 1 / 1.5);
    else this.setSize(this.look.size + direction * 24);
  }

  toggleKeep(on = !this.look.keepSelection) {
    this.look.keepSelection = on;
    this.preferences.set("keepSelection", on);
    this.notices.say(on ? "A label now keeps the selection." : "A label now ends the selection and moves on.");
  }

  /** Turn a part of the tiles on or off; what is in view stays in view. */
  showOnTiles(name, on) {
    this.look.show[name] = on;
    this.preferences.set("show", { ...this.look.show });
    this.grid.repaintAll();
  }

  /** How many labels a person wants to give today; 0 for none. */
  setGoal() {
    openGoal(this.overlay, { goal: this.pace.goal, onDone: (goal) => {
      this.pace.setGoal(goal);
      this.repaint([]);
    } });
  }

  openHelp() {
    this.menu.close();
    this.keysDialog.open();
  }

  keysChanged() {
    this.classes.set(this.classes.list, this.bindings.freeLetters());
    this.titleKeys();
    this.repaint([]);
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
    this.look.keepSelection = this.preferences.get("keepSelection", false);
    this.look.show = { ...ALL_SHOWN, ...this.preferences.get("show", {}) };
    this.bindings.read();
    this.keysChanged();
    if (this.views.now === this.views.base) this.views.restore();
    this.grid.repaintAll();
  }

  /** The image and the view that a link names, once, when the page opens. */
  async openAddressed() {
    const { image, view } = this.addressed ?? {};
    this.addressed = null;
    if (!image && !view) return;
    const { search } = this.finding;
    const answer = image && await this.server.get("/assets/position", { ...this.filter, sort: this.sort, image }).catch(() => null);
    if (search !== this.finding.search || this.selection.focus > 0) return; // the person moved on meanwhile
    if (answer && answer.position !== null) {
      await this.loadAt(answer.position);
      this.selection.moveTo(this.rows.index.get(image) ?? answer.position);
      this.grid.center();
    }
    if (view === "film" || view === "focus") this.views.set(view, { remember: false });
  }

  writeAddress() {
    if (this.addressed) return;

    const row = this.selection.focusedRow();
    const { now } = this.views;
    this.address.write({ view: now === "focus" || now === "film" ? now : null, image: row && (this.selection.focus > 0 || this.views.isLarge) ? row.id : null });
  }
}
