"""More epochs for a run, whether it goes on or is done: a new cosine behind those of its plan."""

from dataclasses import replace

from db.enums import RunStatus
from db.records import Run
from db.unit_of_work import UnitOfWork
from forge_core.errors import Conflict
from forge_core.jobs import kinds, supervision
from forge_core.notices import state_words
from forge_core.people.actor import Actor
from forge_core.runs import records
from forge_core.runs.starting import launch
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace

_ANEW = "Start a new run from this one: choose it as what the network starts from."


def extend_run(workspace: Workspace, run_id: int, epochs: int, *, actor: Actor) -> Run:
    """Train a run `epochs` more: a finished one goes on, a running one does when its plan is done.

    Its best checkpoint stays the best of all its epochs. The run is then what it would be if it had
    been planned so from the first, so Repeat gives the same numbers.

    Args:
        workspace: The workspace.
        run_id: The run.
        epochs: From 1.
        actor: Who asks.

    Raises:
        NotFound: There is no such run.
        InvalidInput: The number of epochs is out of range.
        Conflict: It stopped before its end, ends by itself, answers under a name, or is being
            measured.
        JobFailed: The background process cannot be started; the run stays queued.
    """
    before = records.get_run(workspace, run_id)
    if before.status == RunStatus.SUCCEEDED:
        launch.require_state(workspace, before)
    with workspace.database.write() as uow:
        run = uow.runs.find(run_id)
        if run is None:
            raise records.no_run(run_id)
        config = TrainConfig.from_dict(dict(run.config))
        _check(uow, run, config)
        config = replace(config, extensions=(*config.extensions, epochs))
        uow.runs.update_fields(run_id, config=config.to_dict())
        if run.status == RunStatus.SUCCEEDED:
            launch.add_job_in(uow, run_id, config, resume=True, actor=actor)
    supervision.ensure_supervisor(workspace)
    return records.get_run(workspace, run_id)


def can_extend(workspace: Workspace, run: Run) -> bool:
    """Whether `extend_run` would be accepted, as far as the run itself says."""
    try:
        with workspace.database.read() as uow:
            _check(uow, run, TrainConfig.from_dict(dict(run.config)))
    except Conflict:
        return False
    return True


def _check(uow: UnitOfWork, run: Run, config: TrainConfig) -> None:
    if config.early_stopping_patience or config.time_budget_minutes:
        raise Conflict(
            f"Run {run.run_id} ends by early stopping or by a time budget, not by a number of "
            "epochs.",
            next_step=_ANEW,
        )
    if run.status not in (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.SUCCEEDED):
        state = state_words.name_of(run.status)
        raise Conflict(
            f"Run {run.run_id} is {state}: it has epochs of its plan left.",
            next_step="Resume it first.",
        )
    job = uow.jobs.find_latest_of_run(run.run_id, kind=kinds.TRAIN.name)
    if run.status == RunStatus.RUNNING and job is not None:
        is_measured = job.progress is not None and job.progress.stage == "test"
        if job.is_ending() or is_measured or config.num_processes > 1:
            raise Conflict(
                f"Run {run.run_id} cannot take more epochs while it ends, is measured on test, or "
                "trains in several processes.",
                next_step="Extend it when it is finished.",
            )
    aliases = [each.alias for each in uow.registry.list_current() if each.run_id == run.run_id]
    if aliases:
        raise Conflict(
            f"Run {run.run_id} answers as {', '.join(aliases)}, and would answer otherwise.",
            next_step=_ANEW,
        )
