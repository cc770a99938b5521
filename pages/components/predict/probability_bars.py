"""The most likely classes as bars in their colours."""

import html
from collections.abc import Mapping, Sequence

import streamlit as st

from forge_core.inference.prediction import ClassProbability

FALLBACK_COLOR = "#7F7F7F"
STYLE = """
<style>
.forge-bars { display: grid; grid-template-columns: minmax(64px, max-content) 1fr max-content;
  gap: 10px 12px; align-items: center; font-variant-numeric: tabular-nums; }
.forge-bars .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  max-width: 200px; }
.forge-bars .track { height: 14px; border-radius: 4px; overflow: hidden;
  background: color-mix(in srgb, currentColor 10%, transparent); }
.forge-bars .fill { height: 100%; min-width: 2px; border-radius: 4px; }
.forge-bars .number { text-align: right; }
.forge-bars .first { font-weight: 600; }
</style>
"""


def show(probabilities: Sequence[ClassProbability], colors: Mapping[str, str]) -> None:
    """Draw the bars, the most likely class first.

    Args:
        probabilities: Sorted, 0 to 1.
        colors: Colour of each class by name, as on every page.
    """
    st.html(STYLE + make_html(probabilities, colors))


def make_html(probabilities: Sequence[ClassProbability], colors: Mapping[str, str]) -> str:
    """The bars as HTML; names are shown as they are, whatever characters they have."""
    rows = []
    for place, entry in enumerate(probabilities):
        name = html.escape(entry.label_name)
        color = html.escape(colors.get(entry.label_name, FALLBACK_COLOR), quote=True)
        first = "" if place else " first"
        rows.append(
            f'<span class="name{first}" title="{name}">{name}</span>'
            f'<span class="track" aria-hidden="true"><span class="fill" style="display:block;'
            f'width:{100 * entry.probability:.2f}%;background:{color}"></span></span>'
            f'<span class="number{first}">{100 * entry.probability:.1f} %</span>'
        )
    return f'<div class="forge-bars">{"".join(rows)}</div>'
