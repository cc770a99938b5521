// A list may be higher than a browser can draw (33 million pixels). Then the canvas is lower than
// the list: a small scroll moves the list by as many pixels as the wheel says, and a long one, by
// the scroll bar's handle, goes to the same share of the list.

const MAX_CANVAS_PX = 4000000;
const SETTLE_MS = 250;

export class Scrolling {
  constructor(viewport, canvas, onScroll) {
    Object.assign(this, { viewport, canvas, onScroll });
    this.height = 0; // of the whole list
    this.shift = 0; // what the list's place is ahead of the scroll bar's
    this.last = 0;
    viewport.addEventListener("scroll", () => this.scrolled(), { passive: true });
  }

  setHeight(height) {
    this.height = height;
    this.canvas.style.height = `${Math.min(height, MAX_CANVAS_PX)}px`;
    if (height <= MAX_CANVAS_PX) this.shift = 0;
  }

  /** Pixels of the list above the viewport. */
  get top() {
    return this.last + this.shift; // as of the last scroll event: reading it would lay out the page
  }

  set top(top) {
    const wanted = Math.max(0, Math.min(top, this.maxTop));
    if (this.isMapped) {
      this.viewport.scrollTop = (wanted / this.maxTop) * this.maxScroll;
      this.shift = wanted - this.viewport.scrollTop;
    } else this.viewport.scrollTop = wanted;
    this.last = this.viewport.scrollTop;
  }

  get isMapped() {
    return this.height > MAX_CANVAS_PX;
  }

  get maxTop() {
    return Math.max(0, this.height - this.viewport.clientHeight);
  }

  get maxScroll() {
    return Math.max(1, this.viewport.scrollHeight - this.viewport.clientHeight);
  }

  scrolled() {
    const { scrollTop, clientHeight } = this.viewport;
    const isLong = Math.abs(scrollTop - this.last) > 2 * clientHeight;
    this.last = scrollTop;
    if (this.isMapped) {
      if (isLong) this.shift = (scrollTop / this.maxScroll) * this.maxTop - scrollTop;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.settle(), SETTLE_MS);
    }
    this.onScroll();
  }

  /** At rest the handle goes where the list is, so that neither end is ever out of reach. */
  settle() {
    this.top = Math.max(0, Math.min(this.top, this.maxTop));
    this.onScroll();
  }

  stop() {
    clearTimeout(this.timer);
  }
}
