// The gallery: wires its parts together. Streamlit runs the default export again whenever its
// data changes, so everything that lives longer hangs on the mounted element or the page.

import { Refused, Server } from "../javascript/client.js";
import { storage } from "../javascript/storage.js";
import { formatNumber, plural } from "../javascript/text.js";
import { Actions } from "./actions/decisions.js";
import { Notices } from "./dialogs/notices.js";
import { Overlay } from "./dialogs/overlays.js";
import { Bindings } from "./keys/bindings.js";
import { bindKeys } from "./keys/keys.js";
import { KeysDialog } from "./keys/keys_dialog.js";
import { Address } from "./page/address.js";
import { closeConnectionDialog } from "./page/lost_server.js";
import { followHeight } from "./page/page_height.js";
import { Classes } from "./state/classes.js";
import { Finding } from "./state/finding.js";
import { Labels } from "./state/labels.js";
import { Outbox } from "./state/outbox.js";
import { Pace } from "./state/pace.js";
import { Preferences } from "./state/preferences.js";
import { Rows } from "./state/rows.js";
import { Selection } from "./state/selection.js";
import { Suggestions } from "./state/suggestions.js";
import { Watch } from "./state/watch.js";
import { Grid } from "./tiles/grid.js";
import { bindMarquee } from "./tiles/marquee.js";
import { Pictures } from "./tiles/pictures.js";
import { Compare } from "./views/compare.js";
import { LargeView } from "./views/large_view.js";
import { Panel } from "./views/panel.js";
import { ALL_SHOWN, ShowMenu } from "./views/show_menu.js";
import { Views } from "./views/views.js";

const PANEL_MIN_WIDTH = 900;
const COUNT_DELAY_MS = 600;

class Gallery extends Actions {
  constructor(root, data) {
    super();
    this.root = root;
    const find = (name) => root.querySelector(`.${name}`);
    this.ui = Object.fromEntries(
      ["toolbar", "count", "selected-count", "saved", "viewport", "canvas", "preview", "compare", "toast", "panel", "overlay", "conflict", "body", "menu"]
        .map((name) => [name, find(name)]));
    this.server = sharedServer;
    this.outbox = sharedOutbox(`vision-forge-${data.workspace}-${data.author}`);
    this.preferences = new Preferences(this.server, `${data.workspace}-${data.author}`);
    this.bindings = new Bindings(this.preferences);
    this.address = new Address();
    this.addressed = this.address.read();
    this.look = {
      size: storage.get("localStorage", "tile", 144),
      fill: storage.get("localStorage", "fill", false),
      keepSelection: this.preferences.get("keepSelection", false),
      show: { ...ALL_SHOWN, ...this.preferences.get("show", {}) },
      isStrip: false,
      colorOf: (labelId) => this.classes.colorOf(labelId),
      isPending: (id) => this.outbox.isPending(id),
    };
    this.makeParts(data, find);
    this.bind(find);
  }

  makeParts(data, find) {
    const { server, look } = this;
    const keyOf = (id) => this.bindings.keyOf(id);
    const label = (id) => this.label(id);
    const accept = () => this.accept();
    const say = (words, action) => this.notices.say(words, action);
    this.pictures = new Pictures(server);
    const { pictures } = this;
    this.classes = new Classes(this.bindings.freeLetters());
    this.classes.set(data.classes);
    this.rows = new Rows(server);
    this.selection = new Selection(this.rows, () => this.showSelection());
    const { rows, selection, classes, outbox } = this;
    this.grid = new Grid({ ...this.ui, rows, selection, look, pictures, onNeed: (from, to) => this.load(from, to) });
    this.labels = new Labels({
      rows, outbox, server, classes, author: data.author, onPaint: (ids) => this.repaint(ids), onRemoved: () => this.rearranged(),
      onMessage: say, onStale: () => this.reload(), onUndo: () => this.undo(), onSettled: () => this.watch.look(),
    });
    this.suggestions = new Suggestions({ classes, labels: this.labels });
    this.watch = new Watch({ server, rows, grid: this.grid, isPending: look.isPending, onPaint: (ids) => this.repaint(ids) });
    this.panel = new Panel({
      element: this.ui.panel, server, classes, pictures, suggestions: this.suggestions,
      actions: {
        label, accept, keyOf, split: (split) => this.split(split), remove: () => this.remove(),
        openPicker: () => this.openPicker(), closePanel: () => this.togglePanel(false),
      },
    });
    this.pace = new Pace();
    const close = () => this.escape();
    this.large = new LargeView(this.ui.preview, { rows, classes, pace: this.pace, pictures, actions: { label, accept, keyOf, close, setGoal: () => this.setGoal() } });
    this.compare = new Compare(this.ui.compare, { selection, pictures, look, actions: { close: () => this.views.set(this.views.base), focusHere: () => this.views.focusHere() } });
    this.views = new Views({
      root: this.root, buttons: [...this.root.querySelectorAll(".views button")], large: this.large, compare: this.compare,
      grid: this.grid, selection, look, preferences: this.preferences, actions: { say, changed: () => this.writeAddress() },
    });
    this.finding = new Finding({
      rows, selection, server, suggestions: this.suggestions,
      actions: { say, goTo: (place) => this.goTo(place), loadAt: (place) => this.loadAt(place) },
    });
    this.overlay = new Overlay(this.ui.overlay, () => this.views.focusHere());
    this.keysDialog = new KeysDialog({ overlay: this.overlay, bindings: this.bindings, classes, onChange: () => this.keysChanged() });
    this.menu = new ShowMenu({
      element: this.ui.menu, button: find("show"), look, keyOf,
      actions: { show: (name, on) => this.showOnTiles(name, on), fill: (on) => this.toggleFill(on), keep: (on) => this.toggleKeep(on) },
    });
    this.notices = new Notices({
      ...this.ui, outbox, classes, rows, pictures, actions: { decide: (open, mine) => this.decide(open, mine) },
    });
  }

