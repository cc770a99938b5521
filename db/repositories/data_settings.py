"""How the images of the workspace are read, where people chose it; no revision."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.clock import utc_now
from db.models import DataSettingRow
from db.repositories import bulk

GREY_WINDOW = "grey_window"


class DataSettingRepository:
    """Settings of the data, a row a name."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, name: str) -> str | None:
        """The value, or None when nobody has chosen one."""
        return self._session.scalar(select(DataSettingRow.value).where(DataSettingRow.name == name))

    def update_or_add(self, name: str, value: str, author: str) -> None:
        """Put the value in the place of the one before."""
        insert: Any = (sqlite if bulk.is_sqlite(self._session) else postgresql).insert
        statement = insert(DataSettingRow).values(name=name, value=value, author=author)
        self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["name"],
                set_={"value": value, "author": author, "updated_at": utc_now()},
            )
        )
