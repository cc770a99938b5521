// Which image is looked at, and how, in the page's address beside the filters, so that a link opens
// there. Written without a run of the page; Streamlit reads the address again when it next runs.

const WRITE_AFTER_MS = 400; // browsers allow some hundred changes of the address in half a minute

export class Address {
  /** `workspace` is its id: the address of an image says which workspace it is in. */
  constructor(workspace) {
    this.workspace = workspace;
  }

  read() {
    const query = new URLSearchParams(location.search);
    return { view: query.get("view"), image: query.get("image") };
  }

  /** Values that are null are taken out. */
  write(values) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.writeNow(values), WRITE_AFTER_MS);
  }

  writeNow(values) {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(values)) {
      if (value === null) query.delete(name);
      else query.set(name, value);
    }
    if (query.has("view") || query.has("image")) query.set("workspace", this.workspace);
    const text = query.toString();
    const address = location.pathname + (text ? `?${text}` : "") + location.hash;
    if (text !== location.search.slice(1)) history.replaceState(history.state, "", address);
  }

  stop() {
    clearTimeout(this.timer);
  }
}
