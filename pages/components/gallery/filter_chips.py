"""What is filtered, in words: one chip a condition, each with its cross."""

from collections.abc import Sequence

import streamlit as st

from forge_core.catalog.listing import filter_fields
from forge_core.catalog.listing.field_types import OPINION_FIELDS, Chip, Said
from pages.components import errors
from pages.components.gallery import filter_address
from pages.components.gallery.filter_address import RUN_SORTS


def describe(said: Said) -> list[Chip]:
    """The chips of a filter and its order; the order stands behind what the run says."""
    chips = filter_fields.describe(said)
    if said.sort == "newest":
        return chips
    words = filter_address.orders()[said.sort]
    words = f"{words[0].lower()}{words[1:]}"
    order = Chip(f"{words}, {said.run}" if said.sort in RUN_SORTS else words, ("sort",))
    opinions = [chip for chip in chips if set(chip.names) & set(OPINION_FIELDS)]
    return [*opinions, order, *(chip for chip in chips if chip not in opinions)]


def show(chips: Sequence[Chip]) -> None:
    """Draw the chips; a click takes one away."""
    for chip in chips:
        st.button(
            errors.literal(chip.words),
            icon=":material/close:",
            icon_position="right",
            help=f"Remove: {errors.literal(chip.words)}",
            on_click=filter_address.remove,
            args=(chip.names,),
            key=f"chip_{'_'.join(chip.names)}",
        )
