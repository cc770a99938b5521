// What people decide about images: painted at once, sent through the outbox, undone with one key.

import { Unreachable } from "../../javascript/client.js";
import { storage } from "../../javascript/storage.js";
import { formatAgo, formatNumber, plural, splitWords } from "../../javascript/text.js";
import { randomId } from "./random_id.js";

const MAX_UNDO = 200;
const MAX_REMEMBERED_IDS = 2000;
const KEEP_DELAY_MS = 250;
const MEASURING = new Set(["val", "test"]);

export class Labels {
  /** `parts`: what it works with, by name, as `wiring.js` lists it. */
  constructor(parts) {
    Object.assign(this, parts);
    const { outbox } = parts;
    this.key = `undo.${outbox.name}`;
    this.done = storage.get("sessionStorage", this.key, []); // newest last; survives a reload
    this.undone = [];
    outbox.listeners.result = (record, result) => this.receive(record, result);
    this.onLeave = () => this.keepTimer && this.writeDone();
    addEventListener("pagehide", this.onLeave);
  }

  /** `where` names the images by a filter instead; targets are then those that are painted. */
  relabel(targets, labelId, { where } = {}) {
    const name = labelId === null ? null : this.classes.get(labelId).name;
    return this.change(
      "relabel",
      targets,
      { label_id: labelId, label_name: name },
      { label_id: labelId, where },
    );
  }

  /**
   * `unlock` lets images leave held_out, which is locked against moves. `list` is the filter and the
   * order that the images were chosen from: what was found because it looks hard is no fair sample,
   * and goes into val or test only where `allow` says so.
   */
  setSplit(targets, split, { where, unlock, list, allow } = {}) {
    const painted = unlock ? targets : targets.filter((row) => row.split !== "held_out" || !where);
    const chosen_from = MEASURING.has(split) && !where ? list : undefined;
    const said = { split, where, unlock_held_out: unlock, chosen_from, allow_chosen: allow };
    return this.change("set_split", painted, { split }, said);
  }

  change(kind, targets, values, payload) {
    const changing = targets.filter((row) =>
      Object.keys(values).some((name) => row[name] !== values[name]),
    );
    if (!changing.length && !payload.where) return null;
    const entry = { kind, ids: changing.map((row) => row.id), before: {}, after: values };
    for (const row of changing) {
      entry.before[row.id] = Object.fromEntries(
        Object.keys(values).map((name) => [name, row[name]]),
      );
      Object.assign(row, values);
    }
    this.remember(entry, this.send({ kind, asset_ids: entry.ids, ...payload }, changing));
    this.onPaint(entry.ids);
    return entry;
  }

  /** Mark images for review with a note, or with null take the mark away. */
  flag(targets, note) {
    const values = note === null ? { review: null, note: "" } : { review: "flagged", note };
    return this.change("flag", targets, values, values);
  }

  /** An answer to the question of a queue, with the change that it means; never nothing. */
  decide(targets, answer, { question, labelId = null }) {
    const name = labelId === null ? null : this.classes.get(labelId).name;
    const unmarked = question === "opinion" ? {} : { review: null, note: "" };
    const values =
      labelId !== null
        ? { label_id: labelId, label_name: name, ...unmarked }
        : {
            keep: question === "label" ? unmarked : {},
            ambiguous: question === "opinion" ? {} : { split: "held_out", review: "ambiguous" },
            held_out: { split: "held_out" },
            skip: {},
          }[answer];
    const entry = {
      kind: "decide",
      answer,
      ids: targets.map((row) => row.id),
      before: {},
      after: values,
    };
    const said = { question, answer, label_id: labelId ?? undefined };
    this.remember(entry, this.send({ kind: "decide", asset_ids: entry.ids, ...said }, targets));
    for (const row of targets) {
      entry.before[row.id] = Object.fromEntries(
        Object.keys(values).map((changed) => [changed, row[changed]]),
      );
      Object.assign(row, values);
    }
    this.onPaint(entry.ids);
    return entry;
  }

  /** Say that their labels are certain; nothing on screen changes by it. */
  markGold(targets) {
    const entry = { kind: "gold", ids: targets.map((row) => row.id), before: {}, after: {} };
    const said = { question: "gold", answer: "keep" };
    this.remember(entry, this.send({ kind: "decide", asset_ids: entry.ids, ...said }, targets));
  }

  remove(targets, { where } = {}) {
    const entry = { kind: "remove", ids: targets.map((row) => row.id) };
    this.remember(entry, this.send({ kind: "remove", asset_ids: entry.ids, where }, targets));
    entry.gone = this.rows.remove(entry.ids);
    this.onRemoved(entry.ids);
    return entry;
  }

