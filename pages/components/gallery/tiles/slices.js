// Work that may wait, a bit of it in each frame.

/**
 * Do one after the other for so many milliseconds, the first in any case; how many are left.
 * `now` tells the time in milliseconds.
 */
export function inTime(things, work, milliseconds, now = () => performance.now()) {
  const end = now() + milliseconds;
  for (let done = 0; done < things.length; done += 1) {
    if (done > 0 && now() >= end) return things.length - done;
    work(things[done]);
  }
  return 0;
}
