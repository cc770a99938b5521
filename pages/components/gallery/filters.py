"""The row of filters above the gallery: boxes, "More", and a chip for each hidden condition.

What lies behind a button that nobody has pressed is drawn last, when the images are on their way.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import streamlit as st

from forge_core.catalog.listing.field_types import Group, Offer, Said
from pages.components.frame import session
from pages.components.gallery import (
    assign_dialog,
    filter_address,
    filter_chips,
    filter_controls,
    filter_groups,
    view_list,
)
from pages.components.gallery.filter_controls import Choices
from pages.components.image_map import panel


@contextmanager
def shown(where: Mapping[str, str], sort: str, choices: Choices) -> Iterator[None]:
    """Draw the filters as the address has them; a choice changes the address.

    What is drawn inside comes before the controls behind "More" and "Views", which are two thirds
    of the page's widgets.

    Args:
        where: From `filter_address.read`.
        sort: From `filter_address.read_sort`.
        choices: What the catalog offers.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        for field in filter_groups.fields_of(Group.ROW):
            filter_controls.show(field, where, choices)
        more = st.popover("More", icon=":material/tune:", type="tertiary")
        views = view_list.show_button()
        st.button(
            "Assign…",
            icon=":material/group_add:",
            type="tertiary",
            help="Give the images that match to somebody, or divide them",
            on_click=assign_dialog.open_it,
            key="filters_assign",
        )
        panel.show_button()
        if where or sort != "newest":
            filter_chips.show(filter_chips.describe(_said(where, sort, choices)))
        assign_dialog.show_mine(where, list(choices.of(Offer.PERSONS)))
        if where:
            st.button(
                "Clear filters", type="tertiary", on_click=filter_address.clear, key="filters_clear"
            )
    yield
    with more:
        filter_groups.show(where, choices)
    with views:
        view_list.show(session.workspace(), where, sort, session.actor())


def _said(where: Mapping[str, str], sort: str, choices: Choices) -> Said:
    return Said(
        where=where,
        sort=sort,
        class_names=choices.of(Offer.ALL_CLASSES),
        evaluations=choices.of(Offer.EVALUATIONS),
        searches=choices.of(Offer.SEARCHES),
        selections=choices.of(Offer.SELECTIONS),
    )
