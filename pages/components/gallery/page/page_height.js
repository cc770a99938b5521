// How high the gallery is on its page.

/** Use the window's height below the element's top, so that the grid scrolls and not the page. */
export function followHeight(root) {
  const fit = () => {
    const scrolled = root.getRootNode().host?.closest('[data-testid="stMain"]')?.scrollTop ?? 0;
    const top = root.getBoundingClientRect().top + scrolled;
    root.style.setProperty(
      "--height",
      `${Math.max(innerWidth < 560 ? 540 : 360, innerHeight - top - 20)}px`,
    );
  };
  fit();
  const timer = setInterval(fit, 1000); // what stands above may grow without telling
  addEventListener("resize", fit);
  return () => {
    clearInterval(timer);
    removeEventListener("resize", fit);
  };
}
