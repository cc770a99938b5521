"""The part of the schema that judges labels: which look wrong, and audits of how many are."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from db.clock import utc_now
from db.tables.base import Base


class LabelIssueRow(Base):
    """How likely the label of an asset is wrong, by networks that did not learn it.

    It speaks of the bytes and the label that were judged, and of no others.
    """

    __tablename__ = "label_issues"

    asset_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id"), primary_key=True
    )
    score: Mapped[float]
    """0 to 1: the higher, the more likely is the label wrong."""
    suggested_label_id: Mapped[int] = mapped_column(ForeignKey("label_classes.label_id"))
    """The likeliest class that is not the label."""
    label_id: Mapped[int] = mapped_column(ForeignKey("label_classes.label_id"))
    """The label that was judged."""
    content_hash: Mapped[str] = mapped_column(String(64))
    """Of the bytes that were judged."""
    network: Mapped[str] = mapped_column(String(128))
    """Whose embeddings or answers they were judged by, as a source of `embeddings.networks`."""
    revision_id: Mapped[int]
    """The labels that it was judged by are those of this revision."""
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (
        CheckConstraint("score >= 0 AND score <= 1", name="score_a_share"),
        CheckConstraint("suggested_label_id <> label_id", name="suggestion_another"),
        Index("ix_label_issues_score", "score", "asset_id"),
        Index("ix_label_issues_suggested", "suggested_label_id", "score", "asset_id"),
    )
