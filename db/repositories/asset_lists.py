"""Keyset pages of assets: any depth costs the same. Never OFFSET but for a few rows."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, literal, select, tuple_
from sqlalchemy.orm import Session

from db.enums import Typicality
from db.models import (
    ImageTypicalityRow,
    LabelIssueRow,
    LikenessHitRow,
    Prediction,
    VisionAsset,
)
from db.records import Asset, AssetFilter
from db.repositories import filters, related
from db.repositories.query_plans import QueryPlanner
from db.repositories.rows import columns_of

ASSET_COLUMNS = columns_of(Asset, VisionAsset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """An order of assets: the columns of its key, the last of them unique, and the direction."""

    key: tuple[Any, ...]
    descending: bool = False
    joined: str | None = None
    """A name of `related.RELATED`: the table, beside the assets, that the key is of."""

    @property
    def of_a_run(self) -> bool:
        """Whether it needs the predictions of a run."""
        return self.joined == "prediction"

    @property
    def access(self) -> str:
        """How its images are found: by id, path or bytes, or by the table that is joined."""
        if self.joined:
            return self.joined
        named = {VisionAsset.file_path.key: "path", VisionAsset.content_hash.key: "hash"}
        return named.get(self.key[0].key, "id")

    @property
    def table(self) -> Any:
        """The table that is joined."""
        return self.key[-1].class_


def _by_run(column: Any, *, descending: bool = False) -> Sort:
    return Sort(key=(column, Prediction.asset_id), descending=descending, joined="prediction")


SORTS = {
    "newest": Sort(key=(VisionAsset.asset_id,), descending=True),  # UUIDv7: order of import
    "oldest": Sort(key=(VisionAsset.asset_id,)),
    "path": Sort(key=(VisionAsset.file_path,)),
    # By the hash of the bytes, which knows nothing of class, time or place: a part from the top is
    # a sample by chance, and the same for everybody.
    "shuffled": Sort(key=(VisionAsset.content_hash, VisionAsset.asset_id)),
    "least_confident": _by_run(Prediction.confidence),
    "most_confident": _by_run(Prediction.confidence, descending=True),
    "highest_entropy": _by_run(Prediction.entropy, descending=True),
    "lowest_quality": _by_run(Prediction.label_quality),
    "label_issues": Sort(
        key=(LabelIssueRow.score, LabelIssueRow.asset_id), descending=True, joined="issue"
    ),
    "strangest": Sort(
        key=(ImageTypicalityRow.strangeness, ImageTypicalityRow.asset_id),
        descending=True,
        joined="typicality",
    ),
    "most_typical": Sort(
        key=(ImageTypicalityRow.class_strangeness, ImageTypicalityRow.asset_id),
        joined="typicality",
    ),
    "most_alike": Sort(
        key=(LikenessHitRow.similarity, LikenessHitRow.asset_id), descending=True, joined="alike"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """One asset of a page, and the cursor of what comes behind it."""

    asset: Asset
    cursor: str
    confidence: float | None = None
    """Of the run's prediction, 0 to 1, where the sort is of a run."""
    issue_score: float | None = None
    """How likely the label is wrong, 0 to 1, where the sort is by that."""
    strangeness: float | None = None
    """How far it is from those nearest to it, where the sort is by that."""


