"""Every number of an evaluation is a door to exactly the images that were counted."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from db.records import AssetFilter
from forge_core.catalog.listing import filter_fields
from forge_core.catalog.listing.field_types import ANSWER_FIELDS
from pages.components import gallery_links
from pages.components.frame import navigation, workspace_address
from pages.components.words import text

VIEW = "look"
LEFT_KEY = "evaluation:left"
OWN = ("split", "evaluation", VIEW, "against", "last", "revision")
"""What the page keeps in its address."""


def query(evaluation_id: int, **fields: Any) -> dict[str, str]:
    """The gallery's address of images that were measured in an evaluation.

    Args:
        evaluation_id: Its number.
        fields: Fields of `AssetFilter` that speak of what was answered; None restricts nothing.
    """
    return filter_fields.write(AssetFilter(evaluation=evaluation_id, **fields))


def show(words: str, count: int, where: Mapping[str, str]) -> None:
    """A count that opens its images; plain words where there is none."""
    said = f"{words}: {text.number(count)}"
    if count:
        gallery_links.gallery(said, where)
    else:
        st.markdown(said, width="content")


def open_gallery(where: Mapping[str, str]) -> None:
    """Leave for the gallery, as after a click into a chart or a table."""
    navigation.go_to("gallery", where)


def come_back() -> None:
    """Undo what a door wrote into this page's address, where the browser's Back leads here.

    Leaving with new query parameters writes them into this page's address first.
    """
    left = st.session_state.get(LEFT_KEY)
    if not left or not set(ANSWER_FIELDS) & set(st.query_params):
        return
    for name in {*filter_fields.FIELDS, "sort", "image"} - set(left):
        st.query_params.pop(name, None)
    workspace_address.put(left)


def remember() -> None:
    """Keep where we are for `come_back`."""
    asked = {name: st.query_params[name] for name in OWN if name in st.query_params}
    st.session_state[LEFT_KEY] = asked
