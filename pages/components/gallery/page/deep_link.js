// The image and the view that the page's address names: opened once, then kept up to date; and
// the image that another part of the page, such as the map, asks to open.

const OPEN_IMAGE = "forge-open-image";

export class DeepLink {
  constructor({ address, client, rows, selection, grid, views, finding, listing, say }) {
    Object.assign(this, { address, client, rows, selection, grid, views, finding, listing, say });
    this.named = address.read();
    this.onAsked = (event) => {
      event.preventDefault(); // it was heard
      this.openImage(event.detail.id);
    };
    window.addEventListener(OPEN_IMAGE, this.onAsked);
  }

  /** Go where the address leads, once, when the page opens. */
  async open() {
    const { image, view } = this.named ?? {};
    this.named = null;
    if (!image && !view) return;
    const { search } = this.finding;
    const position = image ? await this.findPosition(image) : null;
    if (search !== this.finding.search || this.selection.focus > 0) return; // the person moved on meanwhile
    if (position !== null) {
      await this.listing.loadAt(position);
      this.selection.moveTo(this.rows.index.get(image) ?? position);
      this.grid.center();
    }
    if (view === "film" || view === "focus") this.views.set(view, { remember: false });
  }

  /** Open an image of the list in focus. */
  async openImage(id) {
    const { search } = this.finding;
    const position = await this.findPosition(id);
    if (search !== this.finding.search) return; // another list is shown by now
    if (position === null) {
      this.say("This image is not in the list: filters leave it out.");
      return;
    }
    await this.listing.loadAt(position);
    this.selection.moveTo(this.rows.index.get(id) ?? position);
    this.grid.center();
    this.views.set("focus", { remember: false });
    this.views.root.scrollIntoView({ block: "start" }); // what asked for it may stand above
  }

  /** Where an image is in the list, or null. */
  async findPosition(image) {
    const { filter, sort } = this.listing;
    const answer = await this.client
      .get("/assets/position", { ...filter, sort, image })
      .catch(() => null);
    return answer?.position ?? null;
  }

  /** What is looked at now becomes the address, unless what it named was not opened yet. */
  write() {
    if (this.named) return;
    const row = this.selection.focusedRow();
    const { now, isLarge } = this.views;
    const isNamed = row && (this.selection.focus > 0 || isLarge);
    this.address.write({ view: isLarge ? now : null, image: isNamed ? row.id : null });
  }

  stop() {
    window.removeEventListener(OPEN_IMAGE, this.onAsked);
    this.address.stop();
  }
}
