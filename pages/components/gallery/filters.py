"""The row of filters above the gallery: boxes, "More", and a chip for each hidden condition."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from db.records import Label
from forge_core.api import parsing
from forge_core.catalog.listing.asset_list import ANY, NONE
from pages.components.frame import session
from pages.components.gallery import (
    assign_dialog,
    filter_address,
    filter_chips,
    filter_groups,
    view_list,
)
from pages.components.gallery.filter_address import LABEL_WORDS, SPLIT_WORDS
from pages.components.gallery.filter_groups import Choices


def show(
    where: Mapping[str, str],
    sort: str,
    classes: Sequence[Label],
    sources: Sequence[tuple[str, int]],
    choices: Choices,
) -> None:
    """Draw the filters as the address has them; a choice changes the address.

    Args:
        where: From `filter_address.read`.
        sort: From `filter_address.read_sort`.
        classes: Every class.
        sources: Every source with its number of images.
        choices: What the groups behind "More" offer.
    """
    names = {str(label.label_id): label.name for label in classes}
    counts = dict(sources)
    chips = filter_chips.describe(where, sort, choices.names)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        _choose("label", "Label", [*names, ANY, NONE], where, {**LABEL_WORDS, **names}, "sell")
        _choose("split", "Split", list(SPLIT_WORDS), where, SPLIT_WORDS, "call_split")
        _choose("source", "Source", list(counts), where, {}, "folder")
        _search(where)
        with st.popover("More", icon=":material/tune:", type="tertiary"):
            filter_groups.show(where, choices)
        view_list.show(session.workspace(), where, sort, session.actor())
        st.button(
            "Assign…",
            icon=":material/group_add:",
            type="tertiary",
            help="Give the images that match to somebody, or divide them",
            on_click=assign_dialog.open_it,
            key="filters_assign",
        )
        filter_chips.show(chips)
        assign_dialog.show_mine(where, choices.persons)
        if where:
            st.button(
                "Clear filters", type="tertiary", on_click=filter_address.clear, key="filters_clear"
            )


def _key(name: str) -> str:
    return f"filters_{name}"


def _store(name: str) -> None:
    filter_address.put(name, st.session_state[_key(name)])


def _choose(
    name: str,
    words: str,
    options: list[Any],
    where: Mapping[str, str],
    shown: Mapping[Any, str],
    icon: str,
) -> None:
    chosen = where.get(name)
    if chosen is not None and chosen not in options:
        options = [*options, chosen]  # a link to something that is gone: shown, and clearable
    st.session_state[_key(name)] = chosen
    st.selectbox(
        words,
        options,
        index=None,
        format_func=lambda option: shown.get(
            option, f"{words.lower()} {option}" if shown else option
        ),
        key=_key(name),
        placeholder=words,
        label_visibility="collapsed",
        icon=f":material/{icon}:",
        width=150,
        on_change=_store,
        args=(name,),
    )


def _search(where: Mapping[str, str]) -> None:
    st.session_state[_key("text")] = where.get("text", "")
    st.text_input(
        "Text in the path",
        key=_key("text"),
        type="search",
        placeholder="Text in the path",
        label_visibility="collapsed",
        icon=":material/search:",
        max_chars=parsing.MAX_TEXT_CHARACTERS,
        live="400ms",
        width=200,
        on_change=_store,
        args=("text",),
    )
