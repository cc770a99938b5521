"""Ask for a run's images to be scored, and say how far that is. Imports no torch."""

from collections.abc import Callable
from dataclasses import dataclass

from db.boxes import JobProgress
from db.enums import JobStatus
from db.records import Job
from db.repositories.predictions import PredictionCounts, ScoringScope
from db.unit_of_work import UnitOfWork
from forge_core.errors import NotFound
from forge_core.jobs import kinds, queue, request_keys, supervision
from forge_core.people.actor import Actor
from forge_core.runs.probabilities import kept
from forge_core.workspace import Workspace

KIND = kinds.SCORE.name
REMOVED_AT_ONCE = 20_000


@dataclass(frozen=True, kw_only=True)
class ScoringState:
    """What is known of a run's images."""

    counts: PredictionCounts
    revision_id: int | None
    """The newest revision that an image was scored at; None while there are no predictions."""
    num_to_score: int
    """Living images without a prediction, or whose label or class was changed since."""
    num_unreadable: int
    """Of them those that the last scoring could not read, while nothing changed since."""
    job: Job | None
    """The newest scoring of the run, waiting, running or done."""

    @property
    def is_scoring(self) -> bool:
        """Whether a scoring waits or runs."""
        return self.job is not None and not self.job.status.is_finished()


def submit_scoring(
    workspace: Workspace,
    run_id: int,
    *,
    actor: Actor,
    split: str | None = None,
    only_new: bool = True,
) -> Job:
    """Score in the background. A scoring that waits already for the same is returned instead.

    One of all images that was interrupted goes on where it stopped.

    Raises:
        NotFound: There is no such run, or it has no checkpoint.
        JobFailed: The background process cannot be started; the job stays queued.
    """
    with workspace.database.write() as uow:
        job = add_in(uow, run_id, actor=actor, split=split, only_new=only_new)
    supervision.ensure_supervisor(workspace)
    return job


def add_in(
    uow: UnitOfWork, run_id: int, *, actor: Actor, split: str | None = None, only_new: bool = True
) -> Job:
    """Queue a scoring inside a transaction; see `submit_scoring`."""
    if uow.runs.find(run_id) is None or not uow.checkpoints.list_of_run(run_id):
        raise NotFound(
            f"There is no run {run_id} with a checkpoint, so nothing can be scored.",
            next_step="Wait for its first epoch to end, or choose another run.",
        )
    asked = {"run_id": run_id, "split": split, "only_new": only_new}
    key = request_keys.make_key(asked)
    waiting = uow.jobs.find_latest(KIND, request_key=key, statuses=(JobStatus.QUEUED,))
    if waiting is not None:
        return waiting
    payload = dict(asked)
    last = uow.jobs.find_latest_of_run(run_id, kind=KIND)
    if not only_new and last is not None and last.status == JobStatus.INTERRUPTED:
        after = (last.progress or JobProgress()).after or last.payload.get("after")
        payload |= {"after": after} if last.request_key == key else {}
    title = f"Score the images with run {run_id}"
    return queue.add_in(uow, KIND, title, payload, actor=actor, run_id=run_id, asked=asked)


def after_training(workspace: Workspace, job: Job) -> Callable[[UnitOfWork], None] | None:
    """What belongs into the transaction that ends a training with success; None for nothing.

    The predictions of an earlier network of the run, from before it was resumed, must be gone by
    then: see `remove_predictions`.
    """
    run_id = job.run_id
    if run_id is None or not workspace.settings.score_after_training:
        return None

    def queue_scoring(uow: UnitOfWork) -> None:
        if uow.checkpoints.list_of_run(run_id):
            add_in(uow, run_id, actor=Actor(job.author))

    return queue_scoring


def cancel_scorings(workspace: Workspace, run_id: int) -> None:
    """Ask every scoring of a run that waits or runs to end."""
    with workspace.database.read() as uow:
        jobs = uow.jobs.list_of_run(run_id)
    for job in jobs:
        if job.kind == KIND and not job.status.is_finished():
            queue.request_cancel(workspace, job.job_id)


def remove_predictions(workspace: Workspace, run_id: int) -> None:
    """Forget what a run's network said, in short transactions; its probabilities as well."""
    kept.remove_of_run(workspace, run_id)
    while True:
        with workspace.database.write() as uow:
            if uow.predictions.remove_some(run_id, limit=REMOVED_AT_ONCE) < REMOVED_AT_ONCE:
                return


def find_scoring(workspace: Workspace, run_id: int) -> Job | None:
    """The newest scoring of a run, or None."""
    with workspace.database.read() as uow:
        return uow.jobs.find_latest_of_run(run_id, kind=KIND)


def scoring_state(workspace: Workspace, run_id: int) -> ScoringState:
    """What is known of a run's images; looks at every image once.

    Raises:
        NotFound: There is no such run.
    """
    with workspace.database.read() as uow:
        run = uow.runs.find(run_id)
        if run is None:
            raise NotFound(f"There is no run {run_id}; it may have been removed.")
        counts = uow.predictions.count_of_run(run_id)
        revision_id = uow.predictions.find_newest_revision(run_id)
        scope = ScoringScope(
            run_id=run_id, stale_before=uow.predictions.find_last_merge(run.label_ids)
        )
        num_to_score = uow.predictions.count_to_score(scope)
        job = uow.jobs.find_latest_of_run(run_id, kind=KIND)
        latest = uow.revisions.latest_id()
    result = (job.result or {}) if job is not None and not job.payload.get("split") else {}
    is_fresh = result.get("revision_id") == latest
    return ScoringState(
        counts=counts,
        revision_id=revision_id,
        num_to_score=num_to_score,
        num_unreadable=min(num_to_score, int(result["num_rejected"])) if is_fresh else 0,
        job=job,
    )
