"""The part of the schema that is the catalog: classes, images and their history.

Paths are relative or object keys: a CHECK refuses absolute ones, and
`forge_core.storage.check_key` refuses the rest before a row is written.
"""

import uuid
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    String,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from db.clock import utc_now
from db.tables.base import Base, Path_


class LabelClass(Base):
    """A class that an image may be said to show."""

    __tablename__ = "label_classes"

    label_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(128), unique=True)
    color: Mapped[str] = mapped_column(String(7))
    hotkey: Mapped[str | None] = mapped_column(String(8))
    description: Mapped[str] = mapped_column(Text, server_default="")
    is_retired: Mapped[bool] = mapped_column(server_default="0", default=False)
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (CheckConstraint("length(name) > 0", name="name_not_empty"),)


class LabelClassState(Base):
    """What a class was right after a revision that changed it: name, in use or not, look."""

    __tablename__ = "label_class_states"

    label_id: Mapped[int] = mapped_column(
        ForeignKey("label_classes.label_id", ondelete="CASCADE"), primary_key=True
    )
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.revision_id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    color: Mapped[str] = mapped_column(String(7))
    hotkey: Mapped[str | None] = mapped_column(String(8))
    description: Mapped[str] = mapped_column(Text, server_default="")
    is_retired: Mapped[bool] = mapped_column(server_default="0", default=False)
    merged_into_label_id: Mapped[int | None] = mapped_column(
        ForeignKey("label_classes.label_id", ondelete="CASCADE")
    )

    __table_args__ = (Index("ix_label_class_states_revision", "revision_id"),)


class CatalogState(Base):
    """One row: the number of the newest revision, and the lock that orders writers.

    `workspace_id` is the public name of the workspace, made when it is first opened.
    `duplicates_revision_id` is the revision that `duplicate_members` was computed at, and
    `duplicates_bits` how many bits could differ then.
    """

    __tablename__ = "catalog_state"

    state_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_revision_id: Mapped[int] = mapped_column(server_default="0")
    duplicates_revision_id: Mapped[int | None]
    duplicates_bits: Mapped[int | None]
    workspace_id: Mapped[str | None] = mapped_column(String(16))

    __table_args__ = (CheckConstraint("state_id = 1", name="single_row"),)


class RevisionRow(Base):
    """One committed change of the catalog. Numbers follow commit order without gaps."""

    __tablename__ = "revisions"

    revision_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    operation_id: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    author: Mapped[str] = mapped_column(String(128))
    message: Mapped[str] = mapped_column(Text, server_default="")
    num_changes: Mapped[int] = mapped_column(server_default="0")
    undoes_revision_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.revision_id"))
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (Index("ix_revisions_author", "author", "num_changes", "revision_id"),)


def _living(name: str, *columns: str, only: str = "") -> Index:
    """An index of the living assets, further restricted by the condition `only`."""
    more = f" AND {only}" if only else ""
    return Index(
        name,
        *columns,
        sqlite_where=text(f"is_deleted IS 0{more}"),
        postgresql_where=text(f"is_deleted IS false{more}"),
    )


