// Small words for building elements. Text always goes in as text, never as HTML.

/** An element with properties, attributes (names with a dash, or role) and children. */
function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value == null) continue;
    if (name === "style") for (const [k, v] of Object.entries(value)) element.style.setProperty(k, v);
    else if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element[name] = value;
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

const formatNumber = (number) => number.toLocaleString("en-US");
const plural = (count, one, many = `${one}s`) => `${formatNumber(count)} ${count === 1 ? one : many}`;

/** Sizes as people say them: "12 kB". */
function formatBytes(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(bytes < 1e4 ? 1 : 0)} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

/** "40 s ago", "3 h ago", or the date when it is more than a week back. */
function formatAgo(iso, now = Date.now()) {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  if (seconds < 7 * 86400) return plural(Math.round(seconds / 86400), "day") + " ago";
  return iso.slice(0, 10);
}

/** 128 random bits as hex. crypto.randomUUID needs HTTPS, getRandomValues does not. */
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What is kept for this person in this browser; a browser that keeps nothing works as well. */
const keep = {
  get(storage, name, otherwise) {
    try {
      return JSON.parse(window[storage].getItem(`vision-forge.${name}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  set(storage, name, value) {
    try {
      window[storage].setItem(`vision-forge.${name}`, JSON.stringify(value));
    } catch { /* full or forbidden: the value lives as long as the page */ }
  },
};

/** Use the window's height below the element's top, so that the grid scrolls and not the page. */
function followHeight(root) {
  const fit = () => {
    const scrolled = root.getRootNode().host?.closest('[data-testid="stMain"]')?.scrollTop ?? 0;
    const top = root.getBoundingClientRect().top + scrolled;
    root.style.setProperty("--height", `${Math.max(innerWidth < 560 ? 540 : 360, innerHeight - top - 20)}px`);
  };
  fit();
  const timer = setInterval(fit, 1000); // what stands above may grow without telling
  addEventListener("resize", fit);
  return () => {
    clearInterval(timer);
    removeEventListener("resize", fit);
  };
}
