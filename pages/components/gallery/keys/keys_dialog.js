// The keys of the page, made from the table that they work by; each can be changed on the spot.

import { el } from "../../javascript/dom.js";
import { COMMANDS, nameOfKey, showKey } from "./commands.js";

export class KeysDialog {
  constructor({ overlay, bindings, classes, onChange }) {
    Object.assign(this, { overlay, bindings, classes, onChange });
  }

  open() {
    this.asked = null; // {id, key}: which key of which command is being replaced
    this.body = el("div", { className: "help" });
    this.words = el("p", { className: "hint", role: "status" });
    this.resetButton = el("button", { type: "button", className: "tool" }, "Reset to defaults");
    this.resetButton.addEventListener("click", () => this.change(() => this.bindings.reset()));
    const close = el("button", { type: "button", className: "tool" }, "Close");
    close.addEventListener("click", () => this.overlay.close());
    this.answers = el("span", { className: "choices-row" });
    this.overlay.open(
      [
        this.body,
        el("div", { className: "end" }, this.words, this.answers, this.resetButton, close),
      ],
      "Keys of this page",
    );
    this.overlay.onKey = (event) => this.take(event);
    this.draw();
    close.focus();
  }

  draw() {
    const commands = new Map(this.bindings.commands.map((command) => [command.id, command]));
    const groups = [...new Set(COMMANDS.map((line) => line.group))];
    this.body.replaceChildren(
      ...groups.map((group) =>
        el(
          "section",
          {},
          el("h3", {}, group),
          el(
            "dl",
            {},
            COMMANDS.filter((line) => line.group === group).map((line) =>
              el(
                "div",
                {},
                el(
                  "dt",
                  {},
                  line.id
                    ? this.makeKeys(commands.get(line.id))
                    : line.show.map((key) => el("kbd", {}, key)),
                ),
                el("dd", {}, line.words),
              ),
            ),
          ),
        ),
      ),
    );
    this.resetButton.hidden = !this.bindings.areOwn;
    this.say("Press a key here to give the command another one.");
  }

  makeKeys(command) {
    const keys = command.keys.length ? command.keys : [null];
    return keys.map((key) => {
      const button = el(
        "button",
        {
          type: "button",
          className: "key",
          "aria-label": key
            ? `${showKey(key)}: change the key of “${command.words}”`
            : `Give “${command.words}” a key`,
          dataset: { command: command.id },
        },
        key ? showKey(key) : "set",
      );
      button.classList.toggle("own", command.isOwn);
      button.addEventListener("click", () => this.ask(button, command, key));
      return button;
    });
  }

  ask(button, command, key) {
    this.body.querySelector(".asked")?.classList.remove("asked");
    button.classList.add("asked");
    this.asked = { command, key };
    const none = key && el("button", { type: "button", className: "tool" }, "No key");
    none?.addEventListener("click", () => this.change(() => this.bindings.take(command.id, key)));
    this.say(`Press the new key of “${command.words}”. Esc leaves it as it is.`, none);
  }

  /** A key that is pressed while one is asked for; returns whether it was taken here. */
  take(event) {
    if (!this.asked || event.key === "Tab") return false;
    const onAnswer =
      event.target.closest?.(".choices-row") && (event.key === "Enter" || event.key === " ");
    if (onAnswer) return false;
    const name = nameOfKey(event);
    if (name === null) return true;
    event.preventDefault();
    const { command, key } = this.asked;
    const holder = this.bindings.find(name, command);
    const label = this.classes.list.find((one) => one.hotkey?.[0] === name);
    const refused =
      name !== "Escape" &&
      (this.bindings.refuse(name) ?? (label && `${name} is a key of the class ${label.name}.`));
    if (name === "Escape" || (holder?.id === command.id && key === name)) this.draw();
    else if (refused) this.say(`${refused} Press another key, or Esc.`);
    else if (holder && holder.id !== command.id) this.warn(name, holder);
    else this.change(() => this.bindings.give(command.id, name, key));
    if (!this.body.querySelector(".asked")) this.asked = null;
    return true;
  }

  /** The key has another meaning: nobody loses it unasked. */
  warn(name, holder) {
    const { command, key } = this.asked;
    const use = el("button", { type: "button", className: "tool primary" }, "Use it here");
    use.addEventListener("click", () =>
      this.change(() => this.bindings.give(command.id, name, key)),
    );
    this.say(
      `${showKey(name)} already is “${holder.words}”, which would ${holder.keys.length > 1 ? "lose this key" : "have no key then"}.`,
      use,
    );
    use.focus();
  }

  change(work) {
    const at = this.asked?.command.id;
    work();
    this.asked = null;
    this.draw();
    this.body.querySelector(`[data-command="${at}"]`)?.focus();
    this.onChange();
  }

  say(words, ...buttons) {
    this.words.textContent = words;
    this.answers.replaceChildren(...buttons.filter(Boolean));
  }
}
