import assert from "node:assert/strict";
import test from "node:test";

import { Bindings } from "../../pages/components/gallery/keys/bindings.js";
import { ClassKeys } from "../../pages/components/gallery/keys/class_keys.js";
import {
  COMMANDS,
  LETTERS_FOR_CLASSES,
  nameOfKey,
} from "../../pages/components/gallery/keys/commands.js";
import { findAction } from "../../pages/components/gallery/keys/keys.js";
import { Classes } from "../../pages/components/gallery/state/classes.js";

/** Preferences that keep what is set in memory. */
function makePreferences(values = {}) {
  return {
    values,
    get: (name, otherwise) => values[name] ?? otherwise,
    set: (name, value) => (values[name] = value),
  };
}

const makeClasses = (count, letters = ["a", "s"]) => {
  const classes = new Classes(letters);
  classes.set(
    Array.from({ length: count }, (_, i) => ({
      label_id: i + 1,
      name: `class ${i + 1}`,
      hotkey: null,
    })),
  );
  return classes;
};

/** What is called on a gallery, as text: "decisions.label(null)". */
function makeGallery({ numClasses = 0, keys = {}, reviews = false, blind = false } = {}) {
  const calls = [];
  const recorder = (name) =>
    new Proxy(
      {},
      {
        get:
          (_, verb) =>
          (...given) => {
            const said = given.map((value) =>
              typeof value === "object" && value ? "event" : String(value),
            );
            calls.push(`${name}.${verb}(${said.join(", ")})`);
          },
      },
    );
  const parts = [
    "decisions",
    "navigation",
    "appearance",
    "finding",
    "selection",
    "views",
    "review",
  ];
  const gallery = Object.fromEntries(parts.map((name) => [name, recorder(name)]));
  gallery.bindings = new Bindings(makePreferences({ keys }));
  gallery.review = new Proxy(gallery.review, {
    get: (target, verb) => ({ isOn: reviews, isBlind: blind })[verb] ?? target[verb],
  });
  gallery.classKeys = new ClassKeys({
    classes: makeClasses(numClasses, gallery.bindings.freeLetters()),
    onLabel: (id) => calls.push(`class ${id}`),
    say: (words) => calls.push(words),
  });
  return { gallery, calls };
}

function press(gallery, key, modifiers = {}) {
  const action = findAction(gallery, { key, ...modifiers });
  action?.();
  return Boolean(action);
}

