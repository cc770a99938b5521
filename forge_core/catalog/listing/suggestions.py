"""What the network of a run suggests for images, in one query for a page of them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from db.records import Asset
from db.unit_of_work import UnitOfWork
from forge_core.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A class for an image. Classes that are retired or merged are never suggested."""

    run_id: int
    label_id: int
    label_name: str
    confidence: float
    """Probability of the class, 0 to 1."""
    margin: float
    """Confidence less the probability of the second class, 0 to 1."""
    entropy: float
    """Of all probabilities, in nats."""
    label_quality: float | None
    """Probability of the label that the image has now, 0 to 1; None where it is not known."""


def suggest(
    workspace: Workspace, run_id: int, assets: Sequence[Asset]
) -> dict[uuid.UUID, Suggestion]:
    """What a run suggests for these images (a page of them); those without are left out."""
    with workspace.database.read() as uow:
        return suggest_in(uow, run_id, assets)


def suggest_in(
    uow: UnitOfWork, run_id: int, assets: Sequence[Asset]
) -> dict[uuid.UUID, Suggestion]:
    """The same in a transaction, so that images and suggestions are of one moment."""
    if not assets:
        return {}
    found = uow.predictions.list_by_assets(run_id, [asset.asset_id for asset in assets])
    suggestions = {}
    for asset in assets:
        if asset.asset_id not in found:
            continue
        row, name = found[asset.asset_id]
        speaks_of_label = asset.label_id is not None and row.given_label_id == asset.label_id
        suggestions[asset.asset_id] = Suggestion(
            run_id=run_id,
            label_id=row.label_id,
            label_name=name,
            confidence=row.confidence,
            margin=row.margin,
            entropy=row.entropy,
            label_quality=row.label_quality if speaks_of_label else None,
        )
    return suggestions
