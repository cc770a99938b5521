import assert from "node:assert/strict";
import test from "node:test";

import { stateOf, tell, turn } from "../../pages/components/notices/desktop.js";

/** A browser with one store, whose person answers so when it asks. */
function makeBrowser(context, answer, { isSecure = true } = {}) {
  const kept = new Map();
  const shown = [];
  class Notification {
    static permission = "default";
    static async requestPermission() {
      return (Notification.permission = answer);
    }
    constructor(title, options) {
      shown.push({ title, ...options, click: () => this.onclick() });
    }
    close() {}
  }
  const localStorage = {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
  };
  const given = { Notification, isSecureContext: isSecure, window: { localStorage } };
  const before = Object.keys(given).map((name) => [
    name,
    Object.getOwnPropertyDescriptor(globalThis, name),
  ]);
  for (const [name, value] of Object.entries(given)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  context.after(() => {
    for (const [name, was] of before) {
      if (was) Object.defineProperty(globalThis, name, was);
      else delete globalThis[name];
    }
  });
  return shown;
}

const NOTICES = [
  { id: 4, title: "Run 3 finished", body: "91.4 %", link: "runs?run=3" },
  { id: 7, title: "Run 4 failed", body: "No memory.", link: "runs?run=4" },
];

test("each notice is shown once among all tabs, and a click leads to its run", async (context) => {
  const shown = makeBrowser(context, "granted");
  await tell("4f1c", NOTICES, () => {});
  assert.equal(shown.length, 0); // nobody has turned them on
  assert.equal(await turn("4f1c", true), "on");
  const opened = [];
  await Promise.all([
    tell("4f1c", NOTICES.slice(0, 1), (link) => opened.push(link)),
    tell("4f1c", NOTICES, (link) => opened.push(link)),
  ]);
  await tell("4f1c", NOTICES, () => {});
  assert.deepEqual(
    shown.map(({ title, body }) => [title, body]),
    [
      ["Run 3 finished", "91.4 %"],
      ["Run 4 failed", "No memory."],
    ],
  );
  shown[1].click();
  assert.deepEqual(opened, ["runs?run=4"]);
});

test("they can be turned off again, and are of one workspace", async (context) => {
  makeBrowser(context, "granted");
  await turn("4f1c", true);
  assert.equal(stateOf("77aa"), "off");
  assert.equal(await turn("4f1c", false), "off");
});

test("a browser that was told not to, or that cannot, says so", async (context) => {
  makeBrowser(context, "denied");
  assert.equal(stateOf("4f1c"), "off");
  assert.equal(await turn("4f1c", true), "denied");
  makeBrowser(context, "granted", { isSecure: false });
  assert.equal(stateOf("4f1c"), "unsupported");
});
