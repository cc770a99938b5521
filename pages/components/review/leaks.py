"""What the splits share: images that belong together and lie in different splits."""

import uuid

import streamlit as st

from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.catalog.splits import leaks
from forge_core.catalog.splits.groups import NEAR_DUPLICATES
from forge_core.catalog.splits.leaks import LeakReport
from forge_core.errors import NotFound
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links
from pages.components.frame import session
from pages.components.review import duplicate_groups
from pages.components.words import text

ACROSS, OTHER = "Across splits", "Other leaks"
"""The queues of Review that a leak leads to."""
CONTESTED = "Labels differ"
"""The queue of groups that are left out where one image of each is kept."""
MANY_IMAGES = 100_000
"""Above this, looking takes seconds, and is done when it is asked for."""


def show(workspace: Workspace, num_images: int) -> None:
    """Draw the panel; a large catalog is looked through only when asked."""
    with st.container(border=True, key="leak-panel"):
        st.markdown("**Leaks between splits**")
        report = load(workspace, num_images)
        if report is not None:
            _show_report(report)


def load(workspace: Workspace, num_images: int) -> LeakReport | None:
    """The leaks as of now; of a large catalog a button that looks for them, and None."""
    revision_id = history.latest_revision_id(workspace)
    if num_images > MANY_IMAGES and not _wanted(revision_id):
        return None
    with st.spinner("Comparing images across splits"):
        return _report(workspace, session.look_of(workspace), revision_id)


def show_pictures(workspace: Workspace, report: LeakReport) -> None:
    """The first images of every leak but near-duplicates, which have a queue of their own."""
    others = [leak for leak in report.leaks if leak.reason != NEAR_DUPLICATES]
    if not others:
        st.caption(":material/check: No group, copy or equal file lies in two splits.")
    duplicate_groups.apply_style()
    for place, leak in enumerate(others):
        with st.container(border=True, key=f"duplicate-group-leak-{place}"):
            st.markdown(f":orange[:material/warning:] {errors.literal(str(leak))}")
            with st.container(horizontal=True, gap="small", key=f"leak-row-{place}"):
                for asset_id in leak.asset_ids[: duplicate_groups.MOST_PICTURES]:
                    _show_picture(workspace, asset_id, f"{place}-{asset_id.hex}")
            more = leak.num_images - duplicate_groups.MOST_PICTURES
            if more > 0:
                st.caption(f"And {more:,} more; `forge leaks --csv` lists them.")


def _show_picture(workspace: Workspace, asset_id: uuid.UUID, key: str) -> None:
    try:
        asset = asset_list.get_asset(workspace, asset_id)
    except NotFound:
        return  # removed since
    facts = [f"group {errors.literal(asset.group_key)}"] if asset.group_key else []
    facts += ["augmented copy"] if asset.is_augmented else []
    with st.container(
        width=duplicate_groups.SIDE, gap="small", key=f"duplicate-picture-leak-{key}"
    ):
        duplicate_groups.show_picture(workspace, asset, facts)


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
        copies = text.plural(
            report.num_copies_measured, "augmented copy is", "augmented copies are"
        )
        st.markdown(f":orange[:material/warning:] {copies} in val, test or kept aside.")
    if not report.leaks:
        st.caption(
            ":material/check: No near-duplicates, groups or copies lie in two splits."
            if report.num_images
            else "No image is in a split yet."
        )
        return
    for leak in report.leaks:
        st.markdown(f":orange[:material/warning:] {errors.literal(str(leak))}")
        queue = ACROSS if leak.reason == NEAR_DUPLICATES else OTHER
        gallery_links.show(
            "Look at them", "review", {"queue": queue}, icon=":material/photo_library:"
        )
    st.caption("Keep groups together in the split above, and divide all anew.")
