// Put into both pages before their own scripts: says when pictures are painted, how long key
// handlers take, and which tasks held the main thread.

(() => {
  const probe = { longTasks: [], keys: [], answers: [], frames: 0 };
  window.probe = probe;

  const everywhere = (root, selector, found = []) => {
    found.push(...root.querySelectorAll(selector));
    for (const element of root.querySelectorAll("*")) if (element.shadowRoot) everywhere(element.shadowRoot, selector, found);
    return found;
  };
  probe.root = () => everywhere(document, ".gallery")[0] ?? document;
  const nextFrame = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.now()); // after the frame was handed over
    port2.postMessage(0);
  }));

  /** Pictures on screen, those that are there, and where they come from. */
  probe.pictures = (selector) => {
    const root = probe.root();
    const view = root.querySelector?.(".viewport")?.getBoundingClientRect() ?? { top: 0, bottom: innerHeight };
    return [...root.querySelectorAll(selector)].filter((image) => {
      const box = image.getBoundingClientRect();
      return box.width > 0 && box.bottom > view.top && box.top < view.bottom;
    });
  };

  /**
   * The moment when at least so many pictures are painted and none on screen is missing.
   * `before` are sources of the page before, which do not count.
   */
  probe.painted = async ({ selector, tile, wanted, before = [], limit = 30000 }) => {
    const old = new Set(before);
    const end = performance.now() + limit;
    for (;;) {
      const images = probe.pictures(selector);
      const tiles = tile ? probe.pictures(tile).length : images.length;
      const ready = images.filter((image) => image.complete && image.naturalWidth > 0);
      const fresh = ready.filter((image) => !old.has(image.src));
      if (fresh.length >= wanted && ready.length === images.length && images.length >= tiles) {
        await Promise.all(ready.map((image) => image.decode().catch(() => null)));
        return nextFrame();
      }
      if (performance.now() > end) throw new Error(`${ready.length} of ${images.length} pictures in ${tiles} tiles`);
      await new Promise((done) => requestAnimationFrame(done));
    }
  };

  addEventListener("click", (event) => (probe.clicked = event.timeStamp), true);

  // Keys: this listener is the first on the window, `afterKeys` becomes the last.
  addEventListener("keydown", (event) => {
    const key = { at: event.timeStamp, started: performance.now(), key: event.key };
    probe.keys.push(key);
    nextFrame().then((shown) => (key.shown = shown));
  }, true);
  probe.afterKeys = () => addEventListener("keydown", () => (probe.keys.at(-1).ended = performance.now()), true);

  // Saves: when the answer to each operation was there, by its id.
  const plain = window.fetch;
  window.fetch = async (...given) => {
    const isSave = String(given[0]).endsWith("/operations") && given[1]?.body;
    const answer = await plain(...given);
    if (isSave && answer.ok) {
      const at = performance.now();
      for (const { operation_id } of JSON.parse(given[1].body).operations) probe.answers.push([operation_id, at]);
    }
    return answer;
  };

  new PerformanceObserver((list) => probe.longTasks.push(...list.getEntries().map((e) => [e.startTime, e.duration])))
    .observe({ type: "longtask", buffered: true });

  /** Scroll a list down by so many pixels a frame; frames, their times, and the most elements. */
  probe.scroll = async ({ pixels, step }) => {
    const view = probe.root().querySelector(".viewport");
    const start = performance.now();
    const found = { frames: 0, elements: 0, tiles: 0, seen: new Set() };
    let last = start;
    const gaps = [];
    for (let done = 0; done < pixels; done += step) {
      view.scrollTop += step;
      await new Promise((next) => requestAnimationFrame(next));
      const now = performance.now();
      gaps.push(now - last);
      last = now;
      found.frames += 1;
      if (found.frames % 10) continue;
      for (const tile of view.querySelectorAll(".tile[data-id]")) found.seen.add(tile.dataset.id);
      found.elements = Math.max(found.elements, probe.root().querySelectorAll("*").length);
    }
    const seconds = (performance.now() - start) / 1000;
    gaps.sort((a, b) => a - b);
    return {
      frames: found.frames, seconds, elements: found.elements, images: found.seen.size,
      frame_p95: gaps[Math.floor(gaps.length * 0.95)],
      long_tasks: probe.longTasks.filter(([at]) => at >= start),
    };
  };
})();
