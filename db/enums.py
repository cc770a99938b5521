"""The closed sets of words that columns hold."""

import enum


class Split(enum.StrEnum):
    """A part of the catalog. `HELD_OUT` is never trained on and never moved by a split."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"
    HELD_OUT = "held_out"


class ReviewState(enum.StrEnum):
    """Whether somebody should look at an image again; none for most images."""

    FLAGGED = "flagged"  # by a person, with a note


class RunStatus(enum.StrEnum):
    """Where a training run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # its process was lost; it can be resumed

    def is_finished(self) -> bool:
        """Whether nothing more will happen unless a person asks for it."""
        return self not in (RunStatus.QUEUED, RunStatus.RUNNING)


class JobStatus(enum.StrEnum):
    """Where a job stands. A finished job never changes again."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    def is_finished(self) -> bool:
        """Whether the row is final."""
        return self not in (JobStatus.QUEUED, JobStatus.RUNNING)
