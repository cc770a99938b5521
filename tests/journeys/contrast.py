"""How far the words of disabled buttons stand out. axe leaves disabled elements out by rule."""

from dataclasses import dataclass

from playwright.sync_api import Page


@dataclass(frozen=True)
class DisabledButton:
    """A visible button that cannot be pressed, as the browser paints it."""

    name: str
    text_contrast: float
    """Of its palest word or icon against the button's own ground, 1 to 21 (WCAG 2)."""
    edge_contrast: float
    """Of its fill or its border, whichever stands out more, against what is around it."""
    is_text_alone: bool
    """Whether a button of this kind has neither fill nor border at any time."""


def disabled_buttons(page: Page) -> list[DisabledButton]:
    """All of a page, in the order of the document."""
    return [DisabledButton(**found) for found in page.evaluate(_MEASURE)]


# Colours are read back from a pixel, so that any notation of CSS is understood. Transparent layers
# are put on one another from the root inwards; opacity counts for all that is inside.
_MEASURE = """() => {
  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
    .getContext("2d", { willReadFrequently: true });
  const rgba = (css) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = css;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, under, alpha) => under.map((c, i) => top[i] * alpha + c * (1 - alpha));
  const luminance = (color) => {
    const [r, g, b] = color.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92
      : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const lineage = (element) => {
    const found = [];
    for (let each = element; each; each = each.parentElement) found.unshift(each);
    return found;
  };
  const opacity = (element) => lineage(element)
    .reduce((all, each) => all * Number(getComputedStyle(each).opacity), 1);
  const ground = (element) => lineage(element).reduce((under, each) => {
    const [r, g, b, a] = rgba(getComputedStyle(each).backgroundColor);
    return over([r, g, b], under, a * opacity(each));
  }, [255, 255, 255]);
  const ink = (element) => {
    const [r, g, b, a] = rgba(getComputedStyle(element).color);
    return over([r, g, b], ground(element), a * opacity(element));
  };
  const words = (button) => {
    const walker = document.createTreeWalker(button, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode()) {
      if (walker.currentNode.data.trim()) found.push(walker.currentNode.parentElement);
    }
    return found;
  };
  return [...document.querySelectorAll("button:disabled")]
    .filter((button) => button.checkVisibility() && words(button).length)
    .map((button) => {
      const around = ground(button.parentElement), style = getComputedStyle(button);
      const [r, g, b, a] = rgba(style.borderTopColor);
      const drawn = parseFloat(style.borderTopWidth) > 0 ? a * opacity(button) : 0;
      return {
        name: button.innerText.replace(/\\s+/g, " ").trim(),
        is_text_alone: button.dataset.testid === "stBaseButton-tertiary",
        text_contrast: Math.min(...words(button).map((each) => contrast(ink(each), ground(each)))),
        edge_contrast: Math.max(
          contrast(ground(button), around), contrast(over([r, g, b], around, drawn), around)),
      };
    });
}"""
