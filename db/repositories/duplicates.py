"""Groups of near-duplicates as they were found last; derived, and replaced as a whole."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.orm import Session

from db.enums import GroupKind
from db.models import AssetChangeRow, CatalogState, DuplicateMember, VisionAsset
from db.repositories.rows import slices


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """One living member of a group; `distance` in bits to the nearest other member found."""

    asset_id: uuid.UUID
    group_id: uuid.UUID
    distance: int


class DuplicateRepository:
    """Groups of at least two living images; a group that lost all but one is not seen."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def replace_all(self, members: Iterable[MemberRow], *, revision_id: int, bits: int) -> None:
        """Forget the groups found before and write these, found as of a revision."""
        self._session.execute(delete(DuplicateMember))
        rows = [
            {"asset_id": m.asset_id, "group_id": m.group_id, "distance": m.distance}
            for m in members
        ]
        for part in slices(rows):
            self._session.execute(insert(DuplicateMember), list(part))
        self._session.execute(
            update(CatalogState).values(duplicates_revision_id=revision_id, duplicates_bits=bits)
        )

    def remove_group(self, group_id: uuid.UUID) -> None:
        """Forget one group, until groups are looked for again."""
        self._session.execute(delete(DuplicateMember).where(DuplicateMember.group_id == group_id))

    def find_group_of(self, asset_id: uuid.UUID) -> uuid.UUID | None:
        """The group that an image is in, or None."""
        return self._session.scalar(
            select(DuplicateMember.group_id).where(DuplicateMember.asset_id == asset_id)
        )

    def list_equal_content(self) -> list[tuple[str, uuid.UUID]]:
        """Content hash and id of living images that share their bytes, by hash."""
        living = VisionAsset.is_deleted.is_(False)
        twice = (
            select(VisionAsset.content_hash)
            .where(living)
            .group_by(VisionAsset.content_hash)
            .having(func.count() > 1)
        )
        rows = self._session.execute(
            select(VisionAsset.content_hash, VisionAsset.asset_id)
            .where(living, VisionAsset.content_hash.in_(twice))
            .order_by(VisionAsset.content_hash, VisionAsset.asset_id)
        )
        return [(row.content_hash, row.asset_id) for row in rows]

    def find_revision_id(self) -> int | None:
        """The revision that the groups were found at; None when they never were."""
        return self._session.scalar(select(CatalogState.duplicates_revision_id))

    def find_bits(self) -> int | None:
        """How many bits could differ when the groups were found; None when they never were."""
        return self._session.scalar(select(CatalogState.duplicates_bits))

    def count_arrivals_after(self, revision_id: int) -> int:
        """How many images came in, came back or got other bytes after a revision."""
        table = AssetChangeRow
        arrived = table.after_exists.is_(True) & (
            table.before_exists.is_(False) | (table.before_content_hash != table.after_content_hash)
        )
        return (
            self._session.scalar(
                select(func.count(func.distinct(table.asset_id))).where(
                    table.revision_id > revision_id, arrived
                )
            )
            or 0
        )

    def count_groups(self, kind: GroupKind = GroupKind.ALL) -> tuple[int, int]:
        """How many groups there are, and how many images in them."""
        groups = _groups(kind).subquery()
        row = self._session.execute(
            select(func.count(), func.coalesce(func.sum(groups.c.num_members), 0))
        ).one()
        return int(row[0]), int(row[1])

    def list_groups(
        self,
        kind: GroupKind = GroupKind.ALL,
        *,
        after: uuid.UUID | None = None,
        limit: int | None = None,
    ) -> list[uuid.UUID]:
        """Ids of groups behind `after`, in their order."""
        statement = _groups(kind).order_by(DuplicateMember.group_id)
        if after is not None:
            statement = statement.where(DuplicateMember.group_id > after)
        if limit is not None:
            statement = statement.limit(limit)
        return [row.group_id for row in self._session.execute(statement)]

    def list_members(self, group_ids: Sequence[uuid.UUID]) -> list[MemberRow]:
        """The living members of these groups, group by group, the oldest member first."""
        return [
            MemberRow(asset_id=row.asset_id, group_id=row.group_id, distance=row.distance)
            for part in slices(group_ids)
            for row in self._session.execute(
                select(DuplicateMember.asset_id, DuplicateMember.group_id, DuplicateMember.distance)
                .join(VisionAsset, VisionAsset.asset_id == DuplicateMember.asset_id)
                .where(DuplicateMember.group_id.in_(part), VisionAsset.is_deleted.is_(False))
                .order_by(DuplicateMember.group_id, DuplicateMember.asset_id)
            )
        ]


def _groups(kind: GroupKind) -> Select[uuid.UUID, int]:
    """Groups with at least two living members, of this kind."""
    statement = (
        select(DuplicateMember.group_id, func.count().label("num_members"))
        .join(VisionAsset, VisionAsset.asset_id == DuplicateMember.asset_id)
        .where(VisionAsset.is_deleted.is_(False))
        .group_by(DuplicateMember.group_id)
    )
    # Images without a split or a label are not counted as being of another one.
    if kind == GroupKind.ACROSS_SPLITS:
        return statement.having(func.count(func.distinct(VisionAsset.split_type)) > 1)
    if kind == GroupKind.CONTESTED:
        return statement.having(func.count(func.distinct(VisionAsset.label_id)) > 1)
    return statement.having(func.count() > 1)
