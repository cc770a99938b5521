import assert from "node:assert/strict";
import test from "node:test";

import { Steps, visibleSteps } from "../../pages/components/live_chart/steps.js";

const makePoint = (step, train_loss, stepsAnEpoch = 10) => ({
  step,
  epoch: step / stepsAnEpoch,
  train_loss,
});

test("points are taken in once, and the last is the cursor", () => {
  const steps = new Steps();
  assert.deepEqual([steps.last, steps.loss], [0, null]);
  steps.append([makePoint(1, 2), makePoint(4, 1.5)], 8);
  steps.append([makePoint(4, 1.5), makePoint(8, 1.25)], 8);
  assert.deepEqual(
    steps.points.map((point) => point.step),
    [1, 4, 8],
  );
  assert.deepEqual([steps.last, steps.loss], [8, 1.25]);
});

test("what a resumed run has forgotten goes, and its new points follow", () => {
  const steps = new Steps();
  steps.append([makePoint(1, 2), makePoint(4, 1.5), makePoint(8, 9)], 8);
  steps.append([], 4);
  assert.deepEqual([steps.last, steps.loss], [4, 1.5]);
  steps.append([makePoint(6, 1)], 6);
  assert.deepEqual(
    steps.points.map((point) => point.train_loss),
    [2, 1.5, 1],
  );
  steps.append([], 0);
  assert.deepEqual(steps.points, []);
});

test("the steps of an epoch lie around its number", () => {
  const found = visibleSteps(
    [makePoint(1, 2), makePoint(5, 1.5), makePoint(10, 1)],
    [0.5, 3.5],
    300,
  );
  assert.deepEqual(found, [
    { epoch: 0.6, loss: 2 },
    { epoch: 1, loss: 1.5 },
    { epoch: 1.5, loss: 1 },
  ]);
});

test("a pixel has one point, the mean of what is finite; what is out of sight is left out", () => {
  const points = Array.from({ length: 4_000 }, (_, i) => makePoint(i + 1, i % 2 ? 1 : 3, 100));
  points[500].train_loss = null;
  const found = visibleSteps(points, [10, 20], 200);
  assert.ok(found.length <= 12 * 20 + 1);
  assert.ok(found.every(({ epoch }) => epoch >= 9 && epoch <= 21));
  assert.ok(found.slice(1, -1).every(({ loss }) => loss >= 1 && loss <= 3));
  assert.deepEqual(visibleSteps([makePoint(1, null)], [0.5, 3.5], 300), [
    { epoch: 0.6, loss: null },
  ]);
});
