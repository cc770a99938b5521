// Which part of the map is seen: a scale and an offset, in pixels of the device.

const MARGIN = 0.06;
const FARTHEST = 0.5; // of the scale at which all is seen
const NEAREST = 200;

/** So that all points are seen. */
export function fitAll(places, { width, height }) {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < places.length; i += 2) {
    left = Math.min(left, places[i]);
    right = Math.max(right, places[i]);
    low = Math.min(low, places[i + 1]);
    high = Math.max(high, places[i + 1]);
  }
  if (!places.length) [left, right, low, high] = [-1, 1, -1, 1];
  const room = 1 - 2 * MARGIN;
  const scale = Math.min(
    (room * width) / Math.max(right - left, 1e-6),
    (room * height) / Math.max(high - low, 1e-6),
    Math.min(width, height) * 1000,
  );
  return {
    scale,
    least: FARTHEST * scale,
    most: NEAREST * scale,
    left: width / 2 - ((left + right) / 2) * scale,
    top: height / 2 + ((low + high) / 2) * scale,
    whole: scale,
  };
}

/** Nearer or farther about a spot that stays where it is. */
export function zoomed(view, factor, x, y) {
  const scale = Math.min(view.most, Math.max(view.least, view.scale * factor));
  const ratio = scale / view.scale;
  return { ...view, scale, left: x - (x - view.left) * ratio, top: y - (y - view.top) * ratio };
}

export const moved = (view, dx, dy) => ({ ...view, left: view.left + dx, top: view.top + dy });

/** A spot in pixels as a place of the map. */
export const placeAt = (view, x, y) => [(x - view.left) / view.scale, (view.top - y) / view.scale];

/** A place of the map as a spot in pixels. */
export const spotOf = (view, [x, y]) => [x * view.scale + view.left, view.top - y * view.scale];
