"""Who is to look after which asset. Assignments of removed assets are kept, and not counted."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.clock import utc_now
from db.models import Assignment, VisionAsset
from db.records import AssetFilter
from db.repositories import bulk, filters
from db.repositories.assets import AssetRepository
from db.repositories.rows import list_distinct

SLICE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonCount:
    """How many living assets one person is to look after, and how many have no label yet."""

    person: str
    num_images: int
    num_unlabelled: int


class AssignmentRepository:
    """Assignments of assets to persons, one an asset."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def update_matching(
        self, where: AssetFilter, persons: Sequence[str], assigned_by: str
    ) -> list[int]:
        """Give the assets that match to these persons in turn, oldest first.

        What somebody else had is taken over. The filter is read once for each asset, before the
        asset is given away, so that it may ask for assignments itself.

        Returns:
            How many each person got, in the order of `persons`.
        """
        numbers = [0] * len(persons)
        conditions = AssetRepository(self._session).conditions(where)
        statement = select(VisionAsset.asset_id).where(*conditions).order_by(VisionAsset.asset_id)
        last: uuid.UUID | None = None
        place = 0
        while True:
            rest = statement if last is None else statement.where(VisionAsset.asset_id > last)
            ids = list(self._session.scalars(rest.limit(SLICE)))
            if not ids:
                return numbers
            rows = []
            for asset_id in ids:
                turn = place % len(persons)
                numbers[turn] += 1
                place += 1
                rows.append(
                    {"asset_id": asset_id, "person": persons[turn], "assigned_by": assigned_by}
                )
            self._add_or_replace(rows)
            last = ids[-1]

    def remove_matching(self, where: AssetFilter) -> int:
        """Let nobody look after the assets that match; returns how many somebody had."""
        conditions = AssetRepository(self._session).conditions(where)
        ids = select(VisionAsset.asset_id).where(*conditions)
        result: Any = self._session.execute(
            delete(Assignment)
            .where(Assignment.asset_id.in_(ids))
            .execution_options(synchronize_session=False)
        )
        return int(result.rowcount)

    def list_counts(self) -> list[PersonCount]:
        """Every person who has living assets to look after, by name."""
        unlabelled = func.sum(case((VisionAsset.label_id.is_(None), 1), else_=0))
        rows = self._session.execute(
            select(Assignment.person, func.count(), unlabelled)
            .join(VisionAsset, VisionAsset.asset_id == Assignment.asset_id)
            .where(filters.living())
            .group_by(Assignment.person)
        )
        found = [
            PersonCount(person=person, num_images=number, num_unlabelled=int(left))
            for person, number, left in rows
        ]
        return sorted(found, key=lambda count: count.person.casefold())

    def list_persons(self) -> list[str]:
        """Everybody who has an assignment, by name; a step in the index each."""
        return list_distinct(self._session, Assignment.person)

    def _add_or_replace(self, rows: list[dict[str, Any]]) -> None:
        insert: Any = sqlite.insert if bulk.is_sqlite(self._session) else postgresql.insert
        statement = insert(Assignment)
        self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["asset_id"],
                set_={
                    "person": statement.excluded.person,
                    "assigned_by": statement.excluded.assigned_by,
                    "created_at": utc_now(),
                },
            ),
            rows,
        )
