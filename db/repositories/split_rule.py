"""The standing rule that says which split new images get."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.clock import utc_now
from db.enums import SplitRuleKind
from db.models import SplitRuleRow
from db.repositories import bulk
from db.saved_records import StoredSplitRule

_ONLY = 1


class SplitRuleRepository:
    """One rule a workspace, or none yet."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self) -> StoredSplitRule | None:
        """The rule, or None where nobody has set one."""
        row = self._session.execute(
            select(
                SplitRuleRow.kind,
                SplitRuleRow.train,
                SplitRuleRow.val,
                SplitRuleRow.test,
                SplitRuleRow.author,
                SplitRuleRow.updated_at,
            )
        ).one_or_none()
        if row is None:
            return None
        values = dict(row._mapping)
        return StoredSplitRule(**values | {"kind": SplitRuleKind(values["kind"])})

    def update_or_add(
        self, kind: SplitRuleKind, parts: tuple[float, float, float], *, author: str
    ) -> None:
        """Put a rule in the place of the one before."""
        insert: Any = (sqlite if bulk.is_sqlite(self._session) else postgresql).insert
        train, val, test = parts
        values = {"kind": kind.value, "train": train, "val": val, "test": test, "author": author}
        self._session.execute(
            insert(SplitRuleRow)
            .values(rule_id=_ONLY, **values)
            .on_conflict_do_update(
                index_elements=["rule_id"], set_={**values, "updated_at": utc_now()}
            )
        )
