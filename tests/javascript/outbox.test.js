import assert from "node:assert/strict";
import test from "node:test";

import { Outbox } from "../../pages/components/gallery/state/outbox.js";
import { Refused, Unreachable } from "../../pages/components/javascript/client.js";
import { makeClient, makeStore, settle } from "./fakes.js";

const APPLIED = (operation) => ({
  operation_id: operation.operation_id,
  status: "applied",
  assets: [],
});
const LOCKED = (operation) => ({
  operation_id: operation.operation_id,
  status: "failed",
  message: "Locked.",
});
const BROKEN = (operation) => ({ ...LOCKED(operation), error_id: "ab12cd34" });

/**
 * A server that answers each operation with what `judge` says, as ours does: behind one that
 * failed the others fail too, without an error of their own.
 */
function makeServer(judge) {
  const batches = [];
  const client = makeClient((path, { operations }) => {
    assert.equal(path, "/operations");
    batches.push(operations.map((operation) => operation.operation_id));
    let isBlocked = false;
    const results = operations.map((operation) => {
      const result = isBlocked ? LOCKED(operation) : judge(operation);
      isBlocked ||= result.status === "failed";
      return result;
    });
    return { results };
  });
  return { client, batches };
}

async function open(context, judge, { store = makeStore() } = {}) {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { client, batches } = makeServer(judge);
  const outbox = new Outbox({ client, name: "test", store: Promise.resolve(store) });
  const told = [];
  outbox.listeners.result = (record, result) =>
    told.push(`${record.operation_id} ${result.status}`);
  await settle();
  return { outbox, batches, store, told };
}

/** What is sent in the next milliseconds of waiting. */
async function wait(context, milliseconds) {
  await settle();
  for (let i = 0; i < milliseconds; i += 500) {
    context.mock.timers.tick(500);
    await settle();
  }
}

const change = (name, image = name, more = {}) => [
  { operation_id: `operation-${name}`, kind: "relabel", asset_ids: [image], label_id: 1, ...more },
  { [image]: 1 },
];

const kept = (store) =>
  [...store.records.values()].map(({ operation_id: id, state }) => `${id} ${state}`);

test("a change is kept until the server has answered for it", async (context) => {
  const { outbox, store, told } = await open(context, APPLIED);
  outbox.add(...change("a"));
  assert.equal(outbox.state().kind, "saving");
  assert.ok(outbox.isPending("a"));
  await settle();
  assert.deepEqual(told, ["operation-a applied"]);
  assert.deepEqual(outbox.state(), { kind: "saved", count: 0, isKept: true });
  assert.deepEqual(kept(store), []);
  assert.ok(!outbox.isPending("a"));
});

test("what an earlier page left behind is sent first, in its order", async (context) => {
  const left = [2, 1].map((n) => ({
    ...{ payload: change(n)[0], versions: {} },
    operation_id: `operation-${n}`,
    created: n,
    state: "pending",
  }));
  const { batches } = await open(context, APPLIED, { store: makeStore(left) });
  assert.deepEqual(batches, [["operation-1", "operation-2"]]);
});

test("a browser that keeps nothing sends as well", async (context) => {
  const { outbox, batches } = await open(context, APPLIED, { store: null });
  outbox.add(...change("a"));
  assert.equal(outbox.state().isKept, false);
  await settle();
  assert.equal(batches.length, 1);
});

test("row versions that our own changes caused go along with later ones", async (context) => {
  const sent = [];
  const { outbox } = await open(context, (operation) => {
    sent.push(operation.expected_versions);
    return { ...APPLIED(operation), assets: [{ id: "x", row_version: 5 }] };
  });
  outbox.add(...change("a", "x"));
  await settle();
  outbox.add(...change("b", "x"));
  await settle();
  assert.deepEqual(sent, [{ x: 1 }, { x: 5 }]);
});

test("a conflict is kept until the person has decided", async (context) => {
  const conflict = { asset_id: "a", row_version: 4 };
  const { outbox, store } = await open(context, (operation) => ({
    ...APPLIED(operation),
    status: "conflict",
    conflicts: [conflict],
  }));
  outbox.add(...change("a"));
  await settle();
  assert.deepEqual(kept(store), ["operation-a conflict"]);
  outbox.decide(outbox.conflicts[0], "a");
  await settle();
  assert.deepEqual(kept(store), []);
});

test("while the server is away everything waits, and longer each time", async (context) => {
  let isAway = true;
  const { outbox, batches } = await open(context, (operation) => {
    if (isAway) throw new Unreachable("gone");
    return APPLIED(operation);
  });
  outbox.add(...change("a"));
  await settle();
  assert.deepEqual(outbox.state(), { kind: "offline", count: 1, isKept: true });
  await wait(context, 60000);
  assert.ok(batches.length > 5 && batches.length < 12, `${batches.length}`);
  isAway = false;
  outbox.retryNow();
  await settle();
  assert.equal(outbox.state().kind, "saved");
});

