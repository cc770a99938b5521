"""Records as the JSON that the browser's components read."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from db.records import Asset, Label
from forge_core.catalog.listing.suggestions import IMPORTS, OPINIONS, Suggestion
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.history import HistoryEntry
from forge_core.catalog.revisions.journal import ChangeConflict, ChangeResult


def shape_rows(
    assets: Sequence[Asset],
    *,
    suggested: Mapping[uuid.UUID, Suggestion] | None = None,
    confidences: Mapping[uuid.UUID, float] | None = None,
    window: str = "",
) -> list[dict[str, Any]]:
    """Rows of the gallery, in order.

    Args:
        assets: A page of images.
        suggested: What a run suggests, where that was asked for; each row then has `suggestion`,
            None where the run has none.
        confidences: Of the predictions that the list is sorted by.
        window: Name of the window of greys; it follows the hash, by which pictures are asked for.
    """
    rows = [shape_asset(asset, (confidences or {}).get(asset.asset_id)) for asset in assets]
    for row in rows if window else ():
        row["hash"] += f"-{window}"
    if suggested is not None:
        for asset, row in zip(assets, rows, strict=True):
            row["suggestion"] = shape_suggestion(suggested.get(asset.asset_id))
    return rows


def shape_blind(asset: Asset, *, is_listed: bool = False, window: str = "") -> dict[str, Any]:
    """An image of a blind question: the picture, and nothing that tells of its label.

    Args:
        asset: The image.
        is_listed: Whether it is a row of the questions' own list: it then has every field of a row,
            empty. Else what a browser knows of it already is neither told nor taken away.
        window: As in `shape_rows`.
    """
    hidden: dict[str, Any] = {
        "path": "",
        "label_id": None,
        "label_name": None,
        "split": None,
        "source": "",
        "row_version": asset.row_version,
        "augmented": False,
        "review": None,
        "note": "",
        "created_at": None,
        "suggestion": None,
    }
    return (hidden if is_listed else {}) | {
        "blind": True,
        "id": str(asset.asset_id),
        "hash": asset.content_hash + (f"-{window}" if window else ""),
        "width": asset.width,
        "height": asset.height,
        "size_bytes": asset.size_bytes,
    }


def shape_suggestion(suggestion: Suggestion | None) -> dict[str, Any] | None:
    """What a run suggests for one image; entropy in nats, the other numbers 0 to 1."""
    if suggestion is None:
        return None
    who = OPINIONS if suggestion.voters else IMPORTS if suggestion.among else None
    return {
        "run": who or suggestion.run_id,
        "voters": suggestion.voters,
        "label_id": suggestion.label_id,
        "label_name": suggestion.label_name,
        "among": list(suggestion.among),
        "confidence": suggestion.confidence,
        "margin": suggestion.margin,
        "entropy": suggestion.entropy,
        "label_quality": suggestion.label_quality,
    }


def shape_asset(asset: Asset, confidence: float | None = None) -> dict[str, Any]:
    """One row of the gallery; with a confidence where the list is sorted by it."""
    told = {} if confidence is None else {"confidence": confidence}
    return {
        **told,
        "id": str(asset.asset_id),
        "path": asset.file_path,
        "label_id": asset.label_id,
        "label_name": asset.label_name,
        "split": asset.split_type,
        "source": asset.source_dataset,
        "hash": asset.content_hash,
        "width": asset.width,
        "height": asset.height,
        "size_bytes": asset.size_bytes,
        "row_version": asset.row_version,
        "augmented": asset.is_augmented,
        "review": asset.review_state,
        "note": asset.review_note,
        "created_at": shape_time(asset.created_at),
    }


def shape_label(label: Label) -> dict[str, Any]:
    """One class."""
    return {
        "label_id": label.label_id,
        "name": label.name,
        "color": label.color,
        "hotkey": label.hotkey,
        "num_images": label.num_images,
    }


def shape_result(
    result: ChangeResult, blind: Collection[uuid.UUID] = frozenset()
) -> dict[str, Any]:
    """What became of one operation.

    Args:
        result: Of the operation.
        blind: Its images that wait for a blind answer of who asks: nothing tells of their labels.
    """
    return {
        "operation_id": result.operation_id,
        "status": result.status,
        "revision_id": result.revision_id,
        "num_changed": result.num_changed,
        "num_conflicts": result.num_conflicts,
        "num_chosen": result.num_chosen,
        "chosen_words": result.chosen_words,
        "assets": [
            shape_blind(asset) if asset.asset_id in blind else shape_asset(asset)
            for asset in result.assets
        ],
        "conflicts": [
            _shape_conflict(_hidden(conflict) if conflict.asset_id in blind else conflict)
            for conflict in result.conflicts
        ],
    }


def shape_history(entry: HistoryEntry) -> dict[str, Any]:
    """One change in the past of an image."""
    return {
        "revision_id": entry.revision_id,
        "created_at": shape_time(entry.created_at),
        "author": entry.author,
        "kind": entry.kind,
        "message": entry.message,
        "before": _plain(entry.before),
        "after": _plain(entry.after),
    }


def shape_time(moment: datetime | None) -> str | None:
    """ISO 8601 with a Z: times of the database are UTC without saying so."""
    return None if moment is None else f"{moment.replace(tzinfo=None).isoformat()}Z"


def _hidden(conflict: ChangeConflict) -> ChangeConflict:
    """The conflict of an image that is asked about blind: that there is one, and not what."""
    return replace(
        conflict,
        message=journal.ASKED_BLIND,
        is_asked=True,
        now=None,
        label_id=None,
        label_name=None,
        split_type=None,
        author=None,
        changed_at=None,
    )


def _shape_conflict(conflict: ChangeConflict) -> dict[str, Any]:
    return {
        "asset_id": str(conflict.asset_id),
        "message": conflict.message,
        "now": conflict.now,
        "wanted": conflict.wanted,
        "label_id": conflict.label_id,
        "label_name": conflict.label_name,
        "split": conflict.split_type,
        "row_version": conflict.row_version,
        "chosen": conflict.is_chosen,
        "asked": conflict.is_asked,
        "author": conflict.author,
        "changed_at": shape_time(conflict.changed_at),
    }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, str | int | bool | None) else str(value)
        for name, value in values.items()
    }
