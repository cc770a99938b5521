import assert from "node:assert/strict";
import test from "node:test";

import { Review } from "../../pages/components/gallery/actions/review.js";
import { Labels } from "../../pages/components/gallery/state/labels.js";
import { Rows } from "../../pages/components/gallery/state/rows.js";
import { Selection } from "../../pages/components/gallery/state/selection.js";
import { saysWords, Suggestions } from "../../pages/components/gallery/state/suggestions.js";
import { makeList } from "./fakes.js";

globalThis.addEventListener ??= () => {};

/** A queue of so many images, of which the model says "dog"; what is sent is in `sent`. */
async function makeReview(count) {
  const sent = [];
  const rows = new Rows(makeList(count));
  await rows.restart({}, "newest");
  for (const row of rows.loaded()) {
    Object.assign(row, { label_id: 1, label_name: "cat", note: "" });
    row.suggestion = { run: 12, label_id: 2, label_name: "dog", confidence: 0.93 };
  }
  const names = new Map([
    [1, { name: "cat" }],
    [2, { name: "dog" }],
  ]);
  const outbox = {
    name: "test",
    queue: [],
    known: new Map(),
    listeners: {},
    add: (payload) => sent.push(payload),
    whenEmpty: async () => true,
  };
  const told = [];
  const onMessage = (words) => told.push(words);
  const labels = new Labels({ rows, outbox, classes: names, onPaint() {}, onMessage });
  const selection = new Selection(rows, () => {});
  const said = [];
  const review = new Review({
    root: { classList: { toggle() {} } },
    owner: "ana",
    rows,
    selection,
    labels,
    outbox,
    suggestions: new Suggestions({ classes: names, labels }),
    pace: { count() {} },
    actions: { say: (words) => said.push(words), moved() {} },
  });
  review.ask({ queue: "disagrees", words: "Doubted", question: "label", run: 12 }, (done) =>
    sent.push(done),
  );
  return { review, rows, selection, labels, sent, said, told };
}

test("each answer is sent with its question, counted, and leads to the next image", async () => {
  const { review, rows, selection, sent } = await makeReview(5);
  review.answer("keep");
  review.accept();
  review.answer("choose", 2);
  review.answer("ambiguous");
  assert.equal(selection.focus, 4);
  assert.deepEqual(
    sent.map(({ kind, question, answer, label_id: label }) => [kind, question, answer, label]),
    [
      ["decide", "label", "keep", undefined],
      ["decide", "label", "accept", 2],
      ["decide", "label", "choose", 2],
      ["decide", "label", "ambiguous", undefined],
    ],
  );
  assert.deepEqual(
    rows.loaded().map((row) => [row.label_name, row.split]),
    [
      ["cat", null],
      ["dog", null],
      ["dog", null],
      ["cat", "held_out"],
      ["cat", null],
    ],
  );
  assert.equal(review.words(), "3 changed, 1 kept");
});

test("choosing the class that is there, or accepting it, is to keep it", async () => {
  const { review, rows, sent } = await makeReview(2);
  rows.at(1).suggestion.label_id = 1;
  review.answer("choose", 1);
  review.accept();
  assert.deepEqual(
    sent.map((payload) => payload.answer),
    ["keep", "keep"],
  );
  assert.equal(review.words(), "0 changed, 2 kept");
});

test("behind the last image it is over, until an answer is undone", async () => {
  const { review, selection, labels, sent } = await makeReview(2);
  review.answer("skip");
  review.answer("choose", 2);
  assert.equal(review.isOver, true);
  assert.equal(review.words(), "1 changed, 0 kept, 1 skipped");
  review.answer("keep");
  assert.equal(sent.length, 2, "there is nothing to answer any more");
  review.count((await labels.undo()).entries, -1);
  assert.equal(review.isOver, false);
  assert.equal(review.words(), "0 changed, 0 kept, 1 skipped");
  review.count(labels.redo().entries, 1);
  assert.equal(review.words(), "1 changed, 0 kept, 1 skipped");
  selection.moveTo(0);
  await review.finish("retrain");
  assert.deepEqual(sent.at(-1), { what: "retrain", changed: 1, kept: 0, skipped: 1 });
});

test("a blind question takes a class, that none is right, or is skipped, and is undone", async () => {
  const { review, rows, labels, sent, said } = await makeReview(3);
  for (const row of rows.loaded()) Object.assign(row, { label_id: null, label_name: null });
  review.ask({ queue: "second", words: "Second", question: "opinion", blind: true }, () => {});
  for (const answer of ["keep", "accept", "held_out", "split.train"]) review.answer(answer);
  assert.deepEqual([sent.length, said.length], [0, 4]);
  review.answer("choose", 2);
  review.answer("ambiguous");
  assert.deepEqual([rows.loaded()[1].split, rows.loaded()[1].review ?? null], [null, null]);
  review.answer("skip");
  assert.deepEqual(
    sent.map(({ question, answer, label_id: label }) => [question, answer, label]),
    [
      ["opinion", "choose", 2],
      ["opinion", "ambiguous", undefined],
      ["opinion", "skip", undefined],
    ],
  );
  assert.equal(review.words(), "2 answered, 1 skipped");
  assert.equal(rows.loaded()[0].label_name, "dog");
  review.count((await labels.undo()).entries, -1);
  review.count((await labels.undo()).entries, -1);
  review.count((await labels.undo()).entries, -1);
  assert.equal(review.words(), "0 answered");
  assert.equal(rows.loaded()[0].label_name, null);
});

test("an image that is asked about blind takes no label, and is shown as before", async () => {
  const { labels, rows, sent, told } = await makeReview(3);
  const [asked, other] = rows.loaded();
  labels.relabel([asked, other], 2);
  const payload = sent[0];
  const conflicts = [{ asset_id: asked.id, row_version: 1, asked: true, message: "Answer first." }];
  labels.receive({ ...payload, payload, versions: {} }, { status: "applied", conflicts });
  assert.deepEqual([asked.label_name, other.label_name], ["cat", "dog"]);
  assert.deepEqual(told, ["1 image left as before. Answer first."]);
  assert.deepEqual((await labels.undo()).ids, [other.id], "its undo is of the other alone");
});

test("an image that was passed over comes at the end", async () => {
  const { review, selection } = await makeReview(3);
  selection.moveTo(1);
  review.answer("keep");
  review.answer("keep");
  assert.equal(selection.focus, 0);
  assert.equal(review.isOver, false);
});

test("of several classes that an import says none is accepted", async () => {
  const { review, rows, selection, sent, said } = await makeReview(2);
  const [several, one] = rows.loaded();
  const imported = { run: "imports", confidence: null };
  several.suggestion = { ...imported, label_id: null, label_name: "dog or wolf", among: [2, 3] };
  one.suggestion = { ...imported, label_id: 2, label_name: "dog", among: [2] };
  review.accept();
  assert.deepEqual([sent.length, selection.focus], [0, 0]);
  assert.deepEqual(said, ["The import says dog or wolf: choose one of them."]);
  review.answer("choose", 2);
  review.accept();
  assert.deepEqual(
    sent.map(({ answer }) => answer),
    ["choose", "accept"],
  );
  assert.equal(saysWords(one.suggestion), "dog");
});
