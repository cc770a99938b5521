// What opens over the grid: the class picker, a note, a goal. One at a time.

import { el } from "../../javascript/dom.js";
import { formatNumber, plural } from "../../javascript/text.js";

export class Overlay {
  constructor(element, onClose) {
    this.element = element;
    this.onClose = onClose;
    element.addEventListener("mousedown", (event) => {
      if (event.target === element) this.close();
    });
    this.onKey = null; // of what is open; whether it took the key
    element.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (this.onKey?.(event)) return;
      if (event.key === "Escape") this.close();
      if (event.key === "Tab") this.keepFocusInside(event);
    });
  }

  get isOpen() {
    return !this.element.hidden;
  }

  open(content, label) {
    this.onKey = null;
    this.element.replaceChildren(
      el(
        "div",
        { className: "dialog", role: "dialog", "aria-modal": "true", "aria-label": label },
        content,
      ),
    );
    this.element.hidden = false;
    this.element.querySelector("input, button")?.focus();
  }

  close() {
    if (!this.isOpen) return;
    this.element.hidden = true;
    this.element.replaceChildren();
    this.onClose();
  }

  keepFocusInside(event) {
    const all = [...this.element.querySelectorAll("input, button")].filter((one) => !one.hidden);
    const at = all.indexOf(this.element.getRootNode().activeElement);
    event.preventDefault();
    all.at((at + (event.shiftKey ? -1 : 1)) % all.length)?.focus();
  }
}

/** Type a few letters of a class, Enter takes it; a name that is new can be created. */
export function openPicker(overlay, { classes, count, current, onPick, onCreate }) {
  const input = el("input", {
    type: "text",
    placeholder: "Class name",
    autocomplete: "off",
    spellcheck: false,
    maxLength: 128,
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "picker-list",
    "aria-label": "Class name",
  });
  const list = el("div", {
    className: "choices",
    role: "listbox",
    id: "picker-list",
    "aria-label": "Classes",
  });
  const problem = el("p", { className: "problem", role: "alert", hidden: true });
  let choices = [];
  let active = 0;

  const mark = () => {
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", i === active));
    list.children[active]?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", list.children[active]?.id ?? "");
  };
  const take = async (choice) => {
    if (!choice) return;
    if (choice.create == null) {
      overlay.close();
      onPick(choice.label.label_id);
      return;
    }
    input.disabled = true;
    const said = await onCreate(choice.create);
    input.disabled = false;
    if (said === null) return overlay.close();
    problem.textContent = said;
    problem.hidden = false;
    input.focus();
  };
  const fill = () => {
    choices = matchClasses(classes, input.value);
    list.replaceChildren(
      ...choices.map((choice, i) => {
        const item =
          choice.create == null
            ? [
                el("i", { className: "swatch", style: { "--class": choice.label.color } }),
                el("span", { className: "name" }, choice.label.name),
                el(
                  "span",
                  { className: "hint" },
                  choice.label.label_id === current ? "now" : formatNumber(choice.label.num_images),
                ),
                choice.label.key && el("kbd", {}, choice.label.key),
              ]
            : [el("span", { className: "name" }, `Create “${choice.create}”`)];
        const option = el("div", { className: "choice", role: "option", id: `choice-${i}` }, item);
        option.addEventListener("mousedown", (event) => event.preventDefault());
        option.addEventListener("click", () => take(choice));
        return option;
      }),
    );
    active = 0;
    problem.hidden = true;
    mark();
  };
  input.addEventListener("input", fill);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) active = (active + step + choices.length) % Math.max(1, choices.length);
    if (event.key === "Enter") take(choices[active]);
    if (step || event.key === "Enter") event.preventDefault();
    if (step) mark();
  });
  overlay.open(
    [el("p", { className: "lead" }, `Label ${plural(count, "image")}`), input, problem, list],
    "Choose a class",
  );
  fill();
}

/** Names that start with the text first, then those that hold it; creating comes last. */
function matchClasses(classes, text) {
  const wanted = text.normalize("NFC").trim();
  const low = wanted.toLocaleLowerCase();
  const rank = ({ name }) => {
    const at = name.toLocaleLowerCase().indexOf(low);
    return at < 0 ? 3 : at === 0 ? (name.length === wanted.length ? 0 : 1) : 2;
  };
  const found = classes.map((label) => ({ label, rank: rank(label) })).filter((c) => c.rank < 3);
  found.sort((a, b) => a.rank - b.rank);
  const exact = classes.some((label) => label.name === wanted);
  return wanted && !exact ? [...found, { create: wanted }] : found;
}

/** One field that Enter takes and Esc leaves. */
function openField(overlay, { title, lead, hint, field, onDone }) {
  const input = el("input", field);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    overlay.close();
    onDone(input.value.trim());
  });
  overlay.open(
    [el("p", { className: "lead" }, lead), input, el("p", { className: "hint" }, hint)],
    title,
  );
}

/** A note of one line for whoever looks at the images next. */
export function openNote(overlay, { count, onDone }) {
  openField(overlay, {
    title: "Mark for review",
    lead: `Mark ${plural(count, "image")} for review`,
    hint: "Enter marks, Esc leaves it.",
    onDone,
    field: {
      type: "text",
      placeholder: "What should be looked at? (may stay empty)",
      maxLength: 1000,
      "aria-label": "Note",
    },
  });
}

/** How many labels to give today; empty or 0 for no goal. */
export function openGoal(overlay, { goal, onDone }) {
  openField(overlay, {
    title: "Goal for today",
    lead: "Labels you want to give today",
    hint: "Enter sets it; empty for no goal.",
    onDone: (value) => onDone(Math.max(0, Math.round(Number(value) || 0))),
    field: {
      type: "number",
      min: 0,
      max: 100000,
      step: 10,
      value: goal || "",
      placeholder: "200",
      "aria-label": "Labels today",
    },
  });
}
