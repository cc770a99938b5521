// From what a person chose or dropped to a list of files with their paths.

import { makeBreather } from "./breath.js";

const UNSEEN = /(^|\/)(\.|__macosx\/)/i; // an operating system's own, or a tool's

/** Paths of a list are unique: what has the path of another gets a number. */
export class Chosen {
  constructor() {
    this.files = [];
    this.bytes = 0;
    this.paths = new Set();
  }

  add(path, file) {
    if (UNSEEN.test(path)) return;
    let free = path;
    for (let n = 2; this.paths.has(free); n += 1) {
      free = path.replace(/(\.[^./]*)?$/, (ending) => ` (${n})${ending}`);
    }
    this.paths.add(free);
    // A browser asks its main process, and waits, each time it is asked for one of these.
    const { size } = file;
    const modified = Math.max(0, Math.floor(file.lastModified ?? 0)) || undefined;
    this.files.push({ path: free, file, size, modified });
    this.bytes += size;
  }
}

/** The files of an `<input type="file">`, also of a whole folder. */
export async function fromInput(list, breather = makeBreather()) {
  const chosen = new Chosen();
  for (const file of list) {
    chosen.add(file.webkitRelativePath || file.name, file);
    await breather();
  }
  return chosen;
}

/** The entries of a drop; they must be asked for before anything is waited for. */
export function entriesOf(transfer) {
  return [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile())
    .filter(Boolean);
}

/** The files of dropped entries, folders walked. `onFile` is told how many were found so far. */
export async function fromEntries(entries, { onFile = () => {}, breather = makeBreather() } = {}) {
  const chosen = new Chosen();
  const unreadable = [];
  const waiting = [...entries];
  while (waiting.length) {
    const entry = waiting.shift();
    const path = (entry.fullPath ?? entry.name).replace(/^\//, "");
    try {
      if (entry.isDirectory) {
        if (!UNSEEN.test(`${path}/`)) waiting.unshift(...(await listFolder(entry)));
      } else {
        chosen.add(path, entry.isFile ? await openFile(entry) : entry);
        onFile(chosen.files.length);
      }
    } catch {
      unreadable.push(path); // removed meanwhile, or not ours to read
    }
    await breather();
  }
  return { chosen, unreadable };
}

const openFile = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

/** All entries of a folder: the browser gives a hundred at a time. */
async function listFolder(entry) {
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    found.push(...some);
  }
}