  send(payload, targets) {
    const versions = Object.fromEntries(targets.map((row) => [row.id, row.row_version]));
    const operation_id = randomId();
    const said = Object.entries({ operation_id, ...payload }).filter(
      ([, value]) => value !== undefined,
    );
    const named = Object.fromEntries(said);
    if (named.where) delete named.asset_ids;
    this.outbox.add(named, versions);
    return operation_id;
  }

  /** What is changed in here is undone in one step. */
  together(work) {
    this.step = randomId();
    try {
      work();
    } finally {
      this.step = null;
    }
  }

  /** The entries of the newest step of a list, newest first. */
  takeStep(list) {
    const taken = list.splice(-1);
    while (taken[0]?.step && list.at(-1)?.step === taken[0].step) taken.push(list.pop());
    return taken;
  }

  remember(entry, operationId) {
    entry.operation_id = operationId;
    if (this.step) entry.step = this.step;
    this.done.push(entry);
    this.undone = [];
    this.keepDone();
  }

  stop() {
    this.onLeave();
    removeEventListener("pagehide", this.onLeave);
  }

  /** Soon, so that no key waits for it; at once when the page is left. */
  keepDone() {
    this.done = this.done.slice(-MAX_UNDO);
    this.keepTimer ??= setTimeout(() => this.writeDone(), KEEP_DELAY_MS);
  }

  writeDone() {
    clearTimeout(this.keepTimer);
    this.keepTimer = null;
    const lean = this.done.map(({ gone, ...entry }) =>
      entry.ids.length > MAX_REMEMBERED_IDS ? { ...entry, ids: [], before: {} } : entry,
    );
    storage.set("sessionStorage", this.key, lean);
  }

  /** Take back the newest change of this tab; without one, this person's newest in the catalog. */
  async undo() {
    const step = this.takeStep(this.done);
    if (!step.length) return this.undoDurable();
    this.keepDone();
    for (const entry of step) {
      this.putBack(entry);
      this.undone.push({ ...entry, operation_id: this.sendUndo(entry) });
    }
    return { ids: step.flatMap((entry) => entry.ids), entries: step };
  }

  /** Do again what was undone last: the undo is undone. */
  redo() {
    const step = this.takeStep(this.undone);
    if (!step.length) return null;
    for (const entry of step) {
      this.paintAgain(entry);
      this.done.push({ ...entry, operation_id: this.sendUndo(entry) });
    }
    this.keepDone();
    return { ids: step.flatMap((entry) => entry.ids), entries: step };
  }

  sendUndo(entry) {
    const operation_id = randomId();
    const versions = Object.fromEntries(entry.ids.map((id) => [id, 0]));
    this.outbox.add({ operation_id, kind: "undo", undoes: entry.operation_id }, versions);
    return operation_id;
  }

  putBack(entry) {
    if (entry.kind === "remove") {
      this.rows.restore(entry.gone ?? []);
      this.onRemoved(entry.ids);
      return;
    }
    for (const [id, before] of Object.entries(entry.before)) {
      Object.assign(this.rows.get(id) ?? {}, before);
    }
    this.onPaint(entry.ids);
  }

  paintAgain(entry) {
    if (entry.kind === "remove") {
      entry.gone = this.rows.remove(entry.ids);
      this.onRemoved(entry.ids);
      return;
    }
    for (const id of entry.ids) Object.assign(this.rows.get(id) ?? {}, entry.after);
    this.onPaint(entry.ids);
  }

  async undoDurable() {
    let revision;
    try {
      if (!(await this.outbox.whenEmpty(3000))) {
        this.onMessage("Some changes are still on their way. Undo again when they are saved.");
        return null;
      }
      ({ revision } = await this.client.get("/operations/undoable"));
    } catch (error) {
      this.onMessage(
        error instanceof Unreachable
          ? "The server cannot be reached, so nothing was undone."
          : error.message,
      );
      return null;
    }
    if (!revision) {
      this.onMessage("Nothing to undo.");
      return null;
    }
    const what = {
      relabel: "label",
      set_split: "split",
      remove: "removal",
      flag: "mark",
      unflag: "mark",
    }[revision.kind];
    this.onMessage(
      `Your last change: ${what} of ${plural(revision.num_changes, "image")}, ${formatAgo(revision.created_at)}.`,
      { words: "Undo it", run: () => this.undoRevision(revision.revision_id) },
    );
    return null;
  }

  undoRevision(revisionId) {
    this.outbox.add({ operation_id: randomId(), kind: "undo", revision_id: revisionId }, {});
  }

