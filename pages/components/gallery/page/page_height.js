// How high the gallery is on its page.

const ROOM = 20; // pixels beneath
const HEADER = 80; // pixels that stay on top of the page

/**
 * Use the window's height below the element's top, so that the grid scrolls and not the page. Where
 * too little is left, as below the map, the whole window: the page is scrolled to it.
 */
export function followHeight(root) {
  const fit = () => {
    const scrolled = root.getRootNode().host?.closest('[data-testid="stMain"]')?.scrollTop ?? 0;
    const left = innerHeight - root.getBoundingClientRect().top - scrolled - ROOM;
    const least = innerWidth < 560 ? 540 : 360;
    const height = left < least ? Math.max(least, innerHeight - HEADER - ROOM) : left;
    root.style.setProperty("--height", `${height}px`);
  };
  fit();
  const timer = setInterval(fit, 1000); // what stands above may grow without telling
  addEventListener("resize", fit);
  return () => {
    clearInterval(timer);
    removeEventListener("resize", fit);
  };
}
