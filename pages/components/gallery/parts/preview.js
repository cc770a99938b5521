// One image as large as the grid. Every key keeps working, so one can label from here too.

class Preview {
  constructor(element, rows) {
    this.element = element;
    this.rows = rows;
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
    this.element.replaceChildren();
    this.shown = null;
  }

  show(position) {
    const row = this.rows.list[position];
    if (!row) return this.close();
    this.element.hidden = false;
    const words = [
      row.label_name ?? "no label",
      row.split ?? "no split",
      `${formatNumber(row.width)} × ${formatNumber(row.height)} px`,
      row.source,
    ];
    const caption = el("div", { className: "preview-caption" },
      el("span", {}, words.join(" · ")), el("code", {}, row.path));
    const close = el("button", { type: "button", className: "tool", title: "Close (Esc)" }, "Close");
    close.addEventListener("click", () => this.close());
    if (this.shown !== row.id) {
      this.large = picture(row, imageUrl(row));
      this.large.style.backgroundImage = `url("${thumbnailUrl(row)}")`;
      this.large.addEventListener("load", () => this.large.style.removeProperty("background-image"));
      for (const next of [1, 2, -1]) this.prefetch(this.rows.list[position + next]);
    }
    this.shown = row.id;
    this.element.replaceChildren(el("div", { className: "preview-image" }, this.large), caption, close);
    return undefined;
  }

  prefetch(row) {
    if (row) new Image().src = imageUrl(row);
  }
}
