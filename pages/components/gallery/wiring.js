// Puts the modules of the gallery together: each is given what it works with, and asks for what
// others do by the actions that are named here.

import { formatNumber } from "../javascript/text.js";
import { Appearance, readLook } from "./actions/appearance.js";
import { Decisions } from "./actions/decisions.js";
import { Navigation } from "./actions/navigation.js";
import { Review } from "./actions/review.js";
import { Notices } from "./dialogs/notices.js";
import { Overlay } from "./dialogs/overlays.js";
import { Bindings } from "./keys/bindings.js";
import { ClassKeys } from "./keys/class_keys.js";
import { bindKeys } from "./keys/keys.js";
import { KeysDialog } from "./keys/keys_dialog.js";
import { Address } from "./page/address.js";
import { DeepLink } from "./page/deep_link.js";
import { closeConnectionDialog } from "./page/lost_server.js";
import { followHeight } from "./page/page_height.js";
import { Classes } from "./state/classes.js";
import { Finding } from "./state/finding.js";
import { Labels } from "./state/labels.js";
import { Listing } from "./state/listing.js";
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
import { ReviewBar } from "./views/review_bar.js";
import { ShowMenu } from "./views/show_menu.js";
import { Views } from "./views/views.js";

export class Gallery {
  /** `data` as `gallery.show` in Python gives it; client and outbox outlive the gallery. */
  constructor(root, data, { client, outbox }) {
    Object.assign(this, { root, client, outbox });
    this.selectedCount = this.find("selected-count");
    this.makeState(data);
    this.makeTiles();
    this.makeViews();
    this.makeDialogs();
    this.makeActions();
    this.bind();
    this.appearance.restore();
  }

  find(name) {
    return this.root.querySelector(`.${name}`);
  }

  /** What is known and chosen. */
  makeState(data) {
    const { client } = this;
    this.preferences = new Preferences(client, ownerOf(data));
    this.bindings = new Bindings(this.preferences);
    this.classes = new Classes(this.bindings.freeLetters());
    this.classes.set(data.classes);
    this.rows = new Rows(client);
    this.selection = new Selection(this.rows, () => this.showSelection());
    this.pace = new Pace();
    this.labels = new Labels({
      rows: this.rows,
      outbox: this.outbox,
      client,
      classes: this.classes,
      onPaint: (ids) => this.repaint(ids),
      onRemoved: () => this.rearranged(),
      onMessage: (words, action) => this.notices.say(words, action),
      onStale: () => this.listing.reload(),
      onUndo: () => this.decisions.undo(),
      onSettled: () => this.watch.look(),
    });
    this.suggestions = new Suggestions({ classes: this.classes, labels: this.labels });
    this.review = new Review({
      ...this,
      owner: ownerOf(data),
      actions: { say: (words) => this.notices.say(words), moved: () => this.movedOn() },
    });
    this.look = readLook(this.preferences, {
      colorOf: (labelId) => this.classes.colorOf(labelId),
      isPending: (id) => this.outbox.isPending(id),
    });
  }

  makeTiles() {
    const { client, rows, selection, look } = this;
    this.pictures = new Pictures(client);
    this.grid = new Grid({
      viewport: this.find("viewport"),
      canvas: this.find("canvas"),
      rows,
      selection,
      look,
      pictures: this.pictures,
      onNeed: (from, to) => this.listing.load(from, to),
    });
    this.watch = new Watch({
      client,
      rows,
      grid: this.grid,
      isPending: look.isPending,
      isOff: () => this.review.isBlind,
      onPaint: (ids) => this.repaint(ids),
    });
  }

  makeViews() {
    const { client, rows, selection, classes, pictures, suggestions, look, grid, preferences } =
      this;
    const deciding = {
      label: (id) => this.decisions.label(id),
      accept: () => this.decisions.accept(),
      keyOf: (id) => this.bindings.keyOf(id),
    };
    this.panel = new Panel({
      element: this.find("panel"),
      client,
      classes,
      pictures,
      suggestions,
      actions: {
        ...deciding,
        split: (split) => this.decisions.split(split),
        remove: () => this.decisions.remove(),
        findAlike: () => this.navigation.findAlike(),
        openPicker: () => this.decisions.openPicker(),
        closePanel: () => this.appearance.togglePanel(false),
      },
    });
    this.large = new LargeView(this.find("preview"), {
      rows,
      classes,
      pace: this.pace,
      pictures,
      review: this.review,
      bar: new ReviewBar(this.review, this.bindings),
      actions: {
        ...deciding,
        close: () => this.navigation.escape(),
        setGoal: () => this.appearance.setGoal(),
      },
    });
    this.compare = new Compare(this.find("compare"), {
      selection,
      pictures,
      look,
      actions: {
        close: () => this.views.set(this.views.base),
        focusHere: () => this.views.focusHere(),
      },
    });
    this.views = new Views({
      root: this.root,
      buttons: [...this.root.querySelectorAll(".views button")],
      large: this.large,
      compare: this.compare,
      grid,
      selection,
      look,
      preferences,
      actions: { say: (words) => this.notices.say(words), changed: () => this.deepLink.write() },
    });
  }

