// What people do in the gallery, key by key and click by click. `Gallery` adds the parts.

class Actions {
  click(event) {
    const tile = event.composedPath().find((node) => node.classList?.contains("tile"));
    if (!tile?.dataset.id) return;
    this.selection.click(Number(tile.dataset.position), { extend: event.shiftKey, toggle: event.ctrlKey || event.metaKey });
  }

  labelByKey(key) {
    const label = this.classes.byKey.get(key);
    if (label) this.label(label.label_id);
    else this.notices.say(`No class has the key ${key}. Press / to find or create one.`);
  }

  label(labelId) {
    const targets = this.selection.targets();
    if (!targets.length) return;
    const where = this.matchingFilter();
    const entry = this.labels.relabel(targets, labelId, { where });
    if (entry && labelId !== null) this.pace.count(this.selection.matching || entry.ids.length);
    if (entry && !where && targets.length > 1) {
      const name = labelId === null ? "now without a label" : `labelled ${this.classes.get(labelId).name}`;
      this.notices.say(`${plural(entry.ids.length, "image")} ${name}.`, { words: "Undo", run: () => this.undo() });
    }
    this.moveOn(targets);
    this.focusGrid();
  }

  /** The filter, when all that match it are selected. */
  matchingFilter() {
    return this.selection.matching ? { ...this.filter } : undefined;
  }

  /** After a label: on to the next image, unless the person keeps selections. */
  moveOn(targets) {
    if (this.look.keepSelection && this.selection.ids.size) return this.showSelection();
    if (this.selection.matching) this.selection.clear();
    else this.selection.moveTo(this.rows.index.get(targets.at(-1).id) + 1);
    return this.grid.reveal();
  }

  toggleKeep() {
    this.look.keepSelection = !this.look.keepSelection;
    keep.set("localStorage", "keepSelection", this.look.keepSelection);
    this.notices.say(this.look.keepSelection ? "A label now keeps the selection." : "A label now ends the selection and moves on.");
  }

  split(split) {
    const targets = this.selection.targets();
    if (!targets.length) return;
    const where = this.matchingFilter();
    const entry = this.labels.setSplit(targets, split, { where });
    if (entry && !where && targets.length > 1) {
      this.notices.say(`${plural(entry.ids.length, "image")}: ${split ?? "no split"}.`, { words: "Undo", run: () => this.undo() });
    }
    if (!this.selection.ids.size) this.selection.moveTo(this.selection.focus + 1);
    else if (where && !this.look.keepSelection) this.selection.clear();
    this.grid.reveal();
    this.focusGrid();
  }

  remove() {
    const targets = this.selection.targets();
    if (!targets.length) return;
    const where = this.matchingFilter();
    this.labels.remove(targets, { where });
    if (where) return this.selection.clear();
    this.notices.say(`${plural(targets.length, "image")} removed from the catalog; the files stay.`, { words: "Undo", run: () => this.undo() });
    return this.focusGrid();
  }

  async undo() {
    this.showDone(await this.labels.undo(), "Undone");
  }

  redo() {
    this.showDone(this.labels.redo(), "Done again");
  }

  showDone(entry, words) {
    if (!entry) return;
    this.notices.say(`${words}: ${plural(entry.ids.length, "image")}.`);
    const first = this.rows.index.get(entry.ids[0]);
    if (first === undefined) return;
    this.selection.moveTo(first);
    if (entry.ids.length > 1) this.selection.select(entry.ids);
    this.grid.reveal();
  }

  /** Both values were shown; the person chose. */
  decide(open, mineWins) {
    const groups = new Map();
    for (const { record, theirs } of open) {
      const row = this.rows.get(theirs.asset_id);
      if (row) Object.assign(row, { label_id: theirs.label_id, label_name: theirs.label_name, split: theirs.split, row_version: theirs.row_version });
      this.outbox.decide(record, theirs.asset_id);
      if (!groups.has(record)) groups.set(record, []);
      groups.get(record).push(row ?? { id: theirs.asset_id, ...theirs });
    }
    for (const [{ payload }, targets] of groups) {
      if (mineWins && payload.kind === "relabel") this.labels.relabel(targets, payload.label_id);
      else if (mineWins) this.labels.setSplit(targets, payload.split, { unlock: targets.some((row) => row.split === "held_out") || undefined });
    }
    this.repaint(open.map(({ theirs }) => theirs.asset_id));
    this.notices.showConflict();
    this.focusGrid();
  }

