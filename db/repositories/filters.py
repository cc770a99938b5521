"""What an `AssetFilter` means in SQL. Living assets only."""

from typing import Any

from sqlalchemy import ColumnElement, false, true

from db.models import VisionAsset
from db.records import AssetFilter

NONE = "none"
ANY = "any"


def living() -> ColumnElement[bool]:
    """Not removed; spelled as in the partial indexes, so that they can be used."""
    return VisionAsset.is_deleted.is_(false())


def matching(where: AssetFilter) -> list[ColumnElement[bool]]:
    """Conditions on `vision_assets` that together say what the filter says."""
    found: list[Any] = [living()]
    if where.label == NONE:
        found.append(VisionAsset.label_id.is_(None))
    elif where.label == ANY:
        found.append(VisionAsset.label_id.is_not(None))
    elif where.label is not None:
        found.append(VisionAsset.label_id == int(where.label))
    if where.split == NONE:
        found.append(VisionAsset.split_type.is_(None))
    elif where.split is not None:
        found.append(VisionAsset.split_type == where.split)
    if where.review == NONE:
        found.append(VisionAsset.review_state.is_(None))
    elif where.review is not None:
        found.append(VisionAsset.review_state == where.review)
    if where.source is not None:
        found.append(VisionAsset.source_dataset == where.source)
    if where.text:
        found.append(VisionAsset.file_path.icontains(where.text, autoescape=True))
    if where.augmented is not None:
        found.append(VisionAsset.is_augmented.is_(true() if where.augmented else false()))
    return found


def differing(values: dict[str, Any]) -> ColumnElement[bool]:
    """Assets of which at least one of these columns has another value now."""
    found: ColumnElement[bool] = false()
    for name, value in values.items():
        found |= getattr(VisionAsset, name).is_distinct_from(value)
    return found
