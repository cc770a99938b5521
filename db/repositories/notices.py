"""Notices that jobs have ended: written once with the end, sent once for each channel."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, insert, select, update
from sqlalchemy.orm import Session

from db.clock import utc_now
from db.enums import Channel, NoticeState
from db.models import NoticeRow
from db.repositories.rows import columns_of
from db.run_records import Notice

COLUMNS = columns_of(Notice, NoticeRow)


class NoticeRepository:
    """What people were and shall be told."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, job_id: int, channel: Channel, state: NoticeState, host: str) -> int:
        """Write a notice; returns its number."""
        values = {"job_id": job_id, "channel": channel, "state": state, "host": host}
        return self._session.scalars(
            insert(NoticeRow).returning(NoticeRow.notice_id), [values]
        ).one()

    def list_waiting(self, host: str) -> list[Notice]:
        """Those that the supervisor of this machine shall send, oldest first."""
        return self._list(NoticeRow.state == NoticeState.WAITING, NoticeRow.host == host)

    def list_of_channel(self, channel: Channel, *, after: int = 0, limit: int = 20) -> list[Notice]:
        """The newest of a channel with a higher number than `after`, oldest first."""
        newest = self._session.execute(
            select(*COLUMNS)
            .where(NoticeRow.channel == channel, NoticeRow.notice_id > after)
            .order_by(NoticeRow.notice_id.desc())
            .limit(limit)
        )
        return [_to_notice(row) for row in newest][::-1]

    def take(self, notice: Notice) -> bool:
        """Count an attempt; says whether nobody else took the same one."""
        return self._update(
            notice,
            NoticeRow.num_attempts == notice.num_attempts,
            error="",
            num_attempts=notice.num_attempts + 1,
        )

    def update_state(self, notice: Notice, state: NoticeState, error: str = "") -> bool:
        """Write what became of an attempt; says whether it still waited."""
        return self._update(notice, state=state, error=error)

    def _update(self, notice: Notice, *where: Any, **values: Any) -> bool:
        result = self._session.execute(
            update(NoticeRow)
            .where(
                NoticeRow.notice_id == notice.notice_id,
                NoticeRow.state == NoticeState.WAITING,
                *where,
            )
            .values(**values, updated_at=utc_now())
            .execution_options(synchronize_session=False)
        )
        return cast("CursorResult[Any]", result).rowcount == 1

    def _list(self, *where: Any) -> list[Notice]:
        rows: Sequence[Any] = self._session.execute(
            select(*COLUMNS).where(*where).order_by(NoticeRow.notice_id)
        ).all()
        return [_to_notice(row) for row in rows]


def _to_notice(row: Any) -> Notice:
    typed = {"channel": Channel(row.channel), "state": NoticeState(row.state)}
    return Notice(**{**row._mapping, **typed})
