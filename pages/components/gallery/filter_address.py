"""The gallery's filter and order in the address, which is the truth; widgets follow it.

Not Streamlit's own `bind="query-params"`: that writes what an option shows (the class's
name with its count) into the address, and a link must survive a renamed class.
"""

from collections.abc import Sequence

import streamlit as st

from forge_core.catalog.listing import filter_fields, text_values
from forge_core.catalog.listing.field_types import ANSWER_FIELDS, OPINION_FIELDS
from forge_core.catalog.listing.filter_fields import FIELDS
from forge_core.errors import InvalidInput
from pages.components.frame import workspace_address

SORTS = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "path": "By path",
    "shuffled": "Shuffled, the same for all",
    "label_issues": "Labels that look wrong first",
    "strangest": "Strangest first",
    "most_typical": "Most typical of its class first",
}
ALIKE_SORTS = {"most_alike": "Most alike first"}
RUN_SORTS = {
    "least_confident": "Least sure first",
    "most_confident": "Surest first",
    "highest_entropy": "Most undecided first",
    "lowest_quality": "Labels that it doubts first",
}


def read(scored_runs: Sequence[str]) -> dict[str, str]:
    """The filter in the address; an order by predictions gets the newest scored run.

    Raises:
        InvalidInput: A value is none of its kind. Whether they fit each other is not asked.
    """
    given = {name: st.query_params.get(name) for name in FIELDS}
    where = {name: text_values.parse_text(value, name) for name, value in given.items() if value}
    if read_sort() in RUN_SORTS and "run" not in where and scored_runs:
        where["run"] = st.query_params["run"] = scored_runs[0]
    filter_fields.read(where)
    for name, value in where.items():
        if FIELDS[name].noun and value not in FIELDS[name].values:
            raise InvalidInput(f"There is no {FIELDS[name].noun} {value[:60]!r}.")
    return where


def read_sort() -> str:
    """The order in the address; newest first when it names none that exists."""
    sort = st.query_params.get("sort", "newest")
    return sort if sort in orders() else "newest"


def orders() -> dict[str, str]:
    """Every order that the address allows, in words."""
    return SORTS | RUN_SORTS | (ALIKE_SORTS if "alike" in st.query_params else {})


def clear() -> None:
    """Take every filter out of the address; the order stays where it needs no run."""
    st.query_params.pop("task", None)
    remove(tuple(FIELDS))


def remove(names: Sequence[str]) -> None:
    """Take these parameters out of the address, and a run that nothing asks any more.

    What was answered in an evaluation goes with it.
    """
    for name in names:
        st.query_params.pop(name, None)
    if "evaluation" in names:
        for name in ANSWER_FIELDS:
            st.query_params.pop(name, None)
    if "alike" in names and st.query_params.get("sort") in ALIKE_SORTS:
        st.query_params.pop("sort", None)
    if "against" in names:
        st.query_params.pop("against_outcome", None)
    if "run" in names:
        for name in OPINION_FIELDS:
            st.query_params.pop(name, None)
        if read_sort() in RUN_SORTS:
            st.query_params.pop("sort", None)
    elif set(names) & {*OPINION_FIELDS, "sort"} and not _asks_a_run():
        st.query_params.pop("run", None)
    _leave_unnamed()


def put(name: str, value: object) -> None:
    """Write a parameter, or take it out where there is no value."""
    if value in (None, ""):
        remove([name])
    else:
        workspace_address.put({name: str(value)})


def replace(query: dict[str, str]) -> None:
    """Let the address have exactly this filter and order."""
    known = (*FIELDS, "sort")
    for name in (*known, "task"):
        st.query_params.pop(name, None)
    workspace_address.put({name: value for name, value in query.items() if name in known})
    _leave_unnamed()


def _leave_unnamed() -> None:
    """An address that asks for nothing is any workspace's."""
    if not set(st.query_params) & {*FIELDS, "sort"}:
        st.query_params.pop(workspace_address.PARAMETER, None)


def _asks_a_run() -> bool:
    return read_sort() in RUN_SORTS or any(name in st.query_params for name in OPINION_FIELDS)
