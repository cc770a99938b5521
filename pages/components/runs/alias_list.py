"""Which run answers under which name, its history, and the way back in one click."""

from collections.abc import Sequence

import streamlit as st

from db.enums import CheckpointKind, RegistryAction
from db.run_records import RegistryEntry
from forge_core.registry import aliases, entries
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links
from pages.components.evaluation import doors
from pages.components.frame import session
from pages.components.words import relative_time

KINDS: dict[CheckpointKind | None, str] = {
    CheckpointKind.BEST: "best weights",
    CheckpointKind.CALIBRATED: "calibrated weights",
    CheckpointKind.LAST: "last weights",
}
ICON = ":material/label_important:"


def show(workspace: Workspace) -> None:
    """A line for each alias that means a run now; nothing while there is none."""
    for entry in aliases.list_current(workspace):
        _show_line(workspace, entry)


def show_badges(workspace: Workspace, run_id: int) -> None:
    """The aliases that mean this run now."""
    for entry in aliases.list_of_run(workspace, run_id):
        st.badge(errors.literal(entry.alias), color="violet", icon=ICON)


def _show_line(workspace: Workspace, entry: RegistryEntry) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(errors.literal(entry.alias), color="violet", icon=ICON)
        gallery_links.show(f"Run {entry.run_id}", "runs", {"run": str(entry.run_id)})
        st.markdown(
            f":gray[{KINDS[entry.kind]}, by {errors.literal(entry.author)}]",
            width="content",
        )
        relative_time.show(entry.created_at)
        st.space("stretch")
        with st.popover("History", icon=":material/history:", type="tertiary", width="content"):
            for each in aliases.list_history(workspace, entry.alias):
                _show_entry(each)
        previous = entries.find_previous(workspace, entry.alias)
        if previous is not None and st.button(
            f"Roll back to run {previous.run_id}",
            type="tertiary",
            icon=":material/undo:",
            key=f"alias_back_{entry.alias}",
            help="It answers again from now on; that stands in the history.",
        ):
            with errors.redrawing():
                entries.roll_back(workspace, entry.alias, actor=session.actor())


def _show_entry(entry: RegistryEntry) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{entry.version}.** {_describe(entry)}", width="content")
        relative_time.show(entry.created_at)
        query = flips_query(entry.evidence.get("evaluation_id"), entry.evidence.get("against_id"))
        if query is not None:
            lost, won = entry.evidence.get("flips", (0, 0))
            gallery_links.show(f"{lost + won:,} flips", "evaluation", query)
    checks: Sequence[dict[str, object]] = entry.evidence.get("checks", ())
    for check in checks:
        mark = ":material/check:" if check["passed"] else ":orange[:material/warning:]"
        st.caption(f"{mark} {errors.literal(str(check['words']))}")


def flips_query(evaluation_id: int | None, against_id: int | None) -> dict[str, str] | None:
    """The address of the images that flip between two evaluations; None without both."""
    if evaluation_id is None or against_id is None:
        return None
    return {"evaluation": str(evaluation_id), "against": str(against_id), doors.VIEW: "against"}


def _describe(entry: RegistryEntry) -> str:
    match entry.action:
        case RegistryAction.WITHDRAW:
            what = "Means nothing"
        case RegistryAction.ROLL_BACK:
            what = f"Back to run {entry.run_id}"
        case _:
            what = f"Run {entry.run_id}, {KINDS[entry.kind]}"
    forced = ", overruled" if entry.is_forced else ""
    why = f": {errors.literal(entry.reason)}" if entry.reason else ""
    return f"{what}, by {errors.literal(entry.author)}{forced}{why}"
