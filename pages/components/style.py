"""The few rules of look that the theme in `.streamlit/config.toml` has no option for."""

import streamlit as st
from PIL import Image, ImageDraw

RULES = """
<style>
.st-key-header { border-bottom: 1px solid var(--st-border-color); padding-bottom: 2px; }
.st-key-header p { white-space: nowrap; font-variant-numeric: tabular-nums; }
.st-key-header button { min-height: 2rem; }
[data-testid="stMainBlockContainer"] { padding-bottom: 1.25rem; }
@media (min-width: 768px) {
  [data-testid="stMainBlockContainer"] { padding-left: 2rem; padding-right: 2rem; }
  /* The header line goes into Streamlit's own top bar, which is empty but for its ends. */
  .st-key-header { margin-top: -4.1rem; z-index: 999991; width: fit-content; border: none; }
  .stApp:has([data-testid="stExpandSidebarButton"]) .st-key-header { margin-left: 2rem; }
}
table, [data-testid="stMetricValue"] { font-variant-numeric: tabular-nums; }
</style>
"""
SIDEBAR_PIXELS = 210
ICON_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")


def apply() -> None:
    """Add the rules to the page."""
    st.html(RULES)


def draw_icon() -> Image.Image:
    """The icon of the browser's tab: four tiles. Drawn here, so that no other host is asked."""
    icon = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    pen = ImageDraw.Draw(icon)
    for position, color in enumerate(ICON_COLORS):
        left, top = 4 + 30 * (position % 2), 4 + 30 * (position // 2)
        pen.rounded_rectangle((left, top, left + 26, top + 26), radius=6, fill=color)
    return icon
