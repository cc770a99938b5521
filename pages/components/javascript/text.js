// Numbers, sizes and times as people read them.

const NUMBERS = new Intl.NumberFormat("en-US"); // made once: a number's own method makes it each time
export const formatNumber = (number) => NUMBERS.format(number);
const SPLIT_WORDS = { train: "train", val: "val", test: "test", held_out: "kept aside" };
/** What a split is called where people read it, and what an image without one is. */
export const splitWords = (split) => SPLIT_WORDS[split] ?? "not assigned";
export const plural = (count, one, many = `${one}s`) =>
  `${formatNumber(count)} ${count === 1 ? one : many}`;

/** Sizes as people say them: "12 kB". */
export function formatBytes(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(bytes < 1e4 ? 1 : 0)} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

/** "40 s ago", "3 h ago", or the date when it is more than a week back. */
export function formatAgo(iso, now = Date.now()) {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  if (seconds < 7 * 86400) return `${plural(Math.round(seconds / 86400), "day")} ago`;
  return iso.slice(0, 10);
}
