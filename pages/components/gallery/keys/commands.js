// Everything that a key does, in one table: what is listed here works, `?` shows exactly this, and
// a person may give each command other keys. Lines without an id are about mouse and fixed keys.
// What `tells` shows or changes what a blind question must not tell, and does nothing there.
// What is `inQueue` has its keys while a queue is worked on, before what they mean elsewhere.

export const LETTERS_FOR_CLASSES = "asdgqwjpoby"; // no command's default key is one of these

// A table reads as one only with a line a command.
// prettier-ignore
export const COMMANDS = [
  { group: "Label", show: ["1 to 9"], words: "give the class with this key" },
  { group: "Label", show: ["a then 1"], words: "give a class beyond nine; the panel shows the keys" },
  { group: "Label", id: "unlabel", tells: true, words: "take the label away", keys: ["0", "Backspace"], run: (g) => g.decisions.label(null) },
  { group: "Label", id: "pick", words: "find or create a class by name", keys: ["/", "l"], run: (g) => g.decisions.openPicker() },
  { group: "Label", id: "accept", tells: true, words: "label as the model says", keys: ["Enter"], run: (g) => g.decisions.accept() },
  { group: "Label", id: "mark", tells: true, words: "mark for review with a note, or take the mark away", keys: ["m"], run: (g) => g.decisions.markForReview() },
  { group: "Label", id: "gold", tells: true, words: "gold: the label is certain, people are measured by it", keys: ["Shift+g"], run: (g) => g.decisions.markGold() },
  { group: "Label", id: "undo", words: "undo", keys: ["z", "Ctrl+z"], run: (g) => g.decisions.undo() },
  { group: "Label", id: "redo", words: "do it again", keys: ["Shift+z", "Ctrl+Shift+z", "Ctrl+y"], run: (g) => g.decisions.redo() },

  { group: "In a queue", id: "answer.keep", inQueue: true, words: "keep: right as it is", keys: ["k"], run: (g) => g.review.answer("keep") },
  { group: "In a queue", id: "answer.accept", inQueue: true, words: "accept: the suggestion holds", keys: ["Enter"], run: (g) => g.review.answer("accept") },
  { group: "In a queue", id: "answer.ambiguous", inQueue: true, words: "ambiguous: kept aside and marked", keys: ["x"], run: (g) => g.review.answer("ambiguous") },
  { group: "In a queue", id: "answer.held_out", inQueue: true, words: "keep aside", keys: ["h"], run: (g) => g.review.answer("held_out") },
  { group: "In a queue", id: "answer.skip", inQueue: true, words: "skip: not now", keys: ["n"], run: (g) => g.review.answer("skip") },

  { group: "Split", id: "split.train", tells: true, words: "train", keys: ["t"], run: (g) => g.decisions.split("train") },
  { group: "Split", id: "split.val", tells: true, words: "val", keys: ["v"], run: (g) => g.decisions.split("val") },
  { group: "Split", id: "split.test", tells: true, words: "test", keys: ["e"], run: (g) => g.decisions.split("test") },
  { group: "Split", id: "split.held_out", tells: true, words: "kept aside", keys: ["h"], run: (g) => g.decisions.split("held_out") },
  { group: "Split", id: "split.none", tells: true, words: "not assigned", keys: ["x"], run: (g) => g.decisions.split(null) },

  { group: "Go to", id: "next.unlabelled", words: "next image without a label", keys: ["u"], run: (g) => g.finding.go("unlabelled", "next") },
  { group: "Go to", id: "previous.unlabelled", words: "the one before without a label", keys: ["Shift+u"], run: (g) => g.finding.go("unlabelled", "previous") },
  { group: "Go to", id: "next.doubted", words: "next label that the model doubts", keys: ["."], run: (g) => g.finding.go("doubted", "next") },
  { group: "Go to", id: "previous.doubted", words: "the one before that it doubts", keys: [","], run: (g) => g.finding.go("doubted", "previous") },
  { group: "Go to", id: "alike", tells: true, words: "images that look like the selected", keys: ["Shift+f"], run: (g) => g.navigation.findAlike() },
  { group: "Go to", show: ["arrows"], words: "with Shift: select on the way" },
  { group: "Go to", show: ["Home", "End"], words: "first, last" },
  { group: "Go to", show: ["PgUp", "PgDn"], words: "a screen up or down" },

  { group: "Select", show: ["click", "Shift", "Ctrl"], words: "one, a range, one more" },
  { group: "Select", show: ["drag"], words: "a box of images; with Ctrl added to the selection" },
  { group: "Select", id: "select", words: "select the focused image, or not", keys: ["Shift+Enter"], run: (g) => g.selection.toggleFocused() },
  { group: "Select", id: "select.all", words: "all that are loaded; again: all that match the filter", keys: ["Ctrl+a"], run: (g) => g.navigation.selectAll() },
  { group: "Select", id: "select.others", words: "the others instead of the selected", keys: ["n"], run: (g) => g.selection.invert() },
  { group: "Select", id: "keep", words: "a label keeps the selection, or moves on", keys: ["k"], run: (g) => g.appearance.toggleKeep() },
  { group: "Select", show: ["Esc"], words: "close, then select nothing" },

  { group: "Look", id: "view.focus", words: "focus: one image, large", keys: ["Space"], run: (g) => g.views.toggle("focus") },
  { group: "Look", id: "view.film", words: "film: large, with its neighbours beside it", keys: ["Shift+Space"], run: (g) => g.views.toggle("film") },
  { group: "Look", id: "view.compare", words: "compare two to six that are selected", keys: ["c"], run: (g) => g.views.toggle("compare") },
  { group: "Look", id: "larger", words: "zoom in; in the grid larger tiles", keys: ["+", "="], run: (g) => g.appearance.zoom(1) },
  { group: "Look", id: "smaller", words: "zoom out; in the grid smaller tiles", keys: ["-"], run: (g) => g.appearance.zoom(-1) },
  { group: "Look", show: ["wheel", "drag"], words: "zoom and move a large image; Ctrl and arrows move it too" },
  { group: "Look", id: "fill", words: "fill the tiles, or show whole images", keys: ["f"], run: (g) => g.appearance.toggleFill() },
  { group: "Look", id: "details", words: "details beside the images", keys: ["i"], run: (g) => g.appearance.togglePanel() },
  { group: "Look", id: "help", words: "these keys", keys: ["?"], run: (g) => g.appearance.openHelp() },
];

