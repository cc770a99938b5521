// The gallery: wires its parts together. Streamlit runs the default export again whenever its
// data changes, so everything that lives longer hangs on the mounted element or the page.

const PANEL_MIN_WIDTH = 900;
const COUNT_DELAY_MS = 600;

class Gallery extends Actions {
  constructor(root, data) {
    super();
    this.root = root;
    const find = (name) => root.querySelector(`.${name}`);
    this.ui = Object.fromEntries(
      ["toolbar", "count", "selected-count", "saved", "viewport", "canvas", "preview", "toast", "panel", "overlay", "conflict", "body"]
        .map((name) => [name, find(name)]));
    this.look = {
      size: keep.get("localStorage", "tile", 144),
      fill: keep.get("localStorage", "fill", false),
      keepSelection: keep.get("localStorage", "keepSelection", false),
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
      onNeed: (from, to) => this.load(from, to), onImageError: (...args) => this.repairImage(...args),
    });
    this.labels = new Labels({
      rows: this.rows, outbox: this.outbox, server: this.server, classes: this.classes, author: data.author,
      onPaint: (ids) => this.repaint(ids), onRemoved: () => this.rearranged(),
      onMessage: (words, action) => this.notices.say(words, action), onStale: () => this.reload(),
      onUndo: () => this.undo(), onSettled: () => this.watch.look(),
    });
    this.watch = new Watch({
      server: this.server, rows: this.rows, grid: this.grid, isPending: (id) => this.outbox.isPending(id),
      onPaint: (ids) => this.repaint(ids),
    });
    this.panel = new Panel({
      element: this.ui.panel, server: this.server, classes: this.classes,
      actions: {
        label: (id) => this.label(id), split: (split) => this.split(split), remove: () => this.remove(),
        openPicker: () => this.openPicker(), closePanel: () => this.togglePanel(false),
      },
    });
    this.pace = new Pace();
    this.preview = new FocusMode(this.ui.preview, {
      rows: this.rows, classes: this.classes, pace: this.pace,
      actions: { label: (id) => this.label(id), setGoal: () => this.setGoal() },
    });
    this.overlay = new Overlay(this.ui.overlay, () => this.ui.viewport.focus({ preventScroll: true }));
    this.notices = new Notices({
      ...this.ui, outbox: this.outbox, classes: this.classes, rows: this.rows,
      actions: { decide: (open, mine) => this.decide(open, mine) },
    });
    this.bind(find);
  }

  bind(find) {
    this.unbind = [bindKeys(this.root, this), followHeight(this.root), bindBand(this.ui.viewport, this)];
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
    press("focus", () => this.togglePreview());
    this.fitButton = find("fit");
    this.sideButton = find("side");
    const narrow = matchMedia(`(max-width: ${PANEL_MIN_WIDTH - 1}px)`);
    const fitPanel = () => this.togglePanel(!narrow.matches && keep.get("localStorage", "panel", true), { remember: false });
    narrow.addEventListener("change", fitPanel);
    this.unbind.push(() => narrow.removeEventListener("change", fitPanel));
    fitPanel();
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
    this.labels.paintPending(this.rows.loaded());
    this.root.removeAttribute("aria-busy");
    this.grid.layout();
    this.grid.reset();
    this.showSelection();
    this.countedFor = null;
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

  /** Fetch what is missing between two positions, a page at a time, while it is looked at. */
  async load(from, to) {
    let fresh;
    try {
      fresh = await this.rows.need(from, to);
    } catch {
      setTimeout(() => this.grid.schedule(), 2000);
      return;
    }
    if (!fresh) return;
    this.labels.paintPending(fresh);
    this.grid.refresh();
    this.showSelection();
  }

  count() {
    clearTimeout(this.countTimer);
    this.countTimer = setTimeout(async () => {
      const counts = await this.server.get("/assets/count", this.filter).catch(() => null);
      if (!counts) return;
      const { matching, total, unlabelled } = counts;
      this.matchingCount = matching;
      if (this.countedFor !== this.question) {
        this.countedFor = this.question;
        this.rows.setTotal(matching);
        this.grid.refresh();
      }
      const all = matching === total ? plural(total, "image") : `${formatNumber(matching)} of ${formatNumber(total)}`;
      this.ui.count.textContent = unlabelled ? `${all} · ${formatNumber(unlabelled)} unlabelled` : all;
    }, this.countedFor === this.question ? COUNT_DELAY_MS : 0);
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
    this.ui["selected-count"].hidden = !count;
    const { matching } = this.selection;
    this.ui["selected-count"].textContent = matching ? `all ${formatNumber(matching)} that match` : `${formatNumber(count)} selected`;
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
    if (this.preview.isOpen) this.preview.zoomBy(direction > 0 ? 1.5 : 1 / 1.5);
    else this.setSize(this.look.size + direction * 24);
  }

  /** How many labels a person wants to give today; 0 for none. */
  setGoal() {
    openGoal(this.overlay, { goal: this.pace.goal, onDone: (goal) => {
      this.pace.setGoal(goal);
      this.repaint([]);
    } });
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
    this.watch.stop();
    clearTimeout(this.startTimer);
    clearTimeout(this.reloadTimer);
    clearTimeout(this.countTimer);
  }
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
