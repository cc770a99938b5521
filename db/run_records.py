"""Plain values of what runs measured and what their networks said."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from db.enums import CheckpointKind, RegistryAction


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
    data_digest: str | None = None
    """Of the images and labels of the split; None of one that was kept without its answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation(EvaluationSummary):
    """The metrics of a checkpoint on a split as of a revision."""

    report: Mapping[str, Any]


class EvaluationAnswer(NamedTuple):
    """What a checkpoint answered for one image. A tuple: there may be a million."""

    asset_id: uuid.UUID
    label_id: int
    """The image's class as of the revision of the evaluation."""
    predicted_id: int
    confidence: float
    """Probability of the predicted class, 0 to 1."""
    label_rank: int
    """Place of the image's class among the answers: 1 is right."""
    label_probability: float
    """Probability of the image's class, 0 to 1."""
    is_trained: bool
    """Whether the run was trained on these very bytes."""


class SeriesPoint(NamedTuple):
    """A value of a series of a run. A tuple: there may be a million."""

    step: int
    value: float | None
    """None where it was no finite number."""


class SeriesColumn(NamedTuple):
    """The values of a series that fall into one column of a chart."""

    step: int
    """The last of them."""
    low: float | None
    """None, as the two others, where no value was a finite number."""
    high: float | None
    mean: float | None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryEntry:
    """What an alias means from then on."""

    entry_id: int
    alias: str
    version: int
    """From 1 for each alias; the highest holds."""
    action: RegistryAction
    run_id: int | None
    kind: CheckpointKind | None
    checkpoint_hash: str | None
    """Run, kind and hash are None once the alias was withdrawn."""
    author: str
    reason: str
    evidence: Mapping[str, Any]
    is_forced: bool
    created_at: datetime
