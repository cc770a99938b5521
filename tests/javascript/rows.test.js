import assert from "node:assert/strict";
import test from "node:test";

import { Rows } from "../../pages/components/gallery/state/rows.js";
import { makeClient, makeList, makeRows } from "./fakes.js";

const ids = (rows) => rows.map((row) => row.id);

async function open(total, list = makeList(total)) {
  const rows = new Rows(list);
  await rows.restart({ label: "3" }, "newest");
  return { rows, list };
}

test("the first page comes with the filter, the order and the run that is asked for", async () => {
  const list = makeList(450);
  const rows = new Rows(list);
  await rows.restart({ label: "3" }, "newest", 12);
  assert.deepEqual(list.asked, [
    ["/assets", { label: "3", sort: "newest", suggest: 12, limit: 200 }],
  ]);
  assert.equal(rows.at(199).id, "id-199");
  assert.equal(rows.get("id-5").asOf, 7);
  assert.equal(rows.complete, false);
});

test("a first page that came along is not asked for, and scrolling goes on behind it", async () => {
  const list = makeList(450);
  const first = await list.get("/assets", { limit: 200 });
  const rows = new Rows(list);
  list.asked.length = 0;
  await rows.restart({ label: "3" }, "newest", 12, first);
  assert.deepEqual([list.asked.length, rows.at(199).id, rows.get("id-5").asOf], [0, "id-199", 7]);
  await rows.need(150, 260);
  assert.deepEqual(list.asked[0], [
    "/assets",
    { label: "3", sort: "newest", suggest: 12, after: "200", limit: 200 },
  ]);
});

test("scrolling goes on behind the last row, a jump asks for a place", async () => {
  const { rows, list } = await open(1000);
  rows.setTotal(1000);
  await rows.need(150, 260);
  await rows.need(800, 810);
  assert.deepEqual(
    list.asked.slice(1).map(([, { after, position }]) => ({ after, position })),
    [
      { after: "200", position: undefined },
      { after: undefined, position: 800 },
    ],
  );
  assert.deepEqual(ids(rows.between(399, 801)), ["id-399", "id-800", "id-801"]);
});

test("what is here or on its way is not asked for again", async () => {
  const { rows, list } = await open(1000);
  assert.equal(await rows.need(0, 200), null);
  const first = rows.need(200, 210);
  assert.equal(await rows.need(200, 210), null);
  assert.equal((await first).length, 200);
  assert.equal(list.asked.length, 2);
});

test("no more than two pages are asked for at once", async () => {
  const { rows } = await open(2000);
  rows.setTotal(2000);
  const asked = [rows.need(400, 410), rows.need(800, 810), rows.need(1200, 1210)];
  assert.deepEqual(
    (await Promise.all(asked)).map((fresh) => fresh?.length ?? null),
    [200, 200, null],
  );
});

test("the end of the list is known with its last page", async () => {
  const { rows } = await open(230);
  assert.equal(rows.length, 201); // one more than are here
  await rows.need(200, 230);
  assert.equal(rows.length, 230);
  assert.equal(rows.complete, true);
});

test("an answer to an older question is dropped", async () => {
  const late = [];
  const client = makeClient((path, query) => new Promise((resolve) => late.push([query, resolve])));
  const rows = new Rows(client);
  const old = rows.restart({ label: "1" }, "newest");
  const now = rows.restart({ label: "2" }, "newest");
  late[1][1]({ assets: makeRows(2), next: null, revision: 1 });
  await now;
  late[0][1]({ assets: makeRows(5, { from: 100 }), next: null, revision: 1 });
  assert.deepEqual(await old, []);
  assert.deepEqual(ids(rows.loaded()), ["id-0", "id-1"]);
});

test("removed rows leave no gap, and come back to their places", async () => {
  const { rows } = await open(6);
  const gone = rows.remove(["id-4", "id-1", "unknown"]);
  assert.deepEqual(ids(rows.loaded()), ["id-0", "id-2", "id-3", "id-5"]);
  assert.equal(rows.length, 4);
  assert.equal(rows.index.get("id-5"), 3);
  rows.restore(gone);
  assert.deepEqual(ids(rows.loaded()), ids(makeRows(6)));
  rows.restore(gone); // a second time changes nothing
  assert.equal(rows.length, 6);
});

test("a row that moved in the list is there once, with what was painted on it", async () => {
  const { rows } = await open(450);
  rows.get("id-3").label_name = "cat";
  rows.take(200, { assets: [{ id: "id-3" }, { id: "id-900" }], next: null, revision: 8 });
  assert.equal(rows.at(3), undefined);
  assert.equal(rows.at(200).label_name, "cat");
  assert.equal(rows.length, 202);
});
