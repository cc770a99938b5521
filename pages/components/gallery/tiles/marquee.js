// A box drawn with the mouse: every tile that it touches is selected.

import { el } from "../../javascript/dom.js";

const MARQUEE_DRAG_PX = 6;
const MARQUEE_EDGE_PX = 32; // so near to an edge the grid scrolls along

/** Watch for drags that begin anywhere in the viewport but on its scroll bar; returns the undoing. */
export function bindMarquee(viewport, { grid, selection }) {
  const box = el("div", { className: "marquee", hidden: true });
  viewport.append(box);
  let from = null;

  const placeOf = (event) => {
    const view = viewport.getBoundingClientRect();
    return {
      x: event.clientX - view.left + viewport.scrollLeft,
      y: event.clientY - view.top + grid.scrolling.top,
    };
  };
  const begin = (event) => {
    const isScrollBar = event.offsetX > viewport.clientWidth && event.target === viewport;
    if (event.button !== 0 || event.pointerType === "touch" || event.shiftKey || isScrollBar) {
      return;
    }
    from = {
      ...placeOf(event),
      pointer: event.pointerId,
      kept: event.ctrlKey || event.metaKey ? new Set(selection.ids) : new Set(),
    };
  };
  const move = (event) => {
    if (!from) return;
    const to = placeOf(event);
    if (box.hidden && Math.hypot(to.x - from.x, to.y - from.y) < MARQUEE_DRAG_PX) return;
    if (box.hidden) viewport.setPointerCapture(from.pointer);
    const area = {
      left: Math.min(from.x, to.x),
      top: Math.min(from.y, to.y),
      right: Math.max(from.x, to.x),
      bottom: Math.max(from.y, to.y),
    };
    box.hidden = false;
    Object.assign(box.style, {
      left: `${area.left}px`,
      top: `${area.top - grid.scrolling.shift}px`,
      width: `${area.right - area.left}px`,
      height: `${area.bottom - area.top}px`,
    });
    selection.select([...from.kept, ...grid.idsIn(area)]);
    const view = viewport.getBoundingClientRect();
    if (event.clientY < view.top + MARQUEE_EDGE_PX) viewport.scrollTop -= MARQUEE_EDGE_PX;
    if (event.clientY > view.bottom - MARQUEE_EDGE_PX) viewport.scrollTop += MARQUEE_EDGE_PX;
  };
  const end = () => {
    if (!box.hidden) {
      // The click that follows the release of a box must not select the tile under the pointer.
      const swallow = (click) => click.stopPropagation();
      addEventListener("click", swallow, true);
      setTimeout(() => removeEventListener("click", swallow, true), 0);
    }
    box.hidden = true;
    from = null;
  };
  viewport.addEventListener("pointerdown", begin);
  viewport.addEventListener("pointermove", move);
  for (const name of ["pointerup", "pointercancel"]) viewport.addEventListener(name, end);
  return () => box.remove();
}