class AssetListRepository:
    """Pages of living assets in one of `SORTS`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_rows(
        self, where: AssetFilter, *, sort: str, after: str | None, limit: int, skip: int = 0
    ) -> list[PageRow]:
        """Up to `limit` assets behind a cursor.

        Args:
            where: Which assets. A sort of a run's predictions needs its `run`.
            sort: One of `SORTS`.
            after: A cursor of this sort; None for the start.
            limit: Rows at most.
            skip: Leave out so many first; costs a step in the index each.

        Raises:
            ValueError: The cursor is none of this sort.
        """
        statement = self.page_statement(where, sort=sort, after=after, limit=limit, skip=skip)
        order = SORTS[sort]
        rows = []
        for row in self._session.execute(statement):
            values = dict(row._mapping)
            confidence = values.pop("confidence", None)
            place = values.pop("place", None)
            asset = Asset(**values)
            rows.append(
                PageRow(
                    asset=asset,
                    cursor=_cursor(sort, asset, place),
                    confidence=confidence,
                    issue_score=place if order.joined == "issue" else None,
                    strangeness=place if order.joined == "typicality" else None,
                )
            )
        return rows

    def count_scored(self, where: AssetFilter, *, sort: str) -> int:
        """How many assets a list by another table has: the predictions of `where.run`, or scores.

        Assets are asked for their row in the order of their ids: an index of the order would jump
        to and fro in the assets.
        """
        plan = QueryPlanner(self._session).plan_for_all(where)
        seen = [SORTS[sort].key[-1] == VisionAsset.asset_id, *_listed(where, sort)]
        statement = (
            select(func.count())
            .select_from(VisionAsset)
            .where(
                *filters.matching(
                    where, column=plan.column, probe_first=plan.probe_first, as_array=plan.as_array
                ),
                select(literal(1)).where(*seen).correlate(VisionAsset).exists(),
            )
        )
        return self._session.scalar(statement) or 0

    def find_cursor(self, asset_id: uuid.UUID, where: AssetFilter, *, sort: str) -> str | None:
        """The place of an asset in an order; None when it has none there.

        Of the filter only the run or the search is asked that the order goes by.
        """
        order = SORTS[sort]
        statement = select(*order.key)
        if order.joined:
            statement = statement.where(order.key[-1] == asset_id, *_of_its_kind(where, order))
        else:
            statement = statement.where(VisionAsset.asset_id == asset_id)
        row = self._session.execute(statement).one_or_none()
        return None if row is None or row[0] is None else _encode(sort, tuple(row))

    def find_near(
        self, where: AssetFilter, *, sort: str, after: str | None, backwards: bool
    ) -> tuple[uuid.UUID, str] | None:
        """The first asset behind a cursor (before it, when backwards), and its own cursor."""
        order = SORTS[sort]
        columns = [VisionAsset.asset_id, *order.key]
        statement = self._ordered(select(*columns), where, sort, after, backwards=backwards)
        row = self._session.execute(statement.limit(1)).one_or_none()
        return None if row is None else (row[0], _encode(sort, tuple(row)[1:]))

    def count_between(
        self, where: AssetFilter, *, sort: str, after: str | None, until: str, backwards: bool
    ) -> int:
        """How many assets lie behind one cursor up to and with another; one step each."""
        statement = self._ordered(
            select(literal(1)), where, sort, after, backwards=backwards, until=until
        ).order_by(None)
        return self._session.scalar(select(func.count()).select_from(statement.subquery())) or 0

    def is_at(self, where: AssetFilter, cursor: str, *, sort: str) -> bool:
        """Whether the list has an asset at exactly this place."""
        backwards = self.find_near(where, sort=sort, after=cursor, backwards=True)
        after = backwards[1] if backwards else None
        found = self.find_near(where, sort=sort, after=after, backwards=False)
        return found is not None and found[1] == cursor

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
        order = SORTS[sort]
        if order.of_a_run:
            columns.append(Prediction.confidence)
        if order.joined:
            columns.append(order.key[0].label("place"))
        statement = self._ordered(select(*columns), where, sort, after).limit(limit)
        return statement.offset(skip) if skip else statement

    def _ordered(
        self,
        statement: Select[Any],
        where: AssetFilter,
        sort: str,
        after: str | None,
        *,
        backwards: bool = False,
        until: str | None = None,
    ) -> Select[Any]:
        order = SORTS[sort]
        descending = order.descending != backwards
        plan = QueryPlanner(self._session).plan(where, order.access)
        conditions = filters.matching(
            where,
            column=plan.column,
            probe_first=plan.probe_first,
            as_array=plan.as_array,
            joined=order.joined,
        )
        key_columns = [plan.sort_column(part) for part in order.key]
        if order.joined:
            # Where the order's index shall not be taken, assets come first, by their own index.
            statement = statement.select_from(order.table).join(
                VisionAsset, order.key[-1] == plan.sort_column(VisionAsset.asset_id)
            )
        conditions += _listed(where, sort)
        place = key_columns[0] if len(key_columns) == 1 else tuple_(*key_columns)
        if after is not None:
            behind = _decode(sort, after)
            conditions.append(place < behind if descending else place > behind)
        if until is not None:
            last = _decode(sort, until)
            conditions.append(place >= last if descending else place <= last)
        directed = [column.desc() if descending else column.asc() for column in key_columns]
        return statement.where(*conditions).order_by(*directed)


def _listed(where: AssetFilter, sort: str) -> list[Any]:
    """Which rows of the joined table a list has."""
    found = _of_its_kind(where, SORTS[sort])
    if SORTS[sort].joined == "issue":
        return [*found, related.is_judged_now()]
    if SORTS[sort].joined == "typicality":
        column = SORTS[sort].key[0]
        return [*found, column.is_not(None), related.holds_now(Typicality(column.key))]
    return [*found, related.is_of_the_label_now()] if sort == "lowest_quality" else found


def _of_its_kind(where: AssetFilter, order: Sort) -> list[Any]:
    """Rows of the joined table that are of the run or the search that the filter names."""
    if order.of_a_run:
        return [Prediction.run_id == where.run]
    return [LikenessHitRow.search_id == where.alike] if order.joined == "alike" else []


def _cursor(sort: str, asset: Asset, place: float | None) -> str:
    if sort == "path":
        return asset.file_path
    if sort == "shuffled":
        return _encode(sort, (asset.content_hash, asset.asset_id))
    return _encode(sort, (asset.asset_id,) if place is None else (place, asset.asset_id))


def _encode(sort: str, key: Sequence[Any]) -> str:
    if SORTS[sort].joined:
        return f"{key[0]!r}_{key[1]}"  # repr: exactly this number again
    return "_".join(map(str, key))


def _decode(sort: str, cursor: str) -> Any:
    """The key of a cursor: one value, or a tuple of them."""
    if sort == "path":
        return cursor
    if SORTS[sort].joined:
        place, _, asset_id = cursor.partition("_")
        return (float(place), uuid.UUID(asset_id))
    if sort == "shuffled":
        content_hash, _, asset_id = cursor.partition("_")
        return (content_hash, uuid.UUID(asset_id))
    return uuid.UUID(cursor)


def check_cursor(sort: str, cursor: str) -> None:
    """Refuse a cursor that is none of this sort.

    Raises:
        ValueError: It is not.
    """
    _decode(sort, cursor)