  makeDialogs() {
    const { bindings, classes, rows, pictures, outbox, look } = this;
    this.overlay = new Overlay(this.find("overlay"), () => this.views.focusHere());
    this.keysDialog = new KeysDialog({
      overlay: this.overlay,
      bindings,
      classes,
      onChange: () => this.appearance.keysChanged(),
    });
    this.menu = new ShowMenu({
      element: this.find("menu"),
      button: this.find("show"),
      look,
      keyOf: (id) => bindings.keyOf(id),
      actions: {
        show: (name, on) => this.appearance.showOnTiles(name, on),
        fill: (on) => this.appearance.toggleFill(on),
        keep: (on) => this.appearance.toggleKeep(on),
      },
    });
    this.notices = new Notices({
      saved: this.find("saved"),
      toast: this.find("toast"),
      conflict: this.find("conflict"),
      aside: this.find("aside"),
      outbox,
      classes,
      rows,
      pictures,
      actions: { resolve: (open, mineWins) => this.decisions.resolve(open, mineWins) },
    });
  }

  /** What a person can do; keys, buttons and views ask for it here. */
  makeActions() {
    const { root, client, rows, selection, labels, classes, suggestions, outbox, look } = this;
    const { grid, views, compare, pace, notices, overlay, menu } = this;
    const { preferences, bindings, keysDialog } = this;
    this.finding = new Finding({
      rows,
      selection,
      client,
      suggestions,
      actions: {
        say: (words) => notices.say(words),
        goTo: (place) => this.navigation.goTo(place),
        loadAt: (place) => this.listing.loadAt(place),
      },
    });
    this.listing = new Listing({
      client,
      rows,
      labels,
      suggestions,
      selection,
      grid,
      views,
      preferences,
      root,
      countElement: this.find("count"),
      actions: { showSelection: () => this.showSelection(), started: () => this.deepLink.open() },
    });
    const { finding, listing } = this;
    const painting = {
      repaint: (ids) => this.repaint(ids),
      showSelection: () => this.showSelection(),
      showPanel: () => this.showPanel(),
    };
    this.deepLink = new DeepLink({
      address: new Address(client.workspace),
      client,
      rows,
      selection,
      grid,
      views,
      finding,
      listing,
      say: (words) => notices.say(words),
    });
    this.navigation = new Navigation({ rows, selection, grid, views, compare, notices, listing });
    this.decisions = new Decisions({
      rows,
      selection,
      labels,
      classes,
      suggestions,
      outbox,
      client,
      look,
      grid,
      views,
      compare,
      pace,
      notices,
      overlay,
      listing,
      review: this.review,
      actions: painting,
    });
    this.appearance = new Appearance({
      root,
      panel: this.find("panel"),
      slider: this.find("slider").querySelector("input"),
      sideButton: this.find("side"),
      look,
      grid,
      views,
      preferences,
      bindings,
      classes,
      notices,
      overlay,
      keysDialog,
      menu,
      pace,
      actions: painting,
    });
    this.classKeys = new ClassKeys({
      classes,
      onLabel: (id) => this.decisions.label(id),
      say: (words) => notices.say(words),
    });
  }

  bind() {
    const viewport = this.find("viewport");
    this.unbind = [
      bindKeys(this.root, this),
      followHeight(this.root),
      bindMarquee(viewport, this),
      () => this.menu.close(),
      closeConnectionDialog(() => this.overlay.isOpen || this.views.focusHere()),
    ];
    viewport.addEventListener("click", (event) => this.navigation.click(event));
    viewport.addEventListener("dblclick", () => this.views.set("focus"));
    viewport.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault());
    const press = (name, run) =>
      this.find(name).addEventListener("click", () => {
        run();
        if (!this.overlay.isOpen) this.views.focusHere();
      });
    press("undo", () => this.decisions.undo());
    press("side", () => this.appearance.togglePanel());
    press("keys", () => this.appearance.openHelp());
  }

  /** New data from Streamlit: a token, classes, perhaps another filter. */
  update(data, setTriggerValue) {
    this.client.askForToken = () => setTriggerValue("token", Date.now());
    this.client.setToken(data.token);
    this.classes.merge(data.classes);
    this.review.ask(data.review, (done) => setTriggerValue("finished", done));
    this.navigation.askAlike = (wanted) => setTriggerValue("alike", wanted);
    if (!this.listing.ask(data)) this.repaint([]);
  }

  /** Behind an answer: the next image, or that none is left. */
  movedOn() {
    this.grid.reveal();
    this.views.show();
    this.views.focusHere();
    if (this.views.isLarge || !this.review.isOver) return;
    this.notices.say(`None is left: ${this.review.words()}.`);
  }

  // -- painting ---------------------------------------------------------------------------

  repaint(ids) {
    this.grid.repaintRows(ids);
    this.showPanel();
    this.views.show();
    this.listing.count();
  }

  showSelection() {
    this.grid.showSelection();
    const { ids, matching } = this.selection;
    this.selectedCount.hidden = !ids.size;
    this.selectedCount.textContent = matching
      ? `all ${formatNumber(matching)} that match`
      : `${formatNumber(ids.size)} selected`;
    this.showPanel();
    this.views.show();
    this.deepLink.write();
  }

  showPanel() {
    this.panel.show(() => {
      const { selection } = this;
      return [selection.targets(), selection.ids.size > 0 && !selection.only];
    });
  }

  rearranged() {
    this.selection.focus = this.selection.clamp(this.selection.focus);
    this.selection.ids = new Set([...this.selection.ids].filter((id) => this.rows.index.has(id)));
    this.grid.refresh();
    this.showSelection();
    this.listing.count();
  }

  destroy() {
    for (const undo of this.unbind) undo();
    for (const part of [
      this.labels,
      this.pace,
      this.grid,
      this.watch,
      this.listing,
      this.appearance,
      this.deepLink,
    ]) {
      part.stop();
    }
  }
}

/** Names what a browser keeps: nobody else's, and of no other workspace. */
export function ownerOf({ workspace, author }) {
  return `${workspace}-${author}`;
}
