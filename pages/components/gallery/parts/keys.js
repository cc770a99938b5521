// The keys of the page, in one table: what is listed here works, and `?` shows exactly this.

const SPLIT_KEYS = { t: "train", v: "val", e: "test", h: "held_out", x: null };

const KEYS = [
  { group: "Label", show: "1 to 9", words: "give the class with this key", keys: "123456789".split(""), run: (g, key) => g.labelByKey(key) },
  { group: "Label", show: "a then 1", words: "give a class beyond nine; the panel shows the keys", keys: [] },
  { group: "Label", show: "0 or Backspace", words: "take the label away", keys: ["0", "Backspace"], run: (g) => g.label(null) },
  { group: "Label", show: "/ or l", words: "find or create a class by name", keys: ["/", "l"], run: (g) => g.openPicker() },
  { group: "Label", show: "u", words: "go to the next unlabelled image", keys: ["u"], run: (g) => g.goToUnlabelled() },
  { group: "Label", show: "m", words: "mark for review with a note, or take the mark away", keys: ["m"], run: (g) => g.markForReview() },
  { group: "Label", show: "z", words: "undo", keys: ["z", "Ctrl+z"], run: (g) => g.undo() },
  { group: "Label", show: "Shift+z", words: "do it again", keys: ["Z", "Ctrl+Z", "Ctrl+y"], run: (g) => g.redo() },
  { group: "Split", show: "t v e h", words: "train, val, test, held out", keys: ["t", "v", "e", "h"], run: (g, key) => g.split(SPLIT_KEYS[key]) },
  { group: "Split", show: "x", words: "out of every split", keys: ["x"], run: (g) => g.split(null) },
  { group: "Select", show: "click, Shift, Ctrl", words: "one, a range, one more", keys: [] },
  { group: "Select", show: "Enter", words: "select the focused image, or not", keys: ["Enter"], run: (g) => g.selection.toggleFocused() },
  { group: "Select", show: "Ctrl+a", words: "all that are loaded; again: all that match the filter", keys: ["Ctrl+a"], run: (g) => g.selectAll() },
  { group: "Select", show: "drag", words: "a box of images; with Ctrl added to the selection", keys: [] },
  { group: "Select", show: "n", words: "the others instead of the selected", keys: ["n"], run: (g) => g.selection.invert() },
  { group: "Select", show: "k", words: "a label keeps the selection, or moves on", keys: ["k"], run: (g) => g.toggleKeep() },
  { group: "Select", show: "Esc", words: "close, then select nothing", keys: ["Escape"], run: (g) => g.escape() },
  { group: "Move", show: "arrows", words: "with Shift: select on the way", keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], run: (g, key, event) => g.move(key, event) },
  { group: "Move", show: "Home End", words: "first, last loaded", keys: ["Home", "End"], run: (g, key, event) => g.move(key, event) },
  { group: "Move", show: "PgUp PgDn", words: "a screen up or down", keys: ["PageUp", "PageDown"], run: (g, key, event) => g.move(key, event) },
  { group: "Look", show: "Space", words: "focus: one image, large; wheel and + - zoom, drag moves it", keys: [" "], run: (g) => g.togglePreview() },
  { group: "Look", show: "+ -", words: "size of the thumbnails, or zoom in focus", keys: ["+", "=", "-"], run: (g, key) => g.zoom(key === "-" ? -1 : 1) },
  { group: "Look", show: "f", words: "fill the tiles, or show whole images", keys: ["f"], run: (g) => g.toggleFill() },
  { group: "Look", show: "i", words: "details beside the grid", keys: ["i"], run: (g) => g.togglePanel() },
  { group: "Look", show: "?", words: "these keys", keys: ["?"], run: (g) => g.openHelp() },
];

const KEY_TABLE = new Map(KEYS.flatMap((entry) => entry.keys.map((key) => [key, entry])));
const MOVES = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);

/** "Ctrl+z" for a chord (Cmd on a Mac), the bare key otherwise; null for what is not ours. */
function nameOfKey(event) {
  if (event.altKey) return null;
  if ((event.ctrlKey || event.metaKey) && !MOVES.has(event.key)) return `Ctrl+${event.key}`;
  return event.key;
}

/** Whether a key press is meant for the gallery: nothing else on the page is being typed into. */
function isForGallery(event, root) {
  if (event.isComposing || event.defaultPrevented) return false;
  const target = event.composedPath()[0];
  if (!event.composedPath().includes(root) && target !== document.body) return false;
  if (target.matches?.("input:not([type=range]), textarea, select, [contenteditable=true]")) return false;
  if (target.matches?.("input[type=range]") && event.key.startsWith("Arrow")) return false;
  if (target.matches?.("button, a") && (event.key === " " || event.key === "Enter")) return false;
  return !document.querySelector('[role="dialog"][aria-modal="true"]');
}

const PAIR_MS = 1500; // the second key of a pair must come within this time

/** A class by one key or by two; returns whether the key was one of these. */
function takeClassKey(gallery, key) {
  const { classes } = gallery;
  const pair = gallery.pendingKey && Date.now() - gallery.pendingKey.at < PAIR_MS ? gallery.pendingKey.key + key : null;
  gallery.pendingKey = null;
  const label = (pair && classes.byKey.get(pair)) ?? classes.byKey.get(key);
  if (label) gallery.label(label.label_id);
  else if (classes.prefixes.has(key)) {
    gallery.pendingKey = { key, at: Date.now() };
    gallery.notices.say(`${key} … then a digit`);
  } else return false;
  return true;
}

/** Handle keys before Streamlit sees them (it binds r and c for itself). */
function bindKeys(root, gallery) {
  const handle = (event) => {
    if (!isForGallery(event, root) || gallery.overlayOpen()) return;
    const name = nameOfKey(event);
    const entry = KEY_TABLE.get(name);
    const isClassKey = name?.length === 1 && (!entry || gallery.pendingKey || "123456789".includes(name));
    if (isClassKey && takeClassKey(gallery, name)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (!entry?.run) {
      if ((event.key === "r" || event.key === "c") && event.composedPath().includes(root)) event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    entry.run(gallery, event.key, event);
  };
  addEventListener("keydown", handle, true);
  return () => removeEventListener("keydown", handle, true);
}
