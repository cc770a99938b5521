"""Keyset pages of assets: any depth costs the same. Never OFFSET but for a few rows."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.sql import operators
from sqlalchemy.sql.expression import UnaryExpression

from db.models import AssetCount, AssetFacetCount, Prediction, VisionAsset
from db.records import Asset, AssetFilter
from db.repositories import bulk, filters
from db.repositories.rows import columns_of

NARROW = {"path": 100_000, "least_confident": 20_000, "most_confident": 20_000}
"""Up to so many assets are sorted sooner than they are found by walking an order's index.

Paths go with classes and splits (a folder each), so that a walk may pass nearly all of them.
"""

ASSET_COLUMNS = columns_of(Asset, VisionAsset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """An order of assets: the columns of its key, the last of them unique, and the direction."""

    key: tuple[Any, ...]
    descending: bool = False

    @property
    def by_confidence(self) -> bool:
        """Whether it needs the predictions of a run."""
        return len(self.key) > 1


_CONFIDENCE = (Prediction.confidence, Prediction.asset_id)
SORTS = {
    "newest": Sort(key=(VisionAsset.asset_id,), descending=True),  # UUIDv7: order of import
    "oldest": Sort(key=(VisionAsset.asset_id,)),
    "path": Sort(key=(VisionAsset.file_path,)),
    "least_confident": Sort(key=_CONFIDENCE),
    "most_confident": Sort(key=_CONFIDENCE, descending=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """One asset of a page, and the cursor of what comes behind it."""

    asset: Asset
    cursor: str
    confidence: float | None = None
    """Of the run's prediction, 0 to 1, where the sort is by it."""


