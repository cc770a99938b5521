"""Searches for images that look like a picture, and what they found."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from db.models import LikenessHitRow, LikenessSearchRow
from db.repositories import bulk
from db.repositories.rows import columns_of, to_record

MOST_KEPT = 200
"""Searches; the oldest go. An address of one that is gone says so."""
_HIT_COLUMNS = ("search_id", "asset_id", "similarity")


@dataclass(frozen=True, slots=True, kw_only=True)
class LikenessSearch:
    """What was searched for; see `LikenessSearchRow`."""

    search_id: int
    name: str
    network: str
    revision_id: int
    num_missing: int
    actor: str
    created_at: datetime


_COLUMNS = columns_of(LikenessSearch, LikenessSearchRow)


class LikenessSearchRepository:
    """Searches and the images that they found."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        *,
        name: str,
        network: str,
        revision_id: int,
        num_missing: int,
        actor: str,
        found: Mapping[uuid.UUID, float],
    ) -> LikenessSearch:
        """Keep a search with the similarity of each image that it found."""
        statement = (
            insert(LikenessSearchRow)
            .values(
                name=name,
                network=network,
                revision_id=revision_id,
                num_missing=num_missing,
                actor=actor,
            )
            .returning(*_COLUMNS)
        )
        search = to_record(LikenessSearch, self._session.execute(statement).one())
        rows = [(search.search_id, asset_id, value) for asset_id, value in found.items()]
        bulk.insert_rows(self._session, "likeness_hits", _HIT_COLUMNS, rows)
        kept = (
            select(LikenessSearchRow.search_id)
            .order_by(LikenessSearchRow.search_id.desc())
            .limit(MOST_KEPT)
        )
        gone = LikenessSearchRow.search_id.not_in(kept)
        self._session.execute(
            delete(LikenessHitRow).where(
                LikenessHitRow.search_id.in_(select(LikenessSearchRow.search_id).where(gone))
            )
        )
        self._session.execute(delete(LikenessSearchRow).where(gone))
        return search

    def list_newest(self, limit: int = 20) -> list[LikenessSearch]:
        """The newest searches, newest first."""
        rows = self._session.execute(
            select(*_COLUMNS).order_by(LikenessSearchRow.search_id.desc()).limit(limit)
        )
        return [to_record(LikenessSearch, row) for row in rows]

    def find(self, search_id: int) -> LikenessSearch | None:
        """The search with this number, or None."""
        row = self._session.execute(
            select(*_COLUMNS).where(LikenessSearchRow.search_id == search_id)
        ).one_or_none()
        return to_record(LikenessSearch, row) if row else None
