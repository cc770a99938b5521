// New tiles are made for so long in a frame and no longer.

import assert from "node:assert/strict";
import { test } from "node:test";

import { inTime } from "../../pages/components/gallery/tiles/slices.js";

test("a frame does as much as fits, at least one, and says how much is left", () => {
  let clock = 0;
  const done = [];
  const work = (thing) => {
    done.push(thing);
    clock += 2;
  };
  assert.equal(
    inTime([1, 2, 3, 4, 5], work, 6, () => clock),
    2,
  );
  assert.deepEqual(done, [1, 2, 3]);
  assert.equal(
    inTime([4, 5], work, 0, () => clock),
    1,
  );
  assert.equal(
    inTime([5], work, 6, () => clock),
    0,
  );
  assert.deepEqual(done, [1, 2, 3, 4, 5]);
});
