// Pictures pasted anywhere on the page go where dropped ones go: into the page's file input.

const INPUT = ".st-key-predict_zone input[type=file]";
const listening = new WeakMap();

export default function ({ parentElement }) {
  listening.get(parentElement)?.abort();
  const listener = new AbortController();
  listening.set(parentElement, listener);
  document.addEventListener("paste", (event) => paste(event, document.querySelector(INPUT)), {
    signal: listener.signal,
  });
  return () => listener.abort();
}

/** Hand the files of the clipboard to the input; text that is pasted goes its own way. */
export function paste(event, input) {
  const files = event.clipboardData?.files ?? [];
  if (!files.length || !input) return;
  event.preventDefault();
  const handed = new DataTransfer();
  for (const file of files) handed.items.add(file);
  input.files = handed.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}
