import assert from "node:assert/strict";
import test from "node:test";

import { Curve, bestEntry } from "../../pages/components/live_chart/curve.js";
import {
  lastOnAxis,
  logRange,
  logTicks,
  niceStep,
  ticks,
  valueRange,
} from "../../pages/components/live_chart/scale.js";
import { Steps } from "../../pages/components/live_chart/steps.js";
import { leftText, lossText, percent, rateText } from "../../pages/components/live_chart/text.js";

const makeEpoch = (epoch, val_accuracy, val_loss = 1) => ({
  epoch,
  val_accuracy,
  val_loss,
  train_accuracy: val_accuracy,
  train_loss: val_loss,
});

/** A curve in a figure of so many pixels; `attributes` and `innerHTML` of its picture. */
function makeCurve(context, metric, width = 500) {
  const svg = { attributes: {}, setAttribute: (name, value) => (svg.attributes[name] = value) };
  globalThis.document = { createElementNS: () => svg };
  context.after(() => delete globalThis.document);
  const figure = {
    dataset: { metric },
    clientWidth: width,
    replaceChildren() {},
    getBoundingClientRect: () => ({ left: 20 }),
  };
  return { curve: new Curve(figure), svg };
}

const makeSteps = (losses) => {
  const steps = new Steps();
  const points = losses.map((train_loss, i) => ({ step: i + 1, epoch: (i + 1) / 10, train_loss }));
  steps.append(points, losses.length);
  return steps;
};

const draw = (curve, epochs, more = {}) =>
  curve.draw({ epochs, range: [1, 5], stages: [], hovered: undefined, selected: null, ...more });

test("steps are 1, 2 or 5 times a power of ten", () => {
  assert.deepEqual(
    [niceStep(1, 5), niceStep(10, 4), niceStep(0.3, 5), niceStep(7, 1)],
    [0.2, 5, 0.1, 10],
  );
  assert.deepEqual(ticks(0.1, 0.5, 4), [0.1, 0.2, 0.3, 0.4, 0.5]);
});

test("the range holds all values, ignores what is no number, and stays within its limits", () => {
  assert.deepEqual(valueRange([]), [0, 1]);
  assert.deepEqual(valueRange([NaN, undefined]), [0, 1]);
  const [low, high] = valueRange([0.62, NaN, 0.91], { ceiling: 1 });
  assert.ok(low <= 0.62 && high >= 0.91 && high <= 1);
  assert.equal(valueRange([1, 1], { ceiling: 1 })[1], 1);
  assert.equal(valueRange([0, 0])[0], 0);
});

test("the axis shows the whole plan, of a long one room to grow, of a finished run what there was", () => {
  assert.equal(lastOnAxis(3, 40, false), 40);
  assert.equal(lastOnAxis(3, 2000, false), 30);
  assert.equal(lastOnAxis(100, 2000, false), 152);
  assert.equal(lastOnAxis(1990, 2000, false), 2000);
  assert.equal(lastOnAxis(17, 40, true), 17);
  assert.equal(lastOnAxis(0, 40, true), 2);
});

test("the best epoch has the highest accuracy, of equals the lowest loss, of those the first", () => {
  const epochs = [
    makeEpoch(1, 0.5),
    makeEpoch(2, 0.8, 0.7),
    makeEpoch(3, 0.8, 0.6),
    makeEpoch(4, 0.8, 0.6),
  ];
  assert.equal(bestEntry([...epochs, makeEpoch(5, NaN)]).epoch, 3);
  assert.equal(bestEntry([]), null);
});

test("a curve has a point an epoch, a gap where a number is missing, and its best marked", (context) => {
  const { curve, svg } = makeCurve(context, "accuracy");
  draw(curve, [makeEpoch(1, 0.5), makeEpoch(2, null), makeEpoch(3, 0.75)]);
  assert.equal(svg.innerHTML.match(/class="val point"/g).length, 2);
  const [, path] = /<path class="val" d="([^"]*)"/.exec(svg.innerHTML);
  assert.equal(path.match(/M/g).length, 2); // begun again behind the gap
  assert.match(svg.innerHTML, /best 75\.0 %/);
  assert.match(svg.attributes["aria-label"], /after epoch 3: validation 75\.0 %.*at epoch 3\./);
});

test("loss has no best mark, and many epochs are a line without circles", (context) => {
  const { curve, svg } = makeCurve(context, "loss");
  draw(
    curve,
    Array.from({ length: 200 }, (_, i) => makeEpoch(i + 1, 0.5)),
    { range: [1, 200] },
  );
  assert.doesNotMatch(svg.innerHTML, /best|circle/);
});

