"""What a run's network says of the catalog: how far the scoring is, and doors to its answers."""

import streamlit as st

from db.boxes import JobError, JobProgress
from db.enums import JobStatus
from db.records import Job, Run
from forge_core.catalog.revisions import history
from forge_core.jobs import queue
from forge_core.runs import scoring_requests
from forge_core.runs.scoring_requests import ScoringState
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links
from pages.components.frame import session
from pages.components.words import data_time, text

WATCH_SECONDS = 2.0


def show(workspace: Workspace, run: Run) -> None:
    """Draw the line of a finished run that has a checkpoint."""
    job = scoring_requests.find_scoring(workspace, run.run_id)
    with st.container(border=True, key=f"run_predictions_{run.run_id}"):
        if job is not None and not job.status.is_finished():
            _watch(workspace, run.run_id, job.job_id)
            return
        key = (history.latest_revision_id(workspace), job and (job.job_id, str(job.status)))
        state = _state(workspace, str(workspace.folder), run.run_id, key)
        if state.counts.num_images:
            _show_predictions(workspace, run, state)
        else:
            _offer(workspace, run, state)


@st.cache_data(max_entries=16, show_spinner=False)
def _state(_workspace: Workspace, folder: str, run_id: int, key: object) -> ScoringState:
    """Counting looks at every image: once a revision of the catalog is enough."""
    return scoring_requests.scoring_state(_workspace, run_id)


def describe_progress(job: Job, progress: JobProgress) -> str:
    """The scoring in a few words: how many images, and how long still."""
    if job.is_ending():
        return "The scoring stops."
    if job.status == JobStatus.QUEUED:
        return "The images wait to be scored."
    total, left = progress.total, progress.eta_seconds
    if total is None:
        return "Scoring begins: the network is checked, whether it answers as when it was saved."
    words = f"Scoring {text.plural(total, 'image')}"
    if left is None or progress.done == total:
        return words
    rate = progress.images_per_second or 0.0
    speed = f", {rate:,.0f} images/s" if rate >= 10 else f", {rate:.1f} images/s" if rate else ""
    return f"{words}{speed}, {text.duration(left)} left"


@st.fragment(run_every=WATCH_SECONDS)
@errors.guarded_page()
def _watch(workspace: Workspace, run_id: int, job_id: int) -> None:
    job = scoring_requests.find_scoring(workspace, run_id)
    if job is None or job.job_id != job_id or job.status.is_finished():
        st.rerun()
    progress = job.progress or JobProgress()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(describe_progress(job, progress), width="content")
        st.space("stretch")
        if not job.is_ending() and st.button(
            "Cancel", type="tertiary", icon=":material/close:", key=f"score_cancel_{job_id}"
        ):
            queue.request_cancel(workspace, job_id)
            st.rerun(scope="fragment")
    st.progress(min(1.0, max(0.0, progress.fraction or 0.0)))


def _show_predictions(workspace: Workspace, run: Run, state: ScoringState) -> None:
    counts = state.counts
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**Predictions of {text.plural(counts.num_images, 'image')}**", width="content"
        )
        if state.revision_id is not None:
            data_time.show(workspace, state.revision_id)
        st.space("stretch")
        num_new = state.num_to_score - state.num_unreadable
        if num_new and st.button(
            "Score new images",
            icon=":material/bolt:",
            key=f"score_new_{run.run_id}",
            help=f"{text.plural(num_new, 'image')} came in or got another label since.",
        ):
            _submit(workspace, run)
    with st.container(horizontal=True, gap="medium"):
        for words, query in list_doors(run.run_id, state):
            gallery_links.gallery(words, query)
    if state.num_unreadable:
        st.caption(
            f"{text.plural(state.num_unreadable, 'image')} could not be read; Import & export "
            "checks the files."
        )
    _show_trouble(state)


def list_doors(run_id: int, state: ScoringState) -> list[tuple[str, dict[str, str]]]:
    """Words and gallery query of each door; a number leads to exactly so many images."""
    counts = state.counts
    found = []
    if counts.num_disagreeing:
        query = gallery_links.gallery_query(run=run_id, disagrees=True, sort="most_confident")
        found.append((f"Disagree with the label: {text.number(counts.num_disagreeing)}", query))
    if counts.num_rated:
        query = gallery_links.gallery_query(run=run_id, sort="lowest_quality")
        found.append((f"Labels that look wrong first, of {text.number(counts.num_rated)}", query))
    if counts.num_unlabelled:
        query = gallery_links.gallery_query(label="none", run=run_id, sort="most_confident")
        words = f"Unlabelled with a suggestion: {text.number(counts.num_unlabelled)}"
        found.append((words, query))
    query = gallery_links.gallery_query(run=run_id, sort="least_confident")
    found.append((f"Least sure, of {text.number(counts.num_images)}", query))
    return found


def _offer(workspace: Workspace, run: Run, state: ScoringState) -> None:
    """Nothing is scored yet: say what it would be good for."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            "The catalog's images are not scored by this run yet. Scored images can be sorted by "
            "doubt, and get suggestions.",
            width="stretch",
        )
        if state.num_to_score and st.button(
            f"Score {text.plural(state.num_to_score, 'image')}",
            icon=":material/bolt:",
            key=f"score_all_{run.run_id}",
        ):
            _submit(workspace, run)
    _show_trouble(state)


def _show_trouble(state: ScoringState) -> None:
    job = state.job
    if job is None or job.status not in (JobStatus.FAILED, JobStatus.INTERRUPTED):
        return
    told = job.error or JobError()
    step = f" {told.next_step}" if told.next_step else ""
    st.warning(errors.literal(f"The last scoring ended early: {told.message}{step}"))


def _submit(workspace: Workspace, run: Run) -> None:
    with errors.redrawing():
        scoring_requests.submit_scoring(workspace, run.run_id, actor=session.actor())
