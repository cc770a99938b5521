"""The control of each kind of field; each writes its part of the address."""

import datetime
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from forge_core.catalog.listing import text_values
from forge_core.catalog.listing.field_types import (
    ANSWER_FIELDS,
    OPINION_FIELDS,
    Control,
    FilterField,
    Group,
    Offer,
)
from pages.components.gallery import filter_address
from pages.components.words import glossary


class Choices:
    """What the catalog offers: by kind, each value of the address in words.

    Args:
        offered: How each kind is read; it is asked once, when somebody needs it.
    """

    def __init__(self, offered: Mapping[Offer, Callable[[], Mapping[str, str]]]) -> None:
        self._offered = offered
        self._read: dict[Offer, Mapping[str, str]] = {}

    def of(self, offer: Offer) -> Mapping[str, str]:
        """The values of one kind, in the order in which they are shown."""
        if offer not in self._offered:
            return {}
        if offer not in self._read:
            self._read[offer] = self._offered[offer]()
        return self._read[offer]

    @property
    def runs(self) -> Sequence[str]:
        """Numbers of the scored runs, newest first."""
        return list(self.of(Offer.RUNS))

    @property
    def evaluations(self) -> Sequence[str]:
        """Numbers of the evaluations, newest first."""
        return list(self.of(Offer.EVALUATIONS))


def key(name: str) -> str:
    """The session key of a control."""
    return f"filters_{name}"


def show(field: FilterField, where: Mapping[str, str], choices: Choices) -> None:
    """Draw the control of a field as the address has it."""
    DRAWN[field.control](field, where, choices)


def _choose(field: FilterField, where: Mapping[str, str], choices: Choices) -> None:
    offered = choices.of(field.offer)
    shown = {**field.values, **offered}
    options = [*offered, *field.values]
    chosen = field.canonical(where[field.name]) if field.name in where else None
    if chosen is not None and chosen not in options:
        options = [*options, chosen]  # a link to something that is gone: shown, and clearable
    st.session_state[key(field.name)] = chosen
    in_row = field.group is Group.ROW
    st.selectbox(
        field.words,
        options,
        index=None,
        format_func=lambda option: shown.get(option, field.other.format(option)),
        key=key(field.name),
        placeholder=field.words if in_row else "Any",
        label_visibility="collapsed" if in_row else "visible",
        icon=f":material/{field.icon}:" if in_row else None,
        width=136 if in_row else "stretch",
        on_change=_store,
        args=(field.name, choices),
    )


def _search(field: FilterField, where: Mapping[str, str], choices: Choices) -> None:
    st.session_state[key(field.name)] = where.get(field.name, "")
    st.text_input(
        field.words,
        key=key(field.name),
        type="search",
        placeholder=field.words,
        label_visibility="collapsed",
        icon=f":material/{field.icon}:",
        max_chars=text_values.MAX_TEXT_CHARACTERS,
        live="400ms",
        width=170,
        on_change=_store,
        args=(field.name, choices),
    )


def _number(field: FilterField, where: Mapping[str, str], choices: Choices) -> None:
    given = where.get(field.name)
    st.session_state[key(field.name)] = None if given is None else int(given)
    st.number_input(
        field.words,
        min_value=field.least,
        value=None,
        step=1,
        key=key(field.name),
        placeholder="Any",
        on_change=_store,
        args=(field.name, choices),
        help=glossary.explain(field.words),
    )


def _day(field: FilterField, where: Mapping[str, str], choices: Choices) -> None:
    given = where.get(field.name)
    st.session_state[key(field.name)] = datetime.date.fromisoformat(given) if given else None
    st.date_input(
        field.words,
        value=None,
        min_value=datetime.date.min,
        max_value=datetime.date.max,
        format="YYYY-MM-DD",
        key=key(field.name),
        on_change=_store,
        args=(field.name, choices),
    )


def _shares(field: FilterField, where: Mapping[str, str], choices: Choices) -> None:
    name = field.name.removesuffix("_min")
    bounds = (float(where.get(field.name, 0)), float(where.get(field.upper, 1)))
    st.session_state[key(name)] = tuple(round(100 * bound) for bound in bounds)
    st.slider(
        field.words,
        0,
        100,
        key=key(name),
        on_change=_store_shares,
        args=(name, field, choices),
    )


def _store(name: str, choices: Choices) -> None:
    value = st.session_state[key(name)]
    filter_address.put(name, value)
    if value is not None:
        _take_subject(name, choices)


def _store_shares(name: str, field: FilterField, choices: Choices) -> None:
    low, high = st.session_state[key(name)]
    filter_address.put(field.name, None if low == 0 else low / 100)
    filter_address.put(field.upper, None if high == 100 else high / 100)
    if (low, high) != (0, 100):
        _take_subject(field.name, choices)


def _take_subject(name: str, choices: Choices) -> None:
    """An opinion is of a run, an answer of an evaluation: the newest, where none is chosen."""
    for dependent, subject, known in (
        (OPINION_FIELDS, "run", choices.runs),
        (ANSWER_FIELDS, "evaluation", choices.evaluations),
        (("against_outcome",), "against", choices.evaluations),
    ):
        if name in dependent and subject not in st.query_params and known:
            st.query_params[subject] = known[0]


DRAWN: dict[Control, Callable[[FilterField, Mapping[str, str], Choices], None]] = {
    Control.CHOICE: _choose,
    Control.SEARCH: _search,
    Control.NUMBER: _number,
    Control.DAY: _day,
    Control.SHARES: _shares,
}
"""Every kind but `WITH_LOWER`, which another field's control draws."""
