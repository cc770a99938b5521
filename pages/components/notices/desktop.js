// Desktop notices of this browser: whether they are wanted, and each shown once among all tabs.

import { storage } from "../javascript/storage.js";

const wanted = (workspace) => `notices.wanted.${workspace}`;
const newest = (workspace) => `notices.newest.${workspace}`;

/** "on", "off" (asked for by a click), "denied" or "unsupported" (no HTTPS, or an old browser). */
export function stateOf(workspace) {
  if (!("Notification" in globalThis) || !globalThis.isSecureContext) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  const isWanted = storage.get("localStorage", wanted(workspace), false);
  return isWanted && Notification.permission === "granted" ? "on" : "off";
}

/** Turn them on or off; called by a click, since only then the browser asks the person. */
export async function turn(workspace, isOn) {
  if (isOn && (await Notification.requestPermission()) !== "granted") return stateOf(workspace);
  storage.set("localStorage", wanted(workspace), isOn);
  return stateOf(workspace);
}

/** Show those that no tab has shown; `open(link)` is called when a person clicks on one. */
export async function tell(workspace, notices, open) {
  if (!notices.length || stateOf(workspace) !== "on") return;
  for (const notice of await takeNew(workspace, notices)) {
    const shown = new Notification(notice.title, {
      body: notice.body,
      tag: `vision-forge-${workspace}-${notice.id}`,
    });
    shown.onclick = () => {
      shown.close();
      open(notice.link);
    };
  }
}

async function takeNew(workspace, notices) {
  const take = () => {
    const last = storage.get("localStorage", newest(workspace), 0);
    const found = notices.filter((notice) => notice.id > last);
    if (found.length) storage.set("localStorage", newest(workspace), found.at(-1).id);
    return found;
  };
  if (!globalThis.navigator?.locks) return take();
  return navigator.locks.request(newest(workspace), take);
}
