"""The workspace in a page's address: numbers of classes and runs mean other things in another one.

An address without it is of the workspace that is here, as all were before there were ids.
"""

from collections.abc import Mapping, Sequence

import streamlit as st

from forge_core.errors import NotFound
from pages.components import errors
from pages.components.frame import session

PARAMETER = "workspace"


def named(query: Mapping[str, str | int]) -> dict[str, str]:
    """Query parameters of a link, and the workspace that they speak of."""
    given = {name: str(value) for name, value in query.items()}
    return given | {PARAMETER: session.workspace().id} if given else {}


def put(query: Mapping[str, str | int | Sequence[str]]) -> None:
    """Write parameters, and whose they are, into the address of the page that is open.

    Args:
        query: A list of values is written as a parameter each, so that a value may hold anything.
    """
    given: dict[str, str | Sequence[str]] = {
        name: str(value) if isinstance(value, str | int) else list(value)
        for name, value in query.items()
    }
    if given:
        given[PARAMETER] = session.workspace().id
    st.query_params.update(given)


def is_of_another() -> bool:
    """Whether the page was opened by an address of another workspace; then it is told so."""
    asked, here = st.query_params.get(PARAMETER, ""), session.workspace()
    if asked in ("", here.id):
        return False
    errors.show(
        NotFound(
            f"This address is of the workspace {asked[:60]!r}. The one that is here, {here.name}, "
            f"is {here.id!r}: the same numbers mean other images.",
            next_step="Open the address where that workspace is served, or choose a page here.",
        )
    )
    return True
