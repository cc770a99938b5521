// Files dragged over any place of the page. One page listens at a time: the component that is there.

const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** Call `onDrop(dataTransfer)` for each drop and `onOver(isOver)` on the way; returns how to end it. */
export function watchDrops({ onOver, onDrop }) {
  const listening = new AbortController();
  const { signal } = listening;
  let depth = 0; // each element that is entered is left again
  const count = (change) => {
    depth = Math.max(0, depth + change);
    onOver(depth > 0);
  };
  const take = (event, act) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    act?.(event);
  };
  const options = { signal, capture: true };
  document.addEventListener("dragenter", (event) => take(event, () => count(1)), options);
  document.addEventListener("dragover", (event) => take(event), options);
  document.addEventListener("dragleave", (event) => take(event, () => count(-1)), options);
  document.addEventListener(
    "drop",
    (event) =>
      take(event, () => {
        event.stopPropagation();
        count(-depth);
        onDrop(event.dataTransfer);
      }),
    options,
  );
  return () => listening.abort();
}
