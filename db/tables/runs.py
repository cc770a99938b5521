"""The part of the schema that is training: runs, what they measured, what their networks say, jobs.

Paths of files are relative to a root that the settings name.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from db.clock import utc_now
from db.tables.base import Base, Json

SeriesName = String(64).with_variant(postgresql.VARCHAR(64, collation="C"), "postgresql")


class TrainingRun(Base):
    """One training with one config on the catalog as of one revision."""

    __tablename__ = "training_runs"

    run_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(128), server_default="")
    status: Mapped[str] = mapped_column(String(16))
    author: Mapped[str] = mapped_column(String(128))
    config: Mapped[dict[str, Any]] = mapped_column(Json)
    revision_id: Mapped[int]
    class_names: Mapped[list[str]] = mapped_column(Json)
    label_ids: Mapped[list[int]] = mapped_column(Json)
    environment: Mapped[dict[str, Any] | None] = mapped_column(Json)
    device: Mapped[str] = mapped_column(String(128), server_default="")
    message: Mapped[str] = mapped_column(Text, server_default="")
    best_epoch: Mapped[int | None]
    best_val_accuracy: Mapped[float | None]
    report: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())
    started_at: Mapped[datetime | None] = mapped_column(DateTime)
    finished_at: Mapped[datetime | None] = mapped_column(DateTime)
    is_deleted: Mapped[bool] = mapped_column(server_default="0", default=False)
    is_starred: Mapped[bool] = mapped_column(server_default="0", default=False)
    note: Mapped[str] = mapped_column(Text, server_default="")
    accuracies: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Of `report` by split what a list shows: accuracy and interval, without what grows with the
    classes."""
    val_sample: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """How the images of val came to be measured, where they are no fair sample."""

    __table_args__ = (
        CheckConstraint(
            "status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')",
            name="status_known",
        ),
    )


class RunTag(Base):
    """A word that people gave a run, for everybody."""

    __tablename__ = "run_tags"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("training_runs.run_id", ondelete="CASCADE"), primary_key=True
    )
    tag: Mapped[str] = mapped_column(String(64), primary_key=True)

    __table_args__ = (
        CheckConstraint("length(tag) > 0", name="tag_not_empty"),
        Index("ix_run_tags_tag", "tag", "run_id"),
    )


class RunSeedsRow(Base):
    """A run of a group whose runs differ in nothing but their seed."""

    __tablename__ = "run_seeds"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("training_runs.run_id", ondelete="CASCADE"), primary_key=True
    )
    first_run_id: Mapped[int]
    """Names the group: the run that it began with, which may be removed by now."""

    __table_args__ = (Index("ix_run_seeds_first", "first_run_id", "run_id"),)


class RunMetric(Base):
    """The metrics of one epoch of a run."""

    __tablename__ = "run_metrics"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("training_runs.run_id", ondelete="CASCADE"), primary_key=True
    )
    epoch: Mapped[int] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(String(16))
    train_loss: Mapped[float]
    train_accuracy: Mapped[float]
    val_loss: Mapped[float]
    val_accuracy: Mapped[float]
    learning_rates: Mapped[dict[str, float]] = mapped_column(Json)
    duration_seconds: Mapped[float]
    images_per_second: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())


