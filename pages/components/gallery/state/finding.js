// On to the next image that is wanted: first among the rows that are here, then the server is
// asked where it is, so that a million rows need not come along.

import { Refused } from "../../javascript/client.js";
import { isDoubted } from "./suggestions.js";

const MAX_QUESTIONS = 20;
const WANTED = {
  unlabelled: {
    test: (row) => row.label_id === null && !row.gone,
    none: "Every image here has a label.",
    alone: "No other image here is without a label.",
  },
  doubted: {
    test: (row) => isDoubted(row) && !row.gone,
    none: "The model doubts no label here.",
    alone: "The model doubts no other label here.",
  },
};

export class Finding {
  constructor({ rows, selection, client, suggestions, actions }) {
    Object.assign(this, { rows, selection, client, suggestions, actions });
  }

  async go(wanted, direction) {
    if (wanted === "doubted" && this.suggestions.run === null) {
      return this.actions.say("No model has predicted these images yet.");
    }
    const search = (this.search = {}); // a newer key press ends an older search
    let place;
    try {
      place = await this.find(wanted, direction === "next" ? 1 : -1, search);
    } catch (error) {
      return this.actions.say(
        error instanceof Refused
          ? error.message
          : "The server cannot be reached, so only loaded images were searched.",
      );
    }
    if (search !== this.search) return undefined;
    const { test, none, alone } = WANTED[wanted];
    if (place !== null) return this.actions.goTo(place);
    const here = this.selection.focusedRow();
    return this.actions.say(here && test(here) ? alone : none);
  }

  /** Its position; null when there is none. Behind the last image the search begins again at the first. */
  async find(wanted, step, search) {
    const { test } = WANTED[wanted];
    const start = this.selection.focus;
    let place = start;
    let wrapped = false;
    for (let questions = 0; questions < MAX_QUESTIONS && search === this.search;) {
      place += step;
      if (wrapped && (place - start) * step >= 0) return null;
      const row = this.rows.at(place);
      if (row && test(row)) return place;
      if (row) continue;
      questions += 1;
      const answer =
        place < 0 || place >= this.rows.length ? null : await this.ask(wanted, step, place - step);
      if (answer?.id) {
        const beginning = step > 0 ? -1 : this.rows.length;
        place = (this.rows.at(place - step) ? place - step : beginning) + step * answer.distance;
        await this.actions.loadAt(place);
        place = (this.rows.index.get(answer.id) ?? place) - step;
      } else if (wrapped) return null;
      else {
        wrapped = true;
        place = step > 0 ? -1 : this.rows.length;
      }
    }
    return null;
  }

  /** The nearest wanted image behind (or before) the row at a position, by id and how far it is. */
  ask(wanted, step, position) {
    const by = wanted === "doubted" ? this.suggestions.run : null;
    return this.client.get("/assets/near", {
      ...this.rows.filter,
      sort: this.rows.sort,
      wanted,
      by,
      from: this.rows.at(position)?.id,
      direction: step > 0 ? "next" : "previous",
    });
  }
}
