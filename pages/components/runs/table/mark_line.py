"""What people say of the run that is looked at: its star, its tags and its note."""

import streamlit as st

from forge_core.runs.listing import marks, run_list
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.runs.table import mark_bar


def show(workspace: Workspace, run_id: int) -> None:
    """Draw them in a line, each with the way to change it."""
    found = marks.get_marks(workspace, run_id)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="run_marks"):
        if st.button(
            "Starred" if found.is_starred else "Star",
            icon=":material/star:" if found.is_starred else ":material/star_border:",
            type="tertiary",
            key="run_star",
        ):
            with errors.redrawing():
                marks.set_star(workspace, [run_id], not found.is_starred)
        for tag in found.tags:
            st.badge(errors.literal(tag), color="blue", icon=":material/sell:")
        with st.popover("Tags", icon=":material/sell:", type="tertiary", width="content"):
            known = run_list.list_choices(workspace).tags
            mark_bar.show_tags(workspace, [run_id], found.tags, known)
        with st.popover("Note", icon=":material/edit_note:", type="tertiary", width="content"):
            mark_bar.show_note(workspace, run_id, found.note)
    if found.note:
        st.caption(errors.literal(found.note))
