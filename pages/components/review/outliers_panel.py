"""Outliers: images far from those nearest to them, beyond lines that a person draws."""

import streamlit as st

from forge_core.catalog.listing import queues
from forge_core.catalog.quality import image_issues
from forge_core.jobs import kinds, queue
from forge_core.workspace import Workspace
from pages.components import job_progress
from pages.components.frame import session, torch_loading
from pages.components.review import image_issues_panel
from pages.components.words import text


def show(workspace: Workspace, num_images: int) -> None:
    """Draw the button that compares the images, and a card for each kind of outlier.

    Args:
        workspace: The workspace.
        num_images: Originals of the catalog.
    """
    st.subheader("Outliers", anchor=False)
    with workspace.database.read() as uow:
        num_compared = uow.typicality.count_now()
    job = queue.find_latest_job(workspace, kinds.COMPARE.name)
    is_active = job is not None and not job.status.is_finished()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            "How far an image is from the 10 nearest, as a network sees them: rubbish and rare "
            "cases lie far out. The gallery's orders are “Strangest first” and “Most typical of "
            "its class first”.",
            width="stretch",
        )
        missing = max(0, num_images - num_compared)
        words = f"Compare {text.plural(missing, 'new image')}" if num_compared else "Compare all"
        if missing and st.button(
            words, icon=":material/hub:", key="compare_images", disabled=is_active
        ):
            _submit(workspace)
    if job is not None and (is_active or missing):
        job_progress.has_result(job)
    if not num_compared:
        return
    states = image_issues.list_states(workspace)
    with st.container(horizontal=True, gap="small", key="outliers"):
        for state in states:
            if state.issue.name in image_issues.OUTLIERS:
                image_issues_panel.show_card(workspace, state, queues.OUTLIERS)


def _submit(workspace: Workspace) -> None:
    torch_loading.wait()
    from forge_core.predictions.embeddings.nearness import comparing  # torch

    comparing.submit(workspace, actor=session.actor())
    st.rerun()
