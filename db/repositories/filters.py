"""What an `AssetFilter` means in SQL. Living assets only."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Text, false, literal, true
from sqlalchemy.ext.compiler import compiles

from db.models import VisionAsset
from db.patches import AssetPatch
from db.records import AssetFilter
from db.repositories import related
from db.repositories.related import ANY, NONE

__all__ = ["ANY", "NONE", "differing", "living", "matching"]


def living() -> ColumnElement[bool]:
    """Not removed; spelled as in the partial indexes, so that they can be used."""
    return VisionAsset.is_deleted.is_(false())


def matching(
    where: AssetFilter,
    *,
    column: Callable[[Any], Any] = lambda column: column,
    looked_up: str | None = None,
    as_array: bool = False,
    with_prediction: bool = False,
) -> list[ColumnElement[bool]]:
    """Conditions on `vision_assets` that together say what the filter says.

    Args:
        where: The filter.
        column: What to write for a column, such as an expression that no index fits.
        looked_up: A name of `related.RELATED` whose few assets are to be looked up first; of the
            others, each asset is asked in turn.
        as_array: Write the ids that are looked up as an array of Postgres.
        with_prediction: The statement has joined the prediction of `where.run` already.
    """
    label, split = column(VisionAsset.label_id), column(VisionAsset.split_type)
    review, source = column(VisionAsset.review_state), column(VisionAsset.source_dataset)
    found: list[Any] = [living()]
    if where.label == NONE:
        found.append(label.is_(None))
    elif where.label == ANY:
        found.append(label.is_not(None))
    elif where.label is not None:
        found.append(label == int(where.label))
    if where.split == NONE:
        found.append(split.is_(None))
    elif where.split is not None:
        found.append(split == where.split)
    if where.review == NONE:
        found.append(review.is_(None))
    elif where.review is not None:
        found.append(review == where.review)
    if where.source is not None:
        found.append(source == where.source)
    if where.text:
        found.append(path_contains(where.text))
    if where.augmented is not None:
        augmented = column(VisionAsset.is_augmented)
        found.append(augmented.is_(true() if where.augmented else false()))
    return (
        found
        + _of_the_picture(where)
        + related.matching(
            where, looked_up=looked_up, as_array=as_array, with_prediction=with_prediction
        )
    )


def _of_the_picture(where: AssetFilter) -> list[Any]:
    found: list[Any] = []
    width, height = VisionAsset.width, VisionAsset.height
    if where.side_min is not None:
        found += [width >= where.side_min, height >= where.side_min]
    if where.side_max is not None:
        found.append((width <= where.side_max) | (height <= where.side_max))
    if where.since is not None:
        found.append(VisionAsset.created_at >= datetime.combine(where.since, time()))
    if where.until is not None and where.until < date.max:
        day_after = where.until + timedelta(days=1)
        found.append(VisionAsset.created_at < datetime.combine(day_after, time()))
    return found


class path_contains(ColumnElement[bool]):  # noqa: N801 - spelled like the SQL that it becomes
    """Whether a path holds a text anywhere; letters a to z match whatever their case."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, wanted: str) -> None:
        escaped = re.sub(r"([/%_])", r"/\1", wanted)
        self.pattern = literal(f"%{escaped}%", Text())


@compiles(path_contains, "sqlite")
def _contains_on_sqlite(element: path_contains, compiler: Any, **kw: Any) -> str:
    # LIKE takes no notice of case there, and is twice as fast without lower().
    return f"vision_assets.file_path LIKE {compiler.process(element.pattern, **kw)} ESCAPE '/'"


@compiles(path_contains, "postgresql")
def _contains_on_postgresql(element: path_contains, compiler: Any, **kw: Any) -> str:
    pattern = compiler.process(element.pattern, **kw)
    return f"vision_assets.file_path ILIKE {pattern} ESCAPE '/'"


def differing(patch: AssetPatch) -> ColumnElement[bool]:
    """Assets that would be others after it."""
    found: ColumnElement[bool] = false()
    for name, value in patch.decisive_values().items():
        found |= getattr(VisionAsset, name).is_distinct_from(value)
    return found