class PageRepository:
    """Pages of living assets in one of `SORTS`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_rows(
        self, where: AssetFilter, *, sort: str, after: str | None, limit: int, skip: int = 0
    ) -> list[PageRow]:
        """Up to `limit` assets behind a cursor.

        Args:
            where: Which assets. A sort by confidence needs its `run`.
            sort: One of `SORTS`.
            after: A cursor of this sort; None for the start.
            limit: Rows at most.
            skip: Leave out so many first; costs a step in the index each.

        Raises:
            ValueError: The cursor is none of this sort.
        """
        statement = self.page_statement(where, sort=sort, after=after, limit=limit, skip=skip)
        by_confidence = SORTS[sort].by_confidence
        rows = []
        for row in self._session.execute(statement):
            values = dict(row._mapping)
            confidence = values.pop("confidence") if by_confidence else None
            asset = Asset(**values)
            rows.append(
                PageRow(asset=asset, cursor=_cursor(sort, asset, confidence), confidence=confidence)
            )
        return rows

    def list_bookmarks(self, where: AssetFilter, *, sort: str, every: int) -> list[str]:
        """The cursors behind every `every`-th asset: each costs that many steps in an index."""
        order = SORTS[sort]
        found: list[str] = []
        after = None
        while True:
            statement = self._ordered(select(*order.key), where, sort, after)
            row = self._session.execute(statement.offset(every - 1).limit(1)).one_or_none()
            if row is None:
                return found
            after = _encode(sort, tuple(row))
            found.append(after)

    def page_statement(
        self, where: AssetFilter, *, sort: str, after: str | None, limit: int, skip: int = 0
    ) -> Select[Any]:
        """The statement behind `list_rows`, for those who want to see its plan."""
        columns: list[Any] = list(ASSET_COLUMNS)
        if SORTS[sort].by_confidence:
            columns.append(Prediction.confidence)
        statement = self._ordered(select(*columns), where, sort, after).limit(limit)
        return statement.offset(skip) if skip else statement

    def _ordered(
        self, statement: Select[Any], where: AssetFilter, sort: str, after: str | None
    ) -> Select[Any]:
        order = SORTS[sort]
        column, keyed = self._hints(where, sort)
        conditions = filters.matching(where, column=column)
        key_columns = [keyed(part) for part in order.key]
        if order.by_confidence:
            # Where the order's index shall not be taken, assets come first, by their own index.
            statement = statement.select_from(Prediction).join(
                VisionAsset, Prediction.asset_id == keyed(VisionAsset.asset_id)
            )
            conditions.append(Prediction.run_id == where.run)
        if after is not None:
            key = _decode(sort, after)
            if len(key) == 1:
                first = key_columns[0]
                conditions.append(first < key[0] if order.descending else first > key[0])
            else:
                columns = tuple_(*key_columns)
                conditions.append(columns < key if order.descending else columns > key)
        directed = [column.desc() if order.descending else column.asc() for column in key_columns]
        return statement.where(*conditions).order_by(*directed)

    def _hints(
        self, where: AssetFilter, sort: str
    ) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
        """How to write the columns of the filter and of the key, so that good indexes are taken.

        SQLite has no statistics. Where many assets match, the index of the order is walked; where
        few do, they are looked up by the filter and sorted. Newest and oldest need less advice:
        every filter's index goes on by id. Postgres has statistics, but none on how paths go with
        classes, so that it needs the same advice there.
        """
        sqlite = bulk.is_sqlite(self._session)
        if sort in ("newest", "oldest"):
            return (self._narrowest(where) if sqlite else _plain), _plain
        if not sqlite and sort != "path":
            return _plain, _plain
        restricts = (where.label, where.split, where.source, where.review, where.augmented)
        is_narrow = (
            any(value is not None for value in restricts)
            and self._count_roughly(where) <= NARROW[sort]
        )
        if not sqlite:
            return _plain, (_without_index_on_postgres if is_narrow else _plain)
        if is_narrow:
            return self._narrowest(where), _without_index
        return _without_index, _plain

    def _narrowest(self, where: AssetFilter) -> Callable[[Any], Any]:
        """Leave an index only to the part of the filter that fewest assets match."""
        parts = {
            ("label_id", "split_type"): AssetFilter(label=where.label, split=where.split),
            ("source_dataset",): AssetFilter(source=where.source),
            ("review_state",): AssetFilter(review=where.review),
            ("is_augmented",): AssetFilter(augmented=where.augmented),
        }
        asked = {names: part for names, part in parts.items() if part != AssetFilter()}
        if len(asked) < 2:
            return _plain
        kept = min(asked, key=lambda names: self._count_roughly(asked[names]))
        return lambda column: column if column.key in kept else _without_index(column)

    def _count_roughly(self, where: AssetFilter) -> int:
        """At most this many match, from the kept counts; text is not looked at."""
        counts = select(func.coalesce(func.sum(AssetCount.num_assets), 0))
        if where.label == filters.NONE:
            counts = counts.where(AssetCount.label_key == 0)
        elif where.label == filters.ANY:
            counts = counts.where(AssetCount.label_key != 0)
        elif where.label is not None:
            counts = counts.where(AssetCount.label_key == int(where.label))
        if where.split is not None:
            split = "" if where.split == filters.NONE else where.split
            counts = counts.where(AssetCount.split_key == split)
        if where.augmented is not None:
            counts = counts.where(AssetCount.is_augmented.is_(where.augmented))
        numbers = [int(self._session.scalar(counts) or 0)]
        for facet, value in (("source", where.source), ("review", where.review)):
            if value is not None:
                key = "" if facet == "review" and value == filters.NONE else value
                statement = select(AssetFacetCount.num_assets).where(
                    AssetFacetCount.facet == facet, AssetFacetCount.value == key
                )
                numbers.append(self._session.scalar(statement) or 0)
        return min(numbers)


def _plain(column: Any) -> Any:
    return column


def _without_index(column: Any) -> Any:
    return UnaryExpression(column, operator=operators.custom_op("+"), type_=column.type)


def _without_index_on_postgres(column: Any) -> Any:
    return column.op("||")("") if column is VisionAsset.file_path else column


def _cursor(sort: str, asset: Asset, confidence: float | None) -> str:
    if sort == "path":
        return asset.file_path
    return _encode(sort, (asset.asset_id,) if confidence is None else (confidence, asset.asset_id))


def _encode(sort: str, key: Sequence[Any]) -> str:
    if SORTS[sort].by_confidence:
        return f"{key[0]!r}_{key[1]}"  # repr: exactly this number again
    return str(key[0])


def _decode(sort: str, cursor: str) -> tuple[Any, ...]:
    if sort == "path":
        return (cursor,)
    if SORTS[sort].by_confidence:
        confidence, _, asset_id = cursor.partition("_")
        return (float(confidence), uuid.UUID(asset_id))
    return (uuid.UUID(cursor),)


def check_cursor(sort: str, cursor: str) -> None:
    """Refuse a cursor that is none of this sort.

    Raises:
        ValueError: It is not.
    """
    _decode(sort, cursor)
