// Which key gives which command: the defaults, and over them what the person chose.

import { BROWSER_KEYS, COMMANDS, FIXED_KEYS, LETTERS_FOR_CLASSES, showKey } from "./commands.js";

export class Bindings {
  constructor(preferences) {
    this.preferences = preferences;
    this.read();
  }

  /** Only what differs from the defaults is kept: {"undo": ["q"], ...}. */
  read() {
    const chosen = this.preferences.get("keys", {});
    this.commands = COMMANDS.filter((command) => command.id).map((command) => {
      const own = chosen[command.id];
      const keys = Array.isArray(own)
        ? own.filter((key) => typeof key === "string" && !this.refuse(key))
        : command.keys;
      return { ...command, keys, isOwn: Array.isArray(own) };
    });
    this.byKey = new Map();
    this.byQueueKey = new Map();
    // A key that two commands claim (a new default beside an old choice) goes to the person's choice.
    for (const command of [...this.commands].sort((a, b) => a.isOwn - b.isOwn)) {
      for (const key of command.keys) this.claimed(command).set(key, command);
    }
    for (const command of this.commands) {
      command.keys = command.keys.filter((key) => this.claimed(command).get(key) === command);
    }
  }

  /** The keys among which a command's are told apart: a queue has its own. */
  claimed({ inQueue }) {
    return inQueue ? this.byQueueKey : this.byKey;
  }

  /** The command of a key; with `inQueue` only what answers in a queue. */
  find(key, { inQueue = false } = {}) {
    return this.claimed({ inQueue }).get(key);
  }

  /** The first key of a command, to be shown where it can be used; undefined without one. */
  keyOf(id) {
    return this.commands.find((command) => command.id === id)?.keys[0];
  }

  get areOwn() {
    return this.commands.some((command) => command.isOwn);
  }

  /** Why a key cannot be given to a command, or null. */
  refuse(key) {
    if (/^[1-9]$/.test(key)) return `${key} gives a class.`;
    if (FIXED_KEYS.has(key.replace(/^(Ctrl\+|Shift\+)+/, ""))) {
      return `${showKey(key)} always moves or closes.`;
    }
    if (key === "Tab" || key === "Shift+Tab") return "Tab moves between the buttons of the page.";
    if (BROWSER_KEYS.has(key)) return `${key} belongs to the browser.`;
    if (/^(Ctrl\+|Shift\+)*F\d+$/.test(key)) return `${key} belongs to the browser.`;
    return null;
  }

  /** Put a key in place of another one of a command (or add it, with null); it leaves its old one. */
  give(id, key, instead = null) {
    const { inQueue } = this.commands.find((one) => one.id === id);
    for (const command of this.commands) {
      if (command.id === id) {
        command.keys = [
          ...new Set(
            instead === null
              ? [...command.keys, key]
              : command.keys.map((old) => (old === instead ? key : old)),
          ),
        ];
      } else if (command.inQueue === inQueue) {
        command.keys = command.keys.filter((old) => old !== key);
      }
    }
    this.store();
  }

  take(id, key) {
    const command = this.commands.find((one) => one.id === id);
    command.keys = command.keys.filter((old) => old !== key);
    this.store();
  }

  store() {
    const defaults = new Map(COMMANDS.map((command) => [command.id, command.keys]));
    const differ = this.commands.filter(
      ({ id, keys }) => keys.join(" ") !== defaults.get(id).join(" "),
    );
    this.preferences.set("keys", Object.fromEntries(differ.map(({ id, keys }) => [id, keys])));
    this.read();
  }

  reset() {
    this.preferences.set("keys", {});
    this.read();
  }

  /** Letters that may begin the key of a class. */
  freeLetters() {
    return [...LETTERS_FOR_CLASSES].filter(
      (letter) => !this.byKey.has(letter) && !this.byQueueKey.has(letter),
    );
  }
}
