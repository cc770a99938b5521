// Classes by one key or by two.

const PAIR_MS = 1500; // the second key of a pair must come within this time

export class ClassKeys {
  constructor({ classes, onLabel, say }) {
    Object.assign(this, { classes, onLabel, say });
    this.first = null; // {key, at}: a key that waits for its second
  }

  /** Whether the first key of a pair was pressed. */
  get isWaiting() {
    return this.first !== null;
  }

  /** Give the class of a key; whether the key was one of these. */
  take(key) {
    const { classes, first } = this;
    const pair = first && performance.now() - first.at < PAIR_MS ? first.key + key : null;
    this.first = null;
    const label = (pair && classes.byKey.get(pair)) ?? classes.byKey.get(key);
    if (label) this.onLabel(label.label_id);
    else if (/^[1-9]$/.test(key)) {
      this.say(`No class has the key ${key}. Press / to find or create one.`);
    } else if (classes.prefixes.has(key)) {
      this.first = { key, at: performance.now() };
      this.say(`${key} … then a digit`);
    } else return false;
    return true;
  }
}
