"""What can be done with the runs that are ticked in the table: compare, star, tag, note."""

from collections.abc import Iterable, Sequence

import streamlit as st

from db.run_records import RunRow
from forge_core.runs.listing import marks
from forge_core.runs.listing.run_list import RunChoices
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.runs.comparing import compare_page
from pages.components.words import text


def show(workspace: Workspace, chosen: Sequence[RunRow], choices: RunChoices) -> list[int] | None:
    """Draw the buttons for these runs; returns those to compare, when that was asked for now.

    Args:
        workspace: The workspace.
        chosen: The runs that are ticked; none draws what ticking is for.
        choices: The tags that there are.
    """
    if not chosen:
        st.caption("Click a run to open it, its star to mark it; tick runs to compare or tag them.")
        return None
    compared = [row.run_id for row in chosen]  # one of a group speaks for all its seeds
    ids = [run_id for row in chosen for run_id in row.ids]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{text.plural(len(ids), 'run')}** chosen", width="content")
        wanted = _show_compare(compared)
        is_starred = all(row.is_starred for row in chosen)
        if st.button(
            "Take the star away" if is_starred else "Star",
            icon=":material/star_border:" if is_starred else ":material/star:",
            key="runs_star",
        ):
            with errors.redrawing():
                marks.set_star(workspace, ids, not is_starred)
        with st.popover("Tags", icon=":material/sell:", width="content"):
            shared = set.intersection(*(set(row.tags) for row in chosen))
            show_tags(workspace, ids, sorted(shared, key=str.casefold), choices.tags)
        if len(ids) == 1:
            with st.popover("Note", icon=":material/edit_note:", width="content"):
                show_note(workspace, chosen[0].run_id, chosen[0].note)
    return compared if wanted else None


def _show_compare(ids: Sequence[int]) -> bool:
    if len(ids) < 2:
        st.button(
            "Compare",
            icon=":material/compare_arrows:",
            key="runs_compare",
            disabled=True,
            help="Tick another run.",
        )
        return False
    return st.button(
        f"Compare {len(ids)} runs",
        icon=":material/compare_arrows:",
        key="runs_compare",
        disabled=len(ids) > compare_page.MOST,
        help=f"At most {compare_page.MOST} at once." if len(ids) > compare_page.MOST else None,
    )


def show_tags(
    workspace: Workspace, ids: Sequence[int], shared: Sequence[str], known: Iterable[str]
) -> None:
    """A box in which tags that all of the runs have are taken away, and any are added."""
    wanted = st.multiselect(
        "Tags of this run" if len(ids) == 1 else "Tags of all these runs",
        sorted({*known, *shared}, key=str.casefold),
        default=list(shared),
        accept_new_options=True,
        key=f"runs_tags_{'_'.join(map(str, ids))}_{'_'.join(shared)}",
        placeholder="Choose or type a tag",
        width=300,
    )
    if st.button("Keep these tags", key="runs_tags_keep", disabled=set(wanted) == set(shared)):
        gone = [tag for tag in shared if tag not in wanted]
        with errors.redrawing():  # all of the page: tags are choices of its filter
            marks.change_tags(workspace, ids, add=wanted, remove=gone)


def show_note(workspace: Workspace, run_id: int, note: str) -> None:
    """A box for what is to be remembered of a run."""
    written = st.text_area(
        "Note",
        value=note,
        key=f"runs_note_{run_id}",
        max_chars=marks.MAX_NOTE,
        placeholder="What was tried, and what came of it",
        label_visibility="collapsed",
        width=360,
    )
    if st.button("Keep the note", key=f"runs_note_keep_{run_id}"):
        with errors.redrawing():
            marks.set_note(workspace, run_id, written)
