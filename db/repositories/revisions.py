"""Revisions: their numbers, and what each changed."""

import uuid
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.orm import Session

from db import models
from db.enums import RevisionKind
from db.models import CatalogState
from db.records import AssetChange, AssetState, Revision
from db.repositories.rows import columns_of, list_distinct, slices

REVISION_COLUMNS = columns_of(Revision, models.RevisionRow)
STATE_FIELDS = [field.name for field in fields(AssetState)]
CHANGE_COLUMNS = (
    "revision_id",
    "asset_id",
    *(f"before_{name}" for name in STATE_FIELDS),
    *(f"after_{name}" for name in STATE_FIELDS),
)


class Labelling(NamedTuple):
    """The revision that gave an image its label. A tuple: there may be a million."""

    revision_id: int
    author: str
    kind: str
    created_at: datetime


class RevisionRepository:
    """The history of the catalog."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lock(self) -> None:
        """Wait until no other transaction writes the catalog, and keep others out of it.

        Taken before anything is read, so that what is read stays true until the commit.
        (SQLite has no row locks: there BEGIN IMMEDIATE did the same already.)
        """
        self._session.execute(select(CatalogState.last_revision_id).with_for_update())

    def take_next_id(self) -> int:
        """The next revision number; given back when the transaction rolls back."""
        return self._session.scalars(
            update(CatalogState)
            .values(last_revision_id=CatalogState.last_revision_id + 1)
            .returning(CatalogState.last_revision_id)
        ).one()

    def latest_id(self) -> int:
        """Number of the newest revision; 0 before the first."""
        return self._session.scalar(select(CatalogState.last_revision_id)) or 0

    def list_authors(self) -> list[str]:
        """Everybody who made a revision, by name; a step in the index each."""
        return list_distinct(self._session, models.RevisionRow.author)

    def map_labellings(self, revision_id: int) -> dict[uuid.UUID, Labelling]:
        """Which revision gave each image the label that it has as of a revision, and who made it.

        A merge of classes is none: what the image shows was said by whoever labelled it before.
        Images without a label may be among them.
        """
        change, revision = models.AssetChangeRow, models.RevisionRow
        last = (
            select(change.asset_id, func.max(change.revision_id).label("revision_id"))
            .join(revision, revision.revision_id == change.revision_id)
            .where(
                change.revision_id <= revision_id,
                change.before_label_id.is_distinct_from(change.after_label_id),
                revision.kind != RevisionKind.MERGE_CLASS,
            )
            .group_by(change.asset_id)
            .subquery()
        )
        rows = self._session.execute(select(last.c.asset_id, last.c.revision_id)).all()
        made = self.list_by_ids(sorted({row.revision_id for row in rows}))
        labellings = {
            each.revision_id: Labelling(each.revision_id, each.author, each.kind, each.created_at)
            for each in made
        }
        return {row.asset_id: labellings[row.revision_id] for row in rows}

    def find(self, revision_id: int) -> Revision | None:
        """The revision with this number, or None."""
        return self._find(models.RevisionRow.revision_id == revision_id)

    def find_by_operation(self, operation_id: str) -> Revision | None:
        """The revision that applied this operation, or None when it was not applied."""
        return self._find(models.RevisionRow.operation_id == operation_id)

    def list_latest(self, *, limit: int, before: int | None = None) -> list[Revision]:
        """The newest revisions (older than `before`), newest first."""
        statement = select(*REVISION_COLUMNS).order_by(models.RevisionRow.revision_id.desc())
        if before is not None:
            statement = statement.where(models.RevisionRow.revision_id < before)
        return [_to_revision(row) for row in self._session.execute(statement.limit(limit))]

    def list_by_ids(self, revision_ids: Sequence[int]) -> list[Revision]:
        """The revisions with these numbers."""
        return [
            _to_revision(row)
            for part in slices(revision_ids)
            for row in self._session.execute(
                select(*REVISION_COLUMNS).where(models.RevisionRow.revision_id.in_(part))
            )
        ]

    def list_undone(self) -> set[int]:
        """Revisions that do not hold any more; an undo that was itself undone does not count."""
        rows = self._session.execute(
            select(models.RevisionRow.revision_id, models.RevisionRow.undoes_revision_id)
            .where(models.RevisionRow.undoes_revision_id.is_not(None))
            .order_by(models.RevisionRow.revision_id.desc())
        )
        undone: set[int] = set()
        for revision_id, target in rows:
            if target is not None and revision_id not in undone:
                undone.add(target)
        return undone

    def add(
        self,
        *,
        revision_id: int,
        operation_id: str,
        kind: RevisionKind,
        author: str,
        message: str,
        undoes_revision_id: int | None = None,
    ) -> None:
        """Write the head of a revision; its changes follow."""
        self._session.execute(
            insert(models.RevisionRow),
            [
                {
                    "revision_id": revision_id,
                    "operation_id": operation_id,
                    "kind": kind,
                    "author": author,
                    "message": message,
                    "undoes_revision_id": undoes_revision_id,
                }
            ],
        )

    def update_num_changes(self, revision_id: int, number: int) -> None:
        """Count so many more changes in a revision's head."""
        self._session.execute(
            update(models.RevisionRow)
            .where(models.RevisionRow.revision_id == revision_id)
            .values(num_changes=models.RevisionRow.num_changes + number)
        )

    def update_message(self, revision_id: int, message: str) -> None:
        """Say what a revision did, where that is known only at its end."""
        self._session.execute(
            update(models.RevisionRow)
            .where(models.RevisionRow.revision_id == revision_id)
            .values(message=message)
        )

    def list_changes(self, revision_id: int) -> list[AssetChange]:
        """All changes of one revision."""
        rows = self._session.execute(
            select(models.AssetChangeRow.__table__).where(
                models.AssetChangeRow.revision_id == revision_id
            )
        )
        return [_to_change(row) for row in rows]

    def list_changes_of_asset(self, asset_id: uuid.UUID) -> list[AssetChange]:
        """All changes of one asset, oldest first."""
        rows = self._session.execute(
            select(models.AssetChangeRow.__table__)
            .where(models.AssetChangeRow.asset_id == asset_id)
            .order_by(models.AssetChangeRow.revision_id)
        )
        return [_to_change(row) for row in rows]

    def list_latest_change_ids(self, asset_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
        """Number of the newest revision that changed each of these assets."""
        table = models.AssetChangeRow
        return {
            asset_id: revision_id
            for part in slices(asset_ids)
            for asset_id, revision_id in self._session.execute(
                select(table.asset_id, func.max(table.revision_id))
                .where(table.asset_id.in_(part))
                .group_by(table.asset_id)
            )
        }

    def _find(self, condition: Any) -> Revision | None:
        row = self._session.execute(select(*REVISION_COLUMNS).where(condition)).one_or_none()
        return _to_revision(row) if row else None


def _to_revision(row: Row[Any]) -> Revision:
    return Revision(**{**row._mapping, "kind": RevisionKind(row.kind)})


def _to_change(row: Row[Any]) -> AssetChange:
    values = row._mapping
    before, after = (
        AssetState(**{name: values[f"{side}_{name}"] for name in STATE_FIELDS})
        for side in ("before", "after")
    )
    return AssetChange(
        revision_id=values["revision_id"], asset_id=values["asset_id"], before=before, after=after
    )
