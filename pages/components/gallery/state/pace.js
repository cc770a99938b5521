// How many labels a person gave today in this browser, how fast, and how many they set out to.

import { storage } from "../../javascript/storage.js";
import { formatNumber } from "../../javascript/text.js";

const PACE_WINDOW_MS = 60000;

export class Pace {
  constructor() {
    const kept = storage.get("localStorage", "pace", {});
    this.goal = kept.goal ?? 0;
    this.done = kept.day === this.today() ? kept.done : 0;
    this.times = []; // [when, how many], of the last minute
  }

  today() {
    return new Date().toDateString();
  }

  count(number) {
    this.times.push([performance.now(), number]); // the clock may be set back
    this.done += number;
    this.store();
  }

  setGoal(goal) {
    this.goal = goal;
    this.store();
  }

  store() {
    storage.set("localStorage", "pace", { day: this.today(), done: this.done, goal: this.goal });
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
