// What the gallery says by itself: saved or not, a short message, somebody else's change.

import { el } from "../../javascript/dom.js";
import { formatAgo, formatNumber, splitWords } from "../../javascript/text.js";
import { AsideNotice } from "./aside_notice.js";

const TOAST_MS = 7000;

export class Notices {
  constructor({ saved, toast, conflict, aside, outbox, classes, rows, pictures, actions }) {
    Object.assign(this, { saved, toast, conflict, outbox, classes, rows, pictures, actions });
    this.asideNotice = new AsideNotice(aside, { outbox, classes });
    outbox.listeners.state = (state) => this.showState(state);
    this.showState(outbox.state());
  }

  showState({ kind, count, isKept }) {
    this.showSaved(kind, count, isKept);
    this.showConflict();
    this.asideNotice.show();
  }

  showSaved(kind, count, isKept) {
    const shown = `${kind} ${count} ${isKept}`;
    if (this.shownSaved === shown) return;
    this.shownSaved = shown;
    const words = {
      saved: "saved",
      saving: `saving ${formatNumber(count)}`,
      offline: `offline, ${formatNumber(count)} ${isKept ? "kept" : "not sent"}`,
      aside: `${formatNumber(count)} not saved`,
    }[kind];
    this.saved.textContent = words;
    this.saved.dataset.state = kind;
    this.saved.title = {
      saved: "Every change is in the catalog.",
      saving: "On the way to the catalog.",
      offline: isKept
        ? "The server cannot be reached. Changes are kept in this browser and sent when it is back."
        : "The server cannot be reached, and this browser keeps nothing. Leave this page open until it is back.",
      aside:
        "The server failed at these changes again and again. They are kept in this browser; every other change is in the catalog.",
    }[kind];
  }

  say(words, action = null) {
    clearTimeout(this.timer);
    const button = action && el("button", { type: "button", className: "tool" }, action.words);
    button?.addEventListener("click", () => {
      this.hush();
      action.run();
    });
    this.toast.replaceChildren(...[el("span", {}, words), button].filter(Boolean));
    this.toast.hidden = false;
    this.timer = setTimeout(() => this.hush(), TOAST_MS);
  }

  /** Whether a message is on the screen. */
  get isSaying() {
    return !this.toast.hidden;
  }

  hush() {
    this.toast.hidden = true;
    this.toast.replaceChildren();
  }

  /** The first open conflict, with both values; the others wait behind it. */
  showConflict() {
    const open = this.outbox.conflicts.flatMap((record) =>
      record.open.map((theirs) => ({ record, theirs })),
    );
    const key = open.map(({ record, theirs }) => record.operation_id + theirs.asset_id).join();
    if (this.shownConflict === key) return;
    this.shownConflict = key;
    this.conflict.hidden = !open.length;
    if (!open.length) return this.conflict.replaceChildren();
    const [{ record, theirs }] = open;
    const { mine, their, verb } = describeConflict(record.payload, theirs, this.classes);
    const locked = isHeldOut(record.payload, theirs);
    const [keepWords, useWords, said] = theirs.chosen
      ? [`Leave it ${their}`, `Put it into ${mine} all the same`, theirs.message]
      : locked
        ? [
            "Leave it kept aside",
            `Unlock, use ${mine}`,
            `This image is kept aside, and what is kept aside is locked against moves; you chose ‘${mine}’.`,
          ]
        : [`Keep ${their}`, `Use ${mine}`, null];
    const keepButton = el("button", { type: "button", className: "tool" }, keepWords);
    const useButton = el("button", { type: "button", className: "tool primary" }, useWords);
    keepButton.addEventListener("click", () => this.actions.resolve([{ record, theirs }], false));
    useButton.addEventListener("click", () => this.actions.resolve([{ record, theirs }], true));
    const buttons = [keepButton, useButton];
    if (open.length > 1) {
      for (const [words, mineWins] of [
        [`Keep all ${formatNumber(open.length)} as they are`, false],
        ["Use mine for all", true],
      ]) {
        const button = el("button", { type: "button", className: "tool" }, words);
        button.addEventListener("click", () => this.actions.resolve(open, mineWins));
        buttons.push(button);
      }
    }
    const row = this.rows.get(theirs.asset_id);
    const when = theirs.changed_at ? ` ${formatAgo(theirs.changed_at)}` : "";
    return this.conflict.replaceChildren(
      ...[row && this.pictures.make(row, this.pictures.thumbnailUrl(row))].filter(Boolean),
      el(
        "p",
        {},
        said ??
          `${theirs.author ?? "Somebody"} ${verb} this ‘${their}’${when}; you chose ‘${mine}’.`,
      ),
      el("div", { className: "choices-row" }, buttons),
    );
  }
}

/** Not somebody's change: the split itself is locked until a person unlocks the image. */
function isHeldOut(payload, theirs) {
  return (
    payload.kind === "set_split" && theirs.split === "held_out" && payload.split !== "held_out"
  );
}

function describeConflict(payload, theirs, classes) {
  if (payload.kind === "set_split") {
    return { verb: "put", mine: splitWords(payload.split), their: splitWords(theirs.split) };
  }
  const mine =
    payload.label_id === null
      ? "no label"
      : (classes.get(payload.label_id)?.name ?? "another class");
  return { verb: "labelled", mine, their: theirs.label_name ?? "no label" };
}
