// Many small files in one request, a large one in several.

import { makeBreather } from "./breath.js";

const MOST_FILES = 32;
const LEAST_BYTES = 256 * 1024;
const FIRST_BYTES = 1024 * 1024;
const MOST_BYTES = 8 * 1024 * 1024;
const QUICK_MS = 800;
const SLOW_MS = 3000;

/** A request's body: the length of a list, the list of the parts, and their bytes; none is read here. */
export async function frame(parts, breather = makeBreather()) {
  const listed = parts.map(({ path, offset, size, modified }) => ({
    path,
    offset,
    size,
    modified,
  }));
  const text = new TextEncoder().encode(JSON.stringify(listed));
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, text.length);
  const bytes = [];
  for (const { file, offset, size, isWhole } of parts) {
    // A file that goes into a blob is asked for its size, which takes a while; a slice takes longer.
    bytes.push(new Blob([isWhole ? file : file.slice(offset, offset + size)]));
    await breather();
  }
  return new Blob([length.buffer, text, ...bytes]);
}

/** Gives out what is still to be sent. A file that needs several requests is with one asker only. */
export class Batches {
  constructor(files) {
    this.files = files;
    this.next = 0;
    this.returned = [];
    this.bytes = FIRST_BYTES;
  }

  /** Files with what of them is here already (`from`); empty when nothing is left. */
  take() {
    const taken = [];
    let bytes = 0;
    while (taken.length < MOST_FILES && bytes < this.bytes) {
      const one = this.returned.pop() ?? this.files[this.next];
      if (!one) break;
      const left = one.size - (one.from ?? 0);
      if (taken.length && bytes + left > this.bytes) {
        if (one !== this.files[this.next]) this.returned.push(one);
        break;
      }
      if (one === this.files[this.next]) this.next += 1;
      taken.push(one);
      bytes += left;
    }
    return taken;
  }

  /** What was taken and not sent. */
  giveBack(some) {
    this.returned.push(...some);
  }

  /** The parts of the next request for files that were taken: a large one only up to the limit. */
  partsOf(taken) {
    return taken.map(({ path, file, size, modified, from = 0 }) => ({
      path,
      file,
      modified,
      offset: from,
      size: Math.min(size - from, this.bytes),
      isWhole: from === 0 && size <= this.bytes,
    }));
  }

  /** Requests grow on a fast line and shrink on a slow one, so that progress is seen on both. */
  learn(milliseconds) {
    if (milliseconds < QUICK_MS) this.bytes = Math.min(MOST_BYTES, this.bytes * 2);
    else if (milliseconds > SLOW_MS) this.bytes = Math.max(LEAST_BYTES, this.bytes / 2);
  }
}
