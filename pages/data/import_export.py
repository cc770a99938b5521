"""Import & export: see what a folder holds before it is taken in; take everything out again."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from db.records import Job
from forge_core.catalog.importing import import_requests
from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.catalog.listing import asset_list
from forge_core.jobs import kinds, queue
from forge_core.workspace import Workspace
from pages.components import empty_state, errors, job_progress
from pages.components.frame import navigation, page_frame, session, undo_notice
from pages.components.importing import (
    chooser,
    export_section,
    grey_panel,
    history_list,
    merge_choice,
    preview,
    report,
)
from pages.components.words import text

TABS = ["Import", "Export", "History"]
REFRESH_SECONDS = 1.0
FRESH = timedelta(hours=1)
NEWEST_JOBS = 200
_PUT_AWAY = "import:put_away"
"""The import whose report has left, because a new import has begun since."""


def show() -> None:
    """Draw the page. The top comes last: its button names what the rest has found."""
    workspace = session.workspace()
    top = st.container()
    importing, exporting, past = st.tabs(TABS, key="tab", bind="query-params")
    if importing.open:
        with importing:
            show_import(workspace)
    if exporting.open:
        with exporting:
            show_export(workspace)
    if past.open:
        with past:
            history_list.show(workspace, session.actor())
    with top:
        show_top(workspace, offers_import=bool(importing.open))


def show_top(workspace: Workspace, *, offers_import: bool) -> None:
    """Title, the one primary action, and the offer to undo what was just done."""
    plan = chooser.chosen_plan()
    action = describe(workspace, plan) if plan else "Import images"
    pressed = page_frame.show_title(
        "Import & export",
        action=action if plan or offers_import else None,
        icon=":material/upload:",
        disabled=plan is None,
        help=None if plan else "Choose images first. What is found is shown before it is written.",
    )
    if pressed and plan is not None:
        start_import(workspace, plan)
    undo_notice.show(workspace, session.actor())


def start_import(workspace: Workspace, plan: ImportPlan) -> None:
    """Queue the import of what was found."""
    request_id = import_requests.save(workspace, plan)
    title = f"{describe(workspace, plan)} from {plan.source_dataset}"
    chooser.forget()
    with errors.redrawing():
        queue.submit(
            workspace, kinds.IMPORT.name, title, {"request_id": request_id}, actor=session.actor()
        )


def describe(workspace: Workspace, plan: ImportPlan) -> str:
    """What importing it does. Images that are all here are not promised once more."""
    images = text.plural(plan.num_images, "image")
    if plan.labels_only:
        return f"Import labels of {images}"
    found = merge_choice.compared(workspace, plan)
    if not found.is_all_here:
        return f"Import {images}"
    return f"Update {images}" if found.is_changing else f"Check {images} again"


def show_import(workspace: Workspace) -> None:
    """What runs, what was found, where to look next, and what the newest import did."""
    newest = queue.list_latest_jobs(workspace, limit=NEWEST_JOBS)
    jobs = [job for job in newest if job.kind == kinds.IMPORT.name]
    active = [job for job in jobs if not job.status.is_finished()]
    if active:
        watch(tuple(job.job_id for job in active))
    fresh, earlier = st.container(), st.container()
    with earlier:
        chooser.show(workspace)
    finished = next((job for job in jobs if job.status.is_finished()), None)
    if chooser.has_begun() and finished is not None:
        st.session_state[_PUT_AWAY] = finished.job_id
    plan = chooser.chosen_plan()
    if plan is not None:
        preview.show(workspace, plan)
        return
    is_put_away = finished is not None and finished.job_id == st.session_state.get(_PUT_AWAY)
    if finished is not None and not active and not is_put_away:
        with fresh if is_fresh(finished) else earlier:
            report.show(workspace, finished, session.actor())
    with fresh:
        grey_panel.show_for_catalog(workspace)


def is_fresh(job: Job) -> bool:
    """Whether a job ended so lately that its report comes before the next import."""
    if job.finished_at is None:
        return False
    return datetime.now(UTC) - job.finished_at.replace(tzinfo=UTC) < FRESH


@st.fragment(run_every=REFRESH_SECONDS)
@errors.guarded_page()
def watch(job_ids: tuple[int, ...]) -> None:
    """Imports as they run; the page is drawn anew when one ends."""
    workspace = session.workspace()
    jobs: list[Job] = [queue.get_job(workspace, job_id) for job_id in job_ids]
    if any(job.status.is_finished() for job in jobs):
        st.rerun(scope="app")
    for job in jobs:
        job_progress.show(workspace, job)


def show_export(workspace: Workspace) -> None:
    """Downloads, or what to do first."""
    totals = asset_list.totals(workspace)
    if totals.images + totals.augmented == 0:
        empty_state.show(
            "Nothing to export yet: the catalog has no images.",
            icon="download",
            choices=[empty_state.Choice("Import images", lambda: navigation.go_to("import"))],
            key="export_empty",
        )
        return
    export_section.show(workspace)


with errors.guarded_page():
    show()
