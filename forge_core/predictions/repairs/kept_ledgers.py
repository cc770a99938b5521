"""Ledgers of repairs as they are kept: asked again later, also when a run was removed since."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from db.repositories.repair_ledgers import KeptLedger
from forge_core.errors import InvalidInput, NotFound
from forge_core.evaluation.pairing import PairedDifference
from forge_core.evaluation.repair_ledger import RepairLedger
from forge_core.people.actor import Actor
from forge_core.predictions.repairs import ledgers
from forge_core.predictions.repairs.ledgers import MEASURED, RunLedger
from forge_core.workspace import Workspace

SCHEMA = 1
_PAIRED = ("training", "measuring", "relabelled_only")


@dataclass(frozen=True, kw_only=True)
class KeptRunLedger:
    """A ledger, and when it was drawn up."""

    ledger: RunLedger
    revision_id: int
    """The newest then."""
    author: str
    created_at: datetime


def draw_up_and_keep(
    workspace: Workspace, first: int, second: int, split: str | None = None, *, actor: Actor
) -> RunLedger:
    """The ledger of two runs, kept in the place of an earlier one where it tells of a repair.

    Args and errors are those of `ledgers.draw_up`.
    """
    found = ledgers.draw_up(workspace, first, second, split)
    if found.has_repairs:
        with workspace.database.write() as uow:
            uow.repair_ledgers.put(
                first_run_id=first,
                second_run_id=second,
                split=found.split,
                revision_id=uow.revisions.latest_id(),
                report={"schema": SCHEMA, **asdict(found)},
                author=actor.checked().name,
            )
    return found


def find(
    workspace: Workspace, first: int, second: int, split: str | None = None
) -> KeptRunLedger | None:
    """The ledger that was kept of two runs, on test where there are two; None without any."""
    with workspace.database.read() as uow:
        for each in MEASURED if split is None else (split,):
            found = uow.repair_ledgers.find(first, second, each)
            if found is not None:
                return _read(found)
    return None


def answer(
    workspace: Workspace, first: int, second: int, split: str | None = None, *, actor: Actor
) -> tuple[RunLedger, KeptRunLedger | None]:
    """The ledger as it is now; as it was kept, and since when, where it cannot be drawn any more.

    Raises:
        NotFound: There is no such run, and nothing was kept of it.
        InvalidInput: It cannot be drawn, and nothing was kept.
    """
    try:
        return draw_up_and_keep(workspace, first, second, split, actor=actor), None
    except (InvalidInput, NotFound):
        kept = find(workspace, first, second, split)
        if kept is None:
            raise
        return kept.ledger, kept


def list_all(workspace: Workspace) -> list[KeptRunLedger]:
    """Every ledger that was kept, the one that was drawn up last first."""
    with workspace.database.read() as uow:
        return [_read(found) for found in uow.repair_ledgers.list_all()]


def _read(found: KeptLedger) -> KeptRunLedger:
    values = dict(found.report)
    if values.pop("schema", None) != SCHEMA:
        raise InvalidInput(
            f"The ledger of runs {found.first_run_id} and {found.second_run_id} was kept by "
            "another version.",
            next_step="Upgrade Vision Forge.",
        )
    return KeptRunLedger(
        ledger=RunLedger(**{**values, "ledger": _read_ledger(values["ledger"])}),
        revision_id=found.revision_id,
        author=found.author,
        created_at=found.created_at,
    )


def _read_ledger(values: Mapping[str, Any]) -> RepairLedger:
    old, new = values["accuracies"]
    paired = {
        name: None if values[name] is None else PairedDifference(**values[name]) for name in _PAIRED
    }
    return RepairLedger(**{**values, **paired, "accuracies": (tuple(old), tuple(new))})
