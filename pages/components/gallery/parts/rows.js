// The rows that match the filter, in order, as far as they were asked for.

const PAGE_ROWS = 200;

class Rows {
  constructor(server) {
    this.server = server;
    this.generation = 0;
    this.clear();
    this.complete = true; // nothing to load before there is a filter
  }

  clear() {
    this.list = [];
    this.index = new Map(); // id -> position in list
    this.cursor = null;
    this.complete = false;
    this.loading = null;
  }

  /** Start again with another filter; answers to older questions are dropped. */
  restart(filter, sort) {
    this.generation += 1;
    this.clear();
    this.filter = filter;
    this.sort = sort;
    return this.loadMore();
  }

  /** The next page, once at a time. Resolves to the number of rows that arrived. */
  loadMore() {
    if (this.complete) return Promise.resolve(0);
    this.loading ??= this.loadPage(this.generation);
    return this.loading;
  }

  async loadPage(generation) {
    try {
      const page = await this.server.get("/assets", {
        ...this.filter,
        sort: this.sort,
        after: this.cursor,
        limit: PAGE_ROWS,
      });
      if (generation !== this.generation) return 0;
      const fresh = page.assets.filter((row) => !this.index.has(row.id));
      for (const row of fresh) {
        this.index.set(row.id, this.list.length);
        this.list.push(row);
      }
      this.cursor = page.next;
      this.complete = page.next === null;
      return fresh.length;
    } finally {
      if (generation === this.generation) this.loading = null;
    }
  }

  get(id) {
    return this.list[this.index.get(id)];
  }

  /** Take rows out; what is returned puts them back with `restore`. */
  remove(ids) {
    const gone = ids
      .filter((id) => this.index.has(id))
      .map((id) => ({ position: this.index.get(id), row: this.get(id) }))
      .sort((a, b) => a.position - b.position);
    const leaving = new Set(gone.map(({ row }) => row.id));
    this.list = this.list.filter((row) => !leaving.has(row.id));
    this.reindex();
    return gone;
  }

  restore(gone) {
    for (const { position, row } of gone) {
      if (!this.index.has(row.id)) this.list.splice(Math.min(position, this.list.length), 0, row);
    }
    this.reindex();
  }

  reindex() {
    this.index = new Map(this.list.map((row, position) => [row.id, position]));
  }
}
