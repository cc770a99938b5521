"""Which checkpoint answers where nobody chose one. Imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass

from db.enums import CheckpointKind
from db.records import Run
from forge_core.registry import aliases
from forge_core.runs.files import checkpoints
from forge_core.runs.listing import shown_accuracies
from forge_core.workspace import Workspace

PREFERRED_ALIAS = "production"


@dataclass(frozen=True, kw_only=True)
class InUse:
    """A run's checkpoint, and why it is the one."""

    run_id: int
    kind: CheckpointKind
    alias: str
    """Under which it answers; empty where it is the best by validation."""


def find(workspace: Workspace, usable: Sequence[Run]) -> InUse:
    """What an alias means, `production` before the one that changed last; else the best run.

    The best is that of the highest validation accuracy as it is shown, weighted where the images
    are no fair sample; of equal ones the newest; its calibrated copy where it has one.

    Args:
        workspace: The workspace.
        usable: Runs with a checkpoint, at least one.
    """
    numbers = {run.run_id for run in usable}
    entries = [each for each in aliases.list_current(workspace) if each.run_id in numbers]
    entries.sort(key=lambda one: (one.alias == PREFERRED_ALIAS, one.entry_id), reverse=True)
    for entry in entries:
        assert entry.run_id is not None, "it is among the usable"
        recorded = checkpoints.list_recorded(workspace, entry.run_id)
        for file in recorded:
            if (file.kind, file.content_hash) == (entry.kind, entry.checkpoint_hash):
                return InUse(run_id=entry.run_id, kind=file.kind, alias=entry.alias)
    best = max(usable, key=shown_accuracies.rank_of)
    return InUse(run_id=best.run_id, kind=preferred_kind(workspace, best.run_id), alias="")


def preferred_kind(workspace: Workspace, run_id: int) -> CheckpointKind:
    """The calibrated copy of a run where it has one, else its best weights."""
    kinds = {each.kind for each in checkpoints.list_recorded(workspace, run_id)}
    is_there = CheckpointKind.CALIBRATED in kinds
    return CheckpointKind.CALIBRATED if is_there else CheckpointKind.BEST
