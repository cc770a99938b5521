// Pictures, and words in their place when a file is missing or cannot be read.

import { el } from "../../javascript/dom.js";

export const TINY_PIXELS = 64;

export class Pictures {
  constructor(client) {
    this.client = client;
  }

  thumbnailUrl(row) {
    return this.client.address(`/thumbnails/${row.id}/${row.hash}`);
  }

  imageUrl(row) {
    return this.client.address(`/images/${row.id}?v=${row.hash.slice(0, 12)}`);
  }

  /** An image that fills its box; tiny ones keep their pixels sharp. Without `alt` it is decoration. */
  make(row, source, { alt = row.label_name ?? "unlabelled image" } = {}) {
    const image = el("img", { alt, draggable: false, decoding: "async" });
    image.addEventListener("error", () => this.failed(image, row, source));
    image.classList.toggle("tiny", row.width < TINY_PIXELS && row.height < TINY_PIXELS);
    image.src = source;
    return image;
  }

  /** The first failure may be an expired cookie; the second is the file's own. */
  async failed(image, row, source) {
    if (image.dataset.again) {
      const why = await this.explain(row);
      if (image.isConnected) {
        image.replaceWith(el("p", { className: "broken", role: "note" }, describeBroken(why, row)));
      }
      return;
    }
    image.dataset.again = "1";
    await this.repair();
    if (image.isConnected) image.src = source;
  }

  /** A fresh cookie, asked for once by all pictures that failed together. */
  repair() {
    this.repairing ??= this.client
      .reopenSession()
      .catch(() => null)
      .finally(() =>
        setTimeout(() => {
          this.repairing = null;
        }, 2000),
      );
    return this.repairing;
  }

  /** Why there is no picture: "missing", "unreadable", or "unreachable" when nobody can tell. */
  async explain(row) {
    const status = await this.client.statusOf(`/images/${row.id}`);
    if (status === 404) return "missing";
    return status === 0 || status === 401 || status >= 500 ? "unreachable" : "unreadable";
  }
}

function describeBroken(why, row) {
  return {
    missing: `The file of this image is missing: ${row.path}. forge verify finds it.`,
    unreadable: `The file of this image cannot be read: ${row.path}. forge verify tells why.`,
    unreachable: "The picture could not be loaded. It comes back with the server.",
  }[why];
}

export const BROKEN_SHORT = {
  missing: "file missing",
  unreadable: "cannot be read",
  unreachable: "not loaded",
};
