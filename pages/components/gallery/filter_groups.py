"""The filters behind "More", in four groups; each control writes its part of the address."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from forge_core.catalog.listing.asset_list import ANY, NONE
from pages.components.gallery import filter_address
from pages.components.gallery.filter_address import (
    AUGMENTED_WORDS,
    OPINION_FIELDS,
    REVIEW_WORDS,
    RUN_SORTS,
    SORTS,
)

SURE = "filters_confidence"


@dataclass(frozen=True)
class Choices:
    """What may be chosen: numbers of scored runs (newest first), classes, people."""

    runs: Sequence[int]
    names: Mapping[str, str]
    authors: Sequence[str]
    persons: Sequence[str]


def key(name: str) -> str:
    """The session key of a control."""
    return f"filters_{name}"


def show(where: Mapping[str, str], choices: Choices) -> None:
    """Draw the groups as the address has them, a tab each."""
    model, history, picture, work = st.tabs(["Model", "History", "Picture", "Work"])
    with model:
        _show_model(where, choices)
    with history:
        _show_history(where, choices)
    with picture:
        _show_picture(where)
    with work:
        _show_work(where, choices)


def _show_history(where: Mapping[str, str], choices: Choices) -> None:
    author, since = st.columns(2)
    with author:
        _choose("author", "Changed by", choices.authors, where, {})
    with since:
        _number("changed_since", "After revision", where, least=0)
    first, last = st.columns(2)
    with first:
        _day("since", "Imported from", where)
    with last:
        _day("until", "Imported to", where)


def _show_picture(where: Mapping[str, str]) -> None:
    low, high = st.columns(2)
    with low:
        _number("side_min", "Shorter side from (px)", where, least=1)
    with high:
        _number("side_max", "Shorter side to (px)", where, least=1)
    kind, twins = st.columns(2)
    with kind:
        _choose("augmented", "Augmented copies", list(AUGMENTED_WORDS), where, AUGMENTED_WORDS)
    with twins:
        words = {ANY: "Only near-duplicates"}
        _choose("duplicates", "Near-duplicates", list(words), where, words)


def _show_work(where: Mapping[str, str], choices: Choices) -> None:
    marks, person = st.columns(2)
    with marks:
        _choose("review", "Review", list(REVIEW_WORDS), where, REVIEW_WORDS)
    with person:
        names = [*choices.persons, NONE]
        _choose("assigned", "Assigned to", names, where, {NONE: "nobody"})


def _show_model(where: Mapping[str, str], choices: Choices) -> None:
    if not choices.runs and "run" not in where:
        st.caption("No run has looked at these images yet. A finished run does.")
        _order(SORTS)
        return
    run, order = st.columns(2)
    numbers = [str(number) for number in choices.runs]
    with run:
        words = {number: f"run {number}" for number in [*numbers, where.get("run", "")]}
        _choose("run", "Run", numbers, where, words)
    with order:
        _order(SORTS | RUN_SORTS)
    opinion, said = st.columns(2)
    with opinion:
        words = {"yes": "Disagrees with the label", "no": "Agrees with the label"}
        _choose("disagrees", "The run", list(words), where, words, runs=numbers)
    with said:
        _choose("predicted", "It says", list(choices.names), where, choices.names, runs=numbers)
    bounds = (float(where.get("confidence_min", 0)), float(where.get("confidence_max", 1)))
    st.session_state[SURE] = tuple(round(100 * bound) for bound in bounds)
    st.slider("How sure it is (%)", 0, 100, key=SURE, on_change=_store_confidence, args=(numbers,))


def _order(words: Mapping[str, str]) -> None:
    st.session_state[key("sort")] = filter_address.read_sort()
    st.selectbox(
        "Order",
        list(words),
        format_func=words.__getitem__,
        key=key("sort"),
        on_change=_store_sort,
    )


def _store_sort() -> None:
    sort = st.session_state[key("sort")]
    filter_address.put("sort", None if sort == "newest" else sort)


def _store(name: str, runs: Sequence[str]) -> None:
    value = st.session_state[key(name)]
    filter_address.put(name, value)
    if value is not None and name in OPINION_FIELDS:
        _take_run(runs)


def _store_confidence(runs: Sequence[str]) -> None:
    low, high = st.session_state[SURE]
    filter_address.put("confidence_min", None if low == 0 else low / 100)
    filter_address.put("confidence_max", None if high == 100 else high / 100)
    if (low, high) != (0, 100):
        _take_run(runs)


def _take_run(runs: Sequence[str]) -> None:
    """An opinion is of a run: the newest one, where none is chosen."""
    if "run" not in st.query_params and runs:
        st.query_params["run"] = runs[0]


def _choose(
    name: str,
    words: str,
    options: Sequence[str],
    where: Mapping[str, str],
    shown: Mapping[str, str],
    *,
    runs: Sequence[str] = (),
) -> None:
    chosen: Any = where.get(name)
    if name in ("augmented", "disagrees"):
        chosen = {"true": "yes", "false": "no"}.get(chosen or "", chosen)
    if chosen is not None and chosen not in options:
        options = [*options, chosen]  # a link to something that is gone: shown, and clearable
    st.session_state[key(name)] = chosen
    st.selectbox(
        words,
        options,
        index=None,
        format_func=lambda option: shown.get(option, option),
        key=key(name),
        placeholder="Any",
        on_change=_store,
        args=(name, runs),
    )


def _number(name: str, words: str, where: Mapping[str, str], *, least: int) -> None:
    st.session_state[key(name)] = int(where[name]) if name in where else None
    st.number_input(
        words,
        min_value=least,
        value=None,
        step=1,
        key=key(name),
        placeholder="Any",
        on_change=_store,
        args=(name, ()),
    )


def _day(name: str, words: str, where: Mapping[str, str]) -> None:
    given = where.get(name)
    st.session_state[key(name)] = datetime.date.fromisoformat(given) if given else None
    st.date_input(
        words,
        value=None,
        min_value=datetime.date.min,
        max_value=datetime.date.max,
        format="YYYY-MM-DD",
        key=key(name),
        on_change=_store,
        args=(name, ()),
    )
