"""Ledgers of two runs: what repaired labels brought. Kept for good."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.clock import utc_now
from db.models import RepairLedgerRow
from db.repositories import bulk
from db.repositories.rows import columns_of, to_record


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLedger:
    """A ledger as it was drawn up; see `RepairLedgerRow`."""

    ledger_id: int
    first_run_id: int
    second_run_id: int
    split: str
    revision_id: int
    report: Mapping[str, Any]
    author: str
    created_at: datetime


COLUMNS = columns_of(KeptLedger, RepairLedgerRow)
_KEY = ("first_run_id", "second_run_id", "split")


class RepairLedgerRepository:
    """Ledgers, of removed runs too."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(
        self,
        *,
        first_run_id: int,
        second_run_id: int,
        split: str,
        revision_id: int,
        report: Mapping[str, Any],
        author: str,
    ) -> None:
        """Keep a ledger in the place of an earlier one of the same runs and split."""
        values = {
            "first_run_id": first_run_id,
            "second_run_id": second_run_id,
            "split": split,
            "revision_id": revision_id,
            "report": dict(report),
            "author": author,
        }
        dialect: Any = sqlite if bulk.is_sqlite(self._session) else postgresql
        statement = dialect.insert(RepairLedgerRow).values(**values)
        replaced = {name: statement.excluded[name] for name in values if name not in _KEY}
        self._session.execute(
            statement.on_conflict_do_update(
                index_elements=_KEY, set_={**replaced, "created_at": utc_now()}
            )
        )

    def find(self, first_run_id: int, second_run_id: int, split: str) -> KeptLedger | None:
        """The ledger of two runs on a split, or None."""
        row = self._session.execute(
            select(*COLUMNS).where(
                RepairLedgerRow.first_run_id == first_run_id,
                RepairLedgerRow.second_run_id == second_run_id,
                RepairLedgerRow.split == split,
            )
        ).one_or_none()
        return to_record(KeptLedger, row) if row else None

    def list_all(self) -> list[KeptLedger]:
        """Every ledger, the one that was drawn up last first."""
        rows = self._session.execute(
            select(*COLUMNS).order_by(
                RepairLedgerRow.created_at.desc(), RepairLedgerRow.ledger_id.desc()
            )
        )
        return [to_record(KeptLedger, row) for row in rows]
