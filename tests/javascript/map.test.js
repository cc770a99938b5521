import assert from "node:assert/strict";
import test from "node:test";

import { colourPoints, COLOURINGS, readColour } from "../../pages/components/image_map/colours.js";
import { bindGestures, thinned } from "../../pages/components/image_map/gestures.js";
import { findNearest, paint } from "../../pages/components/image_map/painter.js";
import {
  idAt,
  matchingLast,
  mixedOrder,
  readPoints,
} from "../../pages/components/image_map/points.js";
import { fitAll, placeAt, spotOf, zoomed } from "../../pages/components/image_map/view.js";

function pack(head, arrays) {
  const parts = [];
  let offset = 0;
  head.arrays = arrays.map(([name, type, values]) => {
    const at = offset;
    const bytes = new Uint8Array(Math.ceil(values.byteLength / 8) * 8);
    bytes.set(new Uint8Array(values.buffer));
    parts.push(bytes);
    offset += bytes.length;
    return { name, type, offset: at };
  });
  let text = JSON.stringify(head);
  text = text.padEnd(Math.ceil((text.length + 4) / 8) * 8 - 4);
  const found = new Uint8Array(4 + text.length + offset);
  new DataView(found.buffer).setUint32(0, text.length, true);
  found.set(new TextEncoder().encode(text), 4);
  let at = 4 + text.length;
  for (const part of parts) {
    found.set(part, at);
    at += part.length;
  }
  return found.buffer;
}

test("the answer's arrays are read where its head says", () => {
  const ids = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
  const places = Float32Array.from([0.5, -1, 2, 3]);
  const points = readPoints(
    pack({ number: 2, state: "s" }, [
      ["places", "float32", places],
      ["ids", "uint8", ids],
    ]),
  );
  assert.equal(points.state, "s");
  assert.deepEqual([...points.places], [0.5, -1, 2, 3]);
  assert.equal(idAt(points.ids, 0), "01020304-0506-0708-090a-0b0c0d0e0f10");
});

test("every point is painted once, those of the list last", () => {
  for (const number of [0, 1, 2, 10, 100]) {
    const order = mixedOrder(number);
    assert.deepEqual(
      [...order].sort((a, b) => a - b),
      [...Array(number).keys()],
    );
    const matching = Uint8Array.from(order, (_, i) => i % 3 === 0);
    const sorted = [...matchingLast(order, matching)];
    assert.deepEqual(
      sorted.map((place) => matching[place]),
      [...matching].sort(),
    );
  }
});

test("a point's disc lies where the view says, and none is cut off by an edge", () => {
  const size = { width: 20, height: 10 };
  const pixels = new Uint32Array(200);
  const view = { scale: 1, left: 10, top: 5 };
  const places = Float32Array.from([2, 1, 100, 0]);
  const colours = Uint32Array.from([7, 9]);
  paint(pixels, size, { places, order: [0, 1], colours, view, radius: 1 });
  const painted = [...pixels.keys()].filter((at) => pixels[at] === 7);
  assert.deepEqual(
    painted.map((at) => [at % 20, Math.floor(at / 20)]),
    [
      [12, 3],
      [11, 4],
      [12, 4],
      [13, 4],
      [12, 5],
    ],
  );
  assert.ok(!pixels.includes(9));
  assert.equal(findNearest(places, view, 13, 4, 2), 0);
  assert.equal(findNearest(places, view, 16, 4, 2), -1);
});

test("zooming keeps the spot under the pointer, and places go there and back", () => {
  const places = Float32Array.from([-1, -2, 3, 2]);
  const view = fitAll(places, { width: 800, height: 400 });
  const spot = [300, 100];
  const nearer = zoomed(view, 4, ...spot);
  for (const axis of [0, 1]) {
    assert.ok(Math.abs(placeAt(view, ...spot)[axis] - placeAt(nearer, ...spot)[axis]) < 1e-9);
    assert.ok(Math.abs(spotOf(nearer, placeAt(nearer, ...spot))[axis] - spot[axis]) < 1e-9);
  }
  assert.equal(zoomed(view, 1e9, 0, 0).scale, view.most);
});

