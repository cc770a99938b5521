// From a key press to what it does.

import { FIXED_KEYS, nameOfKey } from "./commands.js";

const PAIR_MS = 1500; // the second key of a pair must come within this time

/** Whether a key press is meant for the gallery: nothing else on the page is being typed into. */
function isForGallery(event, root) {
  if (event.isComposing || event.defaultPrevented) return false;
  const path = event.composedPath();
  const [target] = path;
  if (!path.includes(root) && target !== document.body) return false;
  if (target.closest?.(".menu")) return false;
  if (target.matches?.("input:not([type=range]), textarea, select, [contenteditable=true]")) return false;
  if (target.matches?.("input[type=range]") && event.key.startsWith("Arrow")) return false;
  if (target.matches?.("button, a") && (event.key === " " || event.key === "Enter")) return false;
  return !document.querySelector('[role="dialog"][aria-modal="true"]');
}

/** A class by one key or by two; returns whether the key was one of these. */
function takeClassKey(gallery, key) {
  const { classes } = gallery;
  const pair = gallery.pendingKey && performance.now() - gallery.pendingKey.at < PAIR_MS ? gallery.pendingKey.key + key : null;
  gallery.pendingKey = null;
  const label = (pair && classes.byKey.get(pair)) ?? classes.byKey.get(key);
  if (label) gallery.label(label.label_id);
  else if (/^[1-9]$/.test(key)) gallery.sayNoClass(key);
  else if (classes.prefixes.has(key)) {
    gallery.pendingKey = { key, at: performance.now() };
    gallery.notices.say(`${key} … then a digit`);
  } else return false;
  return true;
}

/** What a key does, or undefined. */
function findAction(gallery, event, name) {
  if (!name) return undefined;
  const fixed = FIXED_KEYS.get(event.key);
  if (fixed) return () => fixed(gallery, event);
  const command = gallery.bindings.find(name);
  const mayBeClass = name.length === 1 && (!command || gallery.pendingKey);
  if (mayBeClass && takeClassKey(gallery, name)) return () => {};
  return command && (() => command.run(gallery));
}

/** Handle keys before Streamlit sees them (it binds r and c for itself). */
export function bindKeys(root, gallery) {
  const handle = (event) => {
    if (!isForGallery(event, root) || gallery.overlay.isOpen) return;
    const action = findAction(gallery, event, nameOfKey(event));
    if (!action) {
      if ((event.key === "r" || event.key === "c") && event.composedPath().includes(root)) event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    action();
  };
  addEventListener("keydown", handle, true);
  return () => removeEventListener("keydown", handle, true);
}
