// The gallery: wires its parts together. Streamlit runs the default export again whenever its
// data changes, so everything that lives longer hangs on the mounted element or the page.

const PANEL_MIN_WIDTH = 900;
const COUNT_DELAY_MS = 600;

class Gallery {
  constructor(root, data) {
    this.root = root;
    const find = (name) => root.querySelector(`.${name}`);
    this.ui = Object.fromEntries(
      ["toolbar", "count", "selected", "saved", "viewport", "canvas", "more", "preview", "toast", "panel", "overlay", "conflict", "body"]
        .map((name) => [name, find(name)]));
    this.look = {
      size: keep.get("localStorage", "tile", 144),
      fill: keep.get("localStorage", "fill", false),
      colorOf: (labelId) => this.classes.colorOf(labelId),
      isPending: (id) => this.outbox.isPending(id),
    };
    this.server = sharedServer;
    this.outbox = sharedOutbox(`vision-forge-${data.workspace}-${data.author}`);
    this.classes = new Classes();
    this.classes.set(data.classes);
    this.rows = new Rows(this.server);
    this.selection = new Selection(this.rows, () => this.showSelection());
    this.grid = new Grid({
      ...this.ui, rows: this.rows, selection: this.selection, look: this.look,
      onNeedMore: () => this.loadMore(), onImageError: (...args) => this.repairImage(...args),
    });
    this.labels = new Labels({
      rows: this.rows, outbox: this.outbox, server: this.server, classes: this.classes, author: data.author,
      onPaint: (ids) => this.repaint(ids), onRemoved: () => this.rearranged(),
      onMessage: (words, action) => this.notices.say(words, action), onStale: () => this.reload(),
    });
    this.panel = new Panel({
      element: this.ui.panel, server: this.server, classes: this.classes,
      actions: {
        label: (id) => this.label(id), split: (split) => this.split(split), remove: () => this.remove(),
        openPicker: () => this.openPicker(), closePanel: () => this.togglePanel(false),
      },
    });
    this.preview = new Preview(this.ui.preview, this.rows);
    this.overlay = new Overlay(this.ui.overlay, () => this.ui.viewport.focus({ preventScroll: true }));
    this.notices = new Notices({
      ...this.ui, outbox: this.outbox, classes: this.classes, rows: this.rows,
      actions: { decide: (open, mine) => this.decide(open, mine) },
    });
    this.bind(find);
  }

