// Below the large image of a queue: the answers with their keys; behind the last image, what was done.

import { el } from "../../javascript/dom.js";
import { ANSWERS } from "../actions/review.js";
import { showKey } from "../keys/commands.js";
import { saysWords } from "../state/suggestions.js";

export class ReviewBar {
  constructor(review, bindings) {
    Object.assign(this, { review, bindings });
    this.element = el("div", { className: "answers", role: "group", "aria-label": "Answer" });
    this.element.hidden = true;
  }

  paint(row) {
    const { review } = this;
    this.element.hidden = !review.isOn || review.isOver || !row;
    const keys = ANSWERS.map(({ id }) => this.keyOf(id) ?? "");
    const says = row?.suggestion?.label_id;
    const shown = [review.asked, row?.id, row?.label_id, says, ...keys].join("/");
    if (this.element.hidden || shown === this.shown) return;
    this.shown = shown;
    const offered = ANSWERS.filter(({ id }) => review.offers(id));
    this.element.replaceChildren(...offered.map((answer) => this.makeButton(answer, row)));
  }

  keyOf(answer) {
    return this.bindings.keyOf(`answer.${answer}`);
  }

  makeButton(answer, row) {
    const key = this.keyOf(answer.id);
    const button = el(
      "button",
      { type: "button", className: `tool answer ${answer.id}`, title: this.review.explain(answer) },
      key && el("kbd", {}, showKey(key)),
      el("span", { className: "name" }, this.describe(answer, row)),
    );
    button.disabled = answer.id === "accept" && !isOneOther(row);
    button.addEventListener("click", () => this.review.answer(answer.id));
    return button;
  }

  /** "Keep cat", "Accept dog 0.93" */
  describe({ id, label }, row) {
    if (id === "keep") return `${label} ${row.label_name ?? "without a label"}`;
    return id === "accept" && isOneOther(row) ? `${label} ${saysWords(row.suggestion)}` : label;
  }

  /** What stands in place of an image once every one was answered. */
  makeEnd() {
    const { review } = this;
    const { run, words } = review.task;
    const retrain = el(
      "button",
      { type: "button", className: "tool primary" },
      `Retrain like run ${run}`,
    );
    retrain.addEventListener("click", () => review.finish("retrain"));
    const back = el("button", { type: "button", className: "tool" }, "All queues");
    back.addEventListener("click", () => review.finish("queues"));
    const isWorth = run && review.counts.changed > 0;
    return el(
      "div",
      { className: "review-end" },
      el("h2", {}, `${words}: none is left`),
      el("p", {}, `${review.words()}${isWorth ? `: retrain like run ${run}?` : "."}`),
      el("div", { className: "choices-row" }, isWorth && retrain, back),
    );
  }
}

/**
 * Whether one class is suggested. An import may say several, and people none but that of the label,
 * as where one says that no class is right.
 */
function isOneOther({ suggestion, label_id: labelId }) {
  if (!suggestion || suggestion.label_id === null) return false;
  return !suggestion.voters || suggestion.label_id !== labelId;
}