test("the loss is drawn from the first steps on, before any epoch is finished", (context) => {
  const steps = makeSteps([2, 1.5, null, 1.25]);
  const { curve, svg } = makeCurve(context, "loss");
  draw(curve, [], { steps, range: [0.5, 5.5] });
  const [, path] = /<path class="steps train" d="([^"]*)"/.exec(svg.innerHTML);
  assert.equal(path.match(/M/g).length, 2); // begun again behind the gap
  assert.ok(path.startsWith(`M${curve.x(0.6).toFixed(1)} ${curve.y(2).toFixed(1)}L`));
  assert.ok(curve.values[0] <= 1.25 && curve.values[1] >= 2);
  assert.match(svg.attributes["aria-label"], /no epoch is finished yet\. Training 1\.250 now\./);
});

test("accuracy has no line of steps", (context) => {
  const { curve, svg } = makeCurve(context, "accuracy");
  draw(curve, [makeEpoch(1, 0.5)], { steps: makeSteps([2]) });
  assert.doesNotMatch(svg.innerHTML, /steps/);
});

test("a spike within a column is drawn, and the axis holds it", (context) => {
  const steps = makeSteps([2, 1.5]);
  steps.series.get("train_loss")[0].high = 40;
  const { curve, svg } = makeCurve(context, "loss");
  draw(curve, [], { steps, smoothing: 0.1 });
  const [, bars] = /<path class="span train" d="([^"]*)"/.exec(svg.innerHTML);
  assert.equal(
    bars,
    `M${curve.x(0.6).toFixed(1)} ${curve.y(2).toFixed(1)}V${curve.y(40).toFixed(1)}`,
  );
  assert.ok(curve.values[1] >= 40);
  assert.match(svg.innerHTML, /<path class="steps train faint"/); // as it is, behind the smooth one
});

test("on a log scale equal ratios are equal distances", (context) => {
  const { curve, svg } = makeCurve(context, "loss");
  draw(curve, [], { steps: makeSteps([0.01, 1, 100]), isLog: true });
  const [a, b, c] = [0.01, 1, 100].map((value) => curve.y(value));
  assert.ok(Math.abs(a - b - (b - c)) < 1e-9);
  assert.match(svg.innerHTML, />0\.01</);
  assert.ok(Number.isFinite(curve.y(0)));
  assert.deepEqual(logRange([0.02, 0, NaN, 70]).map(Math.log10), [-2, 2]);
  assert.deepEqual(logTicks(0.5, 20), [0.5, 1, 2, 5, 10, 20]);
  assert.deepEqual(logTicks(1e-9, 1), [1e-9, 1e-7, 1e-5, 1e-3, 0.1]);
});

test("a chart of the machine tells each of its series", (context) => {
  const steps = makeSteps([2, 1]);
  steps.append([{ step: 3, epoch: 0.3, process_bytes: 2 ** 31, gpu_bytes: 2 ** 33 }], 3);
  const { curve, svg } = makeCurve(context, "memory");
  draw(curve, [makeEpoch(1, 0.5)], { steps });
  assert.equal(svg.innerHTML.match(/class="steps/g).length, 2);
  assert.equal(svg.attributes["aria-label"], "Memory, GiB: process 2.0 GiB, GPU 8.0 GiB now.");
});

test("places and epochs are the inverse of each other", (context) => {
  const { curve } = makeCurve(context, "loss");
  draw(curve, [makeEpoch(1, 0.5)]);
  for (const epoch of [1, 2.5, 5]) {
    assert.ok(Math.abs(curve.epochAt(20 + curve.x(epoch)) - epoch) < 1e-9);
  }
  assert.equal(curve.epochAt(-1000), 1);
  assert.equal(curve.epochAt(5000), 5);
});

test("stages are named where there is room and parted by a line", (context) => {
  const { curve, svg } = makeCurve(context, "loss");
  const stages = [
    { name: "warmup", epochs: 2 },
    { name: "finetune", epochs: 3 },
  ];
  draw(curve, [makeEpoch(1, 0.5)], { stages });
  assert.equal(svg.innerHTML.match(/class="stage"/g).length, 1);
  assert.match(svg.innerHTML, /Warm-up.*Fine-tuning/s);
});

test("numbers are told with as many digits as are true", () => {
  assert.equal(percent(0.9137), "91.4 %");
  assert.equal(percent(null), "–");
  assert.deepEqual([lossText(0.12345), lossText(12.34), lossText(123.4)], ["0.123", "12.3", "123"]);
  assert.deepEqual(
    [rateText(1234.5), rateText(3.21), rateText(0)],
    ["1,235 images/s", "3.2 images/s", ""],
  );
  assert.deepEqual(
    [leftText(1, 4), leftText(20, 36), leftText(40, 44), leftText(480, 660), leftText(590, 610)],
    [
      ...["a few seconds left", "20 to 35 s left", "40 to 45 s left", "8 to 11 min left"],
      "about 10 min left",
    ],
  );
  assert.deepEqual(
    [leftText(3600, 8800), leftText(7100, 7300), leftText(null, null)],
    ["1 to 2.5 h left", "about 2 h left", ""],
  );
});
