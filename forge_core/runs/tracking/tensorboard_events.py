"""A run as event files of TensorBoard, through torch's own writer; a folder a run.

When each value was computed is not kept, so all have the time at which the run was begun: look at
them over steps, not over time.
"""

import math
from datetime import UTC
from pathlib import Path
from types import ModuleType
from typing import Any

from forge_core import extras
from forge_core.runs.tracking import own_folders
from forge_core.runs.tracking.facts import RunFacts
from forge_core.runs.tracking.outcome import Exported, Outcome

EVENTS = "events.out.tfevents.*"


def load() -> ModuleType:
    """The writer.

    Raises:
        InvalidInput: The extra is not installed.
    """
    return extras.load(
        "torch.utils.tensorboard", extra="tensorboard", purpose="The export to TensorBoard"
    )


def write(facts: RunFacts, place: Path) -> Exported:
    """Write a run into the folder `run-NUMBER` of a log folder; what was exported before is gone.

    Raises:
        InvalidInput: The extra is not installed.
        Conflict: That folder is somebody else's.
    """
    tensorboard = load()
    folder = place / f"run-{facts.run.run_id}"
    was_there = own_folders.claim(folder, facts)
    former = list(folder.glob(EVENTS))
    when = facts.run.created_at.replace(tzinfo=UTC).timestamp()
    with tensorboard.SummaryWriter(str(folder), filename_suffix=".vision-forge") as writer:
        _write_text(writer, facts, when)
        for name, points in facts.series.items():
            for step, value in points:
                writer.add_scalar(name, math.nan if value is None else value, step, when)
        for name, value in _finals(facts).items():
            writer.add_scalar(name, value, 0, when)
        for summary in _hyperparameters(tensorboard, facts):
            writer.file_writer.add_summary(summary)
    for path in former:  # only now: until here the earlier export could still be read
        path.unlink()
    return Exported(
        run_id=facts.run.run_id,
        target="tensorboard",
        place=str(folder.resolve()),
        outcome=Outcome.REPLACED if was_there and former else Outcome.WRITTEN,
    )


def _finals(facts: RunFacts) -> dict[str, float]:
    """Metrics and results of classes, which have no step."""
    found = {f"final/{name}": value for name, value in facts.metrics.items()}
    for each in facts.classes:
        for name in ("precision", "recall", "f1"):
            value = getattr(each, name)
            if value is not None:
                found[f"{each.split} {name} of classes/{each.class_name}"] = value
    return found


def _write_text(writer: Any, facts: RunFacts, when: float) -> None:
    run = facts.run
    lines = [f"**{facts.title}**, {run.status.value}, run {run.run_id} of {facts.workspace_name}"]
    lines += [f"tags: {', '.join(facts.tags)}"] if facts.tags else []
    lines += [said for said in (run.message, run.note) if said]
    lines += ["", "| parameter | value |", "|---|---|"]
    lines += [f"| {name} | `{value}` |" for name, value in facts.parameters.items()]
    writer.add_text("run", "\n".join(lines), 0, when)
    if facts.card is not None:
        writer.add_text("card", f"```json\n{facts.card.to_json()}\n```", 0, when)


def _hyperparameters(tensorboard: Any, facts: RunFacts) -> Any:
    """For the tab of hyperparameters; `add_hparams` would write a second run beside ours."""
    metrics = {f"final/{name}": value for name, value in facts.metrics.items()}
    return tensorboard.summary.hparams(dict(facts.parameters), metrics)
