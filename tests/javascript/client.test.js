import assert from "node:assert/strict";
import test from "node:test";

import { Client, Refused, Unreachable } from "../../pages/components/javascript/client.js";

/** `fetch` that answers with these in turn: [status, content], or an error that is thrown. */
function answerWith(context, ...answers) {
  const asked = [];
  context.mock.method(globalThis, "fetch", async (address, options) => {
    asked.push({ address, ...options });
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    const [status, content] = answer;
    return new Response(typeof content === "string" ? content : JSON.stringify(content), {
      status,
    });
  });
  return asked;
}

function makeClient(token = "first") {
  const client = new Client("4f1c");
  client.setToken(token);
  return client;
}

test("a question goes to our routes with the token and without what was not given", async (context) => {
  const asked = answerWith(context, [200, { ok: 1 }]);
  assert.deepEqual(
    await makeClient().get("/assets", { label: 3, after: 0, split: null, text: "" }),
    { ok: 1 },
  );
  assert.equal(asked[0].address, "/forge-api/w/4f1c/assets?label=3&after=0");
  assert.equal(asked[0].headers["X-Forge-Token"], "first");
});

test("what the server says no to is refused, with its words", async (context) => {
  answerWith(context, [404, { message: "There is no run 9.", next_step: "Choose another." }]);
  await assert.rejects(makeClient().get("/runs/9/metrics"), (error) => {
    assert.ok(error instanceof Refused);
    assert.equal(error.status, 404);
    assert.equal(error.message, "There is no run 9. Choose another.");
    return true;
  });
});

test("what may be otherwise later is unreachable, never refused", async (context) => {
  const answers = [
    new TypeError("Failed to fetch"),
    [500, { message: "The server could not do this." }],
    [503, "no"],
    [429, { message: "Too many." }],
    [404, "<html>a proxy's own page</html>"],
    [200, "no json"],
  ];
  answerWith(context, ...answers);
  for (const answer of answers) {
    await assert.rejects(makeClient().get("/x"), Unreachable, String(answer));
  }
});

const elsewhere = {
  message: "This page is of the workspace '4f1c'; the server has '77aa' now.",
  next_step: "Reload the page.",
  workspace: "77aa",
};

test("a server that has another workspace by now refuses nothing of ours", async (context) => {
  answerWith(context, [404, elsewhere]);
  await assert.rejects(makeClient().post("/operations", {}), (error) => {
    assert.ok(error instanceof Unreachable);
    assert.equal(error.message, elsewhere.message);
    return true;
  });
});

test("why there is no picture: its file is gone, or the server has another workspace", async (context) => {
  answerWith(context, [404, { message: "There is no file." }], [404, elsewhere], [200, "bytes"]);
  const client = makeClient();
  assert.equal(await client.statusOf("/images/1"), 404);
  assert.equal(await client.statusOf("/images/1"), 0);
  assert.equal(await client.statusOf("/images/1"), 200);
});

test("a request that is too large is refused, also by something on the way", async (context) => {
  answerWith(context, [413, "too large"]);
  await assert.rejects(makeClient().post("/operations", {}), Refused);
});

test("an expired token is asked for once by all who wait, and the questions are asked again", async (context) => {
  const asked = answerWith(context, [401, {}], [401, {}], [200, { a: 1 }], [200, { b: 2 }]);
  const client = makeClient("old");
  client.askForToken = context.mock.fn(() => setTimeout(() => client.setToken("new"), 1));
  const answers = await Promise.all([client.get("/a"), client.get("/b")]);
  assert.deepEqual(answers, [{ a: 1 }, { b: 2 }]);
  assert.equal(client.askForToken.mock.callCount(), 1);
  assert.deepEqual(
    asked.map(({ headers }) => headers["X-Forge-Token"]),
    ["old", "old", "new", "new"],
  );
});

test("without a new token in time nothing waits for ever", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  answerWith(context, [401, {}]);
  const question = assert.rejects(makeClient().get("/a"), Unreachable);
  for (let i = 0; i < 50; i += 1) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  context.mock.timers.tick(15000);
  await question;
});

test("a page that closes sends with keepalive and asks for no token", async (context) => {
  const asked = answerWith(context, [401, {}]);
  const client = makeClient();
  client.askForToken = context.mock.fn();
  await assert.rejects(
    client.post("/operations", { operations: [] }, { keepalive: true }),
    Unreachable,
  );
  assert.equal(asked[0].keepalive, true);
  assert.equal(client.askForToken.mock.callCount(), 0);
});

test("the session is opened once, and again after it failed", async (context) => {
  const asked = answerWith(context, [500, {}], [200, { ok: 1 }], [200, { ok: 2 }]);
  const client = makeClient();
  await assert.rejects(client.openSession(), Unreachable);
  await Promise.all([client.openSession(), client.openSession()]);
  assert.equal(asked.length, 2);
  assert.deepEqual(await client.reopenSession(), { ok: 2 });
});
