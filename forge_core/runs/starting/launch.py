"""Training runs as people handle them: start, repeat, resume, cancel; and what each used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from db.boxes import RunEnvironment
from db.enums import RunStatus
from db.records import AssetAsOf, Job, Run
from db.unit_of_work import UnitOfWork
from forge_core import storable_values
from forge_core.catalog.listing import balance
from forge_core.catalog.listing.balance import Balance
from forge_core.catalog.quality import grey_windows
from forge_core.catalog.revisions import history
from forge_core.errors import Conflict, InvalidInput
from forge_core.imaging.grey_window import DECLARED
from forge_core.jobs import kinds, queue, supervision
from forge_core.models import timm_networks
from forge_core.notices import state_words
from forge_core.people.actor import Actor
from forge_core.runs import records, run_data
from forge_core.runs.files import checkpoints, folders
from forge_core.runs.starting import readiness
from forge_core.training import stages
from forge_core.training.config import TrainConfig
from forge_core.training.recommendation import DataSummary
from forge_core.training.run_files import STATE_FILE
from forge_core.workspace import Workspace

MAX_NAME_CHARACTERS = 128
_RESUMABLE = (RunStatus.INTERRUPTED, RunStatus.CANCELLED, RunStatus.FAILED)


@dataclass(frozen=True, kw_only=True)
class DataCheck:
    """Whether the catalog can be trained on now."""

    summary: DataSummary
    balance: Balance
    problems: list[str]
    """What forbids a run, each with its next step; empty when one can start."""
    warnings: list[str]
    """What to know before a run."""
    revision_id: int
    class_names: list[str]
    """Classes that a run would have, in the order of its outputs."""
    label_ids: list[int]


# Start


def check_data(workspace: Workspace) -> DataCheck:
    """What a run that started now would be trained on, and whether it could. Cheap."""
    revision_id = history.latest_revision_id(workspace)
    found = balance.class_balance(workspace)
    trained = sorted((row for row in found.rows if row.train), key=lambda row: row.label_id or 0)
    summary = DataSummary(
        counts={
            split: {row.label_name: getattr(row, split) for row in found.rows if row.total}
            for split in run_data.USED_SPLITS
        },
        median_short_side=readiness.median_short_side(workspace),
    )
    warnings = [*grey_windows.list_warnings(workspace), *readiness.list_warnings(found)]
    return DataCheck(
        summary=summary,
        balance=found,
        problems=readiness.list_problems(found),
        warnings=warnings,
        revision_id=revision_id,
        class_names=[row.label_name for row in trained],
        label_ids=[row.label_id for row in trained if row.label_id is not None],
    )


def start_run(
    workspace: Workspace,
    config: TrainConfig,
    *,
    actor: Actor,
    name: str = "",
    more_seeds: Sequence[int] = (),
) -> Run:
    """Queue a training run on the catalog as of its newest revision.

    Args:
        workspace: The workspace.
        config: All choices of the run.
        actor: Who starts it.
        name: What a person calls it; may be empty.
        more_seeds: Of each a run more, all else alike; they are one group.

    Raises:
        InvalidInput: There is nothing to train or to measure on, there are too few GPUs, or the
            name cannot be stored.
        JobFailed: The background process cannot be started; the run stays queued.
    """
    from forge_core.models import devices  # torch: whoever only looks at runs does without it

    check = check_data(workspace)
    devices.check_number(config.device, config.num_processes)
    if check.problems:
        message, _, next_step = check.problems[0].partition(". ")
        raise InvalidInput(f"{message}." if next_step else message, next_step=next_step)
    return _queue_run(
        workspace,
        with_window(workspace, config),
        actor=actor,
        name=name,
        revision_id=check.revision_id,
        class_names=check.class_names,
        label_ids=check.label_ids,
        more_seeds=more_seeds,
    )


def with_window(workspace: Workspace, config: TrainConfig) -> TrainConfig:
    """The config with the window of greys of now, where it names none: kept whatever comes."""
    window = workspace.image_settings.grey_window
    if config.grey_window or window == str(DECLARED):
        return config
    return replace(config, grey_window=window)


def repeat_run(
    workspace: Workspace,
    run_id: int,
    *,
    actor: Actor,
    name: str = "",
    config: TrainConfig | None = None,
    more_seeds: Sequence[int] = (),
    group: int | None = None,
) -> Run:
    """Queue a run on the very data of an earlier one: the catalog as of its revision.

    With its config too, and on the same processor and libraries, it gives the same numbers: it
    computes in the number format that the earlier run found. With another network, or other choices
    that decide what is fastest, it finds that out anew.

    Args:
        workspace: The workspace.
        run_id: The earlier run.
        actor: Who starts it.
        name: What a person calls it; "like 47" when it is empty.
        config: Another config than that of the earlier run; its window of greys is that run's,
            where it names none.
        more_seeds: Of each a run more, all else alike; they are one group.
        group: The run that names the group they come into; they found one if None.

    Raises:
        NotFound: There is no such run.
        InvalidInput: The name cannot be stored.
        JobFailed: The background process cannot be started; the run stays queued.
    """
    earlier = records.get_run(workspace, run_id)
    first = TrainConfig.from_dict(earlier.config)
    if config is not None and not config.grey_window:
        config = replace(config, grey_window=first.grey_window)
    speed = earlier.environment.speed if earlier.environment else None
    if speed and config is not None and not _computes_alike(config, first, speed["device_kind"]):
        speed = None
    return _queue_run(
        workspace,
        config or first,
        actor=actor,
        name=name or f"like {run_id}",
        revision_id=earlier.revision_id,
        class_names=earlier.class_names,
        label_ids=earlier.label_ids,
        speed=speed,
        more_seeds=more_seeds,
        group=group,
    )


def _computes_alike(config: TrainConfig, first: TrainConfig, device_kind: str) -> bool:
    """Whether what was fastest for the first config, on this kind of device, is for the other.

    A device that is chosen only when the training starts is looked at there.
    """
    kind, _, _ = config.device.partition(":")
    return kind in ("auto", device_kind) and _what_is_probed(config) == _what_is_probed(first)


def _what_is_probed(config: TrainConfig) -> tuple[Any, ...]:
    """What a probe depends on, besides data and device.

    The epochs that train all layers are among it: whether a probe and compiled steps pay hangs on
    them.
    """
    return (
        config.architecture,
        config.input_size,
        config.batch_size,
        config.number_format,
        config.memory_layout,
        config.num_threads,
        config.num_processes,
        sum(s.epochs for s in stages.plan_stages(config) if not s.is_backbone_frozen),
    )


def _queue_run(
    workspace: Workspace,
    config: TrainConfig,
    *,
    actor: Actor,
    name: str,
    revision_id: int,
    class_names: list[str],
    label_ids: list[int],
    speed: Mapping[str, Any] | None = None,
    more_seeds: Sequence[int] = (),
    group: int | None = None,
) -> Run:
    """Queue the run, and with it those of more seeds; all of them or none."""
    storable_values.check(name, "The name of the run")
    timm_networks.check(config.architecture)
    run_ids = []
    with workspace.database.write() as uow:
        for seed in (config.seed, *more_seeds):
            own = replace(config, seed=seed)
            run_id = uow.runs.add(
                name=name.strip()[:MAX_NAME_CHARACTERS],
                status=RunStatus.QUEUED,
                author=actor.checked().name,
                config=own.to_dict(),
                revision_id=revision_id,
                class_names=class_names,
                label_ids=label_ids,
                environment=None if speed is None else RunEnvironment(speed=speed),
            )
            payload, title = _payload(run_id, own, resume=False), _title(run_id, own)
            queue.add_in(uow, kinds.TRAIN.name, title, payload, actor=actor, run_id=run_id)
            run_ids.append(run_id)
        if group is not None or len(run_ids) > 1:
            uow.run_seeds.add(run_ids[0] if group is None else group, run_ids)
    supervision.ensure_supervisor(workspace)
    return records.get_run(workspace, run_ids[0])


def resume_run(workspace: Workspace, run_id: int, *, actor: Actor) -> Job:
    """Queue a new job that goes on after the last step that the run saved.

    Where nothing was saved yet it begins again with the first epoch.

    Raises:
        NotFound: There is no such run.
        Conflict: It runs, waits, or is done, or what it saved is not there.
        JobFailed: The background process cannot be started; the run stays queued.
    """
    before = records.get_run(workspace, run_id)
    has_state = before.status in _RESUMABLE and _has_state(workspace, before)
    with workspace.database.write() as uow:
        run = uow.runs.find(run_id)
        if run is None:
            raise records.no_run(run_id)
        if run.status not in _RESUMABLE:
            state = state_words.name_of(run.status)
            raise Conflict(
                f"Run {run_id} is {state}, so there is nothing to resume.",
                next_step="Start a new run with its settings."
                if run.status == RunStatus.SUCCEEDED
                else "",
            )
        config = TrainConfig.from_dict(run.config)
        job = add_job_in(uow, run_id, config, resume=has_state, actor=actor)
    supervision.ensure_supervisor(workspace)
    return job


def add_job_in(
    uow: UnitOfWork, run_id: int, config: TrainConfig, *, resume: bool, actor: Actor
) -> Job:
    """Queue a run that was queued before: a job more, in the transaction of `uow`."""
    uow.runs.update_fields(run_id, status=RunStatus.QUEUED, message="", finished_at=None)
    payload = _payload(run_id, config, resume=resume)
    title = _title(run_id, config)
    return queue.add_in(uow, kinds.TRAIN.name, title, payload, actor=actor, run_id=run_id)


def require_state(workspace: Workspace, run: Run) -> None:
    """Refuse a run that has nothing to go on from.

    Raises:
        Conflict: What it saved is not there.
    """
    if not _has_state(workspace, run):
        raise Conflict(
            f"Run {run.run_id} saved nothing from which it could go on.",
            next_step="Start a new run with its settings.",
        )


def _has_state(workspace: Workspace, run: Run) -> bool:
    """Whether the run saved from where it goes on.

    Raises:
        Conflict: It did, as its finished epochs show, but that is not there any more.
    """
    name = folders.find(workspace, run)
    if name is not None and workspace.runs.has_saved(name, STATE_FILE):
        return True
    if checkpoints.list_recorded(workspace, run.run_id):
        stranger = folders.find_stranger(workspace, run.run_id)
        raise Conflict(
            f"Run {run.run_id} cannot go on: {STATE_FILE}, from where it would, is not in its "
            f"folder any more. {stranger}".rstrip(),
            next_step="Put the file back, or start a new run with its settings.",
        )
    return False


def can_resume(workspace: Workspace, run_id: int) -> bool:
    """Whether `resume_run` would go on from what the run saved, and not begin anew or refuse.

    Raises:
        NotFound: There is no such run.
    """
    run = records.get_run(workspace, run_id)
    if run.status not in _RESUMABLE:
        return False
    try:
        return _has_state(workspace, run)
    except Conflict:
        return False


def cancel_run(workspace: Workspace, run_id: int) -> Run:
    """Ask a run to end after its current step; what it learned is kept. Idempotent.

    Raises:
        NotFound: There is no such run.
    """
    records.get_run(workspace, run_id)
    job = records.find_job(workspace, run_id)
    if job is not None:
        queue.request_cancel(workspace, job.job_id)
    return records.get_run(workspace, run_id)


# Its images


def run_assets(workspace: Workspace, run_id: int, split: str) -> list[AssetAsOf]:
    """The images that a run uses of a split, with the labels they had then.

    Files that the run found missing, changed or broken are not among them; those of test it looks
    at when it is finished.

    Raises:
        NotFound: There is no such run.
        InvalidInput: The split is none that runs use.
    """
    return assets_of(workspace, records.get_run(workspace, run_id), split)


def assets_of(workspace: Workspace, run: Run, split: str) -> list[AssetAsOf]:
    """The same of a run that may be removed by now.

    Raises:
        InvalidInput: The split is none that runs use.
    """
    if split not in run_data.USED_SPLITS:
        raise InvalidInput(
            f"No run uses images of {split!r}.",
            next_step=f"Choose {', '.join(run_data.USED_SPLITS)}.",
        )
    config = TrainConfig.from_dict(run.config)
    data = run_data.read_run_data(workspace, run.revision_id, use_augmented=config.use_augmented)
    left_out = records.left_out_paths(run)
    return [asset for asset in data.assets[split] if asset.file_path not in left_out]


def list_labelled(workspace: Workspace, run_id: int, split: str) -> list[AssetAsOf]:
    """Labelled images of a split as of the run's revision, without augmented copies.

    Raises:
        NotFound: There is no such run.
    """
    run = records.get_run(workspace, run_id)
    return [
        asset
        for asset in history.as_of(workspace, run.revision_id, split=split)
        if asset.label_id is not None and not asset.is_augmented
    ]


def _payload(run_id: int, config: TrainConfig, *, resume: bool) -> dict[str, Any]:
    """Of a training job: what the supervisor must know to start it."""
    processes = {"processes": config.num_processes} if config.num_processes > 1 else {}
    return {"run_id": run_id, "resume": resume, "device": config.device, **processes}


def _title(run_id: int, config: TrainConfig) -> str:
    return f"Run {run_id}: {config.architecture}, {config.total_epochs} epochs"