class VisionAsset(Base):
    """One image of the catalog. Bytes live under the asset root, never here."""

    __tablename__ = "vision_assets"

    asset_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    file_path: Mapped[str] = mapped_column(Path_)
    label_id: Mapped[int | None] = mapped_column(ForeignKey("label_classes.label_id"))
    label_name: Mapped[str | None] = mapped_column(String(128))
    split_type: Mapped[str | None] = mapped_column(String(10))
    source_dataset: Mapped[str] = mapped_column(
        String(64).with_variant(postgresql.VARCHAR(64, collation="C"), "postgresql"),
        server_default="",
    )
    is_augmented: Mapped[bool] = mapped_column(server_default="0", default=False)
    last_augmented_at: Mapped[datetime | None] = mapped_column(DateTime)
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())
    content_hash: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int]
    mime: Mapped[str] = mapped_column(String(64))
    perceptual_hash: Mapped[str | None] = mapped_column(String(16))
    parent_asset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("vision_assets.asset_id"))
    review_state: Mapped[str | None] = mapped_column(String(16))
    review_note: Mapped[str] = mapped_column(Text, server_default="")
    row_version: Mapped[int] = mapped_column(server_default="1", default=1)
    is_deleted: Mapped[bool] = mapped_column(server_default="0", default=False)
    group_key: Mapped[str | None] = mapped_column(
        String(128).with_variant(postgresql.VARCHAR(128, collation="C"), "postgresql")
    )
    """Images of one patient, scene or original: they belong into one split."""

    __table_args__ = (
        CheckConstraint(
            "split_type IN ('train', 'val', 'test', 'held_out')", name="split_type_known"
        ),
        CheckConstraint(
            "(label_id IS NULL) = (label_name IS NULL)", name="label_name_beside_label_id"
        ),
        CheckConstraint(
            "length(file_path) > 0 AND file_path NOT LIKE '/%' AND file_path NOT LIKE '%\\%' "
            "ESCAPE '|' AND file_path NOT LIKE '_:%' AND file_path NOT LIKE '%://%' "
            "AND '/' || file_path || '/' NOT LIKE '%/../%'",
            name="file_path_relative",
        ),
        CheckConstraint("width > 0 AND height > 0", name="dimensions_positive"),
        Index(
            "uq_vision_assets_file_path_living",
            "file_path",
            unique=True,
            sqlite_where=(is_deleted.is_(False)),
            postgresql_where=(is_deleted.is_(False)),
        ),
        # Every list is of the living only and goes on by asset_id. Postgres does not take IS NULL
        # for an equality that keeps an order, so "without one" has indexes of its own.
        _living("ix_vision_assets_living", "asset_id"),
        _living("ix_vision_assets_label", "label_id", "asset_id"),
        _living("ix_vision_assets_split", "split_type", "asset_id"),
        _living("ix_vision_assets_label_split", "label_id", "split_type", "asset_id"),
        _living("ix_vision_assets_source", "source_dataset", "asset_id"),
        _living("ix_vision_assets_review", "review_state", "asset_id"),
        _living("ix_vision_assets_augmented", "is_augmented", "asset_id"),
        _living("ix_vision_assets_unlabelled", "asset_id", only="label_id IS NULL"),
        _living("ix_vision_assets_unassigned", "asset_id", only="split_type IS NULL"),
        _living("ix_vision_assets_group", "group_key", only="group_key IS NOT NULL"),
        Index("ix_vision_assets_content_hash", "content_hash"),
        Index("ix_vision_assets_parent", "parent_asset_id"),
    )


class AssetChangeRow(Base):
    """What one revision did to one asset: before and after, so that any state can be rebuilt."""

    __tablename__ = "asset_changes"

    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.revision_id"), primary_key=True)
    asset_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id"), primary_key=True
    )
    before_exists: Mapped[bool]
    before_file_path: Mapped[str | None] = mapped_column(Text)
    before_content_hash: Mapped[str | None] = mapped_column(String(64))
    before_label_id: Mapped[int | None]
    before_split_type: Mapped[str | None] = mapped_column(String(10))
    before_review_state: Mapped[str | None] = mapped_column(String(16))
    before_parent_asset_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    after_exists: Mapped[bool]
    after_file_path: Mapped[str | None] = mapped_column(Text)
    after_content_hash: Mapped[str | None] = mapped_column(String(64))
    after_label_id: Mapped[int | None]
    after_split_type: Mapped[str | None] = mapped_column(String(10))
    after_review_state: Mapped[str | None] = mapped_column(String(16))
    after_parent_asset_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)

    __table_args__ = (Index("ix_asset_changes_asset", "asset_id", "revision_id"),)


class AssetCount(Base):
    """How many living assets there are of a label, split and origin. Kept by triggers.

    `label_key` 0 stands for unlabelled, `split_key` '' for no split, so that the
    key has no NULL.
    """

    __tablename__ = "asset_counts"

    label_key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    split_key: Mapped[str] = mapped_column(String(10), primary_key=True)
    is_augmented: Mapped[bool] = mapped_column(primary_key=True)
    num_images: Mapped[int] = mapped_column("num_assets", server_default="0")


class AssetFacetCount(Base):
    """How many living assets have this source or review state. Kept by triggers.

    `facet` is `source` or `review`; `value` is '' for none.
    """

    __tablename__ = "asset_facet_counts"

    facet: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[str] = mapped_column(
        String(64).with_variant(postgresql.VARCHAR(64, collation="C"), "postgresql"),
        primary_key=True,
    )
    num_images: Mapped[int] = mapped_column("num_assets", server_default="0")


class DuplicateMember(Base):
    """One member of a group of near-duplicates; the group is named by its oldest member.

    Derived from the perceptual hashes at `catalog_state.duplicates_revision_id`; it may be
    emptied and computed again at any time.
    """

    __tablename__ = "duplicate_members"

    asset_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id", ondelete="CASCADE"), primary_key=True
    )
    group_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    distance: Mapped[int]
    """Differing bits to the nearest other member, 0 to 64."""

    __table_args__ = (Index("ix_duplicate_members_group", "group_id", "asset_id"),)


