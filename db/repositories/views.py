"""Saved views: a filter and an order under a name."""

from collections.abc import Mapping

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from db.models import SavedViewRow
from db.repositories.rows import columns_of, to_record
from db.saved_records import SavedView

COLUMNS = columns_of(SavedView, SavedViewRow)


class SavedViewRepository:
    """Saved views of everybody."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_all(self) -> list[SavedView]:
        """Every view, by name."""
        rows = [to_record(SavedView, row) for row in self._session.execute(select(*COLUMNS))]
        return sorted(rows, key=lambda view: (view.name.casefold(), view.view_id))

    def count_all(self) -> int:
        """How many there are."""
        return self._session.scalar(select(func.count()).select_from(SavedViewRow)) or 0

    def add(self, name: str, query: Mapping[str, str], author: str) -> int:
        """Insert a view; returns its number.

        Raises:
            sqlalchemy.exc.IntegrityError: The name is in use.
        """
        values = {"name": name, "query": dict(query), "author": author}
        return self._session.scalars(
            insert(SavedViewRow).returning(SavedViewRow.view_id), [values]
        ).one()

    def update_name(self, view_id: int, name: str) -> None:
        """Give a view another name.

        Raises:
            sqlalchemy.exc.IntegrityError: The name is in use.
        """
        self._session.execute(
            update(SavedViewRow).where(SavedViewRow.view_id == view_id).values(name=name)
        )

    def remove(self, view_id: int) -> None:
        """Remove a view; nothing happens when it is gone."""
        self._session.execute(delete(SavedViewRow).where(SavedViewRow.view_id == view_id))
