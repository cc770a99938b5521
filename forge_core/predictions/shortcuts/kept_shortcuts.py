"""Shortcuts that were looked for in an evaluation, kept with it. Imports no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from db.records import Job
from forge_core.evaluation.shortcuts import alarm
from forge_core.evaluation.shortcuts.alarm import Shortcut, Swap
from forge_core.evaluation.summary import Rate
from forge_core.jobs import kinds, queue
from forge_core.people.actor import Actor
from forge_core.predictions import kept_evaluations
from forge_core.workspace import Workspace

KIND = kinds.SHORTCUTS.name
_KEY = "shortcuts"
_RATES = ("found_with", "found_without", "taken_with", "taken_without")
_SWAPS = ("given", "taken")


@dataclass(frozen=True, kw_only=True)
class KeptShortcuts:
    """What was looked for in the answers of an evaluation."""

    num_images: int
    """That were looked at."""
    num_left_out: int
    """Measured, but removed since or not readable any more."""
    num_cues: int
    """Cues that some of the images have and others have not."""
    shortcuts: Sequence[Shortcut]
    """Of classes that have a cue far more often than others; the alarms first."""
    class_names: Mapping[int, str]

    @property
    def alarms(self) -> list[Shortcut]:
        """Classes that are answered because of a cue."""
        return [each for each in self.shortcuts if each.is_alarm]

    def lines(self) -> list[str]:
        """What came out, in sentences; the first says it all."""
        looked = f"{self.num_images:,} images and {self.num_cues:,} cues were looked at"
        if self.num_left_out:
            looked += f", {self.num_left_out:,} images are gone or cannot be read"
        if not self.alarms:
            return [f"No class is answered because of a cue that can be measured: {looked}."]
        named = [alarm.describe(each, self.class_names[each.label_id]) for each in self.alarms]
        return [*named, f"{looked[0].upper()}{looked[1:]}."]


def keep(workspace: Workspace, evaluation_id: int, found: KeptShortcuts) -> None:
    """Keep what was found in the place of what was before; forgotten when it is evaluated anew.

    Raises:
        NotFound: The evaluation or its run was removed meanwhile.
    """
    kept_evaluations.get_summary(workspace, evaluation_id)
    with workspace.database.write() as uow:
        row = uow.evaluations.find(evaluation_id)
        if row is not None:
            uow.evaluations.update_report(evaluation_id, {**row.report, _KEY: asdict(found)})


def find(workspace: Workspace, evaluation_id: int) -> KeptShortcuts | None:
    """What was found in an evaluation; None where nobody has looked."""
    with workspace.database.read() as uow:
        row = uow.evaluations.find(evaluation_id)
    values = None if row is None else row.report.get(_KEY)
    return None if values is None else _read(values)


def submit(workspace: Workspace, evaluation_id: int, *, actor: Actor) -> Job:
    """Look for shortcuts in the background; `find` gives the answer.

    Raises:
        NotFound: There is no such evaluation.
        JobFailed: The background process cannot be started; the job stays queued.
    """
    run_id = kept_evaluations.get_summary(workspace, evaluation_id).run_id
    payload = {"evaluation_id": evaluation_id}
    title = f"Look for shortcuts of run {run_id}"
    return queue.submit(workspace, KIND, title, payload, actor=actor, run_id=run_id, asked=payload)


def find_job(workspace: Workspace, evaluation_id: int) -> Job | None:
    """The newest job that looks for shortcuts in an evaluation, in whatever state, or None."""
    return queue.find_latest_job(workspace, KIND, asked={"evaluation_id": evaluation_id})


def _read(values: Mapping[str, Any]) -> KeptShortcuts:
    names = {int(label_id): name for label_id, name in values["class_names"].items()}
    shortcuts = [_read_one(each) for each in values["shortcuts"]]
    return KeptShortcuts(**{**values, "class_names": names, "shortcuts": shortcuts})


def _read_one(values: Mapping[str, Any]) -> Shortcut:
    rates = {name: Rate(**values[name]) if values[name] else None for name in _RATES}
    swaps = {name: Swap(**values[name]) if values[name] else None for name in _SWAPS}
    return Shortcut(**{**values, **rates, **swaps})
