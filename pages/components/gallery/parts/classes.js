// The classes a person can choose from, their colours, and the digit that gives each.

const NO_COLOR = "var(--st-border-color)";

class Classes {
  constructor() {
    this.list = [];
  }

  set(list) {
    const keys = assignKeys(list);
    this.list = list.map((label) => ({ ...label, key: keys.get(label.label_id) ?? null }));
    this.byId = new Map(this.list.map((label) => [label.label_id, label]));
    this.byKey = new Map(this.list.filter((label) => label.key).map((label) => [label.key, label]));
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

/** Keys 1 to 9: as set for the class, else a class named like a digit gets that digit, else in order. */
function assignKeys(list) {
  const keys = new Map();
  const free = new Set("123456789");
  const give = (label, key) => {
    if (!keys.has(label.label_id) && free.delete(key)) keys.set(label.label_id, key);
  };
  for (const label of list) give(label, label.hotkey);
  for (const label of list) give(label, label.name);
  for (const label of list) {
    if (!keys.has(label.label_id) && free.size) give(label, [...free][0]);
  }
  return keys;
}
