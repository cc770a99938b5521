// Focus mode: one image as large as the grid, the classes as keys below it, the next ones
// fetched ahead. Every key of the gallery keeps working, and a label moves on to the next image.

const FOCUS_CLASSES = 12;
const FETCHED_AHEAD = [1, 2, 3, -1];
const MAX_ZOOM = 16;

class FocusMode {
  constructor(element, { rows, classes, pace, actions }) {
    Object.assign(this, { element, rows, classes, pace, actions });
    this.stage = el("div", { className: "preview-image" });
    this.place = el("span", { className: "place" });
    this.paceButton = el("button", { type: "button", className: "tool pace", title: "Set a goal for today" });
    this.paceButton.addEventListener("click", () => actions.setGoal());
    const close = el("button", { type: "button", className: "tool", title: "Back to the grid (Esc)" }, "Close");
    close.addEventListener("click", () => this.close());
    this.choices = el("div", { className: "focus-classes", role: "group", "aria-label": "Class" });
    this.caption = el("div", { className: "preview-caption" });
    element.append(el("div", { className: "focus-head" }, this.place, this.paceButton, close), this.stage, this.choices, this.caption);
    this.bindZoom();
  }

  get isOpen() {
    return !this.element.hidden;
  }

  toggle(position) {
    if (this.isOpen) this.close();
    else this.show(position);
  }

  close() {
    this.element.hidden = true;
    this.stage.replaceChildren();
    this.shown = null;
  }

  show(position) {
    const row = this.rows.at(position);
    if (!row) return this.close();
    this.element.hidden = false;
    if (this.shown !== row.id) this.showImage(row, position);
    this.shown = row.id;
    this.place.textContent = `${formatNumber(position + 1)} of ${formatNumber(this.rows.length)}`;
    this.paceButton.textContent = this.pace.words();
    this.showChoices(row);
    const facts = [row.label_name ?? "no label", row.split ?? "no split", `${formatNumber(row.width)} × ${formatNumber(row.height)} px`, row.source];
    if (row.review) facts.push(row.note ? `⚑ ${row.note}` : "⚑ marked for review");
    this.caption.replaceChildren(el("span", {}, facts.join(" · ")), el("code", {}, row.path));
    return undefined;
  }

  showImage(row, position) {
    const image = picture(row, imageUrl(row));
    image.style.backgroundImage = `url("${thumbnailUrl(row)}")`;
    image.addEventListener("load", () => image.style.removeProperty("background-image"));
    this.image = image;
    this.zoomTo(1, 0, 0);
    this.stage.replaceChildren(image);
    for (const ahead of FETCHED_AHEAD) this.prefetch(this.rows.at(position + ahead));
  }

  showChoices(row) {
    const shown = this.classes.list.slice(0, FOCUS_CLASSES);
    const key = shown.map((label) => label.label_id + (label.key ?? "") + label.name).join("/") + row.label_id;
    if (this.shownChoices === key) return;
    this.shownChoices = key;
    this.choices.replaceChildren(...shown.map((label) => {
      const button = el("button", {
        type: "button", className: "class", style: { "--class": label.color }, "aria-pressed": row.label_id === label.label_id, title: label.name,
      }, label.key && el("kbd", {}, label.key), el("span", { className: "name" }, label.name));
      button.addEventListener("click", () => this.actions.label(label.label_id));
      return button;
    }));
  }

  prefetch(row) {
    if (row) new Image().src = imageUrl(row);
  }

  // -- zoom and pan -------------------------------------------------------------------------

  zoomTo(scale, x, y) {
    this.zoomed = { scale, x: scale === 1 ? 0 : x, y: scale === 1 ? 0 : y };
    this.image.style.transform = `translate(${this.zoomed.x}px, ${this.zoomed.y}px) scale(${scale})`;
    this.stage.classList.toggle("zoomed", scale > 1);
  }

  /** Zoom by a factor; the point that is `at` from the middle stays where it is. */
  zoomBy(factor, at = { x: 0, y: 0 }) {
    if (!this.image) return;
    const { scale, x, y } = this.zoomed;
    const next = Math.min(MAX_ZOOM, Math.max(1, scale * factor));
    const share = next / scale;
    this.zoomTo(next, at.x - (at.x - x) * share, at.y - (at.y - y) * share);
  }

  bindZoom() {
    const { stage } = this;
    stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      const box = stage.getBoundingClientRect();
      const at = { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
      this.zoomBy(Math.exp(-event.deltaY / 300), at);
    }, { passive: false });
    let from = null;
    stage.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.image || this.zoomed.scale === 1) return;
      from = { x: event.clientX - this.zoomed.x, y: event.clientY - this.zoomed.y };
      stage.setPointerCapture(event.pointerId);
    });
    stage.addEventListener("pointermove", (event) => {
      if (from) this.zoomTo(this.zoomed.scale, event.clientX - from.x, event.clientY - from.y);
    });
    stage.addEventListener("lostpointercapture", () => {
      from = null;
    });
    stage.addEventListener("dblclick", () => this.zoomTo(1, 0, 0));
  }
}
