// How fast bytes go, over the last seconds, and what that means for the rest.

import { formatBytes } from "../../javascript/text.js";

const WINDOW_MS = 10000;
const LEAST_MS = 1000;

export class Rate {
  constructor() {
    this.seen = [];
  }

  /** Note that so many bytes have gone in all by this time. */
  add(bytes, now) {
    this.seen.push({ bytes, now });
    while (this.seen.length > 2 && now - this.seen[1].now > WINDOW_MS) this.seen.shift();
  }

  /** Bytes a second; 0 while nothing can be said. */
  get perSecond() {
    const first = this.seen[0];
    const last = this.seen.at(-1);
    if (!first || last.now - first.now < LEAST_MS) return 0;
    return Math.max(0, ((last.bytes - first.bytes) / (last.now - first.now)) * 1000);
  }
}

export const rateWords = (perSecond) => (perSecond ? `${formatBytes(perSecond)}/s` : "");

/** "about 40 s left", or nothing while it cannot be said. */
export function leftWords(bytes, perSecond) {
  if (!perSecond) return "";
  const seconds = Math.ceil(bytes / perSecond);
  if (seconds < 60) return `about ${seconds} s left`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `about ${minutes} min left`;
  return `about ${(minutes / 60).toFixed(1)} h left`;
}
