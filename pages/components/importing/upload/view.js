// The control, the progress, and the drop anywhere on the page.

import { formatBytes, formatNumber, plural } from "../../javascript/text.js";
import { entriesOf } from "./choosing.js";
import { watchDrops } from "./dropping.js";
import { leftWords, rateWords } from "./rate.js";

const DRAWN_MS = 150;

export class View {
  constructor(root, uploads) {
    this.root = root;
    this.uploads = uploads;
    this.drawnAt = 0;
    this.delivered = "";
    const find = (name) => root.querySelector(`.${name}`);
    for (const [button, input] of [
      ["pick-folder", "folder"],
      ["pick-files", "files"],
    ]) {
      find(button).onclick = () => find(input).click();
      find(input).onchange = () => this.take(find(input));
    }
    find("forget").onclick = () => this.forgetCut();
    find("again").onclick = () => uploads.resume();
    find("stop").onclick = () => uploads.cancel();
    this.unwatch = watchDrops({
      onOver: (isOver) => (find("over").hidden = !isOver || uploads.isBusy),
      onDrop: (dropped) => this.begin(() => uploads.sendEntries(this.client, entriesOf(dropped))),
    });
    uploads.view = this;
    uploads.onChange = () => this.plan();
  }

  update({ client, data, setTriggerValue }) {
    this.client = client;
    this.setTriggerValue = setTriggerValue;
    this.cut = data.cut?.id === this.forgotten ? null : data.cut;
    this.root.toggleAttribute("data-drops-only", Boolean(data.drops_only));
    this.draw();
  }

  /** Nobody wants what an upload that was cut has brought. */
  forgetCut() {
    this.forgotten = this.cut.id;
    this.client.post(`/uploads/${this.cut.id}/cancel`, {}).catch(() => {}); // a day later by itself
    this.cut = null;
    this.draw();
  }

  take(input) {
    const list = [...input.files];
    input.value = ""; // so that the same folder can be chosen again
    if (list.length) this.begin(() => this.uploads.sendList(this.client, list));
  }

  /** `send` must be called at once: a drop's entries are gone after the event. */
  begin(send) {
    if (this.uploads.isBusy) return;
    send();
    this.setTriggerValue("begun", Date.now());
  }

  /** Draw soon, a few times a second at most. */
  plan() {
    const wait = this.drawnAt + DRAWN_MS - performance.now();
    this.timer ??= setTimeout(() => this.draw(), Math.max(0, wait));
  }

  draw() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.drawnAt = performance.now();
    const { uploads } = this;
    const { transfer } = uploads;
    if (transfer) uploads.rate.add(transfer.bytes, this.drawnAt);
    const { what, here, rate, left, fraction, trouble } = describe(uploads);
    this.say("what", what);
    this.say("here", here);
    this.say("cut-words", cutWords(this.cut));
    this.say("rate", rate);
    this.say("left", left);
    this.say("trouble", trouble);
    this.show("zone", !uploads.isBusy);
    this.show("cut", Boolean(this.cut));
    this.show("here", Boolean(here));
    this.show("going", uploads.isBusy || Boolean(trouble));
    this.show("trouble", Boolean(trouble));
    this.show("bar", uploads.isBusy);
    this.show("stop", uploads.isBusy && transfer?.state !== "done");
    this.show("again", transfer?.state === "halted");
    const bar = this.root.querySelector(".bar");
    bar.setAttribute("aria-valuenow", Math.round(fraction * 100));
    bar.firstElementChild.style.transform = `scaleX(${fraction})`;
    if (transfer?.state === "done" && this.delivered !== transfer.id) {
      this.delivered = transfer.id;
      this.setTriggerValue("upload", transfer.id);
    }
  }

  say(name, text) {
    const element = this.root.querySelector(`.${name}`);
    if (element.textContent !== text) element.textContent = text;
  }

  show(name, isShown) {
    this.root.querySelector(`.${name}`).hidden = !isShown;
  }

  destroy() {
    clearTimeout(this.timer);
    this.unwatch();
    if (this.uploads.view === this) this.uploads.onChange = () => {};
  }
}

/** What is left of an upload that a reload or a closed tab has cut. */
export function cutWords(cut) {
  if (!cut) return "";
  const here = `${formatNumber(cut.here)} of ${plural(cut.asked, "file")}`;
  return `${cut.name} was cut off: ${here} are here. Choose it again, and only the rest is sent.`;
}

/** What an upload is doing, in words and as a fraction. */
export function describe({ transfer, isFinding, found, note, rate }) {
  const words = { what: "", here: "", rate: "", left: "", fraction: 0, trouble: note };
  if (isFinding) {
    const sofar = found ? `: ${plural(found, "file")}` : "";
    return { ...words, what: `Looking at what was chosen${sofar}` };
  }
  if (!transfer) return words;
  const { chosen, files, bytes, state, message, trouble } = transfer;
  const total = chosen.files.length;
  const fraction = Math.min(1, bytes / Math.max(1, chosen.bytes));
  if (state === "done") {
    return {
      ...words,
      fraction: 1,
      what: `${plural(total, "file is", "files are")} here and looked at`,
    };
  }
  const sizes = `${formatBytes(bytes)} of ${formatBytes(chosen.bytes)}`;
  words.what = `${formatNumber(files)} of ${plural(total, "file")} · ${sizes}`;
  words.fraction = fraction;
  if (transfer.here) {
    const kept = `${formatNumber(transfer.here)} of ${formatNumber(total)}`;
    words.here = `${kept} are here already; sending the rest`;
  }
  if (state === "halted") return { ...words, trouble: message };
  if (trouble) return { ...words, trouble: `Cut off, trying again: ${trouble}` };
  const { perSecond } = rate;
  return {
    ...words,
    rate: rateWords(perSecond),
    left: leftWords(chosen.bytes - bytes, perSecond),
  };
}
