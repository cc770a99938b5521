// What Streamlit calls: at first and again whenever the page sends other data.

import { Client } from "../javascript/client.js";
import { ImageMap } from "./map_view.js";

const mounted = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  let map = mounted.get(parentElement);
  if (!map) {
    map = new ImageMap(parentElement.querySelector(".map"), new Client(data.workspace));
    mounted.set(parentElement, map);
  }
  map.client.askForToken = () => setTriggerValue("token", Date.now());
  map.client.workspace = data.workspace;
  map.client.setToken(data.token);
  map.ask = (name, value) => setTriggerValue(name, value);
  map.update(data);
  return () => {
    map.close();
    mounted.delete(parentElement);
  };
}
