"""What to label next: the images whose labels would teach a network the most, as a queue."""

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from db.enums import RequestReason
from forge_core.catalog.listing import queues
from forge_core.predictions.labelling import next_labels
from forge_core.predictions.labelling.next_labels import MOST_REQUESTS, NextLabels
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links, job_progress
from pages.components.frame import session
from pages.components.review import queue_cards
from pages.components.words import text

REASONS = {
    RequestReason.COVERS: "that stand for many others",
    RequestReason.DOUBT: "that a network doubts",
    RequestReason.CHANCE: "drawn by chance",
}


def show(workspace: Workspace) -> None:
    """Draw the button, and what waits to be labelled."""
    st.caption(
        "Compares the images by what a network sees in them, and chooses those without a label "
        "that stand for many others or that it doubts. A tenth is drawn by chance, so that the "
        "accuracy can still be measured. The choice is tried on your labels first."
    )
    job = next_labels.find_job(workspace)
    is_active = job is not None and not job.status.is_finished()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.number_input(
            "Images",
            min_value=1,
            max_value=MOST_REQUESTS,
            value=next_labels.DEFAULT_NUMBER,
            step=10,
            width=140,
            key="next_labels_number",
        )
        pressed = st.button(
            "Choose images" if job is None else "Choose again",
            key="next_labels_choose",
            disabled=is_active,
            icon=":material/target:",
        )
    if pressed:
        with errors.redrawing():
            next_labels.submit(workspace, int(number), actor=session.actor())
        return
    if job is not None and job_progress.has_result(job):
        _show_result(workspace, next_labels.read_result(job), job.finished_at)


def _show_result(workspace: Workspace, found: NextLabels, finished: datetime | None) -> None:
    st.markdown(errors.literal(found.verdict))
    if found.replay is not None:
        st.dataframe(_table(found), hide_index=True, height="content", width="content")
    state = queues.find_state(workspace, queues.find_queue("label_next"))
    if state.num_images:
        label = f"Label {text.plural(state.num_images, 'image')}"
        gallery_links.gallery(label, queue_cards.address_of(state), icon=":material/sell:")
    else:
        st.caption("All of them have a label by now: train, and choose again.")
    st.caption(errors.literal(_describe(found, finished or datetime.now(UTC))))


def _describe(found: NextLabels, finished: datetime) -> str:
    reasons = ", ".join(
        f"{text.number(count)} {REASONS[reason]}" for reason, count in found.num_by_reason.items()
    )
    words = (
        f"Chosen {text.ago(finished)} from {text.plural(found.num_candidates, 'image')} without a "
        f"label: {reasons}; compared by {found.network}."
    )
    if found.num_not_embedded:
        could = text.plural(found.num_not_embedded, "image could", "images could")
        words += f" {could} not be read and cannot be chosen."
    return words


def _table(found: NextLabels) -> pd.DataFrame:
    budgets = found.replay.budgets if found.replay is not None else ()
    return pd.DataFrame(
        {
            "Labels": [each.num_labels for each in budgets],
            "By chance": [text.percent(_mean(each.by_chance)) for each in budgets],
            "By choice": [text.percent(_mean(each.chosen)) for each in budgets],
            "Points": [f"{100 * each.advantage:+.1f}" for each in budgets],
        }
    )


def _mean(values: tuple[float, ...]) -> float:
    return sum(values) / len(values)
