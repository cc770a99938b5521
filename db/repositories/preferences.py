"""What people have set for themselves, a value a person and a name."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.clock import utc_now
from db.models import UserPreference
from db.repositories import bulk


class PreferenceRepository:
    """Preferences of people. No revision: nothing in here is a fact about an image."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, author: str, name: str) -> Any | None:
        """The value, or None when the person has set none."""
        return self._session.scalar(
            select(UserPreference.value).where(
                UserPreference.author == author, UserPreference.name == name
            )
        )

    def update_or_add(self, author: str, name: str, value: Any) -> None:
        """Put the value in the place of the one before; two browsers at once cannot collide."""
        insert = sqlite.insert if bulk.is_sqlite(self._session) else postgresql.insert
        statement = insert(UserPreference).values(author=author, name=name, value=value)
        self._session.execute(
            statement.on_conflict_do_update(
                index_elements=[UserPreference.author, UserPreference.name],
                set_={"value": statement.excluded.value, "updated_at": utc_now()},
            )
        )
