"""How far near-duplicates are looked for: words first, bits on hover."""

from typing import Literal

import streamlit as st

from forge_core.catalog.splits.groups import DEFAULT_BITS

LEVELS = {
    0: "unaltered",
    4: "lightly altered",
    6: "altered",
    8: "more altered",
    10: "strongly altered",
}
"""Bits of 64 that may differ between the perceptual hashes for images to be compared on the pixels,
and which copies are found then."""


def describe(bits: int) -> str:
    """The words for any number of bits, such as one that a command was given."""
    return LEVELS[min(level for level in LEVELS if level >= min(bits, max(LEVELS)))]


def hint(bits: int) -> str:
    """What is told on hover."""
    return (
        f"Images are compared on the pixels where at most {bits} of the 64 bits of their "
        "perceptual hashes differ."
    )


def choose(key: str, help: str, *, bind: Literal["query-params"] | None = None) -> int:
    """Draw the choice; gives the bits.

    Args:
        key: Of the widget.
        help: What the choice does here; the bits are told after it.
        bind: Whether the address holds it.
    """
    meanings = ", ".join(f"{bits} {words}" for bits, words in LEVELS.items())
    bits = st.select_slider(
        "Copies to find",
        list(LEVELS),
        value=DEFAULT_BITS,
        format_func=LEVELS.__getitem__,
        key=key,
        bind=bind,
        help=f"{help} In bits of 64 that may differ between the perceptual hashes: {meanings}.",
    )
    return int(bits)
