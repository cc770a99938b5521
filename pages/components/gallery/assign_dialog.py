"""Give the images that match to persons: who would get how many is said before it is done."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from db.records import NONE, AssetFilter
from forge_core.catalog.editing import assignments
from forge_core.catalog.listing import asset_list, filter_fields
from forge_core.catalog.revisions import history
from forge_core.errors import ForgeError
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.frame import session
from pages.components.gallery import filter_address
from pages.components.words import text

OPEN = "assign_open"


def open_it() -> None:
    """Ask for the dialog; it stays over every run of the page until it is closed."""
    st.session_state[OPEN] = True


def close() -> None:
    """Let the dialog go."""
    st.session_state.pop(OPEN, None)


def show(where: Mapping[str, str]) -> None:
    """Draw the dialog for the images of a filter, when it was asked for.

    Args:
        where: The filter, as in the address.
    """
    if st.session_state.get(OPEN):
        _show(where)


@st.dialog("Assign images", on_dismiss=close)
@errors.guarded_page()
def _show(where: Mapping[str, str]) -> None:
    workspace = session.workspace()
    asked = filter_fields.read(where)
    total = asset_list.count_assets(workspace, asked)
    taken = _count_taken(workspace, asked, total)
    st.markdown(f"{_images(total)} the filters.{_say_taken(asked, taken)}")
    persons = st.multiselect(
        "To",
        assignments.list_people(workspace),
        accept_new_options=True,
        placeholder="One person, or several to divide them",
        key="assign_persons",
    )
    if persons:
        shares = assignments.preview(workspace, asked, persons)
        said = ", ".join(
            f"{errors.literal(share.person)} gets {text.number(share.num_images)}"
            for share in shares
        )
        st.caption(f"{said}.{' Dealt in turn, oldest first.' if len(shares) > 1 else ''}")
    with st.container(horizontal=True):
        assign = st.button(
            f"Assign {text.plural(total, 'image')}",
            type="primary",
            disabled=not persons or not total,
            key="assign_now",
        )
        unassign = st.button(
            f"Take {text.number(taken)} back", disabled=not taken, key="assign_back"
        )
    try:
        if assign:
            assignments.assign(workspace, asked, persons, actor=session.actor())
            st.success(f"{text.plural(total, 'image')} assigned.", icon=":material/check:")
        if unassign:
            number = assignments.unassign(workspace, asked)
            st.success(f"{text.plural(number, 'image')} assigned to nobody.")
    except ForgeError as error:
        errors.show(error)
    _show_counts(workspace)


def show_mine(where: Mapping[str, str], persons: Sequence[str]) -> None:
    """The person's own slice as a chip, when there is one and it is not shown already."""
    me = session.actor().name
    if me not in persons or where.get("assigned") == me:
        return
    workspace = session.workspace()
    revision_id = history.latest_revision_id(workspace)
    left = _count_left(workspace, str(workspace.folder), me, revision_id)
    st.button(
        f"Mine ({text.number(left)} left)",
        icon=":material/person:",
        help="The images that are assigned to you; left are those without a label",
        on_click=_open_mine,
        args=(me,),
        key="chip_mine",
    )


@st.cache_data(max_entries=64, ttl=10, show_spinner=False)
def _count_left(_workspace: Workspace, folder: str, person: str, revision_id: int) -> int:
    return asset_list.count_assets(_workspace, AssetFilter(assigned=person, label=NONE))


def _open_mine(person: str) -> None:
    filter_address.put("assigned", person)


def _count_taken(workspace: Workspace, asked: AssetFilter, total: int) -> int:
    """How many of the images are somebody's already."""
    if asked.assigned is not None:
        return 0 if asked.assigned == NONE else total
    return total - asset_list.count_assets(workspace, replace(asked, assigned=NONE))


def _images(total: int) -> str:
    return f"{text.plural(total, 'image')} {'matches' if total == 1 else 'match'}"


def _say_taken(asked: AssetFilter, taken: int) -> str:
    if not taken or asked.assigned is not None:
        return ""
    return f" {text.number(taken)} of them are somebody's already and would change hands."


def _show_counts(workspace: Workspace) -> None:
    counts = assignments.list_counts(workspace)
    if counts:
        st.markdown("**Who has what**")
    with st.container(gap="xsmall"):
        for count in counts:
            pressed = st.button(
                f"{errors.literal(count.person)}: {text.number(count.num_images)}, "
                f"{text.number(count.num_unlabelled)} unlabelled",
                icon=":material/person:",
                type="tertiary",
                key=f"assign_door_{count.person}",
            )
            if pressed:
                close()
                filter_address.replace({"assigned": count.person})
                st.rerun()  # the page, not the dialog alone
