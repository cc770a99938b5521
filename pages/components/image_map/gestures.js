// What a person does on the map: draws a line around points, moves the map, zooms.

const STEP = 60; // CSS pixels an arrow key moves the map
const CLOSE = 1.4;

const STILL = 4; // CSS pixels that a press may wander and still be a click

/**
 * `map` has `mode`, `moveBy`, `zoomAt`, `showAll`, `hoverAt`, `leave`, `clickAt`, `drawLine` and
 * `endLine`.
 */
export function bindGestures(stage, canvas, map) {
  const pointers = new Map();
  let line = null;
  let press = null; // where a press began that may be a click
  const spot = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, spot(event));
    const draws = map.mode === "lasso" && event.button === 0 && !event.shiftKey;
    line = draws && pointers.size === 1 ? [spot(event)] : null; // a second finger moves
    press = event.button === 0 && pointers.size === 1 ? spot(event) : null;
    if (pointers.size > 1) map.drawLine([]);
  });

  canvas.addEventListener("pointermove", (event) => {
    const now = spot(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      map.hoverAt(now);
      return;
    }
    if (press && Math.hypot(now[0] - press[0], now[1] - press[1]) > STILL) press = null;
    if (press) return;
    map.leave();
    if (line) {
      line.push(now);
      map.drawLine(line);
    } else if (pointers.size === 1) {
      map.moveBy(now[0] - before[0], now[1] - before[1]);
    } else pinch(event.pointerId, before, now);
    pointers.set(event.pointerId, now);
  });

  /** Two fingers: what lies between them stays between them. */
  function pinch(id, before, now) {
    const other = [...pointers].find(([each]) => each !== id)[1];
    const apart = ([x, y]) => Math.max(1, Math.hypot(x - other[0], y - other[1]));
    map.moveBy((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    map.zoomAt(apart(now) / apart(before), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
  }

  const end = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    if (press && event.type === "pointerup") map.clickAt(press, event.pointerType === "touch");
    else if (line && event.type === "pointerup") map.endLine(line);
    else if (line) map.drawLine([]);
    line = null;
    press = null;
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  canvas.addEventListener("pointerleave", () => map.leave());
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      map.zoomAt(Math.exp(-event.deltaY * 0.0015), spot(event));
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", (event) => {
    const keys = {
      ArrowLeft: () => map.moveBy(STEP, 0),
      ArrowRight: () => map.moveBy(-STEP, 0),
      ArrowUp: () => map.moveBy(0, STEP),
      ArrowDown: () => map.moveBy(0, -STEP),
      "+": () => map.zoomAt(CLOSE),
      "-": () => map.zoomAt(1 / CLOSE),
      0: () => map.showAll(),
      Escape: () => map.drawLine([]),
    };
    const run = !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key];
    if (!run) return;
    run();
    event.preventDefault();
    event.stopPropagation();
  });
}

/** At most so many corners of a line, evenly taken. */
export function thinned(line, most) {
  if (line.length <= most) return line;
  return Array.from({ length: most }, (_, i) => line[Math.floor((i * line.length) / most)]);
}