test("every command calls what exists in the gallery's modules", async () => {
  const { Appearance } = await import("../../pages/components/gallery/actions/appearance.js");
  const { Review } = await import("../../pages/components/gallery/actions/review.js");
  const { Decisions } = await import("../../pages/components/gallery/actions/decisions.js");
  const { Navigation } = await import("../../pages/components/gallery/actions/navigation.js");
  const { Finding } = await import("../../pages/components/gallery/state/finding.js");
  const { Selection } = await import("../../pages/components/gallery/state/selection.js");
  const { Views } = await import("../../pages/components/gallery/views/views.js");
  const modules = {
    decisions: Decisions,
    navigation: Navigation,
    appearance: Appearance,
    finding: Finding,
    selection: Selection,
    views: Views,
    review: Review,
  };
  const { gallery, calls } = makeGallery();
  for (const command of COMMANDS) command.run?.(gallery);
  assert.equal(calls.length, COMMANDS.filter((command) => command.id).length);
  for (const call of calls) {
    const [, module, verb] = /^(\w+)\.(\w+)\(/.exec(call);
    assert.equal(typeof modules[module].prototype[verb], "function", call);
  }
});

test("no default key has two meanings, belongs to the browser, or begins a class", () => {
  const bindings = new Bindings(makePreferences());
  for (const queue of [true, undefined]) {
    const keys = COMMANDS.flatMap(({ inQueue, keys: own }) => (inQueue === queue && own) || []);
    assert.equal(new Set(keys).size, keys.length);
    for (const key of keys) assert.equal(bindings.refuse(key), null, key);
  }
  assert.deepEqual(bindings.freeLetters(), [...LETTERS_FOR_CLASSES]);
});

test("keys are named as a person reads them", () => {
  const name = (key, modifiers = {}) => nameOfKey({ key, ...modifiers });
  assert.equal(name("Z", { shiftKey: true }), "Shift+z");
  assert.equal(name("z", { metaKey: true }), "Ctrl+z");
  assert.equal(name(" ", { shiftKey: true }), "Shift+Space");
  assert.equal(name("?", { shiftKey: true }), "?");
  assert.equal(name("ArrowUp", { ctrlKey: true, shiftKey: true }), "Ctrl+Shift+ArrowUp");
  assert.equal(name("a", { altKey: true }), null);
  assert.equal(name("Dead"), null);
});

test("a command runs by each of its keys", () => {
  const { gallery, calls } = makeGallery();
  for (const key of ["0", "Backspace", "t", "x", "."]) press(gallery, key);
  press(gallery, "z", { ctrlKey: true });
  assert.deepEqual(calls, [
    "decisions.label(null)",
    "decisions.label(null)",
    "decisions.split(train)",
    "decisions.split(null)",
    "finding.go(doubted, next)",
    "decisions.undo()",
  ]);
  assert.equal(press(gallery, "F5"), false);
});

test("digits give the first nine classes, a letter and a digit the others", () => {
  const { gallery, calls } = makeGallery({ numClasses: 12 });
  for (const key of ["1", "9", "a", "3"]) press(gallery, key);
  assert.deepEqual(calls, ["class 1", "class 9", "a … then a digit", "class 12"]);
});

test("a digit without a class says so; the second key of a pair may not wait for ever", (context) => {
  let now = 0;
  context.mock.method(performance, "now", () => now);
  const { gallery, calls } = makeGallery({ numClasses: 12 });
  press(gallery, "a");
  now = 1600;
  press(gallery, "3");
  assert.deepEqual(calls, ["a … then a digit", "class 3"]);
  const { gallery: empty, calls: said } = makeGallery();
  press(empty, "4");
  assert.deepEqual(said, ["No class has the key 4. Press / to find or create one."]);
});

test("a key that a person gives to a command leaves its old one", () => {
  const preferences = makePreferences();
  const bindings = new Bindings(preferences);
  bindings.give("split.train", "m", "t");
  assert.equal(bindings.find("m").id, "split.train");
  assert.equal(bindings.find("t"), undefined);
  assert.equal(bindings.keyOf("mark"), undefined);
  assert.deepEqual(preferences.values.keys, { "split.train": ["m"], mark: [] });
  bindings.reset();
  assert.equal(bindings.find("m").id, "mark");
});

test("a queue's answers have keys of their own, which a person may change", () => {
  const keys = { "answer.keep": ["t"], "answer.skip": ["Shift+k"] };
  const { gallery, calls } = makeGallery({ keys, reviews: true });
  for (const key of ["t", "x", "k"]) press(gallery, key);
  press(gallery, "k", { shiftKey: true });
  assert.deepEqual(calls, [
    "review.answer(keep)",
    "review.answer(ambiguous)",
    "appearance.toggleKeep()",
    "review.answer(skip)",
  ]);
  assert.equal(gallery.bindings.keyOf("split.train"), "t"); // outside queues it keeps its key
  gallery.bindings.give("answer.held_out", "t");
  assert.equal(gallery.bindings.keyOf("answer.keep"), undefined);
  assert.equal(gallery.bindings.find("t").id, "split.train");
  const { gallery: outside, calls: said } = makeGallery({ keys });
  press(outside, "t");
  assert.deepEqual(said, ["decisions.split(train)"]);
});

test("in a blind queue no key shows or changes what is not told", () => {
  const { gallery, calls } = makeGallery({ numClasses: 3, reviews: true, blind: true });
  for (const key of ["t", "0", "m", "k", "n", "2"]) press(gallery, key);
  press(gallery, "f", { shiftKey: true });
  press(gallery, "z");
  assert.deepEqual(calls, [
    "review.answer(split.train)",
    "review.answer(unlabel)",
    "review.answer(mark)",
    "review.answer(keep)",
    "review.answer(skip)",
    "class 2",
    "review.answer(alike)",
    "decisions.undo()",
  ]);
});

test("keys that moves, classes and browsers need cannot be given away", () => {
  const bindings = new Bindings(makePreferences());
  for (const key of ["5", "Escape", "Shift+ArrowUp", "Tab", "Ctrl+t", "F5", "Shift+F12"]) {
    assert.notEqual(bindings.refuse(key), null, key);
  }
  const kept = new Bindings(makePreferences({ keys: { undo: ["q", "Ctrl+t", 7] } }));
  assert.deepEqual(kept.commands.find(({ id }) => id === "undo").keys, ["q"]);
});

test("a person's choice wins over a default that came later", () => {
  const bindings = new Bindings(makePreferences({ keys: { undo: ["f"] } }));
  assert.equal(bindings.find("f").id, "undo");
  assert.equal(bindings.keyOf("fill"), undefined);
  assert.equal(bindings.areOwn, true);
});

test("classes keep the keys that were set for them, and take digits by name and by order", () => {
  const classes = new Classes(["a"]);
  classes.set([
    { label_id: 1, name: "seven", hotkey: null },
    { label_id: 2, name: "1", hotkey: null },
    { label_id: 3, name: "x-ray", hotkey: "a" },
    { label_id: 4, name: "other", hotkey: "1" },
  ]);
  assert.deepEqual(
    classes.list.map((label) => label.key),
    ["2", "3", "a", "1"],
  );
  assert.equal(classes.prefixes.size, 0); // "a" is the key of a class itself
});
