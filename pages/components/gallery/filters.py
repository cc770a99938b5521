"""The filter chips of the gallery. The address is the truth; the widgets follow it.

Not Streamlit's own `bind="query-params"`: that writes what an option shows (the class's
name with its count) into the address, and a link must survive a renamed class.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from db.enums import ReviewState, Split
from db.records import Label
from forge_core.api import parsing
from forge_core.catalog.browsing import ANY, NONE
from forge_core.errors import InvalidInput

SORTS = {"newest": "Newest first", "oldest": "Oldest first", "path": "By path"}
LABEL_WORDS = {ANY: "any label", NONE: "no label"}
SPLIT_WORDS = {
    Split.TRAIN: "train",
    Split.VAL: "val",
    Split.TEST: "test",
    Split.HELD_OUT: "held out",
    NONE: "no split",
}
REVIEW_WORDS = {ReviewState.FLAGGED: "Marked for review", NONE: "Not marked"}
AUGMENTED_WORDS = {"no": "Originals only", "yes": "Augmented copies only"}


def read() -> dict[str, str]:
    """The filter in the address, checked.

    Raises:
        InvalidInput: The address asks for something that cannot be.
    """
    given = {name: st.query_params.get(name) for name in parsing.FILTER_FIELDS}
    where = {name: parsing.parse_text(value, name) for name, value in given.items() if value}
    parsing.parse_filter(where)
    if where.get("split", NONE) not in SPLIT_WORDS:
        raise InvalidInput(f"There is no split {where['split'][:60]!r}.")
    if where.get("review", NONE) not in REVIEW_WORDS:
        raise InvalidInput(f"There is no review state {where['review'][:60]!r}.")
    return where


def read_sort() -> str:
    """The order in the address; newest first when it names none that exists."""
    sort = st.query_params.get("sort", "newest")
    return sort if sort in SORTS else "newest"


def clear() -> None:
    """Take every filter out of the address."""
    for name in parsing.FILTER_FIELDS:
        st.query_params.pop(name, None)


def show(
    where: Mapping[str, str], classes: Sequence[Label], sources: Sequence[tuple[str, int]]
) -> None:
    """Draw the chips as the address has them; a choice changes the address.

    Args:
        where: From `read`.
        classes: Every class.
        sources: Every source with its number of images.
    """
    names = {str(label.label_id): label.name for label in classes}
    counts = dict(sources)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        _choose("label", "Label", [*names, ANY, NONE], where, {**LABEL_WORDS, **names}, "sell")
        _choose("split", "Split", list(SPLIT_WORDS), where, SPLIT_WORDS, "call_split")
        _choose("source", "Source", list(counts), where, {}, "folder")
        _search(where)
        with st.popover("More", icon=":material/tune:", type="tertiary"):
            _choose_kind(where)
            _choose_review(where)
            _choose_sort()
        if where:
            st.button("Clear filters", type="tertiary", on_click=clear, key="filters_clear")


def _key(name: str) -> str:
    return f"filters_{name}"


def _store(name: str) -> None:
    value = st.session_state[_key(name)]
    if value:
        st.query_params[name] = str(value)
    else:
        st.query_params.pop(name, None)


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


def _choose_kind(where: Mapping[str, str]) -> None:
    chosen = where.get("augmented")
    st.session_state[_key("augmented")] = {"true": "yes", "false": "no"}.get(chosen or "", chosen)
    st.radio(
        "Augmented copies",
        [None, *AUGMENTED_WORDS],
        format_func=lambda value: "Everything" if value is None else AUGMENTED_WORDS[value],
        key=_key("augmented"),
        on_change=_store,
        args=("augmented",),
    )


def _choose_review(where: Mapping[str, str]) -> None:
    st.session_state[_key("review")] = where.get("review")
    st.radio(
        "Review",
        [None, *REVIEW_WORDS],
        format_func=lambda value: "Everything" if value is None else REVIEW_WORDS[value],
        key=_key("review"),
        on_change=_store,
        args=("review",),
    )


def _choose_sort() -> None:
    st.session_state[_key("sort")] = read_sort()
    st.radio(
        "Order",
        list(SORTS),
        format_func=SORTS.__getitem__,
        key=_key("sort"),
        on_change=_store,
        args=("sort",),
    )