/** Keys that keep their meaning: nobody should lose the way out, the way around, or the classes. */
export const FIXED_KEYS = new Map([
  ["Escape", (g) => g.navigation.escape()],
  ...["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"].map(
    (key) => [key, (g, event) => g.navigation.move(key, event)],
  ),
]);

export const BROWSER_KEYS = new Set(
  [..."tnwqrlpsfdhjucvx"]
    .map((letter) => `Ctrl+${letter}`)
    .concat("Ctrl+Shift+t", "Ctrl+Shift+n", "Ctrl+Shift+w", "Ctrl+Shift+i", "Ctrl+Shift+r"),
);

/** "z", "Shift+z", "Ctrl+Shift+z" (Cmd on a Mac), "Space", "?"; null for what is not ours. */
export function nameOfKey(event) {
  const { key } = event;
  if (
    event.altKey ||
    !key ||
    ["Shift", "Control", "Meta", "Dead", "Process", "Unidentified", "CapsLock"].includes(key)
  ) {
    return null;
  }
  const isLetter = key.length === 1 && key.toLowerCase() !== key.toUpperCase();
  const base = key === " " ? "Space" : isLetter ? key.toLowerCase() : key;
  const shift = event.shiftKey && (isLetter || base.length > 1) ? "Shift+" : "";
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${shift}${base}`;
}

/** As a person reads it. */
export const showKey = (name) => name.replace("Escape", "Esc");