test("a locked database is waited for however long it takes", async (context) => {
  let isLocked = true;
  const { outbox } = await open(context, (operation) => (isLocked ? LOCKED : APPLIED)(operation));
  outbox.add(...change("a"));
  outbox.add(...change("b"));
  await wait(context, 600000);
  assert.deepEqual([outbox.queue.length, outbox.aside.length], [2, 0]);
  isLocked = false;
  await wait(context, 15000);
  assert.equal(outbox.state().kind, "saved");
});

test("one that the server cannot take with the others is found, and the others pass", async (context) => {
  const { outbox, told } = await open(context, (operation) => {
    if (operation.operation_id === "operation-b") throw new Refused(400, { message: "No." });
    return APPLIED(operation);
  });
  for (const name of ["a", "b", "c"]) outbox.add(...change(name));
  await settle();
  assert.deepEqual(told, ["operation-a applied", "operation-b refused", "operation-c applied"]);
});

const breaksOn =
  (...names) =>
  (operation) =>
    (names.some((name) => operation.operation_id === `operation-${name}`) ? BROKEN : APPLIED)(
      operation,
    );

test("one that the server breaks on is tried again, then sent alone, then set aside; the others pass", async (context) => {
  const { outbox, batches, store, told } = await open(context, breaksOn("b"));
  for (const name of ["a", "b", "c"]) outbox.add(...change(name));
  await wait(context, 5000);
  assert.deepEqual(batches, [
    ["operation-a"],
    ["operation-b", "operation-c"],
    ["operation-b", "operation-c"],
    ["operation-b"],
    ["operation-c"],
  ]);
  assert.deepEqual(told, ["operation-a applied", "operation-b aside", "operation-c applied"]);
  assert.deepEqual(outbox.state(), { kind: "aside", count: 1, isKept: true });
  assert.equal(outbox.aside[0].failure.error_id, "ab12cd34");
  assert.deepEqual(kept(store), ["operation-b aside"]);
  assert.ok(!outbox.isPending("b"));
});

test("what fails for ever is set aside; a lock in between is waited out and counts for nothing", async (context) => {
  const answers = [BROKEN, LOCKED, LOCKED, BROKEN, LOCKED, BROKEN];
  const { outbox, batches } = await open(context, (operation) =>
    operation.operation_id === "operation-b" ? answers.shift()(operation) : APPLIED(operation),
  );
  outbox.add(...change("b"));
  await wait(context, 60000);
  assert.equal(batches.length, 6);
  assert.deepEqual([outbox.queue.length, outbox.aside.length, answers.length], [0, 1, 0]);
  assert.equal(outbox.aside[0].tries, 3);
});

test("tries are counted through reloads, and what was set aside is there again", async (context) => {
  const { outbox, store } = await open(context, breaksOn("b"));
  outbox.add(...change("b"));
  await wait(context, 500);
  assert.equal(store.records.get("operation-b").tries, 2);
  context.mock.timers.reset();

  const second = await open(context, breaksOn("b"), { store });
  assert.deepEqual(second.batches, [["operation-b"]]);
  assert.deepEqual(kept(store), ["operation-b aside"]);
  context.mock.timers.reset();

  const third = await open(context, APPLIED, { store });
  assert.deepEqual(third.batches, []);
  assert.deepEqual(third.outbox.state(), { kind: "aside", count: 1, isKept: true });
});

test("what was set aside is tried again when the person asks, and else dismissed", async (context) => {
  let broken = ["a", "b"];
  const { outbox, store, told } = await open(context, (operation) =>
    breaksOn(...broken)(operation),
  );
  for (const name of ["a", "b"]) outbox.add(...change(name));
  await wait(context, 60000);
  assert.deepEqual(kept(store), ["operation-a aside", "operation-b aside"]);
  const [first, second] = outbox.aside;
  outbox.dismiss(first);
  await settle();
  assert.deepEqual(kept(store), ["operation-b aside"]);
  outbox.tryAgain(second); // breaks once more, and no other waits for it
  await wait(context, 60000);
  assert.deepEqual(kept(store), ["operation-b aside"]);
  broken = [];
  outbox.tryAgain(second);
  await settle();
  assert.deepEqual(outbox.state(), { kind: "saved", count: 0, isKept: true });
  assert.deepEqual(kept(store), []);
  assert.equal(told.at(-1), "operation-b applied");
});

test("a server that breaks on everything is given longer and longer, so that little is set aside", async (context) => {
  const { outbox } = await open(context, BROKEN);
  for (let i = 0; i < 50; i += 1) outbox.add(...change(i));
  await wait(context, 600000);
  assert.ok(
    outbox.aside.length >= 2 && outbox.aside.length <= 6,
    `${outbox.aside.length} set aside`,
  );
  assert.equal(outbox.aside.length + outbox.queue.length, 50);
});

test("a page that closes sends what is left, as much as a browser allows", async (context) => {
  let isClosing = false;
  const { outbox, batches } = await open(context, (operation) => {
    if (!isClosing) throw new Unreachable("gone");
    return APPLIED(operation);
  });
  for (let i = 0; i < 300; i += 1) {
    outbox.add(...change(i, `image-${i}`, { note: "x".repeat(1000) }));
  }
  await settle();
  isClosing = true;
  outbox.flushOnLeave();
  assert.ok(batches.at(-1).length > 40 && batches.at(-1).length < 60, `${batches.at(-1).length}`);
});
