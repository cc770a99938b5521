"""Which way to a list is short: along its order, or from the few assets that fit.

SQLite has no statistics. Where many assets match, the index of the order is walked; where few do,
they are looked up by the filter and sorted. Postgres has statistics, but none on how paths go with
classes, nor on where in the order the assets stand that another table names, so that it needs the
same advice there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import operators
from sqlalchemy.sql.expression import UnaryExpression

from db.models import AssetCount, AssetFacetCount, DuplicateMember, RevisionRow, VisionAsset
from db.records import ACROSS, ANY, NONE, AssetFilter
from db.repositories import bulk, related
from db.repositories.related import RELATED, Related

NARROW = {"id": 20_000, "path": 100_000, "hash": 100_000}
NARROW |= dict.fromkeys(("prediction", "issue", "alike", "typicality"), 20_000)
"""Up to so many assets are sorted sooner than they are found by walking an order's index.

Paths go with classes and splits (a folder each), so that a walk may pass nearly all of them.
"""
FEW = 50_000
"""Up to so many assets that another table names are looked up sooner than each is asked."""


def _plain(column: Any) -> Any:
    return column


@dataclass(frozen=True, kw_only=True)
class QueryPlan:
    """How to write a statement, so that good indexes are taken."""

    column: Callable[[Any], Any] = _plain
    """What to write for a column of the filter."""
    sort_column: Callable[[Any], Any] = _plain
    """What to write for a column of the order's key."""
    probe_first: str | None = None
    """The condition on another table that is looked up first; see `related`."""
    as_array: bool = False
    """Whether its ids are written as an array, which Postgres needs."""


class QueryPlanner:
    """Chooses by the kept counts, and by short looks into the indexes of other tables."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._is_sqlite = bulk.is_sqlite(session)

    def plan(self, where: AssetFilter, order: str) -> QueryPlan:
        """The short way to a list.

        Args:
            where: Which assets.
            order: A key of `NARROW`: what the list goes by.
        """
        found = related.find_all(where)
        found.pop(order, None)  # a table of this name is joined already
        numbers = {name: self._count_related(where, name, part) for name, part in found.items()}
        few = {name: number for name, number in numbers.items() if number <= FEW}
        probe_first = min(few, key=few.__getitem__) if few else None
        if not self._is_sqlite:
            return self._plan_on_postgres(where, order, few, probe_first)
        if probe_first is not None and few[probe_first] <= self._count_columns(where):
            sort_column = _plain if order == "id" else _without_index
            return QueryPlan(
                column=_without_index, sort_column=sort_column, probe_first=probe_first
            )
        if order == "id":  # every filter's index goes on by id
            return QueryPlan(column=self._narrowest(where))
        if _restricts_columns(where) and self._count_columns(where) <= NARROW[order]:
            return QueryPlan(column=self._narrowest(where), sort_column=_without_index)
        return QueryPlan(column=_without_index)

    def plan_for_all(self, where: AssetFilter) -> QueryPlan:
        """The short way to everything that matches, in no order."""
        return self.plan(where, "id")

    def _plan_on_postgres(
        self, where: AssetFilter, order: str, few: dict[str, int], probe_first: str | None
    ) -> QueryPlan:
        if order in RELATED:
            return QueryPlan()
        if order == "id":
            is_fewest = probe_first is not None and few[probe_first] <= self._count_columns(where)
            return QueryPlan(probe_first=probe_first if is_fewest else None, as_array=True)
        is_narrow = bool(few) or (
            _restricts_columns(where) and self._count_columns(where) <= NARROW[order]
        )
        sort_column = _without_index_on_postgres if is_narrow else _plain
        return QueryPlan(sort_column=sort_column, probe_first=probe_first, as_array=True)

    def _count_related(self, where: AssetFilter, name: str, part: Related) -> int:
        """How many rows of the other table fit, at most `FEW` and one more."""
        if name == "change":
            revisions = select(RevisionRow.num_changes.label("number"))
            if where.changed_since is not None:
                revisions = revisions.where(RevisionRow.revision_id > where.changed_since)
            if where.author is not None:
                revisions = revisions.where(RevisionRow.author == where.author)
            each = revisions.limit(FEW + 1).subquery()
            total, number = self._session.execute(
                select(func.coalesce(func.sum(each.c.number), 0), func.count())
            ).one()
            return FEW + 1 if number > FEW else min(int(total), FEW + 1)
        if name == "duplicates" and where.duplicates in (
            ANY,
            ACROSS,
        ):  # whether others live costs too much
            rows = select(DuplicateMember.asset_id).limit(FEW + 1).subquery()
        else:
            rows = part.ids().limit(FEW + 1).subquery()
        return self._session.scalar(select(func.count()).select_from(rows)) or 0

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
        kept = min(asked, key=lambda names: self._count_columns(asked[names]))
        return lambda column: column if column.key in kept else _without_index(column)

    def _count_columns(self, where: AssetFilter) -> int:
        """At most this many match, from the kept counts alone."""
        counts = select(func.coalesce(func.sum(AssetCount.num_images), 0))
        if where.label == NONE:
            counts = counts.where(AssetCount.label_key == 0)
        elif where.label == ANY:
            counts = counts.where(AssetCount.label_key != 0)
        elif where.label is not None:
            counts = counts.where(AssetCount.label_key == int(where.label))
        if where.split is not None:
            split = "" if where.split == NONE else where.split
            counts = counts.where(AssetCount.split_key == split)
        if where.augmented is not None:
            counts = counts.where(AssetCount.is_augmented.is_(where.augmented))
        numbers = [int(self._session.scalar(counts) or 0)]
        for facet, value in (("source", where.source), ("review", where.review)):
            if value is not None:
                key = "" if facet == "review" and value == NONE else value
                statement = select(AssetFacetCount.num_images).where(
                    AssetFacetCount.facet == facet, AssetFacetCount.value == key
                )
                numbers.append(self._session.scalar(statement) or 0)
        return min(numbers)


def _restricts_columns(where: AssetFilter) -> bool:
    fields = (where.label, where.split, where.source, where.review, where.augmented)
    return any(value is not None for value in fields)


def _without_index(column: Any) -> Any:
    return UnaryExpression(column, operator=operators.custom_op("+"), type_=column.type)


def _without_index_on_postgres(column: Any) -> Any:
    texts = (VisionAsset.file_path, VisionAsset.content_hash)
    return column.op("||")("") if any(column is text for text in texts) else column
