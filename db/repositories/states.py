"""The catalog as it stood at a revision: today's rows, overlaid with what changed since.

Rows travel as columns, a block of the table at a time: the database joins each block's values
into a few long texts, which is several times faster than a row each and needs little memory.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from db.columns import SPLITS, AssetColumns, ColumnBuilder, TextColumn
from db.enums import Split
from db.repositories import bulk

ROWS_A_BLOCK = 20_000
PAGES_A_BLOCK = 500
"""Of Postgres, 8 KiB each: some 20,000 rows."""

_CODE = (
    "CASE split_type "
    + " ".join(f"WHEN '{split}' THEN {SPLITS.index(split)}" for split in Split)
    + " ELSE 0 END"
)


class StateRepository:
    """States of the catalog at any revision."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_as_of(
        self, revision_id: int, *, split: str | None = None, with_files: bool = True
    ) -> AssetColumns:
        """The living assets right after a revision, in the order of their ids.

        Args:
            revision_id: 0 to the newest.
            split: Only this split; None for all.
            with_files: Also paths and content hashes; without them it is much faster.
        """
        code = None if split is None else SPLITS.index(split)
        overlay, changed = self._changed_after(revision_id, with_files=with_files)
        changed.sort()
        living = self._session.scalar(text("SELECT coalesce(sum(num_assets), 0) FROM asset_counts"))
        builder = ColumnBuilder(int(living or 0) + len(overlay), with_files=with_files)
        for block in self._blocks(with_files):
            kept = block.where(block.splits == code) if code is not None else block
            builder.add(kept.where(~_is_in(kept.ids, changed)) if len(changed) else kept)
        builder.add(overlay.where(overlay.splits == code) if code is not None else overlay)
        return builder.build()

    def _changed_after(self, revision_id: int, *, with_files: bool) -> tuple[AssetColumns, Any]:
        """What living assets were before their first change since, and all that changed since."""
        ids: list[bytes] = []
        kept: list[tuple[Any, ...]] = []
        statement = text(_FIRST_CHANGES).execution_options(stream_results=True, max_row_buffer=5000)
        result = self._session.execute(statement, {"revision_id": revision_id})
        for rows in result.partitions(5000):
            for asset_id, exists, *values in rows:
                key = _key(asset_id)
                ids.append(key)
                if exists:
                    kept.append((key, *values))
        columns: list[Any] = [list(column) for column in zip(*kept, strict=True)] or [[]] * 6
        overlay = AssetColumns(
            ids=np.array(columns[0], "S16"),
            label_ids=np.array([value or 0 for value in columns[1]], np.int32),
            splits=np.array([SPLITS.index(value) for value in columns[2]], np.uint8),
            is_augmented=np.array(columns[3], np.bool_),
            paths=TextColumn.of(columns[4]) if with_files else None,
            content_hashes=np.array([bytes.fromhex(value) for value in columns[5]], "S32")
            if with_files
            else None,
        )
        return overlay, np.array(ids, "S16")

    def _blocks(self, with_files: bool) -> Iterator[AssetColumns]:
        """Today's living assets, a block of the table at a time."""
        sqlite = bulk.is_sqlite(self._session)
        template = _SQLITE_BLOCK if sqlite else _POSTGRES_BLOCK
        files = (_SQLITE_FILES if sqlite else _POSTGRES_FILES) if with_files else ""
        statement = text(template.format(files=files))
        last = self._session.scalar(text(_SQLITE_LAST if sqlite else _POSTGRES_LAST)) or 0
        step = ROWS_A_BLOCK if sqlite else PAGES_A_BLOCK
        for start in range(0, int(last) + 1, step):
            low, high = (start, start + step) if sqlite else (f"({start},0)", f"({start + step},0)")
            row = self._session.execute(statement, {"low": low, "high": high}).one()
            if row.number:
                yield _to_columns(row, sqlite=sqlite, with_files=with_files)


def _to_columns(row: Any, *, sqlite: bool, with_files: bool) -> AssetColumns:
    number = row.number
    codes = np.frombuffer(row.codes.encode(), np.uint8) - ord("0")
    paths = hashes = None
    if with_files:
        paths = TextColumn.separated(bytes(row.paths), number)
        hashes = np.frombuffer(bytes.fromhex(row.hashes), "S32")
    return AssetColumns(
        ids=np.frombuffer(bytes.fromhex(row.ids) if sqlite else row.ids, "S16"),
        label_ids=np.fromstring(row.labels, np.int32, sep=",")
        if sqlite
        else np.frombuffer(row.labels, ">i4").astype(np.int32),
        splits=codes % 5,
        is_augmented=codes >= 5,
        paths=paths,
        content_hashes=hashes,
    )


def _key(asset_id: Any) -> bytes:
    return asset_id.bytes if isinstance(asset_id, uuid.UUID) else bytes.fromhex(asset_id)


def _is_in(ids: Any, ordered: Any) -> Any:
    """Of each id, whether it is among the ordered ones."""
    places = np.searchsorted(ordered, ids)
    places[places == len(ordered)] = 0
    return ordered[places] == ids


_SQLITE_LAST = "SELECT max(rowid) FROM vision_assets"
_SQLITE_BLOCK = (
    "SELECT count(*) AS number, group_concat(asset_id, '') AS ids, "
    "group_concat(coalesce(label_id, 0)) AS labels, "
    f"group_concat({_CODE} + 5 * is_augmented, '') AS codes {{files}} FROM vision_assets "
    "WHERE rowid >= :low AND rowid < :high AND NOT is_deleted"
)
_SQLITE_FILES = (
    ", CAST(group_concat(file_path, char(0)) AS BLOB) AS paths, "
    "group_concat(content_hash, '') AS hashes"
)
# A block is a range of pages. The transaction sees one snapshot, so rows do not move in it.
_POSTGRES_LAST = "SELECT pg_relation_size('vision_assets') / 8192"
_POSTGRES_BLOCK = (
    "SELECT count(*) AS number, string_agg(uuid_send(asset_id), '') AS ids, "
    "string_agg(int4send(coalesce(label_id, 0)), '') AS labels, "
    f"string_agg(({_CODE} + 5 * is_augmented::int)::text, '') AS codes {{files}} "
    "FROM vision_assets WHERE ctid >= CAST(:low AS tid) AND ctid < CAST(:high AS tid) "
    "AND NOT is_deleted"
)
_POSTGRES_FILES = (
    ", string_agg(convert_to(file_path, 'UTF8'), '\\000'::bytea) AS paths, "
    "string_agg(content_hash, '') AS hashes"
)
# The primary key leads with the revision: only changes since are read, not all of history.
_FIRST = (
    "SELECT asset_id, min(revision_id) AS revision_id FROM asset_changes "
    "WHERE revision_id > :revision_id GROUP BY asset_id"
)
_FIRST_CHANGES = (
    "SELECT c.asset_id, c.before_exists, c.before_label_id, c.before_split_type, "
    "v.is_augmented, c.before_file_path, c.before_content_hash "
    f"FROM ({_FIRST}) AS f "
    "JOIN asset_changes c ON c.revision_id = f.revision_id AND c.asset_id = f.asset_id "
    "JOIN vision_assets v ON v.asset_id = c.asset_id"
)
