import assert from "node:assert/strict";
import { test } from "node:test";

import { paste } from "../../pages/components/predict/pasting.js";

class Transfer {
  files = [];
  items = { add: (file) => this.files.push(file) };
}

function scene(files) {
  const changes = [];
  const input = { files: [], dispatchEvent: (event) => changes.push([event.type, event.bubbles]) };
  const event = {
    clipboardData: { files },
    prevented: 0,
    preventDefault: () => (event.prevented += 1),
  };
  return { changes, input, event };
}

test("pasted pictures become the files of the input, which says so", () => {
  globalThis.DataTransfer = Transfer;
  const { changes, input, event } = scene(["a.png", "b.png"]);
  paste(event, input);
  assert.deepEqual(input.files, ["a.png", "b.png"]);
  assert.deepEqual(changes, [["change", true]]);
  assert.equal(event.prevented, 1);
});

test("pasted text, and a page without an input, are left alone", () => {
  const text = scene([]);
  paste(text.event, text.input);
  paste(scene(["a.png"]).event, null);
  assert.deepEqual([text.changes, text.event.prevented], [[], 0]);
});
