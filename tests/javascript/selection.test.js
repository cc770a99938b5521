import assert from "node:assert/strict";
import test from "node:test";

import { Rows } from "../../pages/components/gallery/state/rows.js";
import { Selection } from "../../pages/components/gallery/state/selection.js";
import { makeList } from "./fakes.js";

async function open(total = 10) {
  const rows = new Rows(makeList(total));
  await rows.restart({}, "newest");
  const changes = [];
  const selection = new Selection(rows, () => changes.push(chosen(selection)));
  return { rows, selection, changes };
}

const chosen = (selection) => selection.chosenRows().map((row) => Number(row.id.slice(3)));
const targets = (selection) => selection.targets().map((row) => Number(row.id.slice(3)));

test("without a selection keys act on the focused tile", async () => {
  const { selection } = await open();
  selection.moveTo(4);
  assert.deepEqual(targets(selection), [4]);
  assert.deepEqual(chosen(selection), []);
});

test("the focus stays inside the list", async () => {
  const { selection } = await open();
  selection.moveTo(-3);
  assert.equal(selection.focus, 0);
  selection.moveTo(99);
  assert.equal(selection.focus, 9);
});

test("a move with Shift selects from where it began, and shrinks again on the way back", async () => {
  const { selection, changes } = await open();
  selection.moveTo(3);
  selection.moveTo(5, { extend: true });
  selection.moveTo(4, { extend: true });
  selection.moveTo(2, { extend: true });
  assert.deepEqual(changes, [[], [3, 4, 5], [3, 4], [2, 3]]);
});

test("a plain move ends the selection, one with Ctrl keeps it", async () => {
  const { selection } = await open();
  selection.click(2, {});
  selection.moveTo(7, { keep: true });
  assert.deepEqual(chosen(selection), [2]);
  selection.moveTo(8);
  assert.deepEqual(chosen(selection), []);
});

test("clicks select one, a range, one more, and with both a further range", async () => {
  const { selection } = await open();
  selection.click(1, {});
  selection.click(3, { extend: true });
  assert.deepEqual(chosen(selection), [1, 2, 3]);
  selection.click(6, { toggle: true });
  selection.click(8, { extend: true, toggle: true });
  assert.deepEqual(chosen(selection), [1, 2, 3, 6, 7, 8]);
  selection.click(2, { toggle: true });
  assert.deepEqual(chosen(selection), [1, 3, 6, 7, 8]);
});

test("targets come in the order of the list, and without those that are gone", async () => {
  const { rows, selection } = await open();
  selection.select(["id-7", "id-2", "id-5", "unknown"]);
  rows.remove(["id-5"]);
  assert.deepEqual(targets(selection), [2, 6 + 1]);
});

test("all that match the filter are meant until single tiles are chosen", async () => {
  const { selection } = await open();
  selection.selectMatching(5000);
  assert.equal(selection.matching, 5000);
  assert.equal(selection.ids.size, 10);
  selection.invert();
  assert.equal(selection.matching, 0);
  assert.deepEqual(chosen(selection), []);
});

test("one of the selection can be acted on alone", async () => {
  const { selection } = await open();
  selection.select(["id-1", "id-4"]);
  selection.focusOnly("id-4");
  assert.deepEqual(targets(selection), [4]);
  assert.equal(selection.focus, 4);
  selection.focusOnly(null);
  assert.deepEqual(targets(selection), [1, 4]);
});
