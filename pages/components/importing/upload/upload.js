// What Streamlit calls: at first and again whenever the page sends other data. An upload lives
// longer than the page that began it: whichever page shows this component next goes on with it.

import { Client } from "../../javascript/client.js";
import { uploads } from "./running.js";
import { View } from "./view.js";

const views = new WeakMap();
const clients = new Map(); // by workspace

addEventListener("beforeunload", (event) => {
  if (uploads.isBusy && uploads.transfer?.state !== "done") event.preventDefault();
});

function sharedClient(workspace) {
  if (!clients.has(workspace)) clients.set(workspace, new Client(workspace));
  return clients.get(workspace);
}

export default function ({ parentElement, data, setTriggerValue }) {
  const client = sharedClient(data.workspace);
  client.setToken(data.token);
  client.askForToken = () => setTriggerValue("token", Date.now());
  if (!views.has(parentElement)) {
    views.set(parentElement, new View(parentElement.querySelector(".upload"), uploads));
  }
  const view = views.get(parentElement);
  uploads.forget(data.taken);
  view.update({ client, data, setTriggerValue });
  return () => {
    view.destroy();
    views.delete(parentElement);
  };
}
