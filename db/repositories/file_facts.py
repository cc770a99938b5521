"""What of files their images do not show, by the hash of their bytes."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.enums import FileFact
from db.models import FileFactRow, ImageMeasuresRow, VisionAsset
from db.records import Asset
from db.repositories import bulk, filters
from db.repositories.asset_lists import ASSET_COLUMNS
from db.repositories.rows import to_record


class FileFactRepository:
    """Facts of files, a row a content hash."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep facts; those of bytes that are known already stay.

        Args:
            rows: `content_hash`, `frames`, `highest_grey`, `white_grey`.
        """
        if not rows:
            return
        insert: Any = (sqlite if bulk.is_sqlite(self._session) else postgresql).insert
        statement = insert(FileFactRow).on_conflict_do_nothing(index_elements=["content_hash"])
        self._session.execute(statement, [dict(row) for row in rows])

    def count(self, fact: FileFact) -> int:
        """How many living assets have a file of which this is so."""
        found = select(func.count()).select_from(VisionAsset).where(*self._with(fact))
        return self._session.scalar(found) or 0

    def list_assets(self, fact: FileFact, *, limit: int) -> list[Asset]:
        """The oldest living assets with a file of which this is so."""
        statement = (
            select(*ASSET_COLUMNS)
            .where(*self._with(fact))
            .order_by(VisionAsset.asset_id)
            .limit(limit)
        )
        return [to_record(Asset, row) for row in self._session.execute(statement)]

    def forget_measures(self) -> None:
        """Remove what was measured of pictures of deep greys: they look different now."""
        deep = select(FileFactRow.content_hash).where(FileFactRow.highest_grey.is_not(None))
        self._session.execute(
            delete(ImageMeasuresRow).where(ImageMeasuresRow.content_hash.in_(deep))
        )

    def _with(self, fact: FileFact) -> list[ColumnElement[bool]]:
        return [filters.living(), filters.has_fact(fact)]
