// What a person decides about images: told to `labels`, said in a word, and on to the next image.

import { Refused } from "../../javascript/client.js";
import { plural, splitWords } from "../../javascript/text.js";
import { openNote, openPicker } from "../dialogs/overlays.js";

export class Decisions {
  /** `parts`: what it works with, by name, as `wiring.js` lists it. */
  constructor(parts) {
    Object.assign(this, parts);
    this.offerUndo = { words: "Undo", run: () => this.undo() };
  }

  label(labelId) {
    if (this.review.isOn && (labelId !== null || this.review.isBlind)) {
      this.review.answer(labelId === null ? "unlabel" : "choose", labelId);
      return;
    }
    const targets = this.selection.targets();
    if (!targets.length) return;
    const where = this.matchingFilter();
    const entry = this.labels.relabel(targets, labelId, { where });
    if (entry && labelId !== null) this.pace.count(this.selection.matching || entry.ids.length);
    if (entry && !where && targets.length > 1) {
      const name =
        labelId === null ? "now without a label" : `labelled ${this.classes.get(labelId).name}`;
      this.notices.say(`${plural(entry.ids.length, "image")} ${name}.`, this.offerUndo);
    }
    this.moveOn(targets);
    this.views.focusHere();
  }

  /** Label each target as the model says; where all do already, only move on. */
  accept() {
    if (this.review.isOn) {
      this.review.accept();
      return;
    }
    const targets = this.selection.targets();
    if (!targets.length) return;
    const where = this.matchingFilter();
    const count = this.suggestions.accept(targets, where);
    const nothing = count || where ? null : this.suggestions.describeNothing(targets);
    if (nothing) {
      this.notices.say(nothing);
      return;
    }
    this.pace.count(this.selection.matching || count);
    if (!where && targets.length > 1) {
      this.notices.say(
        `${plural(count, "image")} labelled as the model says.`,
        count ? this.offerUndo : null,
      );
    }
    this.moveOn(targets);
    this.views.focusHere();
  }

  /** The filter, when all that match it are selected. */
  matchingFilter() {
    return this.selection.matching ? { ...this.listing.filter } : undefined;
  }

  /** After a label: on to the next image, unless the person keeps selections. */
  moveOn(targets) {
    if (this.views.now === "compare") {
      if (this.selection.only) this.compare.step(1);
      else this.actions.showSelection();
      return;
    }
    if (this.look.keepSelection && this.selection.ids.size) {
      this.actions.showSelection();
      return;
    }
    if (this.selection.matching) this.selection.clear();
    else this.selection.moveTo(this.rows.index.get(targets.at(-1).id) + 1);
    this.grid.reveal();
  }

  split(split) {
    const targets = this.selection.targets();
    if (!targets.length) return;
    const where = this.matchingFilter();
    const list = { where: { ...this.listing.filter }, sort: this.listing.sort };
    const entry = this.labels.setSplit(targets, split, { where, list });
    if (entry && !where && targets.length > 1) {
      this.notices.say(
        `${plural(entry.ids.length, "image")}: ${splitWords(split)}.`,
        this.offerUndo,
      );
    }
    if (this.selection.only) this.compare.step(1);
    else if (!this.selection.ids.size) this.selection.moveTo(this.selection.focus + 1);
    else if (where && !this.look.keepSelection) this.selection.clear();
    this.grid.reveal();
    this.views.focusHere();
  }

  remove() {
    const targets = this.selection.targets();
    if (!targets.length) return;
    const where = this.matchingFilter();
    const next = this.selection.only && this.compare.neighbour(1);
    this.labels.remove(targets, { where });
    if (where) {
      this.selection.clear();
      return;
    }
    if (next && this.views.now === "compare") this.selection.focusOnly(next);
    this.notices.say(
      `${plural(targets.length, "image")} removed from the catalog; the files stay.`,
      this.offerUndo,
    );
    this.views.focusHere();
  }

