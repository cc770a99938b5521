// What the tiles show, and what a label does to the selection: a small menu of things to turn off.

import { el } from "../../javascript/dom.js";
import { showKey } from "../keys/commands.js";

const SHOWN = [
  ["label", "Label"],
  ["split", "Split"],
  ["suggestion", "What the model says"],
  ["doubt", "Dot where it doubts the label"],
  ["review", "Marks for review"],
];
export const ALL_SHOWN = Object.fromEntries(SHOWN.map(([name]) => [name, true]));

export class ShowMenu {
  constructor({ element, button, look, actions, keyOf }) {
    Object.assign(this, { element, button, look, actions, keyOf });
    button.addEventListener("click", () => (element.hidden ? this.open() : this.close()));
    element.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key !== "Escape") return;
      this.close();
      button.focus();
    });
    this.onPress = (event) => {
      const path = event.composedPath();
      if (!path.includes(element) && !path.includes(button)) this.close();
    };
  }

  open() {
    const { show, fill, keepSelection } = this.look;
    this.element.replaceChildren(
      el(
        "fieldset",
        {},
        el("legend", {}, "On the tiles"),
        SHOWN.map(([name, words]) =>
          this.makeLine(words, show[name], (on) => this.actions.show(name, on)),
        ),
      ),
      el(
        "fieldset",
        {},
        el("legend", {}, "Pictures"),
        this.makeLine("Fill the tiles", fill, (on) => this.actions.fill(on), "fill"),
      ),
      el(
        "fieldset",
        {},
        el("legend", {}, "After a label"),
        this.makeLine("Keep the selection", keepSelection, (on) => this.actions.keep(on), "keep"),
      ),
    );
    this.element.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    addEventListener("pointerdown", this.onPress, true);
    this.element.querySelector("input").focus();
  }

  close() {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    removeEventListener("pointerdown", this.onPress, true);
  }

  makeLine(words, isOn, onChange, command = null) {
    const box = el("input", { type: "checkbox", checked: isOn });
    box.addEventListener("change", () => onChange(box.checked));
    const key = command && this.keyOf(command);
    return el("label", {}, box, el("span", {}, words), key && el("kbd", {}, showKey(key)));
  }
}
