// The answer of the route `/map`: a JSON head and arrays, each from a multiple of 8 bytes on.

const TYPES = {
  float32: Float32Array,
  int32: Int32Array,
  uint8: Uint8Array,
};

/** The head, with each array under its name; nothing is copied. */
export function readPoints(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const start = 4 + length;
  const points = { ...head };
  head.arrays.forEach(({ name, type, offset }, place) => {
    const end = head.arrays[place + 1]?.offset ?? buffer.byteLength - start;
    const Type = TYPES[type];
    const room = Math.floor((end - offset) / Type.BYTES_PER_ELEMENT);
    points[name] = new Type(buffer, start + offset, room);
  });
  return points;
}

/** The id of a point as the routes write it. */
export function idAt(ids, place) {
  const digits = [...ids.subarray(16 * place, 16 * place + 16)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** An order in which neighbours of the list are far apart: the last class must not cover the first. */
export function mixedOrder(number) {
  const order = new Uint32Array(number);
  let step = Math.max(1, Math.floor(number * 0.618));
  while (commonDivisor(step, number) > 1) step += 1;
  for (let i = 0, place = 0; i < number; i += 1, place = (place + step) % number) order[i] = place;
  return order;
}

/** The same order with those that do not match first, so that they lie beneath. */
export function matchingLast(order, matching) {
  const sorted = new Uint32Array(order.length);
  let at = 0;
  for (const wanted of [0, 1]) {
    for (let i = 0; i < order.length; i += 1) {
      if (matching[order[i]] === wanted) {
        sorted[at] = order[i];
        at += 1;
      }
    }
  }
  return sorted;
}

function commonDivisor(a, b) {
  return b ? commonDivisor(b, a % b) : a;
}
