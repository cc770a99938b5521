// A queue: one question for each image of the list, answered with one key, and on to the next image
// that waits. The list is the gallery's own; here is only what was answered in it.

import { storage } from "../../javascript/storage.js";
import { formatNumber } from "../../javascript/text.js";

const NOTHING = { changed: 0, kept: 0, skipped: 0 };

/** What can be answered, in the order of the buttons; the keys stand among the commands. */
export const ANSWERS = [
  { id: "keep", label: "Keep", words: "right as it is" },
  { id: "accept", label: "Accept", words: "the suggestion holds" },
  { id: "ambiguous", label: "Ambiguous", words: "no one class is right: kept aside and marked" },
  { id: "held_out", label: "Keep aside", words: "out of train, val and test" },
  { id: "skip", label: "Skip", words: "not now; it stays in the queue" },
];

const BLIND_ANSWERS = ["choose", "ambiguous", "skip"];
const BLIND_WORDS = { ambiguous: "no one class is right: a vote, the image stays as it is" };
export const SAY_WHAT_YOU_SEE =
  "Choose the class that you see: what it was called is not shown here.";

export class Review {
  /** `parts`: what it works with, by name, as `wiring.js` lists it. */
  constructor(parts) {
    Object.assign(this, parts);
    this.task = null; // {queue, words, question, run}: which queue is worked on, if any
    this.answered = new Set();
    this.counts = { ...NOTHING };
    this.isOver = false;
  }

  get isOn() {
    return this.task !== null;
  }

  /** Whether the labels of the images are not told: each is asked of one who did not decide it. */
  get isBlind() {
    return Boolean(this.task?.blind);
  }

  /** Whether the queue takes this answer; a blind one only classes, none of them, and to skip. */
  offers(answer) {
    return !this.isBlind || BLIND_ANSWERS.includes(answer);
  }

  /** What an answer means here, in words. */
  explain({ id, words }) {
    return (this.isBlind && BLIND_WORDS[id]) || words;
  }

  /** Begin with a queue, or with null leave the one that was worked on; `tell` says how it ended. */
  ask(task, tell) {
    this.tell = tell;
    const asked = JSON.stringify(task ?? null);
    if (asked === this.asked) return;
    this.asked = asked;
    this.task = task ?? null;
    this.answered.clear();
    this.isOver = false;
    this.counts = { ...NOTHING, ...(task && storage.get("sessionStorage", this.name(), {})) };
    this.root.classList.toggle("reviewing", this.isOn);
    this.root.classList.toggle("blind", this.isBlind);
  }

  name() {
    return `review.${this.owner}.${this.task.queue}.${this.task.run ?? ""}`;
  }

  /** Answer for what is selected, or for the image that is looked at. */
  answer(answer, labelId = null) {
    if (!this.offers(answer)) {
      this.actions.say(SAY_WHAT_YOU_SEE);
      return;
    }
    if (answer === "accept") {
      this.accept();
      return;
    }
    const targets = this.selection.targets().filter((row) => !row.gone);
    if (!targets.length || this.isOver) return;
    this.count([this.give(targets, answer, labelId)], 1);
    this.pace.count(targets.length);
    this.moveOn(targets);
  }

  /** The label that is suggested for each, one class; where it is there already, that is to keep it. */
  accept() {
    const targets = this.selection.targets().filter((row) => !row.gone);
    if (!targets.length || this.isOver) return;
    const said = targets.filter((row) => (row.suggestion?.label_id ?? null) !== null);
    const nothing = said.length ? null : this.suggestions.describeNothing(targets);
    if (nothing) {
      this.actions.say(nothing);
      return;
    }
    const entries = [];
    const groups = this.suggestions.groups(said);
    const other = new Set([...groups.values()].flat());
    this.labels.together(() => {
      for (const [labelId, rows] of groups) entries.push(this.give(rows, "accept", labelId));
      const same = said.filter((row) => !other.has(row));
      if (same.length) entries.push(this.give(same, "keep"));
    });
    this.count(entries, 1);
    this.pace.count(said.length);
    this.moveOn(said);
  }

  give(rows, answer, labelId = null) {
    const isSame =
      !this.isBlind && labelId !== null && rows.every((row) => row.label_id === labelId);
    const given = isSame && answer === "choose" ? "keep" : answer;
    return this.labels.decide(rows, given, {
      question: this.task.question,
      labelId: given === "keep" ? null : labelId,
    });
  }

  /** Count answers in, or with -1 out again when they are undone. */
  count(entries, sign) {
    if (!this.isOn) return;
    for (const entry of entries) {
      if (entry.kind !== "decide") continue;
      this.counts[kindOf(entry)] += sign * entry.ids.length;
      for (const id of entry.ids) {
        if (sign > 0) this.answered.add(id);
        else this.answered.delete(id);
      }
    }
    if (sign < 0) this.isOver = false;
    this.counts = Object.fromEntries(
      Object.entries(this.counts).map(([name, number]) => [name, Math.max(0, number)]),
    );
    storage.set("sessionStorage", this.name(), this.counts);
  }

  /** To the next image that waits, behind the answered ones and then from the start. */
  moveOn(targets) {
    const last = this.rows.index.get(targets.at(-1).id) ?? this.selection.focus;
    const next = this.findOpen(last + 1, this.rows.length) ?? this.findOpen(0, last);
    this.isOver = next === null;
    if (!this.isOver) this.selection.moveTo(next);
    this.actions.moved();
  }

  /** The first position that is not answered; what is not loaded yet was not. */
  findOpen(from, until) {
    for (let position = from; position < until; position += 1) {
      const row = this.rows.at(position);
      if (!row || (!this.answered.has(row.id) && !row.gone)) return position;
    }
    return null;
  }

  /** Out of the queue, once all is saved: "retrain", or to the "queues". */
  async finish(what) {
    await this.outbox.whenEmpty(3000);
    this.tell({ what, ...this.counts });
  }

  /** "18 changed, 30 kept" */
  words() {
    const { changed, kept, skipped } = this.counts;
    const words = this.isBlind
      ? `${formatNumber(changed)} answered`
      : `${formatNumber(changed)} changed, ${formatNumber(kept)} kept`;
    return skipped ? `${words}, ${formatNumber(skipped)} skipped` : words;
  }
}

/** Which count an answer belongs to. */
function kindOf(entry) {
  if (entry.answer === "keep") return "kept";
  return entry.answer === "skip" ? "skipped" : "changed";
}
