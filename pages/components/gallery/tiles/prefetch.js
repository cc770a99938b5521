// While a person looks at one screen, the pictures of the next are fetched and decoded, so that a
// page further is there at once. Only at rest: scrolling past asks for nothing more.

import { stopLoading } from "./tiles.js";

const REST_MS = 120;

export class Prefetch {
  constructor(rows, pictures) {
    Object.assign(this, { rows, pictures });
    this.images = new Map(); // address -> image, kept so that the browser keeps it decoded
  }

  /** Get the pictures of these positions soon; those of an earlier call are let go. */
  want(from, to) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetch(from, to), REST_MS);
  }

  fetch(from, to) {
    const images = new Map();
    for (const row of this.rows.between(from, to - 1)) {
      const address = this.pictures.thumbnailUrl(row);
      images.set(address, this.images.get(address) ?? this.load(address));
    }
    for (const [address, image] of this.images) if (!images.has(address)) stopLoading(image);
    this.images = images;
  }

  load(address) {
    const image = new Image();
    image.fetchPriority = "low"; // what is on screen comes first
    image.src = address;
    image.decode().catch(() => null); // shown or not, the tile itself tells of a broken one
    return image;
  }

  stop() {
    clearTimeout(this.timer);
    this.images.clear();
  }
}
