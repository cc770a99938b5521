// What is asked of the server: a filter, an order, the run whose predictions come along; and how
// many images match. The rows that are answered live in `Rows`.

import { Refused } from "../../javascript/client.js";
import { formatNumber, plural } from "../../javascript/text.js";

const COUNT_DELAY_MS = 600;
const RETRY_MS = 3000;
const RETRY_PAGE_MS = 2000;
const RELOAD_DELAY_MS = 50;

export class Listing {
  /** `parts`: what it works with, by name, as `wiring.js` lists it. */
  constructor(parts) {
    Object.assign(this, parts);
    this.matchingCount = 0;
  }

  /** Begin again where another question is asked than before; whether it is another. */
  ask({ filter, sort, suggest, first }) {
    const question = JSON.stringify([filter, sort, suggest]);
    if (this.question === question) return false;
    this.question = question;
    this.filter = filter;
    this.sort = sort;
    this.suggestions.run = suggest ?? null;
    this.start({ first: first ? JSON.parse(first) : null });
    return true;
  }

  /**
   * With `stay` at the same place, as after an undo that brought back images that are not here.
   * `first` is the first page where it came along.
   */
  async start({ stay = false, first = null } = {}) {
    const { focus } = this.selection;
    const { top } = this.grid.scrolling;
    this.selection.reset();
    if (!stay) this.views.set(this.views.base);
    this.root.setAttribute("aria-busy", "true");
    try {
      await this.client.openSession();
      await this.rows.restart(this.filter, this.sort, this.suggestions.run, first);
    } catch (error) {
      this.retryStart(error);
      return;
    }
    this.labels.paintPending(this.rows.loaded());
    this.root.removeAttribute("aria-busy");
    this.grid.layout();
    this.grid.reset();
    if (stay) {
      this.selection.focus = this.selection.clamp(focus);
      this.grid.scrolling.top = top;
    }
    this.actions.showSelection();
    this.countedFor = null;
    this.count();
    this.preferences.load();
    this.actions.started();
    if (document.activeElement === document.body) this.views.focusHere();
  }

  retryStart(error) {
    const isRefused = error instanceof Refused;
    this.countElement.textContent = isRefused
      ? error.message
      : "The server cannot be reached. Trying again.";
    clearTimeout(this.startTimer);
    if (!isRefused) this.startTimer = setTimeout(() => this.start(), RETRY_MS);
  }

  /** Ask again for the same rows. */
  reload() {
    clearTimeout(this.reloadTimer);
    this.reloadTimer = setTimeout(() => this.start({ stay: true }), RELOAD_DELAY_MS);
  }

  /** Fetch what is missing between two positions, a page at a time, while it is looked at. */
  async load(from, to) {
    let fresh;
    try {
      fresh = await this.rows.need(from, to);
    } catch {
      setTimeout(() => this.grid.schedule(), RETRY_PAGE_MS);
      return;
    }
    if (!fresh) return;
    this.labels.paintPending(fresh);
    this.grid.refresh();
    this.actions.showSelection();
  }

  /** Fetch the page that a position is on. */
  async loadAt(position) {
    const fresh = await this.rows.fetch(position).catch(() => []);
    this.labels.paintPending(fresh);
    this.grid.refresh();
  }

  /** Ask how many match: at once for another question, else when the changes have paused. */
  count() {
    clearTimeout(this.countTimer);
    this.countTimer = setTimeout(
      () => this.countNow(),
      this.countedFor === this.question ? COUNT_DELAY_MS : 0,
    );
  }

  async countNow() {
    const counts = await this.client
      .get("/assets/count", { ...this.filter, sort: this.sort })
      .catch(() => null);
    if (!counts) return;
    const { matching, total, unlabelled } = counts;
    this.matchingCount = matching;
    if (this.countedFor !== this.question) {
      this.countedFor = this.question;
      this.rows.setTotal(matching);
      this.grid.refresh();
      this.views.show();
    }
    const without = unlabelled ? `${formatNumber(unlabelled)} unlabelled` : "";
    const [all, few] = [
      plural(total, "image"),
      `${formatNumber(matching)} of ${formatNumber(total)}`,
    ];
    this.countElement.textContent =
      matching === total
        ? [all, without].filter(Boolean).join(" · ")
        : without
          ? `${few} (${without})` // of all, not of the list
          : few;
  }

  stop() {
    clearTimeout(this.startTimer);
    clearTimeout(this.reloadTimer);
    clearTimeout(this.countTimer);
  }
}
