// The picture of the point beneath the pointer, with what it is.

import { splitWords } from "../javascript/text.js";

const WAIT_MS = 60; // of a pointer that stands still, before its image is asked for
const MOST_KEPT = 500;

export class Card {
  constructor({ element, ring, client }) {
    Object.assign(this, { element, ring, client });
    [this.picture, this.words] = element.children;
    this.known = new Map();
  }

  /** Show the image of an id beside a spot of the stage, in CSS pixels. */
  show(id, [x, y], [width, height]) {
    this.ring.style.transform = `translate(${x}px, ${y}px)`;
    this.ring.hidden = false;
    if (this.id === id) return;
    this.id = id;
    this.element.hidden = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fill(id), WAIT_MS);
    this.element.style.left = x < width / 2 ? `${x + 14}px` : "auto";
    this.element.style.right = x < width / 2 ? "auto" : `${width - x + 14}px`;
    this.element.style.top = y < height / 2 ? `${Math.max(4, y - 20)}px` : "auto";
    this.element.style.bottom = y < height / 2 ? "auto" : `${Math.max(4, height - y - 20)}px`;
  }

  async fill(id) {
    const row = await this.find(id).catch(() => null);
    if (this.id !== id || !row) return;
    this.picture.src = this.client.address(`/thumbnails/${row.id}/${row.hash}`);
    const label = row.label_name ?? "not labelled";
    this.words.textContent = `${label} · ${splitWords(row.split)} · ${row.path.split("/").at(-1)}`;
    this.element.hidden = false;
  }

  async find(id) {
    if (!this.known.has(id)) {
      await this.client.openSession();
      const { assets } = await this.client.get("/assets/now", { ids: id });
      if (this.known.size >= MOST_KEPT) this.known.clear();
      this.known.set(id, assets[0]);
    }
    return this.known.get(id);
  }

  /** After labels changed. */
  forget() {
    this.known.clear();
  }

  hide() {
    clearTimeout(this.timer);
    this.id = null;
    this.element.hidden = true;
    this.ring.hidden = true;
  }
}
