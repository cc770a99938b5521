// What others change appears here: the newest revision is asked for every moment, and when it
// moved, the rows on screen. Only while the page is looked at.

const WATCH_MS = 1200;

class Watch {
  constructor({ server, rows, grid, isPending, onPaint }) {
    Object.assign(this, { server, rows, grid, isPending, onPaint });
    this.revision = null;
    this.asked = new Map(); // asset id -> revision that its row is at least of
    this.timer = setInterval(() => this.look(), WATCH_MS);
  }

  stop() {
    clearInterval(this.timer);
  }

  /** Ask once; rows that were asked for since the newest revision are left alone. */
  async look() {
    if (document.hidden || this.looking) return;
    this.looking = true;
    try {
      const { revision } = await this.server.get("/revision");
      const isFirst = this.revision === null;
      this.revision = revision;
      if (isFirst) for (const { id } of this.rows.list) this.asked.set(id, revision);
      const ids = this.grid.shownIds().filter((id) => (this.asked.get(id) ?? -1) < revision);
      if (ids.length) this.take(ids, await this.server.get("/assets/now", { ids: ids.join() }));
    } catch { /* the saved mark tells of a server that cannot be reached */ }
    this.looking = false;
  }

  take(ids, { revision, assets }) {
    const now = new Map(assets.map((asset) => [asset.id, asset]));
    const changed = [];
    for (const id of ids) {
      const row = this.rows.get(id);
      if (!row || this.isPending(id)) continue;
      const fresh = now.get(id);
      this.asked.set(id, revision);
      if (fresh ? fresh.row_version <= row.row_version && fresh.label_name === row.label_name : row.gone) continue;
      if (fresh) Object.assign(row, fresh, { gone: false });
      else row.gone = true; // it stays in its place, so that nothing jumps under the hand
      changed.push(id);
    }
    if (changed.length) this.onPaint(changed);
  }
}
