import assert from "node:assert/strict";
import test from "node:test";

import { Steps, smoothed, visibleColumns } from "../../pages/components/live_chart/steps.js";

const makePoint = (step, train_loss, stepsAnEpoch = 10) => ({
  step,
  epoch: step / stepsAnEpoch,
  train_loss,
  train_loss_low: train_loss,
  train_loss_high: train_loss,
  gpu_share: null,
});

const means = (steps) => steps.entries("train_loss").map(({ step, mean }) => [step, mean]);

const makeEntries = (number, value = () => 1) =>
  Array.from({ length: number }, (_, i) => {
    const mean = value(i + 1);
    return { step: i + 1, epoch: (i + 1) / 100, low: mean, high: mean, mean };
  });

test("points are taken in once, and what a series has not is left out", () => {
  const steps = new Steps();
  assert.deepEqual([steps.last, steps.loss, steps.isEmpty], [0, null, true]);
  steps.append([makePoint(1, 2), makePoint(4, 1.5)], 8);
  steps.append([makePoint(4, 1.5), { ...makePoint(8, 1.25), gpu_share: 0.5 }], 8);
  assert.deepEqual(
    [means(steps), steps.last, steps.loss],
    [
      [
        [1, 2],
        [4, 1.5],
        [8, 1.25],
      ],
      8,
      1.25,
    ],
  );
  assert.deepEqual(
    steps.entries("gpu_share").map(({ step }) => step),
    [8],
  );
});

test("what a resumed run has forgotten goes, and its new points follow", () => {
  const steps = new Steps();
  steps.append([makePoint(1, 2), makePoint(4, 1.5), makePoint(8, 9)], 8);
  steps.append([], 4);
  assert.deepEqual([steps.last, steps.loss], [4, 1.5]);
  steps.append([makePoint(6, 1)], 6);
  assert.deepEqual(means(steps), [
    [1, 2],
    [4, 1.5],
    [6, 1],
  ]);
  steps.append([], 0);
  assert.ok(steps.isEmpty);
});

test("a part seen from near stands in the whole, and what comes later follows it", () => {
  const steps = new Steps();
  steps.begin({
    last_step: 30,
    epochs_per_step: 0.1,
    series: {
      train_loss: [10, 20, 30].map((step) => [step, 1, 9, 3]),
      train_loss_low: [[1, 1, 1, 1]],
    },
  });
  assert.deepEqual([steps.last, steps.entries("train_loss")[1].epoch], [30, 2]);
  const near = [11, 12, 13].map((step) => [step, step, step, step]);
  steps.refine({ train_loss: near }, 11, 20);
  assert.deepEqual(means(steps), [
    [10, 3],
    [11, 11],
    [12, 12],
    [13, 13],
    [30, 3],
  ]);
  assert.deepEqual([steps.isNear(12, 20), steps.isNear(12, 21)], [true, false]);
  steps.append([makePoint(40, 2)], 40);
  assert.equal(steps.at(1.22).train_loss.step, 12);
  assert.equal(steps.at(99).train_loss.step, 40);
  steps.append([], 10);
  assert.deepEqual([means(steps), steps.isNear(12, 20)], [[[10, 3]], false]);
});

test("the steps of an epoch lie around its number", () => {
  const steps = new Steps();
  steps.append([makePoint(1, 2), makePoint(5, 1.5), makePoint(10, 1)], 10);
  const found = visibleColumns(steps.entries("train_loss"), [0.5, 3.5], 300);
  assert.deepEqual(
    found.map(({ epoch, mean }) => [epoch, mean]),
    [
      [0.6, 2],
      [1, 1.5],
      [1.5, 1],
    ],
  );
});

test("a pixel has one column, and no spike is lost in it; what is out of sight is left out", () => {
  const entries = makeEntries(4_000, (step) => (step % 2 ? 1 : 3));
  entries[1500].high = 250; // a spike that the server found within a column
  entries[1600] = { ...entries[1600], mean: null, low: null, high: null };
  const found = visibleColumns(entries, [10, 20], 200);
  assert.ok(found.length <= 12 * 20 + 1);
  assert.ok(found.every(({ epoch }) => epoch >= 9 && epoch <= 21));
  assert.ok(found.slice(1, -1).every(({ low, mean }) => low >= 1 && mean >= 1 && mean <= 3));
  assert.equal(Math.max(...found.map(({ high }) => high)), 250);
  const gap = { step: 1, epoch: 0.1, low: null, high: null, mean: null };
  assert.deepEqual(visibleColumns([gap], [0.5, 3.5], 300), [
    { epoch: 0.6, low: null, high: null, mean: null },
  ]);
});

test("a smooth curve is the same of steps and of columns, and leaves a level alone", () => {
  const exact = makeEntries(1000, (step) => (step < 500 ? 4 : 1));
  const columns = exact.filter(({ step }) => step % 10 === 0);
  const [a, b] = [smoothed(exact, 100), smoothed(columns, 100)];
  const at = (entries, step) => entries.find((entry) => entry.step === step).mean;
  assert.equal(at(a, 490).toFixed(6), "4.000000");
  for (const step of [600, 1000]) assert.ok(Math.abs(at(a, step) - at(b, step)) < 0.1);
  assert.ok(at(a, 600) > 1.9 && at(a, 600) < 2.3); // a third of the way of 3 is left
  assert.equal(smoothed(exact, 0), exact);
});