  openPicker() {
    const targets = this.selection.targets();
    if (!targets.length) return;
    const now = new Set(targets.map((row) => row.label_id));
    openPicker(this.overlay, {
      classes: this.classes.list, count: this.selection.matching || targets.length, current: now.size === 1 ? [...now][0] : undefined,
      onPick: (labelId) => this.label(labelId), onCreate: (name) => this.createClass(name),
    });
  }

  /** A marked focus loses its mark; otherwise a note is asked for, and may be left empty. */
  markForReview() {
    const targets = this.selection.targets();
    if (!targets.length) return;
    if (targets.every((row) => row.review)) {
      this.labels.flag(targets, null);
      this.notices.say(`${plural(targets.length, "image")} not marked any more.`, { words: "Undo", run: () => this.undo() });
      return;
    }
    openNote(this.overlay, {
      count: targets.length,
      onDone: (note) => {
        this.labels.flag(targets, note);
        this.notices.say(`${plural(targets.length, "image")} marked for review.`, { words: "Undo", run: () => this.undo() });
        this.focusGrid();
      },
    });
  }

  /** Create a class and give it to the targets; null, or what went wrong. */
  async createClass(name) {
    try {
      const label = await this.server.post("/classes", { name });
      this.classes.merge([...this.classes.list, label]);
      this.label(label.label_id);
      return null;
    } catch (error) {
      return error instanceof Refused ? error.message : "The server cannot be reached, so the class was not created.";
    }
  }

  /** Ahead of the focus, page by page, then once from the start. */
  async goToUnlabelled() {
    const isWanted = (position) => this.rows.at(position)?.label_id === null;
    let position = this.selection.focus + 1;
    for (; position < this.rows.length; position += 1) {
      if (!this.rows.at(position) && !(await this.loadAt(position))) break;
      if (isWanted(position)) return this.goTo(position);
    }
    for (position = 0; position < this.selection.focus; position += 1) if (isWanted(position)) return this.goTo(position);
    return this.notices.say("Every image here has a label.");
  }

  /** The page that a position is on; whether there is a row at the position now. */
  async loadAt(position) {
    const fresh = await this.rows.need(position, position + 1).catch(() => null);
    if (fresh) {
      this.labels.paintPending(fresh);
      this.grid.refresh();
    }
    return Boolean(this.rows.at(position));
  }

  goTo(position) {
    this.selection.moveTo(position);
    this.grid.reveal();
  }

  move(key, event) {
    const { columns } = this.grid;
    const page = this.grid.linesOnScreen * columns;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -page, PageDown: page };
    const last = this.rows.length - 1;
    let to = { Home: 0, End: last }[key] ?? this.selection.focus + steps[key];
    if ((key === "ArrowUp" && to < 0) || (key === "ArrowDown" && to > last && Math.floor(this.selection.focus / columns) === Math.floor(last / columns))) to = this.selection.focus;
    this.selection.moveTo(to, { extend: event.shiftKey, keep: event.ctrlKey || event.metaKey });
    this.grid.reveal();
  }

  /** What is loaded first; then, by a second press or the button, all that match the filter. */
  selectAll() {
    const here = this.rows.byPosition.size;
    const isSecond = here > 0 && this.selection.ids.size === here;
    if (this.rows.complete) this.selection.selectAll();
    else if (isSecond && this.matchingCount) this.selectMatching();
    else {
      this.selection.selectAll();
      const action = this.matchingCount && { words: `Select all ${formatNumber(this.matchingCount)} that match`, run: () => this.selectMatching() };
      this.notices.say(`${plural(here, "image")} selected: those loaded so far.`, action);
    }
  }

  selectMatching() {
    this.notices.hush();
    this.selection.selectMatching(this.matchingCount);
    this.focusGrid();
  }

  escape() {
    if (this.preview.isOpen) this.preview.close();
    else if (!this.ui.toast.hidden) this.notices.hush();
    else this.selection.clear();
  }

  togglePreview() {
    this.preview.toggle(this.selection.focus);
  }
}