  /**
   * Rows fresh from the server do not know yet what is still on its way, nor what was answered
   * after they were read.
   */
  paintPending(rows) {
    for (const row of rows) {
      const mine = this.outbox.known.get(row.id);
      if (mine && mine.row_version > row.row_version) Object.assign(row, mine);
    }
    const waiting = new Map(rows.map((row) => [row.id, row]));
    for (const { payload, versions } of this.outbox.queue) {
      for (const id of payload.asset_ids ?? Object.keys(versions ?? {})) {
        const row = waiting.get(id);
        if (row && (payload.kind === "relabel" || payload.label_id)) {
          row.label_id = payload.label_id;
          row.label_name =
            payload.label_id === null ? null : this.classes.get(payload.label_id)?.name;
        }
        if (row && payload.kind === "set_split") row.split = payload.split;
        const isVote = payload.question === "opinion"; // changes no image
        if (row && !isVote && ["ambiguous", "held_out"].includes(payload.answer)) {
          row.split = "held_out";
        }
        if (row && payload.kind === "flag") {
          Object.assign(row, { review: payload.review, note: payload.note });
        }
      }
    }
  }

  /** Changes by filter answer with numbers, told together; the rows on screen are asked for again. */
  receiveMatching({ payload }, result) {
    const { num_changed: changed = 0, num_conflicts: left = 0, num_chosen: chosen = 0 } = result;
    const told = (this.told ??= { changed: 0, left: 0 });
    told.changed += changed;
    told.left += left - chosen;
    if (chosen) told.chosen = { payload, number: chosen, words: result.chosen_words };
    if (this.outbox.queue.some((record) => record.payload.where)) return;
    this.told = null;
    const words = [`${plural(told.changed, "image")} changed`];
    if (told.left) {
      const why = { set_split: ": kept aside", relabel: ": you are asked about them" };
      words.push(`${formatNumber(told.left)} left as they were${why[payload.kind] ?? ""}`);
    }
    if (told.chosen) this.offerChosen(`${words.join(", ")}.`, told.chosen);
    else {
      this.onMessage(
        `${words.join(", ")}.`,
        told.changed ? { words: "Undo", run: () => this.onUndo() } : null,
      );
    }
    this.onSettled();
  }

  /** Images that would bias what is measured with them were left alone: they go in when asked for. */
  offerChosen(done, { payload, number, words }) {
    const { split, where } = payload;
    this.onMessage(`${done} ${plural(number, "image")} not moved. ${words}`, {
      words: `Put them into ${splitWords(split)} all the same`,
      run: () => this.setSplit([], split, { where, allow: true }),
    });
  }

  /** Images that this person is asked about blind are shown as before: no answer tells of them. */
  leaveAsked({ operation_id: id }, asked) {
    const ids = new Set(asked.map((conflict) => conflict.asset_id));
    const entry = this.done.find((each) => each.operation_id === id);
    for (const each of entry ? ids : []) {
      Object.assign(this.rows.get(each) ?? {}, entry.before[each]);
      delete entry.before[each];
    }
    if (entry) entry.ids = entry.ids.filter((each) => !ids.has(each));
    this.onMessage(`${plural(ids.size, "image")} left as before. ${asked[0].message}`);
  }

  receive(record, result) {
    if (result.status === "aside") {
      // a notice of its own tells of it; the rows show what is so
      this.onStale();
      return;
    }
    const { kind } = record.payload;
    const touched = [];
    let unknown = false;
    for (const asset of result.assets ?? []) {
      const row = this.rows.get(asset.id);
      unknown ||= !row;
      if (!row) continue;
      row.row_version = asset.row_version;
      if (!this.outbox.isPending(asset.id)) Object.assign(row, asset);
      touched.push(asset.id);
    }
    const gone = (result.conflicts ?? []).filter((c) => c.row_version == null && kind !== "undo");
    if (gone.length) {
      this.rows.remove(gone.map((conflict) => conflict.asset_id));
      this.onRemoved(gone.map((conflict) => conflict.asset_id));
      this.onMessage(
        `${plural(gone.length, "image is", "images are")} no longer in the catalog: removed by somebody else.`,
      );
    }
    const asked = (result.conflicts ?? []).filter((conflict) => conflict.asked && kind !== "undo");
    if (asked.length) this.leaveAsked(record, asked);
    if (result.status === "refused") {
      this.onMessage(result.message + (result.next_step ? ` ${result.next_step}` : ""));
      this.onStale();
    } else if (kind === "undo" && result.conflicts?.length) {
      this.onMessage(
        `Not undone for ${plural(result.conflicts.length, "image")}: ${result.conflicts[0].message}`,
      );
      this.onStale();
    } else if (kind === "undo" && unknown) {
      this.onStale();
    }
    if (record.payload.where && result.status !== "refused") this.receiveMatching(record, result);
    this.onPaint(touched.length ? touched : Object.keys(record.versions ?? {}));
  }
}
