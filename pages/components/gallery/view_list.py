"""Saved views beside the filters: open one, keep the present one, rename, remove."""

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from db.saved_records import SavedView
from forge_core.catalog.listing import names, saved_views
from forge_core.errors import ForgeError
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.gallery import filter_address

OPEN = "views_open"
"""Session key: number of the view that is being changed, and how."""
RENAME, REMOVE = "rename", "remove"


def show_button() -> DeltaGenerator:
    """Draw the button; `show` fills what it opens."""
    return st.popover("Views", icon=":material/bookmark:", type="tertiary", key="views")


def show(workspace: Workspace, where: Mapping[str, str], sort: str, actor: Actor) -> None:
    """Draw the views, and how the present one is kept.

    Args:
        workspace: The workspace.
        where: The present filter, as in the address.
        sort: The present order.
        actor: Who saves.
    """
    found = saved_views.list_views(workspace)
    if not found:
        st.caption("A view keeps a filter and an order under a name, for everybody.")
    for view in found:
        _show_view(workspace, view)
    order = {} if sort == "newest" else {"sort": sort}
    _show_save(workspace, {**where, **order}, actor)


def _show_view(workspace: Workspace, view: SavedView) -> None:
    changing = st.session_state.get(OPEN)
    if changing == (view.view_id, RENAME):
        _show_rename(workspace, view)
        return
    name = errors.literal(view.name)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if changing == (view.view_id, REMOVE):
            st.markdown(f"Remove **{name}** for everybody?", width="stretch")
            st.button("Remove", on_click=_remove, args=(workspace, view), key="views_remove_now")
            st.button("Keep", type="tertiary", on_click=_change, args=(None,), key="views_keep")
            return
        st.button(
            name,
            type="tertiary",
            help=f"Saved by {errors.literal(view.author)} on {view.created_at:%Y-%m-%d}",
            on_click=filter_address.replace,
            args=(dict(view.query),),
            key=f"views_go_{view.view_id}",
        )
        st.space("stretch")
        for what, icon in ((RENAME, "edit"), (REMOVE, "delete")):
            st.button(
                "",
                icon=f":material/{icon}:",
                type="tertiary",
                help=f"{what.capitalize()} {name}",
                on_click=_change,
                args=((view.view_id, what),),
                key=f"views_{what}_{view.view_id}",
            )


def _show_rename(workspace: Workspace, view: SavedView) -> None:
    with st.form("views_rename", border=False):
        name = st.text_input(
            "New name", view.name, max_chars=names.MAX_CHARACTERS, key="views_new_name"
        )
        asked = st.form_submit_button("Rename")
    if not asked:
        return
    try:
        saved_views.rename_view(workspace, view.view_id, name)
    except ForgeError as error:
        errors.show(error)
        return
    _change(None)
    st.rerun()


def _show_save(workspace: Workspace, query: Mapping[str, str], actor: Actor) -> None:
    with st.form("views_save", border=False, clear_on_submit=True):
        name = st.text_input(
            "Keep what is shown now as",
            max_chars=names.MAX_CHARACTERS,
            placeholder="Name of the view",
            key="views_name",
        )
        asked = st.form_submit_button("Save view", icon=":material/bookmark_add:")
    if not asked:
        return
    try:
        saved_views.save_view(workspace, name, query, actor=actor)
    except ForgeError as error:
        errors.show(error)
        return
    st.toast(f"View {errors.literal(repr(name.strip()))} is saved.")
    st.rerun()


def _remove(workspace: Workspace, view: SavedView) -> None:
    saved_views.remove_view(workspace, view.view_id)
    _change(None)


def _change(what: tuple[int, str] | None) -> None:
    st.session_state[OPEN] = what
