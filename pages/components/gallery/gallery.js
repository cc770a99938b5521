// What Streamlit calls: at first and again whenever the page sends other data. So everything that
// lives longer hangs on the mounted element or the page.

import { Client } from "../javascript/client.js";
import { Outbox } from "./state/outbox.js";
import { openStore } from "./state/outbox_store.js";
import { Gallery, ownerOf } from "./wiring.js";

const clients = new Map(); // by workspace
const outboxes = new Map();
const galleries = new WeakMap();

function sharedClient(workspace) {
  if (!clients.has(workspace)) clients.set(workspace, new Client(workspace));
  return clients.get(workspace);
}

/** One per workspace and person; it outlives the component, so that a page change loses nothing. */
function sharedOutbox(name, client) {
  if (!outboxes.has(name)) {
    const outbox = new Outbox({ client, name, store: openStore(name) });
    addEventListener("pagehide", () => outbox.flushOnLeave());
    addEventListener("online", () => outbox.retryNow());
    document.addEventListener("visibilitychange", () => outbox.retryNow());
    outboxes.set(name, outbox);
  }
  return outboxes.get(name);
}

export default function ({ data, parentElement, setTriggerValue }) {
  let gallery = galleries.get(parentElement);
  if (!gallery) {
    const client = sharedClient(data.workspace);
    client.setToken(data.token);
    const outbox = sharedOutbox(`vision-forge-${ownerOf(data)}`, client);
    gallery = new Gallery(parentElement.querySelector(".gallery"), data, { client, outbox });
    galleries.set(parentElement, gallery);
  }
  gallery.update(data, setTriggerValue);
  return () => {
    gallery.destroy();
    galleries.delete(parentElement);
  };
}
