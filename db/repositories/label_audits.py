"""Audits of labels: which images were drawn from what. Kept for good."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.models import LabelAuditLookRow, LabelAuditRow
from db.repositories.rows import columns_of, to_record


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelAudit:
    """An audit as it was drawn; see `LabelAuditRow`."""

    audit_id: int
    author: str
    revision_id: int
    strata: list[dict[str, Any]]
    num_left_out: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnImage:
    """An image that an audit drew, and what is judged of it."""

    asset_id: uuid.UUID
    position: int
    stratum: int
    label_id: int
    content_hash: str


AUDIT_COLUMNS = columns_of(LabelAudit, LabelAuditRow)
LOOK_COLUMNS = columns_of(DrawnImage, LabelAuditLookRow)


class LabelAuditRepository:
    """Audits and the images that they drew."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        *,
        author: str,
        revision_id: int,
        strata: Sequence[Mapping[str, Any]],
        num_left_out: int,
        images: Sequence[DrawnImage],
    ) -> int:
        """Keep an audit with its images; returns its number."""
        statement = (
            insert(LabelAuditRow)
            .values(
                author=author,
                revision_id=revision_id,
                strata=[dict(each) for each in strata],
                num_left_out=num_left_out,
            )
            .returning(LabelAuditRow.audit_id)
        )
        audit_id = int(self._session.scalars(statement).one())
        self._session.execute(
            insert(LabelAuditLookRow),
            [{"audit_id": audit_id, **asdict(image)} for image in images],
        )
        return audit_id

    def find(self, audit_id: int) -> LabelAudit | None:
        """The audit with this number, or None."""
        row = self._session.execute(
            select(*AUDIT_COLUMNS).where(LabelAuditRow.audit_id == audit_id)
        ).one_or_none()
        return to_record(LabelAudit, row) if row else None

    def list_all(self) -> list[LabelAudit]:
        """Every audit, newest first."""
        rows = self._session.execute(select(*AUDIT_COLUMNS).order_by(LabelAuditRow.audit_id.desc()))
        return [to_record(LabelAudit, row) for row in rows]

    def list_images(self, audit_id: int) -> list[DrawnImage]:
        """The images of an audit in the order in which they were drawn."""
        rows = self._session.execute(
            select(*LOOK_COLUMNS)
            .where(LabelAuditLookRow.audit_id == audit_id)
            .order_by(LabelAuditLookRow.position)
        )
        return [to_record(DrawnImage, row) for row in rows]
