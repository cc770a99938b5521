// Numbers as a person reads them.

const STAGES = {
  verify: "Checking the image files",
  pack: "Reading images",
  warmup: "Warm-up",
  finetune: "Fine-tuning",
  scratch: "From scratch",
  test: "Measuring on test",
};
export const BEFORE_EPOCHS = ["verify", "pack"];

export const stageTitle = (name) => STAGES[name] ?? "";

export const percent = (share, digits = 1) =>
  share == null ? "–" : `${(100 * share).toFixed(digits)} %`;

export const lossText = (loss) => {
  if (loss == null) return "–";
  return loss >= 100 ? loss.toFixed(0) : loss >= 10 ? loss.toFixed(1) : loss.toFixed(3);
};

export const powerText = (value) =>
  value == null ? "–" : value === 0 ? "0" : value.toExponential(1);

export const bytesText = (bytes) => (bytes == null ? "–" : `${(bytes / 2 ** 30).toFixed(1)} GiB`);

export const count = (number) => Math.round(number).toLocaleString("en");

export const rateText = (rate) =>
  rate > 0 ? `${rate >= 10 ? count(rate) : rate.toFixed(1)} images/s` : "";

export function leftText(seconds) {
  if (seconds == null || !Number.isFinite(seconds)) return "";
  if (seconds < 10) return "a few seconds left";
  if (seconds < 90) return `about ${Math.round(seconds / 5) * 5} s left`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min left`;
  const hours = Math.floor(seconds / 3600);
  return `about ${hours} h ${Math.floor((seconds % 3600) / 60)} min left`;
}
