"""What was measured of assets' pictures, and where people drew lines through it.

A measure holds while the asset has the bytes that were measured.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.clock import utc_now
from db.enums import Measure
from db.models import ImageMeasuresRow, MeasureLineRow, VisionAsset
from db.records import Asset
from db.repositories import bulk, filters, measure_conditions, related
from db.repositories.asset_lists import ASSET_COLUMNS
from db.repositories.rows import slices, to_record


class ImageMeasuresRepository:
    """Measures, a row an asset; lines, a row an issue."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep measures, each in the place of those of its asset before.

        Args:
            rows: `asset_id`, `content_hash`, and a number for each `Measure`.
        """
        if not rows:
            return
        insert: Any = (sqlite if bulk.is_sqlite(self._session) else postgresql).insert
        statement = insert(ImageMeasuresRow)
        replaced = {name: statement.excluded[name] for name in ("content_hash", *Measure)}
        self._session.execute(
            statement.on_conflict_do_update(index_elements=["asset_id"], set_=replaced),
            [dict(row) for row in rows],
        )

    def list_to_measure(self, *, after: uuid.UUID | None, limit: int) -> list[Asset]:
        """The next living assets whose bytes were not measured, in the order of their ids."""
        statement = self._unmeasured(select(*ASSET_COLUMNS))
        if after is not None:
            statement = statement.where(VisionAsset.asset_id > after)
        rows = self._session.execute(statement.order_by(VisionAsset.asset_id).limit(limit))
        return [to_record(Asset, row) for row in rows]

    def count_to_measure(self) -> int:
        """How many living assets have bytes that were not measured."""
        counted = self._unmeasured(select(func.count()).select_from(VisionAsset))
        return self._session.scalar(counted) or 0

    def count(self) -> int:
        """How many assets were ever measured."""
        counted = select(func.count()).select_from(ImageMeasuresRow)
        return self._session.scalar(counted) or 0

    def list_values(self, measure: str) -> list[float]:
        """This measure of every living asset that has it, in no order."""
        named = measure_conditions.find(measure)
        column = related.measure_column(named)
        is_of_asset = and_(column.class_.asset_id == VisionAsset.asset_id, related.holds_now(named))
        statement = (
            select(column)
            .join(VisionAsset, is_of_asset)
            .where(filters.living(), column.is_not(None))
        )
        return list(self._session.scalars(statement))

    def list_of_assets(
        self, asset_ids: Sequence[uuid.UUID], measures: Sequence[Measure]
    ) -> dict[uuid.UUID, tuple[float, ...]]:
        """These measures, in this order, of those of the assets whose bytes were measured."""
        columns = [related.measure_column(measure) for measure in measures]
        is_of_asset = and_(
            ImageMeasuresRow.asset_id == VisionAsset.asset_id, related.holds_now(measures[0])
        )
        found: dict[uuid.UUID, tuple[float, ...]] = {}
        for part in slices(asset_ids):
            rows = self._session.execute(
                select(ImageMeasuresRow.asset_id, *columns)
                .join(VisionAsset, is_of_asset)
                .where(filters.living(), ImageMeasuresRow.asset_id.in_(part))
            )
            found |= {row.asset_id: tuple(row)[1:] for row in rows}
        return found

    def list_lines(self) -> dict[str, float]:
        """The lines that people drew, by issue."""
        rows = self._session.execute(select(MeasureLineRow.issue, MeasureLineRow.value))
        return {row.issue: row.value for row in rows}

    def put_line(self, issue: str, value: float, author: str) -> None:
        """Draw a line in the place of the one before."""
        insert: Any = (sqlite if bulk.is_sqlite(self._session) else postgresql).insert
        statement = insert(MeasureLineRow).values(issue=issue, value=value, author=author)
        self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["issue"],
                set_={"value": value, "author": author, "updated_at": utc_now()},
            )
        )

    def _unmeasured(self, statement: Select[Any]) -> Select[Any]:
        missing: ColumnElement[bool] = or_(
            ImageMeasuresRow.asset_id.is_(None),
            ImageMeasuresRow.content_hash != VisionAsset.content_hash,
        )
        joined = ImageMeasuresRow.asset_id == VisionAsset.asset_id
        return statement.outerjoin(ImageMeasuresRow, joined).where(filters.living(), missing)
