"""The whole catalog a few columns at a time, for work that looks at all of it at once."""

import uuid
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import VisionAsset

ROWS_AT_ONCE = 20_000


class CatalogRow(NamedTuple):
    """What grouping and splitting need to know of one living asset."""

    asset_id: uuid.UUID
    file_path: str
    label_id: int | None
    split_type: str | None
    is_augmented: bool
    perceptual_hash: str | None
    group_key: str | None
    parent_asset_id: uuid.UUID | None


_COLUMNS = [getattr(VisionAsset, name) for name in CatalogRow._fields]


class ColumnRepository:
    """All living assets as a stream."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def stream_rows(self) -> Iterator[CatalogRow]:
        """Every living asset in the order of the paths, which is the same on both databases.

        Rows are read as they are asked for; a few thousand are in memory at a time.
        """
        statement = (
            select(*_COLUMNS)
            .where(VisionAsset.is_deleted.is_(False))
            .order_by(VisionAsset.file_path)
            .execution_options(yield_per=ROWS_AT_ONCE)
        )
        for row in self._session.execute(statement):
            yield CatalogRow._make(row)
