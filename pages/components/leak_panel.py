"""What the splits share: images that belong together and lie in different splits."""

import streamlit as st

from forge_core.catalog import history, leaks
from forge_core.catalog.leaks import NEAR_DUPLICATES, LeakReport
from forge_core.workspace import Workspace
from pages.components import doors, errors, wording

MANY_IMAGES = 100_000
"""Above this, looking takes seconds, and is done when it is asked for."""


def show(workspace: Workspace, num_images: int) -> None:
    """Draw the panel; a large catalog is looked through only when asked."""
    with st.container(border=True, key="leak-panel"):
        st.markdown("**Leaks between splits**")
        revision_id = history.latest_revision_id(workspace)
        if num_images > MANY_IMAGES and not _wanted(revision_id):
            return
        with st.spinner("Comparing images across splits"):
            report = _report(workspace, str(workspace.folder), revision_id)
        _show_report(report)


def _wanted(revision_id: int) -> bool:
    if st.session_state.get("leaks:revision") == revision_id:
        return True
    if st.button("Look for leaks", icon=":material/search:", key="leaks:look"):
        st.session_state["leaks:revision"] = revision_id
        return True
    st.caption("Near-duplicates, images of one group, and copies that lie in two splits.")
    return False


@st.cache_data(max_entries=8, show_spinner=False)
def _report(_workspace: Workspace, folder: str, revision_id: int) -> LeakReport:
    """The leaks as of this revision."""
    return leaks.find_leaks(_workspace)


def _show_report(report: LeakReport) -> None:
    if report.num_copies_measured:
        copies = wording.plural(
            report.num_copies_measured, "augmented copy is", "augmented copies are"
        )
        st.markdown(f":orange[:material/warning:] {copies} in val, test or held out.")
    if not report.leaks:
        st.caption(
            ":material/check: No near-duplicates, groups or copies lie in two splits."
            if report.num_images
            else "No image is in a split yet."
        )
        return
    for leak in report.leaks:
        st.markdown(f":orange[:material/warning:] {errors.literal(str(leak))}")
        if leak.reason == NEAR_DUPLICATES:
            doors.show(
                "Look at them",
                "review",
                {"queue": "Across splits"},
                icon=":material/photo_library:",
            )
    st.caption("Keep groups together in the split above, and divide all anew.")
