"""The runs of a group of seeds: their mean with its interval, and each of them to open."""

import streamlit as st

from db.enums import Split
from db.run_records import RunFilter, RunRow
from forge_core.errors import ForgeError, InvalidInput, NotFound
from forge_core.runs.listing import marks, run_list, seed_rows, shown_accuracies
from forge_core.runs.starting import seeds
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.frame import page_frame, session, workspace_address
from pages.components.runs.table import run_table
from pages.components.words import run_text, text

PARAMETER = "seeds"
REFRESH_SECONDS = 4.0
SPLITS = {Split.VAL: "Validation", Split.TEST: "Test"}


def show(workspace: Workspace, asked: str) -> None:
    """Draw the group that the address names.

    Raises:
        InvalidInput: The address names none.
        NotFound: There is no such group.
    """
    rows = _read(workspace, asked)
    page_frame.show_title(
        f"{text.plural(len(rows), 'seed')} of {errors.literal(_network(rows[0]))}",
        action="See all runs",
        icon=":material/list:",
        to="runs",
    )
    is_live = any(not row.status.is_finished() for row in rows)

    @st.fragment(run_every=REFRESH_SECONDS if is_live else None)
    @errors.guarded_page()
    def draw() -> None:
        own = _read(workspace, asked)
        _show_means(own)
        event = run_table.show(own)
        if event.starred is not None:
            with errors.redrawing():
                marks.set_star(workspace, event.starred.ids, not event.starred.is_starred)
        if event.opened is not None:
            st.query_params.from_dict(workspace_address.named({"run": event.opened.run_id}))
            st.rerun(scope="app")

    draw()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("The same settings on the same data. Click a run to open it.", width="content")
        if st.button("Train 2 more seeds", icon=":material/casino:", key="seeds_more"):
            try:
                seeds.add(workspace, rows[0].run_id, 2, actor=session.actor())
            except ForgeError as error:
                errors.show(error)
            else:
                st.rerun()


def show_door(workspace: Workspace, run_id: int) -> None:
    """From one of several seeds to all of them."""
    with workspace.database.read() as uow:
        group = uow.run_seeds.find_first(run_id)
        number = 0 if group is None else len(uow.run_seeds.list_of(group))
    if number > 1 and st.button(
        f"All {number} seeds", type="tertiary", icon=":material/casino:", key="run_seeds"
    ):
        st.query_params.from_dict(workspace_address.named({PARAMETER: group or 0}))
        st.rerun()


def _read(workspace: Workspace, asked: str) -> list[RunRow]:
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        raise InvalidInput(f"The address names the seeds {asked[:40]!r}.")
    rows = run_list.read_page(workspace, RunFilter(seed_group=int(asked))).rows
    if not rows:
        raise NotFound(
            f"There are no seeds {asked} any more: their runs were removed.",
            next_step="See all runs.",
        )
    return sorted(rows, key=lambda row: row.run_id)


def _network(row: RunRow) -> str:
    network = run_text.network(row.architecture, row.pretrained, row.start_run)
    return f"{network} · {row.name}" if row.name else network


def _show_means(rows: list[RunRow]) -> None:
    done = [row for row in rows if row.best_epoch and row.status.is_finished()]
    if len(done) < 2:
        st.caption("With two that are done, their mean stands here.")
        return
    joined = seed_rows.join(done)
    for split, title in SPLITS.items():
        found = shown_accuracies.of_split(joined, split)
        if found is not None and found.interval is not None:
            low, high = found.interval
            st.markdown(
                f"{title}: **{text.percent(found.value)}** in the mean of {len(done)} seeds "
                f":gray[({100 * low:.1f} to {100 * high:.1f} % at 95 %, over other seeds)]"
            )
