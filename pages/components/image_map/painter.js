// Points as pixels: discs written into the numbers of the picture, a hundred thousand in some
// milliseconds on any machine, with or without a graphics card.

/** The pixels of a disc, as steps from its middle in rows of so many pixels. */
export function makeStamp(radius, width) {
  const steps = [];
  const whole = Math.ceil(radius);
  for (let y = -whole; y <= whole; y += 1) {
    for (let x = -whole; x <= whole; x += 1) {
      if (x * x + y * y <= (radius + 0.3) ** 2) steps.push(y * width + x);
    }
  }
  return Int32Array.from(steps);
}

/** Write each point's disc, in this order, over what is there. */
export function paint(pixels, { width, height }, { places, order, colours, view, radius }) {
  const stamp = makeStamp(radius, width);
  const margin = Math.ceil(radius) + 1;
  const { scale, left, top } = view;
  for (let i = 0; i < order.length; i += 1) {
    const place = order[i];
    const x = Math.round(places[2 * place] * scale + left);
    const y = Math.round(top - places[2 * place + 1] * scale);
    if (x < margin || y < margin || x >= width - margin || y >= height - margin) continue;
    const at = y * width + x;
    for (let k = 0; k < stamp.length; k += 1) pixels[at + stamp[k]] = colours[place];
  }
}

/** The point nearest to a spot in pixels, or -1 where none is within reach. */
export function findNearest(places, view, x, y, reach) {
  const { scale, left, top } = view;
  let found = -1;
  let best = reach * reach;
  for (let place = 0; 2 * place < places.length; place += 1) {
    const dx = places[2 * place] * scale + left - x;
    const dy = top - places[2 * place + 1] * scale - y;
    const apart = dx * dx + dy * dy;
    if (apart <= best) {
      best = apart;
      found = place;
    }
  }
  return found;
}
