"""The filters behind "More", in a tab for each group."""

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from forge_core.catalog.listing.field_types import OPINION_FIELDS, Control, FilterField, Group
from forge_core.catalog.listing.filter_fields import FIELDS
from pages.components.gallery import filter_address, filter_controls, likeness
from pages.components.gallery.filter_address import RUN_SORTS
from pages.components.gallery.filter_controls import Choices

Drawn = Callable[[], None]


def fields_of(group: Group) -> list[FilterField]:
    """The fields that have a control of their own there, by their seats."""
    own = (field for field in FIELDS.values() if field.control is not Control.WITH_LOWER)
    return sorted((field for field in own if field.group is group), key=lambda field: field.seat)


def show(where: Mapping[str, str], choices: Choices) -> None:
    """Draw the groups as the address has them."""
    groups = [group for group in Group if group is not Group.ROW]
    for group, tab in zip(groups, st.tabs([group.value for group in groups]), strict=True):
        with tab:
            _show_group(group, where, choices)


def _show_group(group: Group, where: Mapping[str, str], choices: Choices) -> None:
    controls: list[Drawn] = [
        partial(filter_controls.show, field, where, choices) for field in fields_of(group)
    ]
    if group is Group.MODEL:
        if not choices.runs and "run" not in where:
            st.caption("No run has looked at these images yet. A finished run does.")
            _order({k: v for k, v in filter_address.orders().items() if k not in RUN_SORTS})
            without = [field for field in fields_of(group) if not _needs_run(field)]
            controls = [partial(filter_controls.show, field, where, choices) for field in without]
            _show_lines(controls)
            return
        controls.insert(1, lambda: _order(filter_address.orders()))
    if group is Group.EVALUATION and not choices.evaluations and "evaluation" not in where:
        st.caption("No network was measured image by image yet. The page Evaluation does.")
        return
    if group is Group.PICTURE:
        st.button(
            "Find what looks like a picture…",
            icon=":material/image_search:",
            on_click=likeness.open_it,
            key="filters_likeness",
        )
    _show_lines(controls)


def _needs_run(field: FilterField) -> bool:
    return field.name == "run" or field.name in OPINION_FIELDS


def _show_lines(controls: list[Drawn]) -> None:
    for start in range(0, len(controls), 2):
        _show_line(controls[start : start + 2])


def _show_line(controls: list[Drawn]) -> None:
    if len(controls) == 1:
        controls[0]()
        return
    for column, draw in zip(st.columns(2), controls, strict=True):
        with column:
            draw()


def _order(words: Mapping[str, str]) -> None:
    key = filter_controls.key("sort")
    st.session_state[key] = filter_address.read_sort()
    st.selectbox(
        "Order", list(words), format_func=words.__getitem__, key=key, on_change=_store_order
    )


def _store_order() -> None:
    sort = st.session_state[filter_controls.key("sort")]
    filter_address.put("sort", None if sort == "newest" else sort)
