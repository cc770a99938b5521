// Beside the grid: the picture, its class and split as buttons, its facts and its past.

import { el } from "../../javascript/dom.js";
import { formatAgo, formatBytes, formatNumber, plural, splitWords } from "../../javascript/text.js";
import { showKey } from "../keys/commands.js";
import { describeSaid, saysWords } from "../state/suggestions.js";

const MAX_CLASS_BUTTONS = 20;
const HISTORY_DELAY_MS = 180;
const SPLITS = ["train", "val", "test", "held_out", null];

export class Panel {
  constructor({ element, client, classes, pictures, suggestions, actions }) {
    Object.assign(this, { element, client, classes, pictures, suggestions, actions });
    this.pictureBox = el("div", { className: "big" });
    this.head = el("p", { className: "lead" });
    this.says = el("div", { className: "says-line" });
    this.labels = el("div", { className: "classes", role: "group", "aria-label": "Class" });
    this.splits = el("div", { className: "splits", role: "group", "aria-label": "Split" });
    this.facts = el("dl", { className: "facts" });
    this.past = el("div", { className: "past" });
    this.removeButton = el(
      "button",
      { type: "button", className: "tool remove" },
      "Remove from catalog",
    );
    this.removeButton.addEventListener("click", () => actions.remove());
    this.alikeButton = el("button", { type: "button", className: "tool alike" }, "Find similar");
    this.alikeButton.addEventListener("click", () => actions.findAlike());
    const close = el(
      "button",
      { type: "button", className: "tool close", "aria-label": "Close details" },
      "Close",
    );
    close.addEventListener("click", () => actions.closePanel());
    element.append(
      el("div", { className: "panel-head" }, this.head, close),
      this.pictureBox,
      this.says,
      el("h3", {}, "Label"),
      this.labels,
      el("h3", {}, "Split"),
      this.splits,
      this.facts,
      this.past,
      this.alikeButton,
      this.removeButton,
    );
  }

