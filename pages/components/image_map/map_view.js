// The map as a whole: asks for the points, paints them, and tells the page what a line surrounds.

import { el } from "../javascript/dom.js";
import { formatNumber, plural } from "../javascript/text.js";
import { Card } from "./card.js";
import { COLOURINGS, colourPoints, readColour } from "./colours.js";
import { bindGestures, thinned } from "./gestures.js";
import { findNearest, paint } from "./painter.js";
import { idAt, matchingLast, mixedOrder, readPoints } from "./points.js";
import { fitAll, moved, placeAt, spotOf, zoomed } from "./view.js";

const WATCH_MS = 4000;
const MOST_CORNERS = 300;
const SMALLEST_LINE = 12; // CSS pixels across: less is a click
const REACH = 9; // CSS pixels from the pointer to a point
const IN_LEGEND = 24;
const OPEN_IMAGE = "forge-open-image"; // the gallery of the page listens
const RADII = [
  [3_000, 3],
  [20_000, 2.2],
  [Infinity, 1.3],
]; // CSS pixels of a point, by how many there are

export class ImageMap {
  constructor(root, client) {
    Object.assign(this, { root, client, mode: "lasso", colouring: "label" });
    const find = (name) => root.querySelector(`.${name}`);
    this.parts = Object.fromEntries(
      ["stage", "colour", "facts", "place", "trouble", "legend", "ring"].map((name) => [
        name,
        find(name),
      ]),
    );
    this.canvas = root.querySelector("canvas");
    this.polygon = root.querySelector("polygon");
    this.card = new Card({ element: find("card"), ring: find("ring"), client });
    for (const button of root.querySelectorAll(".modes button")) {
      button.addEventListener("click", () => this.setMode(button.dataset.mode));
    }
    find("in").addEventListener("click", () => this.zoomAt(1.5));
    find("out").addEventListener("click", () => this.zoomAt(1 / 1.5));
    find("whole").addEventListener("click", () => this.showAll());
    this.parts.place.addEventListener("click", () => this.ask("place", Date.now()));
    this.parts.colour.addEventListener("change", () => {
      this.colouring = this.parts.colour.value;
      this.colour();
    });
    bindGestures(this.parts.stage, this.canvas, this);
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(this.parts.stage);
    this.timer = setInterval(() => this.watch(), WATCH_MS);
  }

  /** New data from Streamlit: a filter, classes, a run, a theme. */
  update(data) {
    const before = this.data;
    this.data = data;
    const has = (name) => JSON.stringify(before?.[name]) === JSON.stringify(data[name]);
    if (!before || !has("run") || !has("drawn") || !has("network")) this.load();
    else if (!has("filter")) this.match();
    else this.colour(); // classes or the theme may have changed
  }

  // -- what is known ----------------------------------------------------------------------

  async load() {
    await this.guarded(async () => {
      const { run, network } = this.data;
      const points = readPoints(await this.client.getBytes("/map", { run, network }));
      if (network !== this.data.network) return; // another was chosen since
      const isOther = points.state !== this.points?.state;
      if (isOther) {
        this.order = mixedOrder(points.number);
        const isSame = this.points && this.network === network;
        this.view = isSame ? this.view : null;
      }
      Object.assign(this, { points, network });
      this.card.forget();
      await this.match();
    });
  }

  async match() {
    await this.guarded(async () => {
      const { filter, network } = this.data;
      const asked = JSON.stringify([filter, network]);
      const query = { ...filter, network };
      const answer = readPoints(await this.client.getBytes("/map/matching", query));
      const now = JSON.stringify([this.data.filter, this.data.network]);
      if (asked !== now) return; // another was asked for since
      if (answer.state !== this.points.state) {
        await this.load();
        return;
      }
      this.matching = answer.matching.subarray(0, this.points.number);
      this.drawLine([]);
      this.colour();
    });
  }

  /** Other people label, and images come. */
  async watch() {
    if (document.hidden || !this.points) return;
    const now = await this.client.get("/revision").catch(() => null);
    if (now && now.revision > this.points.revision) this.load();
  }

  async guarded(work) {
    try {
      await work();
      this.say("");
    } catch (error) {
      this.say(error.message);
    }
  }

  say(words) {
    this.parts.trouble.textContent = words;
    this.parts.trouble.hidden = !words;
  }

  // -- painting ---------------------------------------------------------------------------

  colour() {
    if (!this.points || !this.matching) return;
    const { points, data } = this;
    const ways = Object.entries(COLOURINGS).filter(([, way]) => way.fits(points));
    if (!ways.some(([name]) => name === this.colouring)) this.colouring = "label";
    this.parts.colour.replaceChildren(
      ...ways.map(([name, { words }]) =>
        el("option", { value: name, selected: name === this.colouring }, words),
      ),
    );
    const ground = readColour(getComputedStyle(this.parts.stage).backgroundColor);
    const way = COLOURINGS[this.colouring].make(points, data.classes, data.run);
    const { numbers, legend } = colourPoints(way, this.matching, ground);
    this.numbers = numbers;
    this.sorted = matchingLast(this.order, this.matching);
    this.showLegend(legend);
    this.showFacts();
    this.draw();
  }

  showLegend(legend) {
    const more = legend.slice(IN_LEGEND);
    this.parts.legend.replaceChildren(
      ...legend.slice(0, IN_LEGEND).map((group) => this.makeGroup(group)),
      more.length ? el("span", { className: "group" }, `and ${more.length} more`) : "",
    );
  }

