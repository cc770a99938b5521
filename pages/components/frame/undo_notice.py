"""After a change: a quiet box in the corner that says what was done, with Undo, for a while.

Streamlit's toast cannot hold a button, so the box is a container that `style` puts into the
corner and lets fade. After that the History tab still takes the change back.
"""

import time

import streamlit as st

from db.enums import ChangeOutcome
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.catalog.revisions.journal import ChangeConflict, ChangeResult
from forge_core.errors import ForgeError, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links
from pages.components.frame import style
from pages.components.words import text

_NOTICE = "undo:notice"
_RESULT = "undo:result"
MOST_CONFLICTS = 20


def offer(text: str, revision_id: int | None) -> None:
    """Say after the next redraw what was done; with a revision it can be undone."""
    until = time.monotonic() + style.OFFER_SECONDS
    st.session_state[_NOTICE] = {"text": text, "revision_id": revision_id, "until": until}
    st.session_state.pop(_RESULT, None)


def show(workspace: Workspace, actor: Actor) -> None:
    """Draw the offer, or what became of an undo, if there is one."""
    _show_result(workspace)
    notice = st.session_state.get(_NOTICE)
    if notice is None:
        return
    if time.monotonic() > notice["until"]:
        st.session_state.pop(_NOTICE, None)
        return
    with st.container(
        border=True,
        horizontal=True,
        vertical_alignment="center",
        horizontal_alignment="distribute",
        key=style.OFFER_KEY,
    ):
        st.markdown(f":material/check: {errors.literal(notice['text'])}", width="content")
        with st.container(horizontal=True, width="content", gap="small"):
            if notice["revision_id"] is not None and st.button(
                "Undo", key="undo:button", icon=":material/undo:"
            ):
                undo(workspace, notice["revision_id"], actor)
                st.rerun()
            if st.button("", key="undo:close", icon=":material/close:", help="Put away"):
                st.session_state.pop(_NOTICE, None)
                st.rerun()


def undo(workspace: Workspace, revision_id: int, actor: Actor) -> None:
    """Undo a revision and keep what became of it for the next redraw."""
    st.session_state.pop(_NOTICE, None)
    try:
        result = history.undo(workspace, revision_id, actor=actor)
    except ForgeError as error:
        st.session_state[_RESULT] = error
        return
    if result.status == ChangeOutcome.CONFLICT or result.conflicts:
        st.session_state[_RESULT] = result
        return
    st.toast(f"Revision {revision_id} is undone.", icon=":material/undo:")


def _show_result(workspace: Workspace) -> None:
    result = st.session_state.get(_RESULT)
    if result is None:
        return
    if isinstance(result, ForgeError):
        errors.show(result)
    else:
        _show_conflicts(workspace, result)
    if st.button("Understood", key="undo:understood"):
        st.session_state.pop(_RESULT, None)
        st.rerun()


def _show_conflicts(workspace: Workspace, result: ChangeResult) -> None:
    kept = text.plural(len(result.conflicts), "image was", "images were")
    undone = result.status == ChangeOutcome.APPLIED
    head = "Undone, but " if undone else "Nothing was undone: "
    with st.container(border=True, key="undo-conflicts"):
        st.markdown(f":material/warning: {head}{kept} changed since and left as they are.")
        for conflict in result.conflicts[:MOST_CONFLICTS]:
            _show_conflict(workspace, conflict)
        more = len(result.conflicts) - MOST_CONFLICTS
        if more > 0:
            st.caption(f"And {more:,} more.")


def _show_conflict(workspace: Workspace, conflict: ChangeConflict) -> None:
    message = errors.literal(conflict.message)
    try:
        path = asset_list.get_asset(workspace, conflict.asset_id).file_path
    except NotFound:
        st.markdown(message)
    else:
        gallery_links.gallery(message, {"text": path[-256:]}, icon=":material/image:")
