"""The newest changes of the catalog: when, who, what, how many images, and Undo for each."""

import streamlit as st

from db.enums import RevisionKind
from db.records import Revision
from forge_core.catalog.revisions import history, undo_rules
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from pages.components import errors, small_print
from pages.components.frame import undo_notice
from pages.components.words import glossary, relative_time, text

PAGE = 20
TEMPLATES = {
    RevisionKind.IMPORT: "Import of {message}",
    RevisionKind.RELABEL: "Labels {message}",
    RevisionKind.SET_SPLIT: "Split {message}",
    RevisionKind.REMOVE: "Removal {message}",
    RevisionKind.CREATE_CLASS: "New {message}",
}


def show(workspace: Workspace, actor: Actor) -> None:
    """Draw the revisions, newest first, with a way to older ones."""
    number = st.session_state.get("history:shown", PAGE)
    revisions = history.list_revisions(workspace, limit=number + 1)
    if not revisions:
        st.caption("Nothing has changed yet. Every import, label and split will stand here.")
        return
    undone = undo_rules.find_undone(revisions)
    for revision in revisions[:number]:
        _show_revision(workspace, revision, undone.get(revision.revision_id), actor)
    if len(revisions) > number and st.button("Older changes", key="history:older"):
        st.session_state["history:shown"] = number + PAGE
        st.rerun()


def describe(revision: Revision) -> str:
    """What a revision did, in a line."""
    template = TEMPLATES.get(revision.kind, "{message}")
    line = template.format(message=revision.message).strip()
    line = line or revision.kind.replace("_", " ")
    return line[0].upper() + line[1:]


def _show_revision(
    workspace: Workspace, revision: Revision, undone_by: int | None, actor: Actor
) -> None:
    with st.container(
        horizontal=True,
        vertical_alignment="center",
        horizontal_alignment="distribute",
        key=f"revision-{revision.revision_id}",
    ):
        with st.container(gap=None, width="stretch"):
            words = errors.literal(describe(revision))
            st.markdown(f":gray[~~{words}~~]" if undone_by else words)
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                images = text.plural(revision.num_changes, "image")
                about = f"{images} · {revision.author}" if revision.num_changes else revision.author
                small_print.show(
                    f"Revision {revision.revision_id} · {about}", glossary.SENTENCES["revision"]
                )
                relative_time.show(revision.created_at)
        if undone_by:
            st.caption(f"undone by {undone_by}", width="content")
        elif undo_rules.has_something_to_undo(revision) and st.button(
            "Undo",
            key=f"undo-revision-{revision.revision_id}",
            icon=":material/undo:",
            type="tertiary",
        ):
            undo_notice.undo(workspace, revision.revision_id, actor)
            st.rerun()