class ReviewDecisionRow(Base):
    """A person's answer to one question about an image, and what the image was then.

    It stands while bytes, label and the class's definition are as they were judged, and until it is
    taken back. Answers are added, never changed: the newest that stands holds.
    """

    __tablename__ = "review_decisions"

    decision_id: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("vision_assets.asset_id"))
    question: Mapped[str] = mapped_column(String(32))
    answer: Mapped[str] = mapped_column(String(32))
    content_hash: Mapped[str] = mapped_column(String(64))
    label_id: Mapped[int | None] = mapped_column(ForeignKey("label_classes.label_id"))
    """The label that was judged: with an answer that gives another one, that one."""
    class_version: Mapped[int | None]
    """The revision that first gave the label's class the name and description that it had."""
    actor: Mapped[str] = mapped_column(String(128))
    operation_id: Mapped[str] = mapped_column(String(64))
    revision_id: Mapped[int]
    """The revision that the answer wrote; else the newest one then."""
    taken_back_by: Mapped[str | None] = mapped_column(String(64))
    """The operation that took it back."""
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (
        CheckConstraint("length(question) > 0 AND length(answer) > 0", name="words_not_empty"),
        CheckConstraint(
            "(label_id IS NULL) = (class_version IS NULL)", name="class_version_beside_label_id"
        ),
        Index("uq_review_decisions_operation", "operation_id", "asset_id", "question", unique=True),
        Index("ix_review_decisions_asset", "asset_id", "question", "decision_id"),
        Index("ix_review_decisions_bytes", "content_hash", "question", "decision_id"),
        Index("ix_review_decisions_taken_back", "taken_back_by"),
        Index("ix_review_decisions_question", "question", "decision_id"),
        Index("ix_review_decisions_actor", "actor", "question", "decision_id"),
        Index("ix_review_decisions_revision", "revision_id"),
    )


class ImportFindingRow(Base):
    """What one import said of an image beside adding it, and what became of that.

    An image has a row for each subject in which a file said more than the catalog had, or
    something else. Values of what was `taken` are what the undo of the import puts back.
    """

    __tablename__ = "import_findings"

    finding_id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.revision_id"))
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("vision_assets.asset_id"))
    subject: Mapped[str] = mapped_column(String(16))
    outcome: Mapped[str] = mapped_column(String(16))
    path: Mapped[str] = mapped_column(Text)
    """The file in what was imported, as it was called there."""
    before: Mapped[str | None] = mapped_column(Text)
    """What the catalog had."""
    said: Mapped[str | None] = mapped_column(Text)
    """What the import says."""

    __table_args__ = (
        CheckConstraint("length(subject) > 0 AND length(outcome) > 0", name="words_not_empty"),
        Index("ix_import_findings_revision", "revision_id", "outcome", "finding_id"),
        Index("ix_import_findings_asset", "asset_id", "finding_id"),
    )


class ImageMeasuresRow(Base):
    """What was measured of an asset's picture; it holds while the asset has these bytes.

    Derived from the bytes; it may be emptied and computed again at any time.
    """

    __tablename__ = "image_measures"

    asset_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id", ondelete="CASCADE"), primary_key=True
    )
    content_hash: Mapped[str] = mapped_column(String(64))
    """Of the bytes that were measured."""
    brightness: Mapped[float]
    contrast: Mapped[float]
    sharpness: Mapped[float]
    colour: Mapped[float]
    emptiness: Mapped[float]
    elongation: Mapped[float]
    short_side: Mapped[float]


class MeasureLineRow(Base):
    """Where a person drew the line of a kind of image issue, for the whole workspace."""

    __tablename__ = "measure_lines"

    issue: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[float]
    author: Mapped[str] = mapped_column(String(128))
    updated_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())


class SplitRuleRow(Base):
    """The standing rule of the workspace: which split new images get. One row, or none."""

    __tablename__ = "split_rule"

    rule_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))
    train: Mapped[float]
    """Parts of a ratio, at least one above 0; all 0 where the rule has none."""
    val: Mapped[float]
    test: Mapped[float]
    author: Mapped[str] = mapped_column(String(128))
    updated_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (
        CheckConstraint("rule_id = 1", name="single_row"),
        CheckConstraint("kind IN ('none', 'group', 'ratio')", name="kind_known"),
        CheckConstraint("train >= 0 AND val >= 0 AND test >= 0", name="parts_not_negative"),
        CheckConstraint("(kind = 'ratio') = (train + val + test > 0)", name="ratio_has_parts"),
    )
