"""The queue that the gallery's address names: what is asked of each image, and how it ends."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from forge_core.catalog.listing import queues
from forge_core.catalog.listing.queues import Queue
from forge_core.runs import records
from forge_core.runs.starting import launch
from forge_core.training.config import TrainConfig
from pages.components import empty_state, errors
from pages.components.empty_state import Choice
from pages.components.frame import navigation, session

PARAMETER = "task"
"""Not `queue`: Streamlit takes that one, which a control of Review is bound to, out."""


def read() -> Queue | None:
    """The queue that is worked on, or None.

    Raises:
        InvalidInput: The address names one that there is not.
    """
    name = st.query_params.get(PARAMETER)
    if "asked_of" in st.query_params:
        return queues.QUEUES["second_opinions"]
    return queues.find_queue(name) if name else None


def leave() -> None:
    """Look at the same images without being asked."""
    st.query_params.pop(PARAMETER, None)
    st.query_params.pop("asked_of", None)  # its labels are not shown: it is no list to look at


def describe(queue: Queue, run_id: int | None) -> dict[str, Any]:
    """The queue as the component takes it."""
    return {
        "queue": queue.name,
        "words": queue.words,
        "question": queue.question.value,
        "blind": queue.is_blind,
        "run": None if queue.is_blind else run_id,
    }


def show_head(queue: Queue) -> None:
    """Which queue it is and why its images are in it, with the ways out."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":material/rule: **{queue.words}**", width="content")
        st.caption(errors.literal(queue.reason), width="content")
        st.space("stretch")
        if st.button("All queues", type="tertiary", icon=":material/arrow_back:", key="all_queues"):
            navigation.go_to("review")
        st.button("Leave", type="tertiary", on_click=leave, key="leave_queue")


def show_empty(queue: Queue) -> None:
    """Nothing waits in the queue."""
    empty_state.show(
        f"{queue.words}: nothing waits. {queue.filled_by}",
        icon="task_alt",
        choices=[Choice("All queues", lambda: navigation.go_to("review"))],
        key="gallery_queue_empty",
    )


def finish(done: Mapping[str, Any], run_id: int | None) -> None:
    """Go where a person wants to go from the end of a queue.

    Args:
        done: `what`: "retrain", as the run, on the catalog as it is now; else to the queues.
        run_id: The run whose network filled the queue.
    """
    if done.get("what") == "retrain" and run_id is not None:
        workspace = session.workspace()
        with st.spinner(f"Starting a run like run {run_id}"):
            config = TrainConfig.from_dict(records.get_run(workspace, run_id).config)
            run = launch.start_run(
                workspace, config, actor=session.actor(), name=f"like {run_id}, after a review"
            )
        navigation.go_to("runs", {"run": run.run_id, "with": run_id})
    navigation.go_to("review")
