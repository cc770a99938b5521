"""The part of the schema that belongs to people: votes, preferences, views, presets, who does what.

Nothing in here is a fact about an image, so none of it has a revision.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from db.clock import utc_now
from db.tables.base import Base, Json


class LabelVoteRow(Base):
    """One person's opinion of an asset's label; only adjudication changes the asset."""

    __tablename__ = "label_votes"

    asset_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id"), primary_key=True
    )
    author: Mapped[str] = mapped_column(String(128), primary_key=True)
    label_id: Mapped[int | None] = mapped_column(ForeignKey("label_classes.label_id"))
    """NULL: they say that no one class is right."""
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())
    source: Mapped[str] = mapped_column(String(64), server_default="")
    """The source of the import that brought it; empty for one that was given here."""
    revision_id: Mapped[int | None]
    """Of the import that brought it."""
    taken_back_by: Mapped[int | None]
    """The revision that undid that import; the vote does not count while this is so."""

    __table_args__ = (
        Index("ix_label_votes_revision", "revision_id"),
        Index("ix_label_votes_author", "taken_back_by", "author"),
    )


class UserPreference(Base):
    """How one person likes a part of the application to be."""

    __tablename__ = "user_preferences"

    author: Mapped[str] = mapped_column(String(128), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(Json)
    updated_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())


class SavedViewRow(Base):
    """A filter and an order under a name, for everybody. `query` is as in an address."""

    __tablename__ = "saved_views"

    view_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    query: Mapped[dict[str, str]] = mapped_column(Json)
    author: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (CheckConstraint("length(name) > 0", name="name_not_empty"),)


class AugmentationPresetRow(Base):
    """An augmentation in numbers under a name, for everybody."""

    __tablename__ = "augmentation_presets"

    preset_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    based_on: Mapped[str] = mapped_column(String(32))
    parameters: Mapped[dict[str, float]] = mapped_column(Json)
    author: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (CheckConstraint("length(name) > 0", name="name_not_empty"),)


class LabelRequestRow(Base):
    """An image that was chosen to be labelled next, and why. Kept after it is labelled.

    What was chosen for its difficulty must never be taken for a sample of all images.
    """

    __tablename__ = "label_requests"

    asset_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id", ondelete="CASCADE"), primary_key=True
    )
    reason: Mapped[str] = mapped_column(String(16))
    probability: Mapped[float | None]
    """With which it was drawn: by chance from all images without a label, or from the
    disagreements of a shadow; NULL where no chance was in it."""
    revision_id: Mapped[int]
    """The newest revision when it was chosen."""
    actor: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (
        CheckConstraint("length(reason) > 0", name="reason_not_empty"),
        CheckConstraint("probability > 0 AND probability <= 1", name="probability_in_range"),
        Index("ix_label_requests_reason", "reason", "asset_id"),
    )


class ChosenImageRow(Base):
    """An image that a person moved into val or test because of what it is, and by what list.

    Kept when it is moved on: what was measured before must be told from what was measured after.
    """

    __tablename__ = "chosen_images"

    asset_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id", ondelete="CASCADE"), primary_key=True
    )
    reason: Mapped[str] = mapped_column(String(128))
    revision_id: Mapped[int]
    """The revision that moved it."""
    actor: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (CheckConstraint("length(reason) > 0", name="reason_not_empty"),)


class OpinionRequestRow(Base):
    """An image whose label is asked for without telling it, and what was decided of it before.

    It speaks of the bytes that were decided. Kept after it is answered: the first answer is the
    one that the second is compared with, whatever the label is by then.
    """

    __tablename__ = "opinion_requests"

    asset_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    label_id: Mapped[int] = mapped_column(ForeignKey("label_classes.label_id"))
    """The first answer; of a gold question the label that is certain."""
    decided_by: Mapped[str | None] = mapped_column(String(128))
    """Whose answer that is; NULL of a gold question."""
    share: Mapped[float | None]
    """Of what was decided, that was drawn; NULL of a gold question."""
    seed: Mapped[int]
    actor: Mapped[str] = mapped_column(String(128))
    """Who drew it."""
    revision_id: Mapped[int]
    """The newest revision when it was drawn."""
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (
        CheckConstraint("kind IN ('second', 'gold')", name="kind_known"),
        CheckConstraint("share > 0 AND share <= 1", name="share_in_range"),
    )


class Assignment(Base):
    """Who is to look after an asset. Work, not a fact about the image: no revision."""

    __tablename__ = "assignments"

    asset_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id", ondelete="CASCADE"), primary_key=True
    )
    person: Mapped[str] = mapped_column(String(128))
    assigned_by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (
        CheckConstraint("length(person) > 0", name="person_not_empty"),
        Index("ix_assignments_person", "person", "asset_id"),
    )
