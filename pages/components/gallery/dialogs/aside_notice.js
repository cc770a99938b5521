// Changes that the server broke on: what they were, the id of the error in the server's log, and
// what the person can do about each.

import { copyText } from "../../javascript/clipboard.js";
import { el } from "../../javascript/dom.js";
import { formatNumber, plural, splitWords } from "../../javascript/text.js";

const COPIED_MS = 2000;

export class AsideNotice {
  constructor(element, { outbox, classes }) {
    Object.assign(this, { element, outbox, classes });
  }

  /** The first one; the others wait behind it. */
  show() {
    const { aside } = this.outbox;
    const key = aside.map((record) => record.operation_id).join();
    if (this.shown === key) return;
    this.shown = key;
    this.element.hidden = !aside.length;
    this.element.replaceChildren(...(aside.length ? this.describe(aside) : []));
  }

  describe(aside) {
    const [record] = aside;
    const others = aside.length - 1;
    const buttons = [
      makeButton("Try again", () => this.outbox.tryAgain(record)),
      makeButton("Dismiss", () => this.outbox.dismiss(record)),
      this.makeCopyButton(aside),
    ];
    if (others) {
      const all = formatNumber(aside.length);
      buttons.splice(
        2,
        0,
        makeButton(`Try all ${all} again`, () =>
          aside.slice().forEach((one) => this.outbox.tryAgain(one)),
        ),
        makeButton(`Dismiss all ${all}`, () =>
          aside.slice().forEach((one) => this.outbox.dismiss(one)),
        ),
      );
    }
    return [
      el(
        "p",
        {},
        `Not saved: ${describeOperation(record, this.classes)}. The server failed at this change again and again; look for `,
        el("code", {}, record.failure.error_id),
        " in its log.",
        others
          ? ` ${plural(others, "more change was", "more changes were")} not saved either.`
          : " Other changes are not affected.",
      ),
      el("div", { className: "choices-row" }, buttons),
    ];
  }

  /** What whoever looks after the server needs to find the fault. */
  makeCopyButton(aside) {
    const details = aside.map(({ payload, failure, tries }) => ({
      ...failure,
      tries,
      operation: payload,
    }));
    const button = makeButton("Copy details", async () => {
      button.textContent = (await copyText(JSON.stringify(details, null, 2)))
        ? "Copied"
        : "Not copied";
      setTimeout(() => (button.textContent = "Copy details"), COPIED_MS);
    });
    return button;
  }
}

function makeButton(words, run) {
  const button = el("button", { type: "button", className: "tool" }, words);
  button.addEventListener("click", run);
  return button;
}

/** "label ‘cat’ of 3 images" */
function describeOperation({ payload, versions }, classes) {
  const images = payload.where
    ? "all images that match a filter"
    : plural(Object.keys(versions ?? {}).length, "image");
  if (payload.kind === "undo") return "an undo";
  if (payload.kind === "remove") return `the removal of ${images}`;
  if (payload.kind === "set_split") return `split ‘${splitWords(payload.split)}’ of ${images}`;
  if (payload.kind === "flag") {
    return `${payload.review ? "a mark for review" : "the end of the mark for review"} of ${images}`;
  }
  const name =
    payload.label_id === null
      ? "no label"
      : `label ‘${classes.get(payload.label_id)?.name ?? payload.label_id}’`;
  return `${name} of ${images}`;
}
