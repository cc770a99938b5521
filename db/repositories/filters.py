"""What an `AssetFilter` means in SQL. Living assets only."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Text, false, literal, select, true
from sqlalchemy.ext.compiler import compiles

from db.enums import FEW_GREYS_SHARE, FileFact
from db.models import FileFactRow, VisionAsset
from db.patches import AssetPatch
from db.records import ANY, NONE, AssetFilter
from db.repositories import related, review_decisions


def living() -> ColumnElement[bool]:
    """Not removed; spelled as in the partial indexes, so that they can be used."""
    return VisionAsset.is_deleted.is_(false())


Column = Callable[[Any], Any]
Condition = Callable[[Any, Column], list[Any]]


def matching(
    where: AssetFilter,
    *,
    column: Column = lambda column: column,
    probe_first: str | None = None,
    as_array: bool = False,
    joined: str | None = None,
) -> list[ColumnElement[bool]]:
    """Conditions on `vision_assets` that together say what the filter says.

    Args:
        where: The filter.
        column: What to write for a column, such as an expression that no index fits.
        probe_first: A name of `related.RELATED` whose few assets are to be looked up first; of the
            others, each asset is asked in turn.
        as_array: Write the ids that are looked up as an array of Postgres.
        joined: A name of `related.RELATED` whose table the statement has joined already.
    """
    found: list[Any] = [living()]
    for name, condition in CONDITIONS.items():
        value = getattr(where, name)
        if value is not None:
            found += condition(value, column)
    return found + related.matching(
        where, probe_first=probe_first, as_array=as_array, joined=joined
    )


def field_names() -> set[str]:
    """The fields of a filter that mean something in SQL, here or in `related`."""
    return {*CONDITIONS, *(name for names, _ in related.RELATED.values() for name in names)}


def _label(value: int | str, column: Column) -> list[Any]:
    label = column(VisionAsset.label_id)
    if value == ANY:
        return [label.is_not(None)]
    return [label.is_(None) if value == NONE else label == int(value)]


def _equal_or_none(attribute: Any) -> Condition:
    def condition(value: str, column: Column) -> list[Any]:
        written = column(attribute)
        return [written.is_(None) if value == NONE else written == value]

    return condition


def _until(value: date, column: Column) -> list[Any]:
    if value == date.max:
        return []
    return [VisionAsset.created_at < datetime.combine(value + timedelta(days=1), time())]


_FACTS: dict[str, ColumnElement[bool]] = {
    FileFact.PAGES: FileFactRow.frames > 1,
    FileFact.DEEP: FileFactRow.highest_grey.is_not(None),
    FileFact.FEW_GREYS: FileFactRow.highest_grey < FEW_GREYS_SHARE * FileFactRow.white_grey,
}


def has_fact(fact: str) -> ColumnElement[bool]:
    """Assets whose file is so; an unknown fact is true of none."""
    known = _FACTS.get(fact, false())
    return VisionAsset.content_hash.in_(select(FileFactRow.content_hash).where(known))


CONDITIONS: dict[str, Condition] = {
    "label": _label,
    "split": _equal_or_none(VisionAsset.split_type),
    "review": _equal_or_none(VisionAsset.review_state),
    "source": lambda value, column: [column(VisionAsset.source_dataset) == value],
    "group": _equal_or_none(VisionAsset.group_key),
    "text": lambda value, column: [path_contains(value)] if value else [],
    "augmented": lambda value, column: [
        column(VisionAsset.is_augmented).is_(true() if value else false())
    ],
    "side_min": lambda value, column: [VisionAsset.width >= value, VisionAsset.height >= value],
    "side_max": lambda value, column: [
        (VisionAsset.width <= value) | (VisionAsset.height <= value)
    ],
    "file": lambda value, column: [has_fact(value)],
    "since": lambda value, column: [VisionAsset.created_at >= datetime.combine(value, time())],
    "until": _until,
    "decided": lambda question, column: [review_decisions.settled(question)],
    "undecided": lambda question, column: [~review_decisions.settled(question)],
}
"""What each field says of the assets' own columns: its value, and how to write a column."""


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
