// What stands in the box beside the pointer.

import { METRICS } from "./metrics.js";
import { count, lossText, percent, powerText, rateText, stageTitle } from "./text.js";

/** Write an epoch's numbers and those of the nearest step, of which either may be missing. */
export function writeTip(tip, { entry, point }) {
  tip.innerHTML = (entry ? epochTable(entry) : "") + (point ? stepTable(point) : "");
  const titles = [...tip.querySelectorAll("b")];
  if (entry) {
    titles[0].textContent = `Epoch ${entry.epoch}, ${stageTitle(entry.stage).toLowerCase()}`;
    tip.querySelector(".rates").textContent = Object.entries(entry.learning_rates ?? {})
      .map(([name, rate]) => `${name} ${powerText(rate)}`)
      .join(", ");
  }
  if (point) titles.at(-1).textContent = `Step ${count(point.train_loss.step)}`;
}

function epochTable(entry) {
  return (
    `<b></b><table><thead><tr><th></th><th>training</th><th>validation</th></tr></thead><tbody>` +
    `<tr><th>accuracy</th><td>${percent(entry.train_accuracy)}</td><td>${percent(entry.val_accuracy)}</td></tr>` +
    `<tr><th>loss</th><td>${lossText(entry.train_loss)}</td><td>${lossText(entry.val_loss)}</td></tr>` +
    `<tr><th>learning rate</th><td colspan="2" class="rates"></td></tr>` +
    `<tr><th>time</th><td colspan="2">${entry.duration_seconds.toFixed(1)} s, ${rateText(entry.images_per_second)}</td></tr>` +
    `</tbody></table>`
  );
}

function stepTable(point) {
  const rows = Object.values(METRICS).flatMap(({ title, series, names = [], text }) =>
    series.map((name, place) => {
      const at = point[name];
      if (!at || at.mean == null) return "";
      const spread =
        at.high > at.low && name === "train_loss" ? ` (${text(at.low)} to ${text(at.high)})` : "";
      const words = [title.toLowerCase().replace(", gib", ""), names[place]].filter(Boolean);
      return `<tr><th>${words.join(", ").replace("gpu", "GPU")}</th><td>${text(at.mean)}${spread}</td></tr>`;
    }),
  );
  return `<b></b><table><tbody>${rows.join("")}</tbody></table>`;
}
