// Asks the server for what comes after the last known epoch and step, only while somebody looks.

import { Refused } from "../javascript/client.js";

const POLL_MS = 1000;
const RETRY_MS = 4000;

export class Feed {
  constructor(element, { client, onAnswer, onTrouble }) {
    this.client = client;
    this.onAnswer = onAnswer;
    this.onTrouble = onTrouble;
    this.isSeen = true;
    this.timer = 0;
    this.after = 0;
    this.afterStep = 0;
    this.isEnded = true;
    this.observer = new IntersectionObserver(([entry]) => {
      this.isSeen = entry.isIntersecting;
      this.wake();
    });
    this.observer.observe(element);
    this.onVisibility = () => this.wake();
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  /** `path` is asked for what comes after the epoch `after` and `afterStep`, until it `isEnded`. */
  follow({ path, after, afterStep, isEnded }) {
    const isOther = path !== this.path || (this.isEnded && !isEnded);
    Object.assign(this, { path, after, afterStep, isEnded });
    if (isOther) this.hasAsked = false;
    this.wake();
  }

  wake() {
    clearTimeout(this.timer);
    if (this.isEnded || !this.isSeen || document.visibilityState === "hidden") return;
    this.timer = setTimeout(() => this.ask(), this.hasAsked ? POLL_MS : 0);
  }

  async ask() {
    if (this.isAsking) return;
    this.isAsking = true;
    this.hasAsked = true;
    const { path, after, afterStep } = this;
    let wait = POLL_MS;
    try {
      const answer = await this.client.get(path, { after, after_step: afterStep });
      if (path === this.path) {
        this.onTrouble("");
        this.onAnswer(answer);
      }
    } catch (error) {
      if (error instanceof Refused && error.status === 404) {
        this.isEnded = true; // removed; the page says so
      } else {
        wait = RETRY_MS;
        this.onTrouble("The server does not answer; the run goes on without it. Trying again.");
      }
    } finally {
      this.isAsking = false;
    }
    clearTimeout(this.timer);
    if (!this.isEnded && this.isSeen && document.visibilityState !== "hidden") {
      this.timer = setTimeout(() => this.ask(), wait);
    }
  }

  close() {
    clearTimeout(this.timer);
    this.isEnded = true;
    this.observer.disconnect();
    document.removeEventListener("visibilitychange", this.onVisibility);
  }
}
