"""Images that were picked together."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from db.models import KeptSelectionRow, SelectedAssetRow
from db.repositories import bulk
from db.repositories.rows import columns_of, to_record

MOST_KEPT = 200
"""Selections; the oldest go. An address of one that is gone says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSelection:
    """What was picked; see `KeptSelectionRow`."""

    selection_id: int
    name: str
    actor: str
    created_at: datetime


_COLUMNS = columns_of(KeptSelection, KeptSelectionRow)


class KeptSelectionRepository:
    """Selections and their images."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, *, name: str, actor: str, asset_ids: Sequence[uuid.UUID]) -> KeptSelection:
        """Keep a selection of assets, each named once."""
        statement = insert(KeptSelectionRow).values(name=name, actor=actor).returning(*_COLUMNS)
        selection = to_record(KeptSelection, self._session.execute(statement).one())
        rows = [(selection.selection_id, asset_id) for asset_id in asset_ids]
        bulk.insert_rows(self._session, "selected_assets", ("selection_id", "asset_id"), rows)
        kept = (
            select(KeptSelectionRow.selection_id)
            .order_by(KeptSelectionRow.selection_id.desc())
            .limit(MOST_KEPT)
        )
        gone = KeptSelectionRow.selection_id.not_in(kept)
        self._session.execute(
            delete(SelectedAssetRow).where(
                SelectedAssetRow.selection_id.in_(select(KeptSelectionRow.selection_id).where(gone))
            )
        )
        self._session.execute(delete(KeptSelectionRow).where(gone))
        return selection

    def list_newest(self, limit: int = 20) -> list[KeptSelection]:
        """The newest selections, newest first."""
        rows = self._session.execute(
            select(*_COLUMNS).order_by(KeptSelectionRow.selection_id.desc()).limit(limit)
        )
        return [to_record(KeptSelection, row) for row in rows]

    def find(self, selection_id: int) -> KeptSelection | None:
        """The selection with this number, or None."""
        row = self._session.execute(
            select(*_COLUMNS).where(KeptSelectionRow.selection_id == selection_id)
        ).one_or_none()
        return to_record(KeptSelection, row) if row else None
