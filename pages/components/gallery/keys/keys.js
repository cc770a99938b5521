// From a key press to what it does.

import { FIXED_KEYS, nameOfKey } from "./commands.js";

const STREAMLIT_KEYS = new Set(["r", "c"]); // it reruns the page and clears its caches

/** Whether a key press is meant for the gallery: nothing else on the page is being typed into. */
function isForGallery(event, root) {
  if (event.isComposing || event.defaultPrevented) return false;
  const path = event.composedPath();
  const [target] = path;
  if (!path.includes(root) && target !== document.body) return false;
  if (target.closest?.(".menu")) return false;
  if (target.matches?.("input:not([type=range]), textarea, select, [contenteditable=true]")) {
    return false;
  }
  if (target.matches?.("input[type=range]") && event.key.startsWith("Arrow")) return false;
  if (target.matches?.("button, a") && (event.key === " " || event.key === "Enter")) return false;
  return !document.querySelector('[role="dialog"][aria-modal="true"]');
}

/** What a key does, or undefined. A class takes its key by being asked. */
export function findAction(gallery, event) {
  const name = nameOfKey(event);
  if (!name) return undefined;
  const fixed = FIXED_KEYS.get(event.key);
  if (fixed) return () => fixed(gallery, event);
  const answer = gallery.review.isOn && gallery.bindings.find(name, { inQueue: true });
  if (answer) return () => answer.run(gallery);
  const command = gallery.bindings.find(name);
  const mayBeClass = name.length === 1 && (!command || gallery.classKeys.isWaiting);
  if (mayBeClass && gallery.classKeys.take(name)) return () => {};
  if (command?.tells && gallery.review.isBlind) return () => gallery.review.answer(command.id);
  return command && (() => command.run(gallery));
}

/** Handle keys before Streamlit sees them; returns the undoing. */
export function bindKeys(root, gallery) {
  const handle = (event) => {
    if (!isForGallery(event, root) || gallery.overlay.isOpen) return;
    const action = findAction(gallery, event);
    if (!action) {
      if (STREAMLIT_KEYS.has(event.key) && event.composedPath().includes(root)) {
        event.stopPropagation();
      }
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    action();
  };
  addEventListener("keydown", handle, true);
  return () => removeEventListener("keydown", handle, true);
}