  async undo() {
    const done = await this.labels.undo();
    this.review.count(done?.entries ?? [], -1);
    this.showDone(done, "Undone");
  }

  redo() {
    const done = this.labels.redo();
    this.review.count(done?.entries ?? [], 1);
    this.showDone(done, "Done again");
  }

  showDone(entry, words) {
    if (!entry) return;
    this.notices.say(`${words}: ${plural(entry.ids.length, "image")}.`);
    const first = this.rows.index.get(entry.ids[0]);
    if (first === undefined) return;
    if (this.views.now === "compare" && entry.ids.every((id) => this.selection.ids.has(id))) return;
    this.selection.moveTo(first);
    if (entry.ids.length > 1) this.selection.select(entry.ids);
    this.grid.reveal();
  }

  /** Both values were shown; the person chose. */
  resolve(open, mineWins) {
    const groups = new Map();
    for (const { record, theirs } of open) {
      const row = this.rows.get(theirs.asset_id);
      if (row) {
        Object.assign(row, {
          label_id: theirs.label_id,
          label_name: theirs.label_name,
          split: theirs.split,
          row_version: theirs.row_version,
        });
      }
      this.outbox.decide(record, theirs.asset_id);
      if (!groups.has(record)) groups.set(record, []);
      groups.get(record).push(row ?? { id: theirs.asset_id, ...theirs });
    }
    for (const [{ payload }, targets] of groups) {
      if (mineWins && payload.kind === "relabel") this.labels.relabel(targets, payload.label_id);
      else if (mineWins && payload.kind === "decide") {
        const { question, answer, label_id: labelId } = payload;
        this.labels.decide(targets, answer, { question, labelId });
      } else if (mineWins) {
        this.labels.setSplit(targets, payload.split, {
          unlock: targets.some((row) => row.split === "held_out") || undefined,
          list: payload.chosen_from,
          allow: open.some(({ theirs }) => theirs.chosen) || undefined,
        });
      }
    }
    this.actions.repaint(open.map(({ theirs }) => theirs.asset_id));
    this.notices.showConflict();
    this.views.focusHere();
  }

  openPicker() {
    const targets = this.selection.targets();
    if (!targets.length) return;
    const now = new Set(targets.map((row) => row.label_id));
    openPicker(this.overlay, {
      classes: this.classes.list,
      count: this.selection.matching || targets.length,
      current: now.size === 1 ? [...now][0] : undefined,
      onPick: (labelId) => this.label(labelId),
      onCreate: (name) => this.createClass(name),
    });
  }

  /** A marked focus loses its mark; otherwise a note is asked for, and may be left empty. */
  markForReview() {
    const targets = this.selection.targets();
    if (!targets.length) return;
    if (targets.every((row) => row.review)) {
      this.labels.flag(targets, null);
      this.notices.say(`${plural(targets.length, "image")} not marked any more.`, this.offerUndo);
      return;
    }
    openNote(this.overlay, {
      count: targets.length,
      onDone: (note) => {
        this.labels.flag(targets, note);
        this.notices.say(`${plural(targets.length, "image")} marked for review.`, this.offerUndo);
        this.views.focusHere();
      },
    });
  }

  /** Their labels are certain: people are measured by them. */
  markGold() {
    const targets = this.selection.targets().filter((row) => row.label_id !== null);
    if (!targets.length) {
      this.notices.say("Only an image with a label can be gold.");
      return;
    }
    this.labels.markGold(targets);
    this.notices.say(`${plural(targets.length, "image")} marked as gold.`, this.offerUndo);
  }

  /** Create a class and give it to the targets; null, or what went wrong. */
  async createClass(name) {
    try {
      const label = await this.client.post("/classes", { name });
      this.classes.merge([...this.classes.list, label]);
      this.label(label.label_id);
      return null;
    } catch (error) {
      return error instanceof Refused
        ? error.message
        : "The server cannot be reached, so the class was not created.";
    }
  }
}