  /**
   * Painted with the next frame, once however often it is asked for until then: `read` gives then
   * the images that are meant, and whether they are selected.
   */
  show(read) {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (!this.element.hidden) this.paint(...read());
    });
  }

  paint(targets, selected) {
    this.element.classList.toggle("empty", !targets.length);
    if (!targets.length) return;
    this.head.textContent = selected
      ? `${plural(targets.length, "image")} selected`
      : "Focused image";
    this.showPictures(targets);
    this.showSuggestion(targets);
    this.showClasses(targets);
    this.showSplits(targets);
    this.showFacts(targets);
    this.showPast(targets);
    this.removeButton.textContent =
      targets.length > 1
        ? `Remove ${formatNumber(targets.length)} from catalog`
        : "Remove from catalog";
  }

  showPictures(targets) {
    const key = targets
      .slice(0, 9)
      .map((row) => row.id)
      .join();
    if (this.pictured === key) return;
    this.pictured = key;
    this.pictureBox.classList.toggle("many", targets.length > 1);
    if (targets.length > 1) {
      this.pictureBox.replaceChildren(
        ...targets
          .slice(0, 9)
          .map((row) => this.pictures.make(row, this.pictures.thumbnailUrl(row))),
      );
      return;
    }
    const source = this.pictures.thumbnailUrl(targets[0]);
    this.pictureBox.replaceChildren(this.pictures.make(targets[0], source));
  }

  /** What the model says of them, and the button that takes it. */
  showSuggestion(targets) {
    const said = targets.filter((row) => row.suggestion);
    const words = describeSuggestions(said);
    const open = this.suggestions.groups(said);
    const shown = [words, open.size, this.actions.keyOf("accept")].join("/");
    if (this.shownSuggestion === shown) return;
    this.shownSuggestion = shown;
    if (!said.length) return this.says.replaceChildren();
    const accept =
      open.size > 0 &&
      el("button", { type: "button", className: "tool" }, "Accept ", this.makeKey("accept"));
    if (accept) accept.addEventListener("click", () => this.actions.accept());
    return this.says.replaceChildren(el("span", {}, words), ...(accept ? [accept] : []));
  }

  showClasses(targets) {
    const key = [
      this.classes.version,
      this.actions.keyOf("pick"),
      this.actions.keyOf("unlabel"),
    ].join("/");
    if (this.shownClasses !== key) this.makeClasses();
    this.shownClasses = key;
    const now = new Set(targets.map((row) => row.label_id));
    for (const [labelId, button] of this.classButtons) {
      button.setAttribute("aria-pressed", now.size === 1 && now.has(labelId));
      button.classList.toggle("some", labelId !== null && now.has(labelId));
    }
  }

  makeClasses() {
    const shown = this.classes.list.slice(0, MAX_CLASS_BUTTONS);
    this.classButtons = new Map(
      shown.map((label) => {
        const button = el(
          "button",
          {
            type: "button",
            className: "class",
            style: { "--class": label.color },
            title: label.name,
          },
          el("i", { className: "swatch" }),
          el("span", { className: "name" }, label.name),
          label.key && el("kbd", {}, label.key),
        );
        button.addEventListener("click", () => this.actions.label(label.label_id));
        return [label.label_id, button];
      }),
    );
    const hidden = this.classes.list.length - shown.length;
    const other = el(
      "button",
      { type: "button", className: "class other" },
      el(
        "span",
        { className: "name" },
        hidden > 0 ? `${formatNumber(hidden)} more or new` : "Other or new",
      ),
      this.makeKey("pick"),
    );
    other.addEventListener("click", () => this.actions.openPicker());
    const none = el(
      "button",
      { type: "button", className: "class other" },
      el("span", { className: "name" }, "No label"),
      this.makeKey("unlabel"),
    );
    none.addEventListener("click", () => this.actions.label(null));
    this.classButtons.set(null, none);
    this.labels.replaceChildren(...this.classButtons.values(), other);
  }

  makeKey(command) {
    const key = this.actions.keyOf(command);
    return key && el("kbd", {}, showKey(key));
  }

  showSplits(targets) {
    const now = new Set(targets.map((row) => row.split));
    const keys = SPLITS.map((split) => this.actions.keyOf(`split.${split ?? "none"}`));
    const shown = [...now, ...keys].join("/");
    if (this.shownSplits === shown) return;
    this.shownSplits = shown;
    this.splits.replaceChildren(
      ...SPLITS.map((split, i) => {
        const words = splitWords(split);
        const key = keys[i];
        const button = el(
          "button",
          {
            type: "button",
            "aria-pressed": now.size === 1 && now.has(split),
            title: key ? `${words} (${showKey(key)})` : words,
          },
          words,
        );
        button.addEventListener("click", () => this.actions.split(split));
        return button;
      }),
    );
  }

  showFacts(targets) {
    const row = targets[0];
    const facts =
      targets.length > 1
        ? [["Sources", [...new Set(targets.map((r) => r.source))].slice(0, 4).join(", ")]]
        : [
            ["Path", el("code", {}, row.path)],
            [
              "Size",
              `${formatNumber(row.width)} × ${formatNumber(row.height)} px, ${formatBytes(row.size_bytes)}`,
            ],
            ["Source", row.source + (row.augmented ? ", augmented copy" : "")],
            ...(row.review ? [["Review", row.note || "marked, without a note"]] : []),
          ];
    this.facts.replaceChildren(
      ...facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
    );
  }

  showPast(targets) {
    clearTimeout(this.pastTimer);
    if (targets.length !== 1) {
      this.past.replaceChildren();
      this.pastOf = null;
      return;
    }
    const [row] = targets;
    const version = `${row.id}:${row.row_version}`;
    if (this.pastOf === version) return;
    if (!this.pastOf?.startsWith(row.id)) this.past.replaceChildren();
    this.pastOf = version;
    this.pastTimer = setTimeout(async () => {
      const answer = await this.client.get(`/assets/${row.id}/history`).catch(() => null);
      if (this.pastOf !== version || !answer) return;
      this.past.replaceChildren(
        el("h3", {}, "History"),
        el(
          "ol",
          {},
          answer.entries
            .slice(0, 12)
            .map((entry) =>
              el(
                "li",
                {},
                el("span", {}, describeChange(entry)),
                el(
                  "span",
                  { className: "when", title: entry.created_at },
                  `${entry.author}, ${formatAgo(entry.created_at)}`,
                ),
              ),
            ),
        ),
      );
    }, HISTORY_DELAY_MS);
  }
}

function describeChange({ kind, before, after }) {
  const parts = [];
  if ("label_name" in after && kind !== "import") {
    parts.push(`${before.label_name ?? "no label"} → ${after.label_name ?? "no label"}`);
  }
  if ("split_type" in after && kind !== "import") {
    parts.push(`${splitWords(before.split_type)} → ${splitWords(after.split_type)}`);
  }
  if (kind === "flag") parts.push("marked for review");
  if (kind === "unflag") parts.push("mark taken away");
  if (after.exists === true) return kind === "import" ? "imported" : "brought back";
  if (after.exists === false) return "removed";
  return (kind === "undo" ? "undone: " : "") + (parts.join(", ") || kind.replaceAll("_", " "));
}

const SAID_CLASSES = 3;

/** "model says: dog 0.93 (run 12)"; of many the classes with their numbers. */
function describeSuggestions(rows) {
  if (!rows.length) return "";
  const { suggestion } = rows[0];
  if (rows.length === 1) {
    return describeSaid(suggestion.run, saysWords(suggestion));
  }
  const counts = new Map();
  for (const row of rows) {
    counts.set(row.suggestion.label_name, (counts.get(row.suggestion.label_name) ?? 0) + 1);
  }
  const named = [...counts].sort((a, b) => b[1] - a[1]);
  const parts = named
    .slice(0, SAID_CLASSES)
    .map(([name, count]) => `${formatNumber(count)} ${name}`);
  if (named.length > SAID_CLASSES) {
    parts.push(`${formatNumber(named.length - SAID_CLASSES)} other classes`);
  }
  return describeSaid(suggestion.run, parts.join(", "));
}
