"""The most likely classes as bars in their colours, each a button that says "it is this one"."""

import re
from collections.abc import Mapping, Sequence

import streamlit as st

from forge_core.inference.prediction import ClassProbability
from pages.components import errors
from pages.components.words import text

FALLBACK_COLOR = "#7F7F7F"
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_STRENGTH = 38
"""Percent of the class's colour in its bar: words on it stay readable in light and dark."""


def show(
    probabilities: Sequence[ClassProbability], colors: Mapping[str, str], *, key: str
) -> ClassProbability | None:
    """Draw the bars, the most likely class first; returns the one that was clicked.

    Args:
        probabilities: Sorted, 0 to 1.
        colors: Colour of each class by name, as on every page.
        key: Of the picture, by which its buttons are known.
    """
    st.html(make_style(probabilities, colors))
    clicked = None
    with st.container(key="predict_bars", gap="small"):
        for place, entry in enumerate(probabilities):
            name = errors.literal(entry.label_name)
            words = f"{name} · {text.probability(entry.probability)}"
            with st.container(key=f"predict_bar_{place}"):
                if st.button(
                    words if place else f"**{words}**",
                    key=f"{key}_{place}",
                    width="stretch",
                    help="Click if it is this one" if place == 0 else None,
                ):
                    clicked = entry
    return clicked


def make_style(probabilities: Sequence[ClassProbability], colors: Mapping[str, str]) -> str:
    """The bars behind the buttons: as wide as the class is likely."""
    rules = []
    for place, entry in enumerate(probabilities):
        color = colors.get(entry.label_name, FALLBACK_COLOR)
        color = color if _COLOR.fullmatch(color) else FALLBACK_COLOR
        share = f"{100 * entry.probability:.2f}%"
        filled = f"color-mix(in srgb, {color} {_STRENGTH}%, transparent)"
        rules.append(
            f".st-key-predict_bar_{place} button {{ justify-content: flex-start; background: "
            f"linear-gradient(to right, {filled} {share}, transparent {share}); }}"
        )
    return f"<style>{' '.join(rules)}</style>"
