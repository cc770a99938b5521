"""The same settings with several seeds: runs that are one group, and more of them when wanted."""

import json
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from db.records import Run
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.runs import records
from forge_core.runs.starting import launch
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace

MOST_AT_ONCE = 20


def start(
    workspace: Workspace, config: TrainConfig, number: int, *, actor: Actor, name: str = ""
) -> Run:
    """Queue so many runs that differ in their seed alone; returns the first of them.

    Args:
        workspace: The workspace.
        config: Of the first run; the seeds of the others follow its own.
        number: 1 to 20; of 1 it is a run like any other.
        actor: Who starts them.
        name: What a person calls them; may be empty.

    Raises:
        InvalidInput: The number is out of range, or what `launch.start_run` refuses.
        JobFailed: The background process cannot be started; the runs stay queued.
    """
    _check(number)
    more = range(config.seed + 1, config.seed + number)
    return launch.start_run(workspace, config, actor=actor, name=name, more_seeds=more)


def repeat(
    workspace: Workspace,
    run_id: int,
    config: TrainConfig,
    number: int,
    *,
    actor: Actor,
    name: str = "",
) -> Run:
    """The same on the very data of an earlier run, which does not become one of them.

    Raises:
        NotFound: There is no such run.
        InvalidInput: The number is out of range.
        JobFailed: The background process cannot be started; the runs stay queued.
    """
    _check(number)
    more = range(config.seed + 1, config.seed + number)
    return launch.repeat_run(
        workspace, run_id, actor=actor, name=name, config=config, more_seeds=more
    )


def add(workspace: Workspace, run_id: int, number: int, *, actor: Actor) -> Run:
    """Queue so many runs more like this one, with seeds that no run like it has.

    They come into its group; a run that stood alone begins one.

    Args:
        workspace: The workspace.
        run_id: The run.
        number: 1 to 20.
        actor: Who asks.

    Raises:
        NotFound: There is no such run.
        InvalidInput: The number is out of range.
        JobFailed: The background process cannot be started; the runs stay queued.
    """
    _check(number)
    run = records.get_run(workspace, run_id)
    with workspace.database.read() as uow:
        alike = [each for each in uow.runs.list_all() if settings_of(each) == settings_of(run)]
    config = TrainConfig.from_dict(dict(run.config))
    first = max(int(each.config["seed"]) for each in alike) + 1
    with workspace.database.write() as uow:
        group = uow.run_seeds.find_first(run_id)
        if group is None:
            group = run_id
            uow.run_seeds.add(group, [run_id])
    return launch.repeat_run(
        workspace,
        run_id,
        actor=actor,
        name=run.name,
        config=replace(config, seed=first),
        more_seeds=range(first + 1, first + number),
        group=group,
    )


def members(workspace: Workspace, run_id: int) -> list[Run]:
    """The runs of a run's group, oldest first; of a run that is in none itself alone.

    Raises:
        NotFound: There is no such run.
    """
    with workspace.database.read() as uow:
        group = uow.run_seeds.find_first(run_id)
        run_ids = [run_id] if group is None else uow.run_seeds.list_of(group)
        found = [uow.runs.find(each) for each in run_ids]
    if None in found or not found:
        raise records.no_run(run_id)
    return [run for run in found if run is not None]


def settings_of(run: Run) -> str:
    """What runs have in common that differ in nothing but their seed."""
    config = {name: value for name, value in run.config.items() if name != "seed"}
    return json.dumps((config, run.revision_id, run.label_ids), sort_keys=True)


def seconds_each(runs: Sequence[Run]) -> float | None:
    """Mean time from start to end of those that are done; None where none is."""
    spans = [
        (run.finished_at - run.started_at).total_seconds()
        for run in runs
        if run.started_at and run.finished_at and run.best_epoch
    ]
    return fmean(spans) if spans else None


def _check(number: int) -> None:
    if not 1 <= number <= MOST_AT_ONCE:
        raise InvalidInput(
            f"{number} seeds were asked for.", next_step=f"Ask for 1 to {MOST_AT_ONCE}."
        )
