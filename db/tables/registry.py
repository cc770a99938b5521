"""The part of the schema that says which checkpoint answers under which name, and since when."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from db.clock import utc_now
from db.tables.base import Base, Json

Alias = String(64).with_variant(postgresql.VARCHAR(64, collation="C"), "postgresql")


class RegistryEntryRow(Base):
    """What an alias means from then on. Entries are added, never changed or removed."""

    __tablename__ = "registry_entries"

    entry_id: Mapped[int] = mapped_column(primary_key=True)
    alias: Mapped[str] = mapped_column(Alias)
    version: Mapped[int]
    """From 1 for each alias; the highest holds. Of two that are made at once one is refused."""
    action: Mapped[str] = mapped_column(String(16))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("training_runs.run_id"))
    kind: Mapped[str | None] = mapped_column(String(16))
    checkpoint_hash: Mapped[str | None] = mapped_column(String(64))
    """Of the bytes that were promoted; run, kind and hash are None once it was withdrawn."""
    author: Mapped[str] = mapped_column(String(128))
    reason: Mapped[str] = mapped_column(Text, server_default="")
    evidence: Mapped[dict[str, Any]] = mapped_column(Json)
    """What was checked and what came out."""
    is_forced: Mapped[bool] = mapped_column(server_default="0", default=False)
    """Whether a check spoke against it."""
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (
        CheckConstraint("length(alias) > 0", name="alias_not_empty"),
        CheckConstraint("version > 0", name="version_positive"),
        CheckConstraint("action IN ('promote', 'roll_back', 'withdraw')", name="action_known"),
        CheckConstraint("kind IN ('best', 'calibrated', 'last')", name="kind_known"),
        CheckConstraint(
            "(action = 'withdraw') = (checkpoint_hash IS NULL) "
            "AND (run_id IS NULL) = (checkpoint_hash IS NULL) "
            "AND (kind IS NULL) = (checkpoint_hash IS NULL)",
            name="withdrawn_has_none",
        ),
        Index("uq_registry_entries_alias_version", "alias", "version", unique=True),
        Index("ix_registry_entries_run", "run_id"),
    )
