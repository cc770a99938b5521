// How many labels a person gave today in this browser, how fast, and how many they set out to.

import { storage } from "../../javascript/storage.js";
import { formatNumber } from "../../javascript/text.js";

const PACE_WINDOW_MS = 60000;
const STORE_DELAY_MS = 250;

export class Pace {
  constructor() {
    const kept = storage.get("localStorage", "pace", {});
    this.goal = kept.goal ?? 0;
    this.done = kept.day === this.today() ? kept.done : 0;
    this.times = []; // [when, how many], of the last minute
    this.onLeave = () => this.timer && this.store();
    addEventListener("pagehide", this.onLeave);
  }

  today() {
    return new Date().toDateString();
  }

  count(number) {
    this.times.push([performance.now(), number]); // the clock may be set back
    this.done += number;
    this.timer ??= setTimeout(() => this.store(), STORE_DELAY_MS); // no key waits for it
  }

  setGoal(goal) {
    this.goal = goal;
    this.store();
  }

  store() {
    clearTimeout(this.timer);
    this.timer = null;
    storage.set("localStorage", "pace", { day: this.today(), done: this.done, goal: this.goal });
  }

  /** The gallery goes: what was counted is kept. */
  stop() {
    this.onLeave();
    removeEventListener("pagehide", this.onLeave);
  }

  perMinute() {
    this.times = this.times.filter(([when]) => performance.now() - when < PACE_WINDOW_MS);
    return this.times.reduce((sum, [, number]) => sum + number, 0);
  }

  words() {
    const done = this.goal
      ? `${formatNumber(this.done)} of ${formatNumber(this.goal)} today`
      : `${formatNumber(this.done)} today`;
    return `${done} · ${formatNumber(this.perMinute())} a minute`;
  }
}
