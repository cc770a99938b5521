// The one upload of this browser tab, and who shows it.

import { fromEntries, fromInput } from "./choosing.js";
import { Rate } from "./rate.js";
import { Transfer } from "./transfer.js";

const NOTHING = "There is no file in what was chosen.";

export class Uploads {
  constructor(makeTransfer = (...all) => new Transfer(...all)) {
    this.makeTransfer = makeTransfer;
    this.view = null;
    this.onChange = () => {};
    this.clear();
  }

  clear() {
    this.turn = {};
    this.transfer = null;
    this.found = 0;
    this.isFinding = false;
    this.note = "";
    this.rate = new Rate();
  }

  get isBusy() {
    return this.isFinding || this.transfer !== null;
  }

  /** The page has taken over what was sent. */
  forget(id) {
    if (id && this.transfer?.state === "done" && this.transfer.id === id) this.clear();
  }

  /** Files of an `<input>`. */
  sendList(client, list) {
    return this.start(client, async () => ({ chosen: await fromInput(list), unreadable: [] }));
  }

  /** Entries of a drop. */
  sendEntries(client, entries) {
    const onFile = (found) => this.tell({ found });
    return this.start(client, () => fromEntries(entries, { onFile }));
  }

  async start(client, find) {
    if (this.isBusy) return;
    this.clear();
    const { turn } = this;
    this.tell({ isFinding: true });
    const { chosen, unreadable } = await find();
    if (this.turn !== turn) return; // cancelled
    if (!chosen.files.length) {
      this.clear();
      this.tell({ note: NOTHING });
      return;
    }
    const onChange = () => this.tell({});
    this.transfer = this.makeTransfer(client, chosen, { unreadable, onChange });
    this.tell({ isFinding: false });
    await this.transfer.run();
  }

  resume() {
    return this.transfer?.resume();
  }

  cancel() {
    const ended = this.transfer?.cancel();
    this.clear();
    this.tell({});
    return ended;
  }

  tell(values) {
    Object.assign(this, values);
    this.onChange(this);
  }
}

export const uploads = new Uploads();
