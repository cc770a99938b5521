// Zoom and pan of one picture, or of several that move together.

const MAX_ZOOM = 16;
const PAN_STEP_PX = 80;

export class Zoom {
  constructor() {
    this.images = [];
    this.place = { scale: 1, x: 0, y: 0 };
  }

  /** These pictures move together from now on, and begin whole. */
  attach(images) {
    this.images = images;
    this.to(1, 0, 0);
  }

  get isZoomed() {
    return this.place.scale > 1;
  }

  /** No picture is moved further than to its edge. */
  to(scale, x, y) {
    const box = scale > 1 ? this.images[0]?.parentElement : null; // a whole one needs no measuring
    const reach = (size) => ((size ?? 0) * (scale - 1)) / 2;
    const clamp = (value, limit) => Math.max(-limit, Math.min(limit, value));
    this.place = {
      scale,
      x: clamp(x, reach(box?.clientWidth)),
      y: clamp(y, reach(box?.clientHeight)),
    };
    for (const image of this.images) {
      image.style.transform = `translate(${this.place.x}px, ${this.place.y}px) scale(${scale})`;
      image.parentElement?.classList.toggle("zoomed", scale > 1);
    }
  }

  /** Zoom by a factor; the point that is `at` from the middle stays where it is. */
  by(factor, at = { x: 0, y: 0 }) {
    const { scale, x, y } = this.place;
    const next = Math.min(MAX_ZOOM, Math.max(1, scale * factor));
    const share = next / scale;
    this.to(next, at.x - (at.x - x) * share, at.y - (at.y - y) * share);
  }

  /** Look a step further in the direction of an arrow key. */
  pan(key) {
    const step = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[
      key
    ];
    if (step) {
      this.to(
        this.place.scale,
        this.place.x + step[0] * PAN_STEP_PX,
        this.place.y + step[1] * PAN_STEP_PX,
      );
    }
  }

  /** Wheel, drag and double click in a box that holds one of the pictures. */
  bind(box) {
    box.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const view = box.getBoundingClientRect();
        const at = {
          x: event.clientX - view.left - view.width / 2,
          y: event.clientY - view.top - view.height / 2,
        };
        this.by(Math.exp(-event.deltaY / 300), at);
      },
      { passive: false },
    );
    let from = null;
    box.addEventListener("pointerdown", (event) => {
      this.wasDragged = false;
      if (event.button !== 0 || !this.isZoomed) return;
      from = { x: event.clientX - this.place.x, y: event.clientY - this.place.y };
      box.setPointerCapture(event.pointerId);
    });
    box.addEventListener("pointermove", (event) => {
      if (!from) return;
      this.wasDragged = true;
      this.to(this.place.scale, event.clientX - from.x, event.clientY - from.y);
    });
    box.addEventListener("lostpointercapture", () => {
      from = null;
    });
    box.addEventListener("dblclick", () => this.to(1, 0, 0));
  }
}
