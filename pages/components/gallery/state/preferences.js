// What a person has set for themselves: kept with their name in the catalog, so that it is there
// in every browser, and in this browser as well, so that it is there at once and without a network.

import { Refused } from "../../javascript/client.js";
import { storage } from "../../javascript/storage.js";

const SEND_AFTER_MS = 800;

export class Preferences {
  constructor(client, name) {
    this.client = client;
    this.key = `preferences.${name}`;
    const kept = storage.get("localStorage", this.key, {});
    this.values = kept.values ?? {};
    this.isSent = kept.isSent ?? true;
    this.onLoad = () => {};
    addEventListener("online", () => this.send());
    addEventListener("pagehide", () => this.send({ keepalive: true }));
  }

  get(name, otherwise) {
    return this.values[name] ?? otherwise;
  }

  set(name, value) {
    this.values = { ...this.values, [name]: value };
    this.isSent = false;
    this.keepHere();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), SEND_AFTER_MS);
  }

  keepHere() {
    storage.set("localStorage", this.key, { values: this.values, isSent: this.isSent });
  }

  /** What other browsers set; what was set here and never arrived goes first. */
  async load() {
    if (!this.isSent) return this.send();
    const answer = await this.client.get("/preferences/gallery").catch(() => null);
    if (
      !answer?.value ||
      !this.isSent ||
      JSON.stringify(answer.value) === JSON.stringify(this.values)
    ) {
      return undefined;
    }
    this.values = answer.value;
    this.keepHere();
    return this.onLoad();
  }

  async send({ keepalive = false } = {}) {
    if (this.isSent) return;
    const { values } = this;
    try {
      await this.client.put("/preferences/gallery", { value: values }, { keepalive });
    } catch (error) {
      if (!(error instanceof Refused)) return; // it is kept here and sent with the next visit
    }
    this.isSent = this.values === values;
    this.keepHere();
  }
}