  bind(find) {
    this.unbind = [bindKeys(this.root, this), followHeight(this.root)];
    this.ui.viewport.addEventListener("click", (event) => this.click(event));
    this.ui.viewport.addEventListener("dblclick", () => this.togglePreview());
    this.ui.viewport.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault());
    const slider = find("slider").querySelector("input");
    slider.value = this.look.size;
    slider.addEventListener("input", () => this.setSize(Number(slider.value)));
    this.slider = slider;
    const press = (name, run) => find(name).addEventListener("click", () => {
      run();
      if (!this.overlay.isOpen) this.ui.viewport.focus({ preventScroll: true });
    });
    press("fit", () => this.toggleFill());
    press("undo", () => this.undo());
    press("side", () => this.togglePanel());
    press("keys", () => this.openHelp());
    this.fitButton = find("fit");
    this.sideButton = find("side");
    const wide = this.root.clientWidth >= PANEL_MIN_WIDTH;
    this.togglePanel(wide && keep.get("localStorage", "panel", true), { remember: false });
    this.toggleFill(this.look.fill);
  }

  /** New data from Streamlit: a token, classes, perhaps another filter. */
  update(data, setTriggerValue) {
    this.server.askForToken = () => setTriggerValue("token", Date.now());
    this.server.setToken(data.token);
    this.classes.merge(data.classes);
    const question = JSON.stringify([data.filter, data.sort, data.reload]);
    if (this.question === question) return this.repaint([]);
    this.question = question;
    this.filter = data.filter;
    this.sort = data.sort;
    return this.start();
  }

  async start() {
    this.selection.reset();
    this.preview.close();
    this.root.setAttribute("aria-busy", "true");
    try {
      await this.server.openSession();
      await this.rows.restart(this.filter, this.sort);
    } catch (error) {
      return this.retryStart(error);
    }
    this.labels.paintPending(this.rows.list);
    this.root.removeAttribute("aria-busy");
    this.grid.layout();
    this.grid.reset();
    this.showSelection();
    this.count();
    if (document.activeElement === document.body) this.ui.viewport.focus({ preventScroll: true });
    return undefined;
  }

  retryStart(error) {
    this.ui.count.textContent = error instanceof Refused ? error.message : "The server cannot be reached. Trying again.";
    clearTimeout(this.startTimer);
    if (!(error instanceof Refused)) this.startTimer = setTimeout(() => this.start(), 3000);
  }

  /** Ask again for the same rows, as after an undo that brought back images that are not here. */
  reload() {
    clearTimeout(this.reloadTimer);
    this.reloadTimer = setTimeout(() => this.start(), 50);
  }

  async loadMore() {
    const known = this.rows.list.length;
    try {
      if (!(await this.rows.loadMore()) || this.rows.list.length === known) return;
    } catch {
      setTimeout(() => this.grid.schedule(), 2000);
      return;
    }
    this.labels.paintPending(this.rows.list.slice(known));
    this.grid.refresh();
  }

  count() {
    clearTimeout(this.countTimer);
    this.countTimer = setTimeout(async () => {
      const counts = await this.server.get("/assets/count", this.filter).catch(() => null);
      if (!counts) return;
      const { matching, total, unlabelled } = counts;
      const all = matching === total ? plural(total, "image") : `${formatNumber(matching)} of ${formatNumber(total)}`;
      this.ui.count.textContent = unlabelled ? `${all} · ${formatNumber(unlabelled)} unlabelled` : all;
    }, this.ui.count.textContent ? COUNT_DELAY_MS : 0);
  }

  // -- painting ---------------------------------------------------------------------------

  repaint(ids) {
    this.grid.repaintRows(ids);
    this.panel.show(this.selection.targets(), this.selection.ids.size > 0);
    if (this.preview.isOpen) this.preview.show(this.selection.focus);
    this.count();
  }

  showSelection() {
    this.grid.render();
    const count = this.selection.ids.size;
    this.ui.selected.hidden = !count;
    this.ui.selected.textContent = `${formatNumber(count)} selected`;
    if (!this.ui.panel.hidden) this.panel.show(this.selection.targets(), count > 0);
    if (this.preview.isOpen) this.preview.show(this.selection.focus);
  }

  rearranged() {
    this.selection.focus = this.selection.clamp(this.selection.focus);
    this.selection.ids = new Set([...this.selection.ids].filter((id) => this.rows.index.has(id)));
    this.grid.refresh();
    this.showSelection();
    this.count();
  }

  /** The first failure may be an expired cookie; the second is the image's own. */
  async repairImage(image, tile, row) {
    if (image.dataset.again) {
      tile.classList.add("broken");
      return;
    }
    image.dataset.again = "1";
    this.repairing ??= this.server.reopenSession().catch(() => null).finally(() => setTimeout(() => { this.repairing = null; }, 2000));
    await this.repairing;
    if (tile.dataset.id === row.id) image.src = thumbnailUrl(row);
  }

  // -- what people do ---------------------------------------------------------------------

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
    const entry = this.labels.relabel(targets, labelId);
    if (entry && targets.length > 1) {
      const name = labelId === null ? "now without a label" : `labelled ${this.classes.get(labelId).name}`;
      this.notices.say(`${plural(entry.ids.length, "image")} ${name}.`, { words: "Undo", run: () => this.undo() });
    }
    this.selection.moveTo(this.rows.index.get(targets.at(-1).id) + 1);
    this.grid.reveal();
    this.focusGrid();
  }

  split(split) {
    const targets = this.selection.targets();
    if (!targets.length) return;
    const entry = this.labels.setSplit(targets, split);
    if (entry && targets.length > 1) {
      this.notices.say(`${plural(entry.ids.length, "image")}: ${split ?? "no split"}.`, { words: "Undo", run: () => this.undo() });
    }
    if (!this.selection.ids.size) this.selection.moveTo(this.selection.focus + 1);
    this.grid.reveal();
    this.focusGrid();
  }

  remove() {
    const targets = this.selection.targets();
    if (!targets.length) return;
    this.labels.remove(targets);
    this.notices.say(`${plural(targets.length, "image")} removed from the catalog; the files stay.`, { words: "Undo", run: () => this.undo() });
    this.focusGrid();
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
      else if (mineWins) this.labels.setSplit(targets, payload.split);
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
      classes: this.classes.list, count: targets.length, current: now.size === 1 ? [...now][0] : undefined,
      onPick: (labelId) => this.label(labelId), onCreate: (name) => this.createClass(name),
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

  async goToUnlabelled() {
    for (let from = this.selection.focus + 1; ; ) {
      const found = this.rows.list.findIndex((row, position) => position >= from && row.label_id === null);
      if (found >= 0) {
        this.selection.moveTo(found);
        this.grid.reveal();
        return;
      }
      from = this.rows.list.length;
      if (this.rows.complete || !(await this.rows.loadMore().catch(() => 0))) break;
      this.grid.refresh();
    }
    const wrapped = this.rows.list.findIndex((row) => row.label_id === null);
    if (wrapped >= 0) {
      this.selection.moveTo(wrapped);
      this.grid.reveal();
    } else {
      this.notices.say("Every image here has a label.");
    }
  }

  move(key, event) {
    const { columns } = this.grid;
    const page = this.grid.linesOnScreen * columns;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -page, PageDown: page };
    const last = this.rows.list.length - 1;
    let to = { Home: 0, End: last }[key] ?? this.selection.focus + steps[key];
    if ((key === "ArrowUp" && to < 0) || (key === "ArrowDown" && to > last && Math.floor(this.selection.focus / columns) === Math.floor(last / columns))) to = this.selection.focus;
    this.selection.moveTo(to, { extend: event.shiftKey, keep: event.ctrlKey || event.metaKey });
    this.grid.reveal();
  }

  selectAll() {
    this.selection.selectAll();
    if (!this.rows.complete) this.notices.say(`${plural(this.rows.list.length, "image")} selected: those loaded so far. Press End to load more.`);
  }

  escape() {
    if (this.preview.isOpen) this.preview.close();
    else if (!this.ui.toast.hidden) this.notices.hush();
    else this.selection.clear();
  }

  togglePreview() {
    this.preview.toggle(this.selection.focus);
  }

  togglePanel(on = this.ui.panel.hidden, { remember = true } = {}) {
    this.ui.panel.hidden = !on;
    this.sideButton.setAttribute("aria-pressed", on);
    if (remember) keep.set("localStorage", "panel", on);
    if (on) this.panel.show(this.selection.targets(), this.selection.ids.size > 0);
  }

  toggleFill(on = !this.look.fill) {
    this.look.fill = on;
    keep.set("localStorage", "fill", on);
    this.fitButton.setAttribute("aria-pressed", on);
    this.grid.layout();
  }

  setSize(size) {
    this.look.size = Math.max(56, Math.min(320, size));
    this.slider.value = this.look.size;
    keep.set("localStorage", "tile", this.look.size);
    this.grid.layout();
  }

  zoom(direction) {
    this.setSize(this.look.size + direction * 24);
  }

  openHelp() {
    openHelp(this.overlay);
  }

  overlayOpen() {
    return this.overlay.isOpen;
  }

  focusGrid() {
    this.ui.viewport.focus({ preventScroll: true });
  }

  destroy() {
    for (const undo of this.unbind) undo();
    this.grid.destroy();
    clearTimeout(this.startTimer);
    clearTimeout(this.reloadTimer);
    clearTimeout(this.countTimer);
  }
}

