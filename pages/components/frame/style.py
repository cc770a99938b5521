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
/* "Import & export" in bold is 4 px wider than the room that Streamlit leaves it. */
[data-testid="stSidebarNavLink"] { padding-inline: 0.3rem; gap: 0.4rem; }
.st-key-filters [class*="st-key-chip_"] button { min-height: 1.9rem; border-radius: 1rem; }
/* Streamlit's grey of small words has a contrast of 4.4, its white words on the dark theme's
   accent have 2.5; people need 4.5. */
.stApp [data-testid="stCaptionContainer"] { color: light-dark(#5B5F64, #ABAEB0); opacity: 1; }
.stApp [data-testid^="stBaseButton-primary"]:enabled { color: light-dark(#FFFFFF, #14171A); }
/* A button that cannot be pressed is grey and can be read: Streamlit's has words of 2.3. */
.stApp [data-testid^="stBaseButton-"]:disabled {
  color: light-dark(#5B5F64, #ABAEB0);
  background-color: light-dark(#E6E9ED, #2B3036);
  border-color: light-dark(#C4C9D0, #4A5159);
}
.stApp [data-testid="stBaseButton-tertiary"]:disabled { background-color: transparent; }
/* The offer to undo: a quiet box in the corner, which goes by itself unless somebody is at it. */
.stApp .st-key-undo-notice {
  position: fixed; right: 1.25rem; bottom: 1.25rem; z-index: 1000; width: max-content;
  max-width: min(30rem, calc(100vw - 2.5rem)); padding: 0.4rem 0.6rem 0.4rem 0.9rem;
  background: var(--st-background-color); box-shadow: 0 4px 16px rgb(0 0 0 / 0.22);
  animation: forge-offer 0.4s ease-in OFFER_SECONDSs forwards;
}
.stApp .st-key-undo-notice:is(:hover, :focus-within) { animation: none; }
@keyframes forge-offer { to { opacity: 0; visibility: hidden; } }
/* It draws nothing: pages carry it when there is news of runs that ended. */
.stApp .st-key-notices-watch { display: none; }
table, [data-testid="stMetricValue"] { font-variant-numeric: tabular-nums; }
</style>
"""
OFFER_KEY = "undo-notice"
OFFER_SECONDS = 30
SIDEBAR_PIXELS = 210
ICON_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")


def apply() -> None:
    """Add the rules to the page."""
    st.html(RULES.replace("OFFER_SECONDS", str(OFFER_SECONDS)))


def logo() -> str:
    """The product's name above the navigation, as SVG; its grey reads on light and dark."""
    tiles = "".join(
        f'<rect x="{2 + 15 * (i % 2)}" y="{2 + 15 * (i // 2)}" width="13" height="13" rx="3" '
        f'fill="{color}"/>'
        for i, color in enumerate(ICON_COLORS)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="190" height="32" viewBox="0 0 190 32">'
        f'{tiles}<text x="42" y="22" font-family="system-ui, sans-serif" font-size="18" '
        'font-weight="600" fill="#7A8490">Vision Forge</text></svg>'
    )


def draw_icon() -> Image.Image:
    """The icon of the browser's tab: four tiles. Drawn here, so that no other host is asked."""
    icon = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    pen = ImageDraw.Draw(icon)
    for position, color in enumerate(ICON_COLORS):
        left, top = 4 + 30 * (position % 2), 4 + 30 * (position // 2)
        pen.rounded_rectangle((left, top, left + 26, top + 26), radius=6, fill=color)
    return icon
