// Numbers as a person reads them.

const STAGES = {
  verify: "Checking the image files",
  pack: "Reading images",
  warmup: "Warm-up",
  finetune: "Fine-tuning",
  scratch: "From scratch",
  extension: "Extension",
  test: "Measuring on test",
};
export const BEFORE_EPOCHS = ["verify", "pack"];

export const stageTitle = (name) => STAGES[name?.replace(/\d+$/, "")] ?? "";

export const percent = (share, digits = 1) =>
  share == null ? "–" : `${(100 * share).toFixed(digits)} %`;

export const lossText = (loss) => {
  if (loss == null) return "–";
  return loss >= 100 ? loss.toFixed(0) : loss >= 10 ? loss.toFixed(1) : loss.toFixed(3);
};

export const powerText = (value) =>
  value == null ? "–" : value === 0 ? "0" : value.toExponential(1);

export const bytesText = (bytes) => (bytes == null ? "–" : `${(bytes / 2 ** 30).toFixed(1)} GiB`);

const NUMBERS = new Intl.NumberFormat("en"); // made once: a number's own method makes it each time
export const count = (number) => NUMBERS.format(Math.round(number));

export const rateText = (rate) =>
  rate > 0 ? `${rate >= 10 ? count(rate) : rate.toFixed(1)} images/s` : "";

/** A time left of `low` to `high` seconds, with as many digits as are true. */
export function leftText(low, high) {
  if (low == null || high == null) return "";
  if (high < 10) return "a few seconds left";
  const [unit, name] = high < 90 ? [5, "s"] : high < 5400 ? [60, "min"] : [1800, "h"];
  const [from, to] = [low, high].map((seconds) => Math.max(1, Math.round(seconds / unit)));
  const say = (number) => (name === "s" ? number * 5 : name === "h" ? number / 2 : number);
  return from === to ? `about ${say(to)} ${name} left` : `${say(from)} to ${say(to)} ${name} left`;
}
