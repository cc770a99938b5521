"""The part of the schema that judges labels: which look wrong, and audits of how many are."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from db.clock import utc_now
from db.tables.base import Base, Json


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


class LabelAuditRow(Base):
    """A question of how many labels are wrong, and how its images were drawn."""

    __tablename__ = "label_audits"

    audit_id: Mapped[int] = mapped_column(primary_key=True)
    author: Mapped[str] = mapped_column(String(128))
    revision_id: Mapped[int]
    """The newest when it was drawn."""
    strata: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """As `evaluation.label_audit.Stratum`, by rising score."""
    num_left_out: Mapped[int]
    """Labelled originals that had no score then: the answer is not about them."""
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())


class LabelAuditLookRow(Base):
    """An image that an audit drew. What a person finds is read from its label and decisions."""

    __tablename__ = "label_audit_looks"

    audit_id: Mapped[int] = mapped_column(
        ForeignKey("label_audits.audit_id", ondelete="CASCADE"), primary_key=True
    )
    asset_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id"), primary_key=True
    )
    position: Mapped[int]
    """From 0, in the order in which they were drawn."""
    stratum: Mapped[int]
    label_id: Mapped[int] = mapped_column(ForeignKey("label_classes.label_id"))
    """The label that is judged."""
    content_hash: Mapped[str] = mapped_column(String(64))


class ImageTypicalityRow(Base):
    """How far an asset is from those that are nearest to it, by a network's embeddings.

    `strangeness` speaks of the bytes that were compared, `class_strangeness` also of the label.
    """

    __tablename__ = "image_typicality"

    asset_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id", ondelete="CASCADE"), primary_key=True
    )
    content_hash: Mapped[str] = mapped_column(String(64))
    label_id: Mapped[int | None] = mapped_column(ForeignKey("label_classes.label_id"))
    strangeness: Mapped[float]
    """Mean of one less the cosine to the nearest of all."""
    class_strangeness: Mapped[float | None]
    """The same to the nearest of its class; NULL without a label, or alone in its class."""
    network: Mapped[str] = mapped_column(String(128))
    """Whose embeddings, as a source of `embeddings.networks`."""
    revision_id: Mapped[int]
    """Compared with the images and the labels of this revision."""

    __table_args__ = (
        Index("ix_image_typicality_all", "strangeness", "asset_id"),
        Index("ix_image_typicality_class", "class_strangeness", "asset_id"),
    )


class ScenePairRow(Base):
    """Two assets that a network sees as nearly the same scene; the bytes are those compared."""

    __tablename__ = "scene_pairs"

    first_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id", ondelete="CASCADE"), primary_key=True
    )
    second_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id", ondelete="CASCADE"), primary_key=True
    )
    similarity: Mapped[float]
    """Cosine of their embeddings."""
    first_hash: Mapped[str] = mapped_column(String(64))
    second_hash: Mapped[str] = mapped_column(String(64))
    network: Mapped[str] = mapped_column(String(128))
    is_dismissed: Mapped[bool]
    """Whether somebody said that these are two scenes."""

    __table_args__ = (Index("ix_scene_pairs_similarity", "similarity"),)


class RepairLedgerRow(Base):
    """What repaired labels brought between two runs; it stays when one of them is removed."""

    __tablename__ = "repair_ledgers"

    ledger_id: Mapped[int] = mapped_column(primary_key=True)
    first_run_id: Mapped[int] = mapped_column(ForeignKey("training_runs.run_id"))
    """The run before the repair."""
    second_run_id: Mapped[int] = mapped_column(ForeignKey("training_runs.run_id"))
    split: Mapped[str] = mapped_column(String(10))
    revision_id: Mapped[int]
    """The newest when it was drawn up."""
    report: Mapped[dict[str, Any]] = mapped_column(Json)
    author: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (
        CheckConstraint("first_run_id <> second_run_id", name="two_runs"),
        CheckConstraint("split IN ('val', 'test')", name="split_known"),
        Index(
            "uq_repair_ledgers_runs_split", "first_run_id", "second_run_id", "split", unique=True
        ),
    )
