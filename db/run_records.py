"""Plain values of what runs measured and what their networks said."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSummary:
    """What a list shows of an evaluation."""

    evaluation_id: int
    run_id: int
    checkpoint_hash: str
    split: str
    revision_id: int
    num_images: int
    accuracy: float
    author: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation(EvaluationSummary):
    """The metrics of a checkpoint on a split as of a revision."""

    report: Mapping[str, Any]


class SeriesPoint(NamedTuple):
    """A value of a series of a run. A tuple: there may be a million."""

    step: int
    value: float | None
    """None where it was no finite number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionBlock:
    """A file with all class probabilities of images that a checkpoint scored."""

    run_id: int
    checkpoint_hash: str
    block: int
    """From 0; what a later block says of an image holds."""
    file_path: str
    """Relative to the cache folder."""
    num_images: int
    num_classes: int
    revision_id: int
    """The newest revision that one of its images was scored at."""
