"""Drift: does the traffic of the service still look like the tests, and how right is it?"""

from pathlib import Path

import streamlit as st

from forge_core.drift import audits, kept_reports
from forge_core.serving.traffic import parts
from forge_core.workspace import Workspace
from pages.components import empty_state, errors, job_progress
from pages.components.drift import audit_view, report_view, shadow_panel
from pages.components.frame import page_frame, session


def show() -> None:
    """Draw the page."""
    workspace = session.workspace()
    folder = kept_reports.standard_folder(workspace)
    report = kept_reports.find(workspace)
    has_log = folder.is_dir() and bool(parts.list_parts(folder))
    pressed = page_frame.show_title(
        "Drift",
        action="Look at the traffic" if has_log else None,
        icon=":material/monitoring:",
        help="Compares what the service answered with the checkpoint's validation and test "
        "images, in the background.",
    )
    if pressed:
        with errors.redrawing():
            kept_reports.submit(workspace, actor=session.actor())
    show_job(workspace)
    if report is not None:
        report_view.show(workspace, report)
        st.divider()
        audit = audits.find(Path(report.folder), report.checkpoint_sha256)
        audit_view.show(workspace, report, audit)
    elif not has_log:
        show_nothing(folder)
    if has_log:
        shadow_panel.show(workspace, is_below=report is not None)


def show_job(workspace: Workspace) -> None:
    """How far a look is, or why it failed."""
    job = kept_reports.find_job(workspace)
    if job is not None:
        job_progress.has_result(job)


def show_nothing(folder: Path) -> None:
    """No answer was logged yet."""
    empty_state.show(
        "Nothing is logged yet. Started like this, the service logs what it answers, without the "
        "pictures; then this page says whether the answers can still be trusted.",
        icon="monitoring",
        key="drift_nothing",
    )
    st.code(f"forge serve production --traffic-log {folder}", language="shell", wrap_lines=True)


with errors.guarded_page():
    show()
