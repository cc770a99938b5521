"""What differs between two revisions: for each asset the state in the first and in the second."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from db.models import AssetChangeRow
from db.records import AssetState
from db.repositories.revisions import STATE_FIELDS


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetDifference:
    """One asset in two revisions. It differs in at least one field."""

    asset_id: uuid.UUID
    before: AssetState
    after: AssetState


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelMove:
    """How many assets had the one label in the first revision and the other in the second.

    Assets that are in one of them only are not counted here.
    """

    before_label_id: int | None
    after_label_id: int | None
    num_images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceCounts:
    """How many assets differ, and in what. One asset may count in several."""

    added: int
    removed: int
    relabelled: int
    moved_split: int
    moved_file: int
    changed_bytes: int
    reviewed: int
    total: int


class DifferenceRepository:
    """Net differences: what was changed and changed back does not appear."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_between(
        self, first: int, second: int, *, after: uuid.UUID | None = None, limit: int
    ) -> list[AssetDifference]:
        """Assets that differ, in the order of their ids, behind the id `after`.

        Args:
            first: The earlier revision.
            second: The later one.
            after: The last id of the page before; None for the first page.
            limit: How many at most.
        """
        statement = self._net(first, second)
        if after is not None:
            statement = statement.where(_OLD.asset_id > after)
        rows = self._session.execute(statement.order_by(_OLD.asset_id).limit(limit))
        return [
            AssetDifference(
                asset_id=row[0],
                before=AssetState(**dict(zip(STATE_FIELDS, row[1:8], strict=True))),
                after=AssetState(**dict(zip(STATE_FIELDS, row[8:15], strict=True))),
            )
            for row in rows
        ]

    def count_between(self, first: int, second: int) -> DifferenceCounts:
        """How many assets differ, and in what."""
        net = self._net(first, second).subquery()
        both = and_(net.c.before_exists, net.c.after_exists)

        def differs(field: str) -> ColumnElement[int]:
            old, new = net.c[f"before_{field}"], net.c[f"after_{field}"]
            return func.count(case((and_(both, old.is_distinct_from(new)), 1)))

        row = self._session.execute(
            select(
                func.count(case((~net.c.before_exists, 1))),
                func.count(case((~net.c.after_exists, 1))),
                differs("label_id"),
                differs("split_type"),
                differs("file_path"),
                differs("content_hash"),
                differs("review_state"),
                func.count(),
            )
        ).one()
        return DifferenceCounts(
            added=row[0],
            removed=row[1],
            relabelled=row[2],
            moved_split=row[3],
            moved_file=row[4],
            changed_bytes=row[5],
            reviewed=row[6],
            total=row[7],
        )

    def list_label_moves(self, first: int, second: int) -> list[LabelMove]:
        """How many assets went from each label to each other one, most first."""
        net = self._net(first, second).subquery()
        number = func.count().label("number")
        rows = self._session.execute(
            select(net.c.before_label_id, net.c.after_label_id, number)
            .where(
                net.c.before_exists,
                net.c.after_exists,
                net.c.before_label_id.is_distinct_from(net.c.after_label_id),
            )
            .group_by(net.c.before_label_id, net.c.after_label_id)
            .order_by(number.desc(), net.c.before_label_id, net.c.after_label_id)
        )
        return [
            LabelMove(before_label_id=old, after_label_id=new, num_images=count)
            for old, new, count in rows
        ]

    def _net(self, first: int, second: int) -> Select[Any]:
        """The state before the first change in between, and after the last, where they differ."""
        span = (
            select(
                AssetChangeRow.asset_id.label("asset_id"),
                func.min(AssetChangeRow.revision_id).label("oldest"),
                func.max(AssetChangeRow.revision_id).label("newest"),
            )
            .where(AssetChangeRow.revision_id > first, AssetChangeRow.revision_id <= second)
            .group_by(AssetChangeRow.asset_id)
            .subquery()
        )
        pairs = [
            (getattr(_OLD, f"before_{name}"), getattr(_NEW, f"after_{name}"))
            for name in STATE_FIELDS
        ]
        return (
            select(_OLD.asset_id, *(old for old, _ in pairs), *(new for _, new in pairs))
            .join_from(
                span,
                _OLD,
                and_(_OLD.asset_id == span.c.asset_id, _OLD.revision_id == span.c.oldest),
            )
            .join(_NEW, and_(_NEW.asset_id == span.c.asset_id, _NEW.revision_id == span.c.newest))
            .where(or_(*(old.is_distinct_from(new) for old, new in pairs)))
        )


_OLD = aliased(AssetChangeRow)
_NEW = aliased(AssetChangeRow)
