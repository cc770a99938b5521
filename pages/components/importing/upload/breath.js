// Long loops on the main thread, in pieces that nobody feels.

const PIECE_MS = 12;

/** Let the browser paint and answer. A timer would wait 4 ms each time. */
export function breathe() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Call it once a round: it waits only when the piece has lasted long enough. */
export function makeBreather(now = () => performance.now(), pause = breathe) {
  let since = now();
  return async () => {
    if (now() - since < PIECE_MS) return;
    await pause();
    since = now();
  };
}
