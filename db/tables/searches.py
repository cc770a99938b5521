"""The part of the schema that keeps what was found: images by likeness, images picked together."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from db.clock import utc_now
from db.tables.base import Base


class LikenessSearchRow(Base):
    """A search for the images that look like a picture. Its result is a list that stays."""

    __tablename__ = "likeness_searches"

    search_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    """Of the picture: a path of the catalog, or a file's name."""
    network: Mapped[str] = mapped_column(String(128))
    """By whose embeddings, as a source of `embeddings.networks`."""
    revision_id: Mapped[int]
    """The newest when it was asked."""
    num_missing: Mapped[int]
    """Originals that had no embedding then: they were not compared."""
    actor: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (CheckConstraint("length(name) > 0", name="name_not_empty"),)


class LikenessHitRow(Base):
    """An image that a search found, and how alike it is."""

    __tablename__ = "likeness_hits"

    search_id: Mapped[int] = mapped_column(
        ForeignKey("likeness_searches.search_id", ondelete="CASCADE"), primary_key=True
    )
    asset_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id", ondelete="CASCADE"), primary_key=True
    )
    similarity: Mapped[float]
    """Cosine of the angle between the embeddings, -1 to 1."""

    __table_args__ = (
        CheckConstraint("similarity >= -1.001 AND similarity <= 1.001", name="similarity_cosine"),
        Index("ix_likeness_hits_order", "search_id", "similarity", "asset_id"),
    )


class KeptSelectionRow(Base):
    """Images that somebody picked together, such as with a lasso on the map."""

    __tablename__ = "kept_selections"

    selection_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    actor: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (CheckConstraint("length(name) > 0", name="name_not_empty"),)


class SelectedAssetRow(Base):
    """An image of a selection."""

    __tablename__ = "selected_assets"

    selection_id: Mapped[int] = mapped_column(
        ForeignKey("kept_selections.selection_id", ondelete="CASCADE"), primary_key=True
    )
    asset_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id", ondelete="CASCADE"), primary_key=True
    )
