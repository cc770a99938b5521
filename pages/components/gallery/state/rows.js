// The rows that match the filter, by their place in the list. Only the pages that were looked at
// are here: scrolling goes on from the last row (by its key, so nothing shifts when others add
// images), a jump asks for a place in the list.

const PAGE_ROWS = 200;
const MAX_REQUESTS = 2;

export class Rows {
  constructor(client) {
    this.client = client;
    this.generation = 0;
    this.clear();
  }

  clear() {
    this.byPosition = new Map();
    this.index = new Map(); // id -> position
    this.length = 0;
    this.cursors = new Map(); // position -> the key that the page starting there comes after
    this.requests = new Map(); // position -> promise
    this.isEndKnown = false;
    this.isCounted = false; // whether the length is that of the whole list
  }

  /** Start again with another filter; answers to older questions are dropped. `first` is not asked. */
  restart(filter, sort, suggest = null, first = null) {
    this.generation += 1;
    this.clear();
    this.filter = filter;
    this.sort = sort;
    this.suggest = suggest; // the run whose predictions come along
    return first ? this.take(0, first) : this.load(0);
  }

  /** How many the list has in all, once the server has counted. It never shrinks what is here. */
  setTotal(total) {
    this.isCounted = true;
    if (!this.isEndKnown) this.length = Math.max(this.length, total);
  }

  at(position) {
    return this.byPosition.get(position);
  }

  get(id) {
    return this.byPosition.get(this.index.get(id));
  }

  /** Whether every row of the list is here. */
  get complete() {
    return this.isEndKnown && this.byPosition.size === this.length;
  }

  /** The rows that are here, in order. */
  loaded() {
    return [...this.byPosition.keys()]
      .sort((a, b) => a - b)
      .map((position) => this.byPosition.get(position));
  }

  /** Rows of these positions that are here, in order. */
  between(from, to) {
    const rows = [];
    for (let position = Math.max(0, from); position <= to; position += 1) {
      const row = this.byPosition.get(position);
      if (row) rows.push(row);
    }
    return rows;
  }

  /** The first place without a row in a range, or -1. */
  firstHole(from, to) {
    const end = Math.min(to, this.length);
    for (let position = from; position < end; position += 1) {
      if (!this.byPosition.has(position)) return position;
    }
    return -1;
  }

  /** Ask for the first missing page of a range; the fresh rows, or null when nothing was asked. */
  async need(from, to) {
    const hole = this.firstHole(from, to);
    if (hole < 0) return null;
    const start = this.cursors.has(hole) ? hole : Math.floor(hole / PAGE_ROWS) * PAGE_ROWS;
    if (this.requests.has(start) || this.requests.size >= MAX_REQUESTS) return null;
    return this.load(start);
  }

  /** Ask for the page of a position, or wait for it; the rows that are fresh. */
  async fetch(position) {
    if (!this.isEndKnown) this.length = Math.max(this.length, position + 1);
    const start = this.cursors.has(position)
      ? position
      : Math.floor(position / PAGE_ROWS) * PAGE_ROWS;
    while (!this.requests.has(start) && this.requests.size >= MAX_REQUESTS) {
      await Promise.race(this.requests.values());
    }
    if (this.at(position) || position >= this.length) return [];
    return (await (this.requests.get(start) ?? this.load(start))) ?? [];
  }

  load(start) {
    const asked = this.loadPage(start, this.generation);
    this.requests.set(start, asked);
    return asked;
  }

  async loadPage(start, generation) {
    const after = this.cursors.get(start);
    const place = start === 0 ? {} : after === undefined ? { position: start } : { after };
    try {
      const page = await this.client.get("/assets", {
        ...this.filter,
        sort: this.sort,
        suggest: this.suggest,
        ...place,
        limit: PAGE_ROWS,
      });
      return generation === this.generation ? this.take(start, page) : [];
    } finally {
      if (generation === this.generation) this.requests.delete(start);
    }
  }

  take(start, page) {
    for (const row of page.assets) row.asOf = page.revision;
    const fresh = page.assets.filter((row, i) => this.put(start + i, row));
    const end = start + page.assets.length;
    if (page.next === null) {
      for (const position of [...this.byPosition.keys()]) if (position >= end) this.drop(position);
      this.length = end;
      this.isEndKnown = true;
    } else {
      this.cursors.set(end, page.next);
      this.length = Math.max(this.length, end + 1);
    }
    return fresh;
  }

  /** Put a row in its place; whether it is new here. A row that was elsewhere has moved. */
  put(position, row) {
    const known = this.index.get(row.id);
    if (known === position) return false;
    const moved = known === undefined ? row : this.byPosition.get(known);
    if (known !== undefined) this.byPosition.delete(known);
    this.drop(position);
    this.byPosition.set(position, moved);
    this.index.set(row.id, position);
    return known === undefined;
  }

  drop(position) {
    const row = this.byPosition.get(position);
    if (!row) return;
    this.byPosition.delete(position);
    this.index.delete(row.id);
  }

  /** Take rows out, and close the gaps; what is returned puts them back with `restore`. */
  remove(ids) {
    const gone = ids
      .filter((id) => this.index.has(id))
      .map((id) => ({ position: this.index.get(id), row: this.get(id) }))
      .sort((a, b) => a.position - b.position);
    const places = gone.map(({ position }) => position);
    const shift = (position) => position - countBelow(places, position);
    for (const { position } of gone) this.drop(position);
    this.length -= gone.length;
    this.move(shift);
    return gone;
  }

  restore(gone) {
    for (const { position, row } of gone) {
      if (this.index.has(row.id)) continue;
      this.length += 1;
      this.move((place) => (place >= position ? place + 1 : place));
      this.byPosition.set(position, row);
      this.index.set(row.id, position);
    }
  }

  /** Give every row and every page's start its new place. */
  move(shift) {
    this.byPosition = new Map(
      [...this.byPosition].map(([position, row]) => [shift(position), row]),
    );
    this.index = new Map([...this.byPosition].map(([position, row]) => [row.id, position]));
    this.cursors = new Map(
      [...this.cursors].map(([position, cursor]) => [shift(position), cursor]),
    );
  }
}

/** How many of the sorted numbers are below a number. */
function countBelow(sorted, number) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