test("points outside of the list are dim, and the legend counts those in it", () => {
  const classes = [{ label_id: 4, name: "cat", color: "#ff0000" }];
  const way = COLOURINGS.label.make({ labels: Int32Array.from([4, 4, 0, 9]) }, classes);
  const { numbers, legend } = colourPoints(way, Uint8Array.from([1, 0, 1, 1]), [255, 255, 255]);
  assert.equal(numbers[0], 0xff0000ff);
  assert.notEqual(numbers[1], numbers[0]);
  assert.deepEqual(
    legend.map(({ words, count }) => [words, count]),
    [
      ["not labelled", 2],
      ["cat", 1],
    ],
  );
  assert.deepEqual(readColour("rgb(14, 17, 23)"), [14, 17, 23]);
});

test("doubts are grouped, and labels that were not judged are told apart", () => {
  const doubts = Uint8Array.from([49, 50, 150, 255]);
  assert.ok(COLOURINGS.doubt.fits({ doubts }));
  assert.ok(!COLOURINGS.doubt.fits({ doubts: Uint8Array.from([255]) }));
  const { keys, groups } = COLOURINGS.doubt.make({ doubts });
  assert.deepEqual([...keys], [0, 1, 3, 4]);
  assert.deepEqual(
    [0, 1, 3, 4].map((key) => groups.get(key).where),
    [
      { issue_min: null, issue_max: 0.25 },
      { issue_min: 0.25, issue_max: 0.5 },
      { issue_min: 0.75, issue_max: null },
      undefined,
    ],
    "each number of the legend is a filter, where there is one",
  );
});

test("a line of many corners keeps its shape with fewer", () => {
  const line = Array.from({ length: 1000 }, (_, i) => [i, i]);
  assert.equal(thinned(line, 300).length, 300);
  assert.deepEqual(thinned(line, 300)[0], [0, 0]);
  assert.equal(thinned(line.slice(0, 5), 300).length, 5);
});

/** A canvas whose pointer a test moves; what the map is asked is in `calls`. */
function makeStage(mode) {
  const listeners = {};
  const canvas = {
    addEventListener: (name, run) => (listeners[name] = run),
    setPointerCapture() {},
  };
  const calls = [];
  const map = new Proxy(
    { mode },
    {
      get: (own, name) => own[name] ?? ((...given) => calls.push([name, ...given])),
    },
  );
  bindGestures({ getBoundingClientRect: () => ({ left: 10, top: 20 }) }, canvas, map);
  const send = (name, x, y, more = {}) =>
    listeners[name]({ pointerId: 1, button: 0, clientX: x, clientY: y, type: name, ...more });
  return { calls, send };
}

test("a press that stands still is a click, whatever dragging does", () => {
  for (const mode of ["lasso", "move"]) {
    const { calls, send } = makeStage(mode);
    send("pointerdown", 110, 120);
    send("pointermove", 112, 121);
    send("pointerup", 112, 121, { pointerType: "touch" });
    assert.deepEqual(calls, [["clickAt", [100, 100], true]], mode);
  }
});

test("a press that wanders draws a line, or moves the map by all that it wandered", () => {
  const drawn = makeStage("lasso");
  drawn.send("pointerdown", 110, 120);
  drawn.send("pointermove", 140, 120);
  drawn.send("pointerup", 140, 120);
  assert.deepEqual(drawn.calls.at(-1), [
    "endLine",
    [
      [100, 100],
      [130, 100],
    ],
  ]);
  const dragged = makeStage("move");
  dragged.send("pointerdown", 110, 120);
  dragged.send("pointermove", 112, 120);
  dragged.send("pointermove", 120, 125);
  dragged.send("pointerup", 120, 125);
  assert.deepEqual(dragged.calls, [["leave"], ["moveBy", 10, 5]]);
});
