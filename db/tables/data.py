"""The part of the schema that says how the image files are to be read, and what they are like."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, String
from sqlalchemy.orm import Mapped, mapped_column

from db.clock import utc_now
from db.tables.base import Base


class DataSettingRow(Base):
    """How all images of the workspace are read, where people chose it: a value a name."""

    __tablename__ = "data_settings"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(128))
    author: Mapped[str] = mapped_column(String(128))
    updated_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (CheckConstraint("length(name) > 0", name="name_not_empty"),)


class FileFactRow(Base):
    """What of a file's bytes its image does not show: further pages, greys beyond 8 bits.

    Only files with one of the two have a row. It is true of these bytes for ever, whatever images
    have them.
    """

    __tablename__ = "file_facts"

    content_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    frames: Mapped[int]
    """Pages or frames, counted up to 1,000."""
    highest_grey: Mapped[float | None]
    """Of greys beyond 8 bits: the highest value of a pixel, as it is stored."""
    white_grey: Mapped[float | None]
    """The value that the file takes for white."""

    __table_args__ = (
        CheckConstraint("frames > 0", name="frames_positive"),
        CheckConstraint(
            "(highest_grey IS NULL) = (white_grey IS NULL)", name="white_grey_beside_highest"
        ),
    )
