"""What people are told when a job has ended, and whether it reached them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.clock import utc_now
from db.tables.base import Base


class NoticeRow(Base):
    """That a job has ended, for one way to tell it. Written with the end, sent afterwards."""

    __tablename__ = "notices"

    notice_id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.job_id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    host: Mapped[str] = mapped_column(String(255))
    """The machine that wrote the end of the job, whose supervisor sends."""
    num_attempts: Mapped[int] = mapped_column(server_default="0", default=0)
    error: Mapped[str] = mapped_column(Text, server_default="", default="")
    """Of the last attempt that failed; names no address and no password."""
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())
    updated_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (
        CheckConstraint("channel IN ('page', 'webhook', 'mail')", name="channel_known"),
        CheckConstraint("state IN ('waiting', 'sent', 'given_up')", name="state_known"),
        Index("uq_notices_job_channel", "job_id", "channel", unique=True),
        Index("ix_notices_state", "state", "notice_id"),
        Index("ix_notices_channel", "channel", "notice_id"),
    )
