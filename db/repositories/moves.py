"""Give many assets new paths at once, each its own, with a row each in the history."""

import uuid
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.repositories import bulk
from db.repositories.revisions import CHANGE_COLUMNS, STATE_FIELDS, RevisionRepository


class MoveRepository:
    """Moves of assets within the asset root; the revision must have been begun."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def move(self, revision_id: int, moves: Sequence[tuple[uuid.UUID, str]]) -> int:
        """Give living assets new paths; swaps and chains among them are fine. Returns how many.

        Raises:
            sqlalchemy.exc.IntegrityError: A new path belongs to an asset that does not move.
        """
        if not moves:
            return 0
        self._run("DROP TABLE IF EXISTS moved_assets")
        id_type = "CHAR(32)" if bulk.is_sqlite(self._session) else "UUID"
        self._run(
            f"CREATE TEMPORARY TABLE moved_assets (asset_id {id_type} PRIMARY KEY, new_path TEXT)"
        )
        rows = [(asset_id, path) for asset_id, path in moves]
        bulk.insert_rows(self._session, "moved_assets", ["asset_id", "new_path"], rows)
        before = ", ".join(f"a.{name}" for name in STATE_FIELDS[1:])
        after = ", ".join(
            "m.new_path" if name == "file_path" else f"a.{name}" for name in STATE_FIELDS[1:]
        )
        self._run(
            f"INSERT INTO asset_changes ({', '.join(CHANGE_COLUMNS)}) "
            f"SELECT :revision_id, a.asset_id, true, {before}, true, {after} "
            "FROM vision_assets AS a JOIN moved_assets AS m ON m.asset_id = a.asset_id",
            revision_id=revision_id,
        )
        # A path that another of them leaves must be free before it is taken.
        self._run(
            "UPDATE vision_assets SET file_path = '.moving/' || asset_id "
            "WHERE is_deleted IS FALSE AND asset_id IN (SELECT asset_id FROM moved_assets) "
            "AND file_path IN (SELECT new_path FROM moved_assets)"
        )
        self._run(
            "UPDATE vision_assets SET file_path = m.new_path, row_version = row_version + 1 "
            "FROM moved_assets AS m WHERE vision_assets.asset_id = m.asset_id"
        )
        self._run("DROP TABLE moved_assets")
        RevisionRepository(self._session).update_num_changes(revision_id, len(moves))
        return len(moves)

    def _run(self, statement: str, **values: object) -> None:
        self._session.execute(text(statement), values)
