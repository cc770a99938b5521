"""The registry: what each alias means, and has meant. Entries are added, never changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.orm import Session

from db.enums import CheckpointKind, RegistryAction
from db.models import RegistryEntryRow
from db.repositories.rows import columns_of
from db.run_records import RegistryEntry

ENTRY_COLUMNS = columns_of(RegistryEntry, RegistryEntryRow)


class RegistryRepository:
    """Entries of aliases; those of removed runs are among them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find_current(self, alias: str) -> RegistryEntry | None:
        """The newest entry of an alias, or None; one look into an index."""
        return self._find(RegistryEntryRow.alias == alias)

    def find_at(self, alias: str, moment: datetime) -> RegistryEntry | None:
        """The entry that held at a time in UTC, or None before the first."""
        return self._find(RegistryEntryRow.alias == alias, RegistryEntryRow.created_at <= moment)

    def list_current(self) -> list[RegistryEntry]:
        """The newest entry of every alias, in the order of their names."""
        newest = (
            select(RegistryEntryRow.alias, func.max(RegistryEntryRow.version).label("version"))
            .group_by(RegistryEntryRow.alias)
            .subquery()
        )
        rows = self._session.execute(
            select(*ENTRY_COLUMNS)
            .join(
                newest,
                (RegistryEntryRow.alias == newest.c.alias)
                & (RegistryEntryRow.version == newest.c.version),
            )
            .order_by(RegistryEntryRow.alias)
        )
        return [_to_entry(row) for row in rows]

    def list_of_alias(self, alias: str) -> list[RegistryEntry]:
        """Every entry of an alias, newest first."""
        rows = self._session.execute(
            select(*ENTRY_COLUMNS)
            .where(RegistryEntryRow.alias == alias)
            .order_by(RegistryEntryRow.version.desc())
        )
        return [_to_entry(row) for row in rows]

    def list_of_run(self, run_id: int) -> list[RegistryEntry]:
        """Every entry that names a run, newest first."""
        rows = self._session.execute(
            select(*ENTRY_COLUMNS)
            .where(RegistryEntryRow.run_id == run_id)
            .order_by(RegistryEntryRow.entry_id.desc())
        )
        return [_to_entry(row) for row in rows]

    def add(
        self,
        *,
        alias: str,
        version: int,
        action: RegistryAction,
        run_id: int | None,
        kind: CheckpointKind | None,
        checkpoint_hash: str | None,
        author: str,
        reason: str,
        evidence: Mapping[str, Any],
        is_forced: bool,
    ) -> int:
        """Add an entry; returns its number.

        Raises:
            sqlalchemy.exc.IntegrityError: The alias has this version already.
        """
        statement = (
            insert(RegistryEntryRow)
            .values(
                alias=alias,
                version=version,
                action=str(action),
                run_id=run_id,
                kind=None if kind is None else str(kind),
                checkpoint_hash=checkpoint_hash,
                author=author,
                reason=reason,
                evidence=dict(evidence),
                is_forced=is_forced,
            )
            .returning(RegistryEntryRow.entry_id)
        )
        return int(self._session.scalars(statement).one())

    def _find(self, *conditions: ColumnElement[bool]) -> RegistryEntry | None:
        row = self._session.execute(
            select(*ENTRY_COLUMNS)
            .where(*conditions)
            .order_by(RegistryEntryRow.version.desc())
            .limit(1)
        ).one_or_none()
        return _to_entry(row) if row else None


def _to_entry(row: Any) -> RegistryEntry:
    typed = {
        "action": RegistryAction(row.action),
        "kind": None if row.kind is None else CheckpointKind(row.kind),
    }
    return RegistryEntry(**{**row._mapping, **typed})
