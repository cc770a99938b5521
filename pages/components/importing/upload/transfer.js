// Brings files to the server, whatever the line does: batches side by side, sent again after a cut.

import { Refused, Unreachable } from "../../javascript/client.js";
import { Batches, frame } from "./batches.js";

const SIDE_BY_SIDE = 3;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const REQUEST_TIMEOUT_MS = 180000;
const MOST_TOLD = 1000;
const ADOPTED_AT_ONCE = 500;
const GONE = 404;

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Why a worker stops although files are left: somebody cancelled, or the server said no. */
class Stopped extends Error {}

export class Transfer {
  /**
   * `chosen` holds `files` ({path, file}) and their `bytes`; `unreadable` are paths that could not
   * be opened. `state` is "sending", "halted" (its `message` says why; `resume` goes on),
   * "cancelled" or "done"; `trouble` is what is retried just now. `onChange` is told of each change.
   */
  constructor(client, chosen, { unreadable = [], onChange = () => {}, pause = sleep } = {}) {
    this.client = client;
    this.chosen = chosen;
    this.unreadable = [...unreadable];
    this.onChange = onChange;
    this.pause = pause;
    this.requests = new Set();
    this.reset();
  }

  reset() {
    this.id = "";
    this.batches = new Batches(this.chosen.files.map((one) => ({ ...one })));
    this.here = 0; // files that an earlier upload has brought
    this.files = 0;
    this.bytes = 0;
    this.state = "sending";
    this.message = "";
    this.trouble = "";
  }

  change(values) {
    Object.assign(this, values);
    this.onChange(this);
  }

  /** Send everything; ends when it is done, halted or cancelled. */
  async run() {
    try {
      if (!this.id) await this.begin();
      const workers = Array.from({ length: SIDE_BY_SIDE }, () => this.work());
      const ended = await Promise.allSettled(workers);
      const failed = ended.find(({ status }) => status === "rejected");
      if (failed) throw failed.reason;
      const unreadable = this.unreadable.slice(0, MOST_TOLD);
      await this.insist(() => this.client.post(`/uploads/${this.id}/finish`, { unreadable }));
      this.change({ state: "done", trouble: "" });
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
  }

  /** Go on after a halt; from the start when the server has nothing of it any more. */
  resume() {
    if (this.state !== "halted") return undefined;
    if (this.isGone) this.reset();
    this.change({ state: "sending", message: "", isGone: false });
    return this.run();
  }

  async cancel() {
    if (this.state === "cancelled") return;
    this.change({ state: "cancelled" });
    for (const request of this.requests) request.abort();
    if (this.id) await this.remove();
  }

  /** What cannot be removed now is removed by the server after a day. */
  remove() {
    return this.client.post(`/uploads/${this.id}/cancel`, {}).catch(() => {});
  }

  async begin() {
    const asked = { num_files: this.chosen.files.length, size_bytes: this.chosen.bytes };
    const begun = await this.insist(() => this.client.post("/uploads", asked));
    this.id = begun.upload_id;
    if (this.state === "cancelled") await this.remove();
    this.check();
    if (begun.has_earlier) await this.adopt();
  }

  /** Leave out what an earlier upload of the same files, cut by a reload, has brought. */
  async adopt() {
    const { files } = this.batches;
    for (let start = 0; start < files.length; start += ADOPTED_AT_ONCE) {
      const some = files.slice(start, start + ADOPTED_AT_ONCE);
      const asked = some
        .filter(({ modified }) => modified)
        .map(({ path, size, modified }) => ({ path, size, modified }));
      const { arrived } = await this.insist(() =>
        this.client.post(`/uploads/${this.id}/adopt`, { files: asked }),
      );
      for (const one of some) {
        if (Object.hasOwn(arrived, one.path)) this.move(one, arrived[one.path]);
      }
      this.change({ here: this.files });
    }
    this.batches = new Batches(files.filter(({ isDone }) => !isDone));
  }

  async work() {
    for (;;) {
      this.check();
      const taken = this.batches.take();
      if (!taken.length) return;
      try {
        await this.sendAll(taken);
      } catch (error) {
        this.batches.giveBack(taken.filter((one) => !one.isDone));
        throw error;
      }
    }
  }

  /** Send files to their ends. After a cut only what the server has not. */
  async sendAll(taken) {
    let left = taken;
    for (let attempt = 0; left.length; attempt += 1) {
      this.check();
      try {
        await this.send(left);
        attempt = -1;
      } catch (error) {
        await this.recover(error, attempt);
        await this.compare(left);
      }
      left = left.filter((one) => !one.isDone);
    }
  }

  async send(some) {
    const parts = this.batches.partsOf(some);
    const request = new AbortController();
    const timer = setTimeout(() => request.abort(), REQUEST_TIMEOUT_MS);
    const began = performance.now();
    this.requests.add(request);
    try {
      const { signal } = request;
      const body = await frame(parts);
      this.check();
      await this.client.postBytes(`/uploads/${this.id}/parts`, body, { signal });
    } finally {
      clearTimeout(timer);
      this.requests.delete(request);
    }
    this.batches.learn(performance.now() - began);
    some.forEach((one, i) => this.move(one, parts[i].offset + parts[i].size));
    this.change({ trouble: "" });
  }

  /** Ask the server how much of each file it has, and the browser whether it can read the rest. */
  async compare(some) {
    const paths = some.map(({ path }) => path);
    const { arrived } = await this.insist(() =>
      this.client.post(`/uploads/${this.id}/arrived`, { paths }),
    );
    for (const one of some) {
      const { path, size } = one;
      if (size) this.move(one, Math.min(arrived[path] ?? 0, size));
      if (!one.isDone && !(await isReadable(one))) {
        this.unreadable.push(path);
        one.isDone = true;
      }
    }
  }

  /** Note how far a file has come. */
  move(one, to) {
    this.bytes += to - (one.from ?? 0);
    one.from = to;
    if (to < one.size) return;
    one.isDone = true;
    this.files += 1;
  }

  async insist(ask) {
    for (let attempt = 0; ; attempt += 1) {
      this.check();
      try {
        const answer = await ask();
        if (this.trouble) this.change({ trouble: "" });
        return answer;
      } catch (error) {
        await this.recover(error, attempt);
      }
    }
  }

  /** Wait until it is worth another try; a no of the server halts everything. */
  async recover(error, attempt) {
    this.check();
    if (error instanceof Refused) {
      this.change({
        state: "halted",
        message: error.message,
        trouble: "",
        isGone: error.status === GONE,
      });
      throw new Stopped();
    }
    if (!(error instanceof Unreachable)) throw error;
    this.change({ trouble: error.message });
    await this.pause(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt));
  }

  check() {
    if (this.state !== "sending") throw new Stopped();
  }
}

/** A file can be removed, or become somebody else's, after it was chosen. */
async function isReadable({ file, from = 0 }) {
  try {
    await file.slice(from, from + 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
