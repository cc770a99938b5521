"""One background job as it runs: how far, how fast, how long still, and a way to stop it."""

import streamlit as st

from db.boxes import JobError, JobProgress
from db.enums import JobStatus
from db.records import Job
from forge_core.jobs import kinds, queue, supervision
from forge_core.notices import state_words
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.frame import session
from pages.components.words import text

REFRESH_SECONDS = 1.0


def show(workspace: Workspace, job: Job) -> None:
    """Draw a queued or running job with its cancel button."""
    with st.container(border=True, key=f"job-{job.job_id}"):
        head, button = st.columns([4, 1], vertical_alignment="center")
        head.markdown(f"**{errors.literal(job.title)}**")
        is_stopping = job.is_ending()
        if button.button(
            "Stopping" if is_stopping else "Cancel",
            key=f"cancel-job-{job.job_id}",
            disabled=is_stopping,
            width="stretch",
        ):
            queue.request_cancel(workspace, job.job_id)
            st.rerun(scope="app")
        progress = job.progress or JobProgress()
        st.progress(min(1.0, max(0.0, progress.fraction or 0.0)))
        st.caption(describe(job, progress))


@st.fragment(run_every=REFRESH_SECONDS)
@errors.guarded_page()
def watch(job_id: int) -> None:
    """The job as it runs, drawn again every second; the page is drawn anew when it ends."""
    workspace = session.workspace()
    job = queue.get_job(workspace, job_id)
    if job.status.is_finished():
        st.rerun(scope="app")
    show(workspace, job)


def has_result(job: Job) -> bool:
    """Whether a job's result can be shown; else its progress is drawn, or why there is none."""
    if not job.status.is_finished():
        watch(job.job_id)
        return False
    if job.status != JobStatus.SUCCEEDED:
        subject = kinds.find(job.kind).subject
        message = (
            job.error or JobError()
        ).message or f"{subject} is {state_words.name_of(job.status)}."
        st.warning(errors.literal(message), icon=":material/warning:")
        return False
    return True


def describe(job: Job, progress: JobProgress) -> str:
    """Count, rate and time left in one line, as far as they are known."""
    if job.status == JobStatus.QUEUED:
        return "Waiting for its turn."
    if supervision.is_halted(job):
        return supervision.HALTED
    noun = kinds.find(job.kind).noun
    done, total = progress.done, progress.total
    parts = []
    if done is not None and total:
        parts.append(f"{done:,} of {text.plural(total, noun)}")
    elif progress.message:
        parts.append(errors.literal(progress.message))
    rate = progress.images_per_second or _rate(job, done)
    if rate:
        parts.append(f"{rate:,.0f} {noun}s/s" if rate >= 10 else f"{rate:.1f} {noun}s/s")
    left = progress.eta_seconds
    if left is None and rate and total:
        left = (total - (done or 0)) / rate
    if left is not None and done != total:
        parts.append(f"about {text.duration(left)} left")
    return " · ".join(parts) or "Starting."


def _rate(job: Job, done: int | None) -> float | None:
    """By the two times that the database wrote: our own clock may be another."""
    if not done or job.started_at is None or job.heartbeat_at is None:
        return None
    seconds = (job.heartbeat_at - job.started_at).total_seconds()
    return done / seconds if seconds > 0 else None