class RunSeriesRow(Base):
    """One value of a named series of a run. A new kind of number is a new name, not a column.

    What a chart puts on its other axes (epoch, seconds since the start) are series too.
    """

    __tablename__ = "run_series"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("training_runs.run_id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(SeriesName, primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    """Optimiser steps of the run until then."""
    value: Mapped[float | None]
    """None where it was no finite number: SQLite has no NaN, and JSON neither."""

    __table_args__ = (
        CheckConstraint("length(name) > 0", name="name_not_empty"),
        CheckConstraint("step >= 0", name="step_not_negative"),
        {"sqlite_with_rowid": False},  # the key is the table: a series lies in one piece
    )


class CheckpointRow(Base):
    """A checkpoint file of a run, one of each kind. The path is relative to the runs root."""

    __tablename__ = "checkpoints"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("training_runs.run_id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    file_path: Mapped[str] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    epoch: Mapped[int]
    val_accuracy: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (
        CheckConstraint("kind IN ('best', 'calibrated', 'last')", name="kind_known"),
        CheckConstraint("file_path NOT LIKE '/%'", name="file_path_relative"),
    )


class EvaluationRow(Base):
    """The metrics of a checkpoint on a split as of a revision.

    What a list shows of it stands beside the report, which may be large.
    """

    __tablename__ = "evaluations"

    evaluation_id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("training_runs.run_id", ondelete="CASCADE"))
    checkpoint_hash: Mapped[str] = mapped_column(String(64))
    split: Mapped[str] = mapped_column(String(10))
    revision_id: Mapped[int]
    num_images: Mapped[int]
    accuracy: Mapped[float]
    report: Mapped[dict[str, Any]] = mapped_column(Json)
    author: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())
    data_digest: Mapped[str | None] = mapped_column(String(64))
    """Of the images and labels of the split: equal ones were measured on the same data."""

    __table_args__ = (
        CheckConstraint("split IN ('train', 'val', 'test', 'held_out')", name="split_known"),
        CheckConstraint("num_images > 0", name="num_images_positive"),
        Index(
            "uq_evaluations_checkpoint_split_revision",
            "run_id",
            "checkpoint_hash",
            "split",
            "revision_id",
            unique=True,
        ),
        Index("ix_evaluations_split", "split", "revision_id", "accuracy"),
    )


class EvaluationAnswerRow(Base):
    """What a checkpoint answered for one image of an evaluation, and what was right then."""

    __tablename__ = "evaluation_answers"

    evaluation_id: Mapped[int] = mapped_column(
        ForeignKey("evaluations.evaluation_id", ondelete="CASCADE"), primary_key=True
    )
    asset_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id"), primary_key=True
    )
    label_id: Mapped[int] = mapped_column(ForeignKey("label_classes.label_id"))
    """The image's class as of the revision of the evaluation."""
    predicted_id: Mapped[int] = mapped_column(ForeignKey("label_classes.label_id"))
    confidence: Mapped[float]
    label_rank: Mapped[int]
    """Place of the image's class among the answers: 1 is right."""
    label_probability: Mapped[float]
    is_trained: Mapped[bool]
    """Whether the run was trained on these very bytes."""

    __table_args__ = (
        CheckConstraint("label_rank > 0", name="label_rank_positive"),
        Index(
            "ix_evaluation_answers_cell", "evaluation_id", "label_id", "predicted_id", "asset_id"
        ),
        Index("ix_evaluation_answers_confidence", "evaluation_id", "confidence", "asset_id"),
        {"sqlite_with_rowid": False},
    )


class JobRow(Base):
    """A unit of background work; the table is the queue."""

    __tablename__ = "jobs"

    job_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    status: Mapped[str] = mapped_column(String(16))
    author: Mapped[str] = mapped_column(String(128))
    run_id: Mapped[int | None] = mapped_column(
        ForeignKey("training_runs.run_id", ondelete="SET NULL")
    )
    progress: Mapped[dict[str, Any] | None] = mapped_column(Json)
    result: Mapped[dict[str, Any] | None] = mapped_column(Json)
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    log_path: Mapped[str] = mapped_column(Text, server_default="")
    host: Mapped[str] = mapped_column(String(255), server_default="")
    pid: Mapped[int | None]
    pid_started: Mapped[str | None] = mapped_column(String(32))
    end_requested: Mapped[str] = mapped_column(String(8), server_default="none", default="none")
    """What a person asked for: `pause` is a cancel after which it shall be resumed."""
    executor: Mapped[str] = mapped_column(String(16), server_default="local", default="local")
    """Where its processes run."""
    handle: Mapped[str | None] = mapped_column(String(255))
    """What the executor calls it; None before it was handed over, and where pid says it all."""
    request_key: Mapped[str | None] = mapped_column(String(64))
    """What it was asked, in short; None for kinds that are not looked for by that."""
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())
    started_at: Mapped[datetime | None] = mapped_column(DateTime)
    heartbeat_at: Mapped[datetime | None] = mapped_column(DateTime)
    finished_at: Mapped[datetime | None] = mapped_column(DateTime)

    __table_args__ = (
        CheckConstraint(
            "status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')",
            name="status_known",
        ),
        CheckConstraint("end_requested IN ('none', 'pause', 'cancel')", name="end_requested_known"),
        CheckConstraint("length(executor) > 0", name="executor_not_empty"),
        Index("ix_jobs_status", "status", "job_id"),
        Index("ix_jobs_kind", "kind", "job_id"),
        Index("ix_jobs_request", "kind", "request_key", "job_id"),
        Index("ix_jobs_run", "run_id"),
    )


class Prediction(Base):
    """What the network of a run says of an asset."""

    __tablename__ = "predictions"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("training_runs.run_id", ondelete="CASCADE"), primary_key=True
    )
    asset_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vision_assets.asset_id"), primary_key=True
    )
    label_id: Mapped[int] = mapped_column(ForeignKey("label_classes.label_id"))
    confidence: Mapped[float]
    margin: Mapped[float]
    entropy: Mapped[float]
    label_quality: Mapped[float | None]
    """Probability of the given label, 0 to 1; None for images that the run trained on."""
    given_label_id: Mapped[int | None]
    """The asset's label when it was scored: `label_quality` speaks of this one."""
    revision_id: Mapped[int] = mapped_column(server_default="0", default=0)
    """The newest revision when it was scored."""

    __table_args__ = (
        Index("ix_predictions_run_confidence", "run_id", "confidence", "asset_id"),
        Index("ix_predictions_run_label", "run_id", "label_id", "confidence", "asset_id"),
        Index("ix_predictions_run_entropy", "run_id", "entropy", "asset_id"),
        Index("ix_predictions_run_label_quality", "run_id", "label_quality", "asset_id"),
    )


class PredictionBlockRow(Base):
    """A file with all class probabilities of images that a checkpoint scored, a row an image.

    It lies in the cache folder: where it is gone, the images can be scored again.
    """

    __tablename__ = "prediction_blocks"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("training_runs.run_id", ondelete="CASCADE"), primary_key=True
    )
    checkpoint_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    block: Mapped[int] = mapped_column(primary_key=True)
    """From 0; what a later block says of an image holds."""
    file_path: Mapped[str] = mapped_column(Text)
    """Relative to the cache folder."""
    num_images: Mapped[int]
    """Rows that are whole; what lies behind them in the file was being written."""
    num_classes: Mapped[int]
    revision_id: Mapped[int]
    """The newest revision that one of its images was scored at."""
    updated_at: Mapped[datetime] = mapped_column(DateTime, server_default=utc_now())

    __table_args__ = (
        CheckConstraint(
            "length(file_path) > 0 AND file_path NOT LIKE '/%'", name="file_path_relative"
        ),
        CheckConstraint("num_images >= 0 AND num_classes > 0", name="sizes_possible"),
    )
