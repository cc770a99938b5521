"""The whole catalog a few columns at a time, for work that looks at all of it at once."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from db.repositories import bulk

ROWS_AT_ONCE = 20_000
_IDS = ("asset_id", "parent_asset_id")
COLUMNS = (
    *_IDS,
    "file_path",
    "label_id",
    "split_type",
    "is_augmented",
    "perceptual_hash",
    "group_key",
)
"""The columns that can be read; ids come as 32 hex digits."""


class ColumnRepository:
    """All living assets as a stream of plain tuples, by the driver itself."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def stream(self, names: Sequence[str]) -> Iterator[Sequence[tuple[Any, ...]]]:
        """These columns of every living asset, in the order of the paths, some thousands at a time.

        The order of the paths is the same on both databases. Rows are read as they are asked
        for. Values are as the driver gives them: a truth is 0 or 1 on SQLite.

        Args:
            names: Of `COLUMNS`.

        Raises:
            LookupError: A column is unknown.
        """
        unknown = set(names) - set(COLUMNS)
        if unknown:
            raise LookupError(f"no columns {sorted(unknown)}")
        connection = self._session.connection()
        if bulk.is_sqlite(self._session):
            statement = (
                f"SELECT {', '.join(names)} FROM vision_assets WHERE is_deleted IS 0 "
                "ORDER BY file_path"
            )
            with connection.exec_driver_sql(statement) as result:
                assert result.cursor is not None, "a SELECT has one"
                while rows := result.cursor.fetchmany(ROWS_AT_ONCE):
                    yield rows
            return
        selected = ", ".join(f"replace({n}::text, '-', '')" if n in _IDS else n for n in names)
        raw: Any = connection.connection.driver_connection
        # A cursor on the server: the rows of a plain one would all come at once.
        with raw.cursor(name="forge_columns") as cursor:
            cursor.execute(
                f"SELECT {selected} FROM vision_assets WHERE is_deleted IS false ORDER BY file_path"
            )
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield rows
