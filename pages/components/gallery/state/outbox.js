// Changes on their way to the server. A change is in here from the key press until the server
// has answered for it; IndexedDB keeps it through reloads, crashes and lost networks. Sending
// one twice is harmless: the server knows operation ids that it has applied.
//
// A change that the server breaks on is tried again, then sent alone, then set aside, where it
// is shown and kept until the person has decided about it: it never holds up the others for long.

import { Refused } from "../../javascript/client.js";

const MAX_BATCH = 100;
const MAX_BATCH_IDS = 5000;
const MAX_KEEPALIVE_CHARACTERS = 60000; // browsers allow 64 KiB in flight while a page closes
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15000;
const MAX_TRIES = 3; // of a change that the server breaks on; the last one alone
const MAX_PATIENCE = 5; // so often the tries double while nothing else passes either

/** Kinds of changes that must not meet an image that somebody changed meanwhile. */
const EXPECTING = new Set(["relabel", "set_split", "decide"]);

export class Outbox {
  /** `store` is a promise of where changes are kept (`openStore`), or of null where nothing can be. */
  constructor({ client, name, store }) {
    Object.assign(this, { client, name, store });
    this.queue = [];
    this.waiting = new Map(); // asset id -> how many changes of it are in the queue
    this.conflicts = [];
    this.aside = []; // what the server broke on, with the `failure` that it told
    this.asideInARow = 0;
    this.known = new Map(); // asset id -> the row after our own last change
    this.listeners = { result() {}, state() {} };
    this.sending = false;
    this.failures = 0;
    this.timer = null;
    this.latest = 0;
    store.then((opened) => opened?.all()).then((kept) => this.adopt(kept ?? []));
  }

  /** Take over what an earlier page left behind. */
  adopt(kept) {
    const here = new Set(
      [...this.queue, ...this.conflicts, ...this.aside].map((r) => r.operation_id),
    );
    const fresh = kept.filter((record) => !here.has(record.operation_id));
    for (const record of fresh) record.isKept = true;
    fresh.sort((a, b) => a.created - b.created);
    this.latest = Math.max(this.latest, fresh.at(-1)?.created ?? 0);
    for (const record of this.queue) {
      if (record.created > this.latest) continue;
      record.created = this.nextMoment(); // given while the store was still being read
      this.save(record);
    }
    const pending = fresh.filter((record) => record.state === "pending");
    this.queue.unshift(...pending);
    for (const record of pending) this.countWaiting(record, 1);
    this.conflicts.push(...fresh.filter((record) => record.state === "conflict"));
    this.aside.push(...fresh.filter((record) => record.state === "aside"));
    this.announce();
    this.flush();
  }

  add(payload, versions) {
    const record = { operation_id: payload.operation_id, payload, versions };
    this.enqueue(record);
    return record;
  }

  /** Put a change at the end of the queue. */
  enqueue(record) {
    record.state = "pending";
    record.created = this.nextMoment();
    this.queue.push(record);
    this.countWaiting(record, 1);
    this.save(record);
    this.announce();
    this.flush();
  }

  /** Take an answered change out of the queue. */
  dequeue(record) {
    this.queue.splice(this.queue.indexOf(record), 1);
    this.countWaiting(record, -1);
  }

  countWaiting({ versions }, by) {
    for (const id of Object.keys(versions ?? {})) {
      const count = (this.waiting.get(id) ?? 0) + by;
      if (count) this.waiting.set(id, count);
      else this.waiting.delete(id);
    }
  }

  /** Orders changes, also those of an earlier page; it never goes back as the clock may. */
  nextMoment() {
    this.latest = Math.max(Date.now(), this.latest + 1);
    return this.latest;
  }

  /** Whether a change of this image is still on its way. */
  isPending(assetId) {
    return this.waiting.has(assetId);
  }