  /** A group of the legend; its images are listed by a click, unless some have no place yet. */
  makeGroup({ words, colour, count, where }) {
    const isDoor = where && !this.points.missing;
    const group = el(
      isDoor ? "button" : "span",
      { className: "group" },
      el("i", { style: { background: colour } }),
      `${words} ${formatNumber(count)}`,
    );
    if (isDoor) {
      Object.assign(group, { type: "button", title: "List these images" });
      group.addEventListener("click", () => this.ask("listed", where));
    }
    return group;
  }

  showFacts() {
    const { number, missing } = this.points;
    const shown = this.matching.reduce((sum, each) => sum + each, 0);
    const all = plural(number, "image");
    this.parts.facts.textContent =
      shown === number ? all : `${formatNumber(shown)} of ${all} in the list`;
    this.parts.place.hidden = !missing;
    this.parts.place.textContent = `Place ${plural(missing, "new image")}`;
  }

  resize() {
    const { clientWidth, clientHeight } = this.parts.stage;
    if (!clientWidth) return;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const size = {
      width: Math.round(clientWidth * ratio),
      height: Math.round(clientHeight * ratio),
    };
    if (this.size?.width === size.width && this.size?.height === size.height) return;
    Object.assign(this, { ratio, size, view: null });
    Object.assign(this.canvas, size);
    this.picture = new ImageData(size.width, size.height);
    this.pixels = new Uint32Array(this.picture.data.buffer);
    this.drawLine([]);
    this.draw();
  }

  /** Once a frame. */
  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (!this.numbers || !this.size) return;
      this.view ??= fitAll(this.points.places, this.size);
      const { points, sorted, numbers, view, size } = this;
      const [, radius] = RADII.find(([most]) => points.number <= most);
      const near = Math.min(3, (view.scale / view.whole) ** 0.4);
      this.pixels.fill(0);
      paint(this.pixels, size, {
        places: points.places,
        order: sorted,
        colours: numbers,
        view,
        radius: Math.max(1, radius * near * this.ratio),
      });
      this.canvas.getContext("2d").putImageData(this.picture, 0, 0);
      this.root.dataset.painted = points.number;
    });
  }

  // -- what a person does -----------------------------------------------------------------

  setMode(mode) {
    this.mode = mode;
    this.parts.stage.dataset.mode = mode;
    for (const button of this.root.querySelectorAll(".modes button")) {
      button.setAttribute("aria-pressed", button.dataset.mode === mode);
    }
  }

  showAll() {
    this.look(null);
  }

  moveBy(dx, dy) {
    if (this.view) this.look(moved(this.view, dx * this.ratio, dy * this.ratio));
  }

  /** About a spot in CSS pixels; about the middle without one. */
  zoomAt(factor, spot = null) {
    if (!this.view) return;
    const { width, height } = this.size;
    const [x, y] = spot?.map((each) => each * this.ratio) ?? [width / 2, height / 2];
    this.look(zoomed(this.view, factor, x, y));
  }

  look(view) {
    this.view = view;
    this.card.hide();
    this.drawLine([]);
    this.draw();
  }

  /** The point near a spot, or -1. */
  findAt([x, y]) {
    if (!this.view || !this.points) return -1;
    const { ratio, view, points } = this;
    return findNearest(points.places, view, x * ratio, y * ratio, REACH * ratio);
  }

  /** The image of a point is opened; a finger sees its card first, and opens it by a second tap. */
  clickAt(spot, isFinger) {
    const place = this.findAt(spot);
    if (place < 0) {
      this.card.hide();
      return;
    }
    const id = idAt(this.points.ids, place);
    if (isFinger && this.card.id !== id) {
      this.hoverAt(spot);
      return;
    }
    this.card.hide();
    if (!openImage(id)) this.say("The list below shows no image: take filters away to open this.");
  }

  hoverAt(where) {
    const place = this.findAt(where);
    if (place < 0) {
      this.card.hide();
      return;
    }
    const { ratio, view, points } = this;
    const at = spotOf(view, [points.places[2 * place], points.places[2 * place + 1]]);
    const { clientWidth, clientHeight } = this.parts.stage;
    const spot = at.map((each) => each / ratio);
    this.card.show(idAt(points.ids, place), spot, [clientWidth, clientHeight]);
  }

  leave() {
    this.card.hide();
  }

  drawLine(line) {
    this.polygon.setAttribute("points", line.map((spot) => spot.join()).join(" "));
  }

  async endLine(line) {
    const across = (axis) => {
      const values = line.map((spot) => spot[axis]);
      return Math.max(...values) - Math.min(...values);
    };
    if (line.length < 3 || Math.max(across(0), across(1)) < SMALLEST_LINE) {
      this.drawLine([]);
      return;
    }
    const { ratio, view, points } = this;
    if (!view) return;
    const corners = thinned(line, MOST_CORNERS).map(([x, y]) =>
      placeAt(view, x * ratio, y * ratio),
    );
    await this.guarded(async () => {
      const body = { line: corners, state: points.state, network: this.data.network };
      const { selection } = await this.client.post("/map/lasso", body);
      if (selection) this.ask("picked", selection);
      else this.drawLine([]);
    });
  }

  close() {
    clearInterval(this.timer);
    cancelAnimationFrame(this.frame);
    this.resizing.disconnect();
    this.card.hide();
  }
}

/** Whether the gallery beneath heard that it is to open an image. */
function openImage(id) {
  const asked = new CustomEvent(OPEN_IMAGE, { detail: { id }, cancelable: true });
  return !window.dispatchEvent(asked);
}
