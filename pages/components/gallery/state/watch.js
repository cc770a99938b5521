// What others change appears here: the newest revision is asked for every moment, and when it
// moved, the rows on screen. Only while the page is looked at.

const WATCH_MS = 1200;

export class Watch {
  /** `isOff` while nothing may be shown that was not asked for, as in a blind queue. */
  constructor({ client, rows, grid, isPending, isOff, onPaint }) {
    Object.assign(this, { client, rows, grid, isPending, isOff, onPaint });
    this.timer = setInterval(() => this.look(), WATCH_MS);
  }

  stop() {
    clearInterval(this.timer);
  }

  /** Ask once; rows that are as new as the newest revision already are left alone. */
  async look() {
    if (document.hidden || this.looking || this.isOff()) return;
    this.looking = true;
    try {
      const { revision } = await this.client.get("/revision");
      const ids = this.grid.shownIds().filter((id) => (this.rows.get(id)?.asOf ?? -1) < revision);
      if (ids.length) this.take(ids, await this.client.get("/assets/now", { ids: ids.join() }));
    } catch {
      /* the saved mark tells of a client that cannot be reached */
    }
    this.looking = false;
  }

  take(ids, { revision, assets }) {
    const now = new Map(assets.map((asset) => [asset.id, asset]));
    const changed = [];
    for (const id of ids) {
      const row = this.rows.get(id);
      if (!row || this.isPending(id)) continue;
      const fresh = now.get(id);
      row.asOf = revision;
      if (fresh ? isKnown(fresh, row) : row.gone) continue;
      if (fresh) Object.assign(row, fresh, { gone: false });
      else row.gone = true; // it stays in its place, so that nothing jumps under the hand
      changed.push(id);
    }
    if (changed.length) this.onPaint(changed);
  }
}

/** Whether a row holds nothing new: it may have been read before our own last change. */
function isKnown(fresh, row) {
  if (fresh.row_version !== row.row_version) return fresh.row_version < row.row_version;
  return fresh.label_name === row.label_name; // a class may have another name
}
