"""Plain values of what runs measured and what their networks said."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from db.enums import (
    Channel,
    CheckpointKind,
    NoticeState,
    RegistryAction,
    RunOrder,
    RunStatus,
)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointFile:
    """A checkpoint file of a run; `file_path` is relative to the runs root."""

    run_id: int
    kind: CheckpointKind
    file_path: str
    content_hash: str
    size_bytes: int
    epoch: int
    val_accuracy: float


PAUSED = "paused"
"""The state of an interrupted run that a person or a full disk paused, and nobody resumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs of the list, and in which order. An empty field does not restrict."""

    states: tuple[str, ...] = ()
    """Values of `RunStatus`, or `PAUSED`; an interrupted run is one that nobody paused."""
    architectures: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """One of them is enough."""
    is_starred: bool = False
    """Only those with a star."""
    words: tuple[str, ...] = ()
    """Each is in its number, name, tags, note, network or author, whatever the case of a to z."""
    named: tuple[tuple[str, ...], ...] = ()
    """For each of the words architectures that it means too, by the name that people read."""
    seed_group: int | None = None
    """Only runs of this group of seeds."""
    order: RunOrder = RunOrder.NEWEST

    @property
    def restricts(self) -> bool:
        """Whether it leaves runs out."""
        return bool(self.states or self.architectures or self.tags or self.is_starred or self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """What a list shows of a run."""

    run_id: int
    name: str
    status: RunStatus
    is_paused: bool
    """Whether its state is `PAUSED`."""
    author: str
    architecture: str
    pretrained: bool
    start_run: int | None
    seed: int | None
    num_classes: int
    revision_id: int
    data_changed_at: datetime | None
    """When its revision was made; None of the empty catalog."""
    best_epoch: int | None
    best_val_accuracy: float | None
    accuracies: Mapping[str, Mapping[str, Any]] | None
    val_sample: Mapping[str, Any] | None
    is_starred: bool
    note: str
    tags: tuple[str, ...]
    """Sorted."""
    curve: tuple[float, ...]
    """Validation accuracy of each epoch, 0 to 1, to the thousandth."""
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    seed_group: int | None = None
    """Names the group of runs that differ in their seed alone; None of a run in none."""
    members: tuple["RunRow", ...] = ()
    """Of a row that stands for a group: its runs, oldest first."""

    @property
    def ids(self) -> list[int]:
        """The runs that the row stands for."""
        return [member.run_id for member in self.members] or [self.run_id]

    @property
    def state(self) -> str:
        """As people know it."""
        return PAUSED if self.is_paused else self.status.value


class RunPage(NamedTuple):
    """The first runs that a filter finds."""

    rows: list[RunRow]
    total: int
    """Of all that it finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """That a job has ended, for one way to tell it."""

    notice_id: int
    job_id: int
    channel: Channel
    state: NoticeState
    host: str
    """The machine that wrote the end of the job, whose supervisor sends."""
    num_attempts: int
    error: str
    created_at: datetime
    updated_at: datetime
    """When it was sent, or last tried."""