/** Use the window's height below the element's top, so that the grid scrolls and not the page. */
function followHeight(root) {
  const fit = () => {
    const scrolled = root.getRootNode().host?.closest('[data-testid="stMain"]')?.scrollTop ?? 0;
    const top = root.getBoundingClientRect().top + scrolled;
    root.style.setProperty("--height", `${Math.max(360, innerHeight - top - 20)}px`);
  };
  fit();
  const timer = setInterval(fit, 1000); // what stands above may grow without telling
  addEventListener("resize", fit);
  return () => {
    clearInterval(timer);
    removeEventListener("resize", fit);
  };
}

const sharedServer = new Server();
const outboxes = new Map();
const galleries = new WeakMap();

function sharedOutbox(name) {
  if (!outboxes.has(name)) outboxes.set(name, new Outbox(sharedServer, name));
  return outboxes.get(name);
}

export default function ({ data, parentElement, setTriggerValue }) {
  let gallery = galleries.get(parentElement);
  if (!gallery) {
    sharedServer.setToken(data.token);
    gallery = new Gallery(parentElement.querySelector(".gallery"), data);
    galleries.set(parentElement, gallery);
  }
  gallery.update(data, setTriggerValue);
  return () => {
    gallery.destroy();
    galleries.delete(parentElement);
  };
}
