"""The gallery's filter and order in the address, which is the truth; widgets follow it.

Not Streamlit's own `bind="query-params"`: that writes what an option shows (the class's
name with its count) into the address, and a link must survive a renamed class.
"""

from collections.abc import Sequence

import streamlit as st

from db.enums import ReviewState, Split
from forge_core.api import parsing
from forge_core.catalog.listing.asset_list import ANY, NONE
from forge_core.errors import InvalidInput

SORTS = {"newest": "Newest first", "oldest": "Oldest first", "path": "By path"}
RUN_SORTS = {
    "least_confident": "Least sure first",
    "most_confident": "Surest first",
    "highest_entropy": "Most undecided first",
    "lowest_quality": "Most doubtful labels first",
}
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
OPINION_FIELDS = ("predicted", "disagrees", "confidence_min", "confidence_max")
"""Fields that mean nothing without a run."""
FIELDS = (*parsing.FILTER_FIELDS, "sort")


def read(scored_runs: Sequence[int]) -> dict[str, str]:
    """The filter in the address; an order by predictions gets the newest scored run.

    Raises:
        InvalidInput: A value is none of its kind. Whether they fit each other is not asked.
    """
    given = {name: st.query_params.get(name) for name in parsing.FILTER_FIELDS}
    where = {name: parsing.parse_text(value, name) for name, value in given.items() if value}
    if read_sort() in RUN_SORTS and "run" not in where and scored_runs:
        where["run"] = st.query_params["run"] = str(scored_runs[0])
    parsing.parse_filter(where)
    if where.get("split", NONE) not in SPLIT_WORDS:
        raise InvalidInput(f"There is no split {where['split'][:60]!r}.")
    if where.get("review", NONE) not in REVIEW_WORDS:
        raise InvalidInput(f"There is no review state {where['review'][:60]!r}.")
    return where


def read_sort() -> str:
    """The order in the address; newest first when it names none that exists."""
    sort = st.query_params.get("sort", "newest")
    return sort if sort in SORTS | RUN_SORTS else "newest"


def clear() -> None:
    """Take every filter out of the address; the order stays where it needs no run."""
    remove(parsing.FILTER_FIELDS)


def remove(names: Sequence[str]) -> None:
    """Take these parameters out of the address, and a run that nothing asks any more."""
    for name in names:
        st.query_params.pop(name, None)
    if "run" in names:
        for name in OPINION_FIELDS:
            st.query_params.pop(name, None)
        if read_sort() in RUN_SORTS:
            st.query_params.pop("sort", None)
    elif set(names) & {*OPINION_FIELDS, "sort"} and not _asks_a_run():
        st.query_params.pop("run", None)


def put(name: str, value: object) -> None:
    """Write a parameter, or take it out where there is no value."""
    if value in (None, ""):
        remove([name])
    else:
        st.query_params[name] = str(value)


def replace(query: dict[str, str]) -> None:
    """Let the address have exactly this filter and order."""
    for name in FIELDS:
        st.query_params.pop(name, None)
    for name, value in query.items():
        if name in FIELDS:
            st.query_params[name] = value


def _asks_a_run() -> bool:
    return read_sort() in RUN_SORTS or any(name in st.query_params for name in OPINION_FIELDS)
