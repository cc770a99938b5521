// The classes a person can choose from, their colours, and the key or two keys that give each.

const NO_COLOR = "var(--st-border-color)";

export class Classes {
  constructor(freeLetters) {
    this.list = [];
    this.freeLetters = freeLetters;
  }

  /** `freeLetters` may begin a key of two, if no class has one as its own. */
  set(list, freeLetters = this.freeLetters) {
    this.freeLetters = freeLetters;
    this.version = (this.version ?? 0) + 1; // for those who painted the classes
    const keys = assignKeys(list, freeLetters);
    this.list = list.map((label) => ({ ...label, key: keys.get(label.label_id) ?? null }));
    this.byId = new Map(this.list.map((label) => [label.label_id, label]));
    this.byKey = new Map(this.list.filter((label) => label.key).map((label) => [label.key, label]));
    this.prefixes = new Set(
      [...this.byKey.keys()].filter((key) => key.length > 1).map((key) => key[0]),
    );
  }

  /** Take the server's list, but keep what was created here since it was read. */
  merge(list) {
    const named = new Set(list.map((label) => label.label_id));
    this.set([...list, ...this.list.filter((label) => !named.has(label.label_id))]);
  }

  get(labelId) {
    return this.byId.get(labelId);
  }

  colorOf(labelId) {
    return this.byId?.get(labelId)?.color ?? NO_COLOR;
  }
}

const CLASS_DIGITS = "123456789";

/**
 * As set for the class; else a class named like a digit gets that digit; else the digits in
 * order, and beyond nine a letter and a digit: a1 to a9, d1 ... A letter that is a key of its
 * own begins no pair.
 */
function assignKeys(list, freeLetters) {
  const keys = new Map();
  const singles = new Set(list.map((label) => label.hotkey).filter((key) => key?.length === 1));
  const pairs = freeLetters
    .filter((letter) => !singles.has(letter))
    .flatMap((letter) => [...CLASS_DIGITS].map((digit) => letter + digit));
  const free = new Set([...CLASS_DIGITS, ...singles, ...pairs]);
  const give = (label, key) => {
    if (!keys.has(label.label_id) && free.delete(key)) keys.set(label.label_id, key);
  };
  for (const label of list) give(label, label.hotkey);
  for (const label of list) if (label.name.length === 1) give(label, label.name);
  const rest = [...free];
  for (const label of list) if (!keys.has(label.label_id) && rest.length) give(label, rest.shift());
  return keys;
}
