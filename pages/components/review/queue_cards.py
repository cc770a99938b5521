"""The queues as cards: how many images wait, why they are there, and the door to work on them."""

import streamlit as st

from forge_core.catalog.listing import asset_list, queues
from forge_core.catalog.listing.queues import QueueState
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from pages.components import gallery_links
from pages.components.frame import workspace_address
from pages.components.words import text

CARD = 236
"""Pixels: two cards side by side on a tablet, one on a phone."""
PARAMETER = "run"
KEY = "review_run"


def show(workspace: Workspace, actor: Actor) -> None:
    """Draw a card for each queue that has images, and name the others with what fills them.

    Those of a network go by the run that is chosen above them.
    """
    run_id = _choose_run(workspace)
    states = queues.list_states(workspace, run_id=run_id, person=actor.name)
    waiting = [state for state in states if state.num_images]
    empty = [state for state in states if not state.num_images]
    with st.container(horizontal=True, gap="small", key="review-queues"):
        for state in waiting:
            _show_card(state)
    if empty:
        words = text.plural(len(empty), "queue is empty", "queues are empty")
        with st.expander(words, icon=":material/check:", expanded=not waiting):
            for state in empty:
                # What fills it may name a command, in backticks.
                st.markdown(f"**{state.queue.words}** :gray[{state.empty_words}]")


def address_of(state: QueueState) -> dict[str, str]:
    """The gallery's address that opens a queue in focus, where its answers have keys."""
    return {**(state.query or {}), "task": state.queue.name, "view": "focus"}


def _choose_run(workspace: Workspace) -> int | None:
    """The run whose network is asked, in the address; the newest where none is named."""
    scored = asset_list.list_scored_runs(workspace)
    asked = st.query_params.get(PARAMETER, "")
    if len(scored) < 2:
        return next(iter(scored), None)
    named = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
    st.session_state[KEY] = named if named in scored else scored[0]
    chosen: int = st.selectbox(
        "The model is that of",
        scored,
        format_func=lambda run_id: f"run {run_id}",
        key=KEY,
        width=CARD,
        on_change=_store,
    )
    return chosen


def _store() -> None:
    workspace_address.put({PARAMETER: str(st.session_state[KEY])})


def _show_card(state: QueueState) -> None:
    with st.container(border=True, width=CARD, gap="xsmall", key=f"queue-{state.queue.name}"):
        st.metric(state.queue.words, f"{state.num_images:,}", help=state.queue.reason)
        gallery_links.gallery("Review them", address_of(state), icon=":material/play_arrow:")
