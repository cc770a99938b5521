// Asks the server for the steps of a run until now, once, and then for what comes after the last
// known epoch and step, only while somebody looks.

import { Refused } from "../javascript/client.js";

const POLL_MS = 1000;
const RETRY_MS = 4000;
const COLUMNS = 2000; // of the whole run: more than a chart has pixels

export class Feed {
  constructor(element, { client, onSteps, onAnswer, onTrouble }) {
    this.client = client;
    this.onSteps = onSteps;
    this.onAnswer = onAnswer;
    this.onTrouble = onTrouble;
    this.isSeen = true;
    this.timer = 0;
    this.after = 0;
    this.afterStep = 0;
    this.isEnded = true;
    this.hasSteps = true;
    this.observer = new IntersectionObserver(([entry]) => {
      this.isSeen = entry.isIntersecting;
      this.wake();
    });
    this.observer.observe(element);
    this.onVisibility = () => this.wake();
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  /**
   * The run at `path` is asked for its steps, and for what comes after the epoch `after` and the
   * step `afterStep`, until it `isEnded`.
   */
  follow({ path, after, afterStep, isEnded }) {
    const isOther = path !== this.path || (this.isEnded && !isEnded);
    if (path !== this.path) this.hasSteps = false;
    Object.assign(this, { path, after, afterStep, isEnded });
    if (isOther) this.hasAsked = false;
    this.wake();
  }

  /** Whether nothing is left to ask for. */
  get isDone() {
    return this.isEnded && this.hasSteps;
  }

  wake() {
    clearTimeout(this.timer);
    if (this.isDone || !this.isSeen || document.visibilityState === "hidden") return;
    this.timer = setTimeout(() => this.ask(), this.hasAsked ? POLL_MS : 0);
  }

  async ask() {
    if (this.isAsking) return;
    this.isAsking = true;
    this.hasAsked = true;
    const { path } = this;
    let wait = POLL_MS;
    try {
      if (!this.hasSteps) {
        const steps = await this.client.get(`${path}/series`, { columns: COLUMNS });
        if (path === this.path) {
          this.hasSteps = true;
          this.onSteps(steps);
        }
      }
      if (!this.isEnded) {
        const cursors = { after: this.after, after_step: this.afterStep };
        const answer = await this.client.get(`${path}/metrics`, cursors);
        if (path === this.path) this.onAnswer(answer);
      }
      this.onTrouble("");
    } catch (error) {
      if (error instanceof Refused && error.status === 404) {
        this.isEnded = this.hasSteps = true; // removed; the page says so
      } else {
        wait = RETRY_MS;
        this.onTrouble("The server does not answer; the run goes on without it. Trying again.");
      }
    } finally {
      this.isAsking = false;
    }
    clearTimeout(this.timer);
    if (!this.isDone && this.isSeen && document.visibilityState !== "hidden") {
      this.timer = setTimeout(() => this.ask(), wait);
    }
  }

  close() {
    clearTimeout(this.timer);
    this.isEnded = true;
    this.hasSteps = true;
    this.observer.disconnect();
    document.removeEventListener("visibilitychange", this.onVisibility);
  }
}
