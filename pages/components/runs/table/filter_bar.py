"""Which runs the table shows, and in which order; the address holds it.

Several values of a kind are a parameter each (`?tag=a&tag=b`), so that a tag may hold a comma.
"""

from collections.abc import Mapping, Sequence

import streamlit as st

from db.enums import RunOrder
from db.run_records import RunFilter, RunPage
from forge_core.models.architectures import ARCHITECTURES
from forge_core.notices import state_words
from forge_core.runs.listing import run_list
from forge_core.runs.listing.run_list import RunChoices
from pages.components.frame import workspace_address
from pages.components.words import text

FIND, STATE, NETWORK, TAG, STARRED, ORDER = "find", "state", "network", "tag", "starred", "order"
PARAMETERS = (FIND, STATE, NETWORK, TAG, STARRED, ORDER)
ORDERS = {
    RunOrder.NEWEST: "Newest first",
    RunOrder.OLDEST: "Oldest first",
    RunOrder.BEST: "Best accuracy first",
    RunOrder.LONGEST: "Longest first",
    RunOrder.NAME: "By name",
}


def show(choices: RunChoices) -> RunFilter:
    """Draw the row of filters; returns what it says.

    Raises:
        InvalidInput: The address asks for what cannot be searched for.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="runs_filter"):
        words = st.text_input(
            "Find runs",
            key=_start(FIND, st.query_params.get(FIND, "")),
            placeholder="Find runs",
            icon=":material/search:",
            label_visibility="collapsed",
            width=240,
            help="In number, name, tags, note, network and author.",
        )
        states = _choose(STATE, "State", run_list.STATES, 140)
        networks = _choose(NETWORK, "Network", tuple(choices.architectures), 150)
        tags = _choose(TAG, "Tag", tuple(choices.tags), 130)
        starred = st.toggle("Starred", key=_start(STARRED, st.query_params.get(STARRED) == "yes"))
        order = st.selectbox(
            "Order",
            list(ORDERS),
            key=_start(ORDER, _asked_order()),
            format_func=ORDERS.__getitem__,
            label_visibility="collapsed",
            width=165,
        )
    _write(
        {
            FIND: [words.strip()],
            STATE: states,
            NETWORK: networks,
            TAG: tags,
            STARRED: ["yes" if starred else ""],
            ORDER: ["" if order == RunOrder.NEWEST else str(order)],
        }
    )
    where = RunFilter(
        states=states, architectures=networks, tags=tags, is_starred=starred, order=order
    )
    return run_list.find_by(words, where)


def show_count(page: RunPage, where: RunFilter, choices: RunChoices) -> None:
    """How many runs are shown, where not all of them are; and the way back to all."""
    if not where.restricts and page.total == len(page.rows):
        return
    shown = f"{page.total:,} of {text.plural(choices.num_runs, 'run')}"
    if page.total > len(page.rows):
        shown += f"; the first {len(page.rows):,} are here: the filters above find the others"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{shown}.", width="content")
        if where.restricts:
            st.button("Show all", type="tertiary", key="runs_all", on_click=clear)


def clear() -> None:
    """Show all runs again."""
    for name in PARAMETERS:
        st.session_state.pop(_key(name), None)
        st.query_params.pop(name, None)


def _choose(name: str, title: str, known: Sequence[str], width: int) -> tuple[str, ...]:
    """Some of what there is; what the address asks for can be taken away where there is none."""
    asked = [value for value in st.query_params.get_all(name) if value]
    key = _start(name, asked)
    chosen: list[str] = st.session_state[key]
    options = [*known, *(value for value in chosen if value not in known)]
    return tuple(
        st.multiselect(
            title,
            options,
            key=key,
            format_func=lambda value: _title(name, value),
            placeholder=title,
            label_visibility="collapsed",
            width=width,
        )
    )


def _title(name: str, value: str) -> str:
    if name == STATE and value in state_words.WORDS:
        return state_words.WORDS[value]
    if name == NETWORK and value in ARCHITECTURES:
        return ARCHITECTURES[value].title
    return value


def _asked_order() -> RunOrder:
    asked = st.query_params.get(ORDER, "")
    return RunOrder(asked) if asked in set(RunOrder) else RunOrder.NEWEST


def _start(name: str, value: object) -> str:
    """The widget's key; on the first visit it has the address's value."""
    key = _key(name)
    st.session_state.setdefault(key, value)
    return key


def _key(name: str) -> str:
    return f"runs_{name}"


def _write(values: Mapping[str, Sequence[str]]) -> None:
    given = {name: [each for each in chosen if each] for name, chosen in values.items()}
    changed = {n: chosen for n, chosen in given.items() if chosen != st.query_params.get_all(n)}
    for name in (name for name, chosen in changed.items() if not chosen):
        st.query_params.pop(name, None)
    if any(changed.values()):
        workspace_address.put({name: chosen for name, chosen in changed.items() if chosen})
