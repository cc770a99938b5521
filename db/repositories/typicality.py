"""How strange images are among all and within their class."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.models import ImageTypicalityRow, VisionAsset
from db.repositories import bulk, filters, related
from db.repositories.rows import columns_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TypicalityRow:
    """How strange one image is; see `ImageTypicalityRow`."""

    asset_id: uuid.UUID
    content_hash: str
    label_id: int | None
    strangeness: float
    class_strangeness: float | None
    network: str
    revision_id: int


COLUMNS = columns_of(TypicalityRow, ImageTypicalityRow)


class TypicalityRepository:
    """One row an asset, that of the last comparison."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, rows: Sequence[TypicalityRow]) -> None:
        """Write rows, each in the place of that of its asset before."""
        if not rows:
            return
        insert: Any = (sqlite if bulk.is_sqlite(self._session) else postgresql).insert
        statement = insert(ImageTypicalityRow)
        names = [column.key for column in COLUMNS if column.key != "asset_id"]
        self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["asset_id"],
                set_={name: statement.excluded[name] for name in names},
            ),
            [asdict(row) for row in rows],
        )

    def count_now(self) -> int:
        """How many living assets were compared with the bytes that they have."""
        statement = (
            select(func.count())
            .select_from(ImageTypicalityRow)
            .join(VisionAsset, VisionAsset.asset_id == ImageTypicalityRow.asset_id)
            .where(filters.living(), related.is_compared_now())
        )
        return self._session.scalar(statement) or 0
