"""Create and rename classes."""

import streamlit as st

from forge_core.catalog import changing, classes
from forge_core.errors import ForgeError
from forge_core.workspace import Workspace
from pages.components import errors, undo_notice

MOST_CHARACTERS = 128


def show(workspace: Workspace, author: str) -> None:
    """Draw both forms, one below the other."""
    with st.container(border=True, key="class-editor"):
        st.markdown("**Classes**")
        show_create(workspace, author)
        _show_rename(workspace, author)


def show_create(workspace: Workspace, author: str) -> None:
    """One field and a button; the colour comes from the palette."""
    with st.form("class:create", clear_on_submit=True, border=False):
        name = st.text_input("New class", max_chars=MOST_CHARACTERS, key="class:new_name")
        asked = st.form_submit_button("Create class", icon=":material/add:")
    if not asked:
        return
    try:
        label = classes.create_class(workspace, name, author=author)
    except ForgeError as error:
        errors.show(error)
        return
    undo_notice.offer(f"Class {label.name!r} is created.", None)
    st.rerun()


def _show_rename(workspace: Workspace, author: str) -> None:
    labels = [label for label in classes.list_classes(workspace) if not label.is_retired]
    if not labels:
        return
    names = {label.label_id: label.name for label in labels}
    with st.form("class:rename", border=False):
        label_id = st.selectbox(
            "Rename class", list(names), format_func=names.__getitem__, key="class:renamed"
        )
        name = st.text_input("New name", max_chars=MOST_CHARACTERS, key="class:rename_to")
        asked = st.form_submit_button("Rename", icon=":material/edit:")
    if not asked or label_id is None:
        return
    try:
        result = classes.rename_class(workspace, label_id, name, author=author)
    except ForgeError as error:
        errors.show(error)
        return
    if result.status == changing.APPLIED:
        undo_notice.offer(
            f"{names[label_id]!r} is now called {name.strip()!r}.", result.revision_id
        )
    st.rerun()