  bind(find) {
    const { viewport } = this.ui;
    this.unbind = [bindKeys(this.root, this), followHeight(this.root), bindMarquee(viewport, this), () => this.menu.close(), () => this.address.stop(),
      closeConnectionDialog(() => this.overlay.isOpen || this.views.focusHere())];
    viewport.addEventListener("click", (event) => this.click(event));
    viewport.addEventListener("dblclick", () => this.views.set("focus"));
    viewport.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault());
    this.slider = find("slider").querySelector("input");
    this.slider.addEventListener("input", () => this.setSize(Number(this.slider.value)));
    const press = (name, run) => find(name).addEventListener("click", () => {
      run();
      if (!this.overlay.isOpen) this.views.focusHere();
    });
    press("undo", () => this.undo());
    press("side", () => this.togglePanel());
    press("keys", () => this.openHelp());
    this.sideButton = find("side");
    const narrow = matchMedia(`(max-width: ${PANEL_MIN_WIDTH - 1}px)`);
    const fitPanel = () => this.togglePanel(!narrow.matches && storage.get("localStorage", "panel", true), { remember: false });
    narrow.addEventListener("change", fitPanel);
    this.unbind.push(() => narrow.removeEventListener("change", fitPanel));
    fitPanel();
    this.setSize(this.look.size);
    this.toggleFill(this.look.fill);
    this.titleKeys();
    this.views.restore();
    this.preferences.onLoad = () => this.preferencesChanged();
  }

  /** New data from Streamlit: a token, classes, perhaps another filter. */
  update(data, setTriggerValue) {
    this.server.askForToken = () => setTriggerValue("token", Date.now());
    this.server.setToken(data.token);
    this.classes.merge(data.classes);
    const question = JSON.stringify([data.filter, data.sort, data.suggest, data.reload]);
    if (this.question === question) return this.repaint([]);
    this.question = question;
    this.filter = data.filter;
    this.sort = data.sort;
    this.suggestions.run = data.suggest ?? null;
    return this.start();
  }

  /** With `stay` at the same place, as after an undo that brought back images that are not here. */
  async start({ stay = false } = {}) {
    const { focus } = this.selection;
    const { top } = this.grid.scrolling;
    this.selection.reset();
    if (!stay) this.views.set(this.views.base);
    this.root.setAttribute("aria-busy", "true");
    try {
      await this.server.openSession();
      await this.rows.restart(this.filter, this.sort, this.suggestions.run);
    } catch (error) {
      return this.retryStart(error);
    }
    this.labels.paintPending(this.rows.loaded());
    this.root.removeAttribute("aria-busy");
    this.grid.layout();
    this.grid.reset();
    if (stay) {
      this.selection.focus = this.selection.clamp(focus);
      this.grid.scrolling.top = top;
    }
    this.showSelection();
    this.countedFor = null;
    this.count();
    this.preferences.load();
    this.openAddressed();
    if (document.activeElement === document.body) this.views.focusHere();
    return undefined;
  }

  retryStart(error) {
    this.ui.count.textContent = error instanceof Refused ? error.message : "The server cannot be reached. Trying again.";
    clearTimeout(this.startTimer);
    if (!(error instanceof Refused)) this.startTimer = setTimeout(() => this.start(), 3000);
  }

  /** Ask again for the same rows. */
  reload() {
    clearTimeout(this.reloadTimer);
    this.reloadTimer = setTimeout(() => this.start({ stay: true }), 50);
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
      const counts = await this.server.get("/assets/count", { ...this.filter, sort: this.sort }).catch(() => null);
      if (!counts) return;
      const { matching, total, unlabelled } = counts;
      this.matchingCount = matching;
      if (this.countedFor !== this.question) {
        this.countedFor = this.question;
        this.rows.setTotal(matching);
        this.grid.refresh();
        this.views.show();
      }
      const all = matching === total ? plural(total, "image") : `${formatNumber(matching)} of ${formatNumber(total)}`;
      this.ui.count.textContent = unlabelled ? `${all} · ${formatNumber(unlabelled)} unlabelled` : all;
    }, this.countedFor === this.question ? COUNT_DELAY_MS : 0);
  }

  // -- painting ---------------------------------------------------------------------------

  repaint(ids) {
    this.grid.repaintRows(ids);
    this.showPanel();
    this.views.show();
    this.count();
  }

  showSelection() {
    this.grid.render();
    const count = this.selection.ids.size;
    this.ui["selected-count"].hidden = !count;
    const { matching } = this.selection;
    this.ui["selected-count"].textContent = matching ? `all ${formatNumber(matching)} that match` : `${formatNumber(count)} selected`;
    this.showPanel();
    this.views.show();
    this.writeAddress();
  }

  /** Once a frame, however often a key changes the selection and the labels. */
  showPanel() {
    this.panelFrame ??= requestAnimationFrame(() => {
      this.panelFrame = null;
      const { selection } = this;
      if (!this.ui.panel.hidden) this.panel.show(selection.targets(), selection.ids.size > 0 && !selection.only);
    });
  }

  rearranged() {
    this.selection.focus = this.selection.clamp(this.selection.focus);
    this.selection.ids = new Set([...this.selection.ids].filter((id) => this.rows.index.has(id)));
    this.grid.refresh();
    this.showSelection();
    this.count();
  }

  destroy() {
    for (const undo of this.unbind) undo();
    this.labels.close();
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
