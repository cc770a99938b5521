// The two faces of desktop notices: the watch of every page, and the switch in the settings.

import { stateOf, tell, turn } from "./desktop.js";

const WORDS = {
  on: ["Turn off in this browser", "This browser tells you when a run ends, while a page is open."],
  off: ["Turn on in this browser", "Off. The browser asks you once whether it may."],
  denied: [
    "",
    "This browser was told not to show notices of this address: allow them in its settings for the site.",
  ],
  unsupported: ["", "This browser shows notices only over HTTPS, or of localhost."],
};

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".notices");
  if (data.is_switch) drawSwitch(root, data.workspace);
  else void tell(data.workspace, data.notices, open);
}

function open(link) {
  window.focus();
  window.location.assign(link);
}

function drawSwitch(root, workspace, state = stateOf(workspace)) {
  const [verb, words] = WORDS[state];
  const said = document.createElement("p");
  said.textContent = words;
  said.setAttribute("role", "status");
  const parts = [said];
  if (verb) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = verb;
    button.addEventListener("click", async () =>
      drawSwitch(root, workspace, await turn(workspace, state !== "on")),
    );
    parts.push(button);
  }
  root.replaceChildren(...parts);
}