  /** Whether everything was answered for within this time. */
  async whenEmpty(milliseconds) {
    for (
      const end = performance.now() + milliseconds;
      this.queue.length && performance.now() < end;
    ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return !this.queue.length;
  }

  /** How many changes are unanswered or set aside, and whether those sent would survive this page. */
  state() {
    const isKept = this.queue.every((record) => record.isKept);
    const count = this.queue.length;
    if (count) return { kind: this.failures ? "offline" : "saving", count, isKept };
    return { kind: this.aside.length ? "aside" : "saved", count: this.aside.length, isKept };
  }

  async flush() {
    if (this.sending || this.timer || !this.queue.length) return;
    this.sending = true;
    const isAlone = this.single || this.queue[0].tries >= MAX_TRIES - 1;
    const batch = this.takeBatch(isAlone ? 1 : MAX_BATCH);
    try {
      const answer = await this.client.post("/operations", {
        operations: batch.map((r) => this.prepare(r)),
      });
      this.single = false;
      this.settle(batch, answer.results);
    } catch (error) {
      if (error instanceof Refused) this.isolate(batch, error);
      else this.backOff();
    }
    this.sending = false;
    this.announce();
    this.flush();
  }

  takeBatch(limit) {
    const batch = [];
    let ids = 0;
    for (const record of this.queue) {
      ids += record.payload.asset_ids?.length ?? 0;
      if (batch.length && (batch.length >= limit || ids > MAX_BATCH_IDS)) break;
      batch.push(record);
    }
    return batch;
  }

  /** The payload with the newest row versions that this browser has caused or seen. */
  prepare({ payload, versions }) {
    if (!EXPECTING.has(payload.kind) || payload.where) return payload;
    const expected = {};
    for (const [id, seen] of Object.entries(versions)) {
      expected[id] = Math.max(seen, this.known.get(id)?.row_version ?? 0);
    }
    return { ...payload, expected_versions: expected };
  }

  settle(batch, results) {
    const answered = new Map(results.map((result) => [result.operation_id, result]));
    for (const record of batch) {
      const result = answered.get(record.operation_id);
      if (!result || result.status === "failed") {
        this.fail(record, result, batch.length === 1);
        return; // later ones wait, so that changes of one image keep their order
      }
      this.asideInARow = 0;
      const inConflict = new Set((result.conflicts ?? []).map((conflict) => conflict.asset_id));
      for (const asset of result.assets ?? []) {
        if (!inConflict.has(asset.id)) this.known.set(asset.id, asset);
      }
      this.dequeue(record);
      if (EXPECTING.has(record.payload.kind) && !record.payload.where) {
        record.open = (result.conflicts ?? []).filter(
          (conflict) => conflict.row_version != null && !conflict.asked,
        );
      }
      if (record.open?.length) {
        record.state = "conflict";
        this.conflicts.push(record);
        this.save(record);
      } else {
        this.forget(record);
      }
      this.listeners.result(record, result);
    }
    this.failures = 0;
  }

  /** Send it again; with an error id the server broke on it, which is not waited out for ever. */
  fail(record, result, isAlone) {
    if (result?.error_id) {
      record.tries = (record.tries ?? 0) + 1;
      record.failure = {
        error_id: result.error_id,
        message: result.message,
        at: new Date().toISOString(),
      };
      // A server that breaks on everything is more likely ill than all of the changes are bad.
      const patience = 2 ** Math.min(this.asideInARow, MAX_PATIENCE);
      if (isAlone && (record.isAskedAgain || record.tries >= MAX_TRIES * patience)) {
        this.setAside(record);
        return;
      }
      this.save(record);
    }
    this.backOff();
  }

  /** Out of the way of the others, and in sight until it is dismissed or tried again. */
  setAside(record) {
    if (!record.isAskedAgain) this.asideInARow += 1;
    this.failures = 0;
    this.dequeue(record);
    record.state = "aside";
    this.aside.push(record);
    this.save(record);
    this.listeners.result(record, { status: "aside" });
  }

  /** Once more, behind all others and alone, because the person asks. */
  tryAgain(record) {
    this.aside.splice(this.aside.indexOf(record), 1);
    record.isAskedAgain = true;
    this.enqueue(record);
  }

  /** The person does without this change. */
  dismiss(record) {
    this.aside.splice(this.aside.indexOf(record), 1);
    this.forget(record);
    this.announce();
  }

  /** The server refused a whole request: find the one it cannot take, and let the others pass. */
  isolate(batch, error) {
    if (batch.length > 1) {
      this.single = true;
      return;
    }
    this.dequeue(batch[0]);
    this.forget(batch[0]);
    this.listeners.result(batch[0], { status: "refused", message: error.message });
  }

  backOff() {
    this.failures += 1;
    const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.failures - 1));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.retryNow(), wait);
  }

  retryNow() {
    clearTimeout(this.timer);
    this.timer = null;
    this.flush();
  }

  /** The page closes: send what is left without waiting. It stays kept until it is answered. */
  flushOnLeave() {
    const operations = [];
    let characters = 100;
    for (const record of this.takeBatch(MAX_BATCH)) {
      const operation = this.prepare(record);
      characters += JSON.stringify(operation).length + 1;
      if (characters > MAX_KEEPALIVE_CHARACTERS) break;
      operations.push(operation);
    }
    if (operations.length) {
      this.client.post("/operations", { operations }, { keepalive: true }).catch(() => {});
    }
  }

  /** A conflict was decided for one image. */
  decide(record, assetId) {
    record.open = record.open.filter((conflict) => conflict.asset_id !== assetId);
    if (record.open.length) return this.save(record);
    this.conflicts.splice(this.conflicts.indexOf(record), 1);
    return this.forget(record);
  }

  announce() {
    this.listeners.state(this.state());
  }

  async save(record) {
    record.isKept = Boolean(await (await this.store)?.put(record));
    this.announce();
  }

  forget(record) {
    return this.store.then((store) => store?.remove(record.operation_id));
  }
}
