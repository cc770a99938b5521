"""Plain values that cross floors. Rows, sessions and engines do not."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from db.boxes import JobError, JobProgress, RunEnvironment
from db.enums import (
    EndRequest,
    FindingOutcome,
    FindingSubject,
    JobStatus,
    RevisionKind,
    RunStatus,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One image of the catalog as it is now."""

    asset_id: uuid.UUID
    file_path: str
    label_id: int | None
    label_name: str | None
    split_type: str | None
    source_dataset: str
    is_augmented: bool
    last_augmented_at: datetime | None
    created_at: datetime
    content_hash: str
    width: int
    height: int
    size_bytes: int
    mime: str
    perceptual_hash: str | None
    parent_asset_id: uuid.UUID | None
    review_state: str | None
    review_note: str
    row_version: int
    group_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAsset:
    """One image about to enter the catalog."""

    asset_id: uuid.UUID
    file_path: str
    label_id: int | None
    label_name: str | None
    split_type: str | None
    source_dataset: str
    content_hash: str
    width: int
    height: int
    size_bytes: int
    mime: str
    perceptual_hash: str | None
    is_augmented: bool = False
    parent_asset_id: uuid.UUID | None = None
    group_key: str | None = None
    review_state: str | None = None
    review_note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetState:
    """What history remembers of an asset. `exists` is false before import and after removal."""

    exists: bool
    file_path: str | None = None
    content_hash: str | None = None
    label_id: int | None = None
    split_type: str | None = None
    review_state: str | None = None
    parent_asset_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetChange:
    """One asset's before and after in one revision."""

    revision_id: int
    asset_id: uuid.UUID
    before: AssetState
    after: AssetState


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetAsOf:
    """One asset as it stood at a revision."""

    asset_id: uuid.UUID
    file_path: str
    content_hash: str
    label_id: int | None
    label_name: str | None
    split_type: str | None
    is_augmented: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFinding:
    """What an import said of an image, and what became of it. Labels by name."""

    asset_id: uuid.UUID
    subject: FindingSubject
    outcome: FindingOutcome
    path: str
    """The file in what was imported."""
    before: str | None
    """What the catalog had."""
    said: str | None
    """What the import says."""
    revision_id: int | None = None
    """None until it is kept, as `finding_id`."""
    finding_id: int | None = None


ACROSS = "across"
"""In the field `duplicates`: of a group that lies in two splits."""
NONE = "none"
"""In a field of an `AssetFilter`: without one."""
ANY = "any"
"""In a field of an `AssetFilter`: with one, whichever."""
_OF_A_RUN = {"of_a_run": True}
_OF_THE_JUDGING = {"of_the_judging": True, "beside_revisions": True}
_BESIDE_REVISIONS = {"beside_revisions": True}
_OF_AN_EVALUATION = {"of_an_evaluation": True, "beside_revisions": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFilter:
    """Which assets. A field that is None does not restrict.

    `run` alone does not restrict: it names the network whose opinion is meant, by the fields that
    are marked so and by the orders of its predictions. What a field means in SQL stands in
    `db.repositories.filters`, how people see it in `forge_core.catalog.listing.filter_fields`.
    """

    label: int | str | None = None
    """Number of a class, `NONE`, or `ANY`: every image that has a label."""
    split: str | None = None
    source: str | None = None
    group: str | None = None
    """What it belongs to, as an import said: its `group_key`; or `NONE`."""
    text: str | None = None
    """A part of the path; case does not matter for a to z."""
    augmented: bool | None = None
    review: str | None = None
    run: int | None = field(default=None, metadata=_BESIDE_REVISIONS)
    predicted: int | None = field(default=None, metadata=_OF_A_RUN)
    """Number of the class that the run says."""
    disagrees: bool | None = field(default=None, metadata=_OF_A_RUN)
    """Whether it says another class than the label now; no label or a retired class is neither."""
    confidence_min: float | None = field(default=None, metadata=_OF_A_RUN)
    """Of the run's prediction, 0 to 1, inclusive as `confidence_max`."""
    confidence_max: float | None = field(default=None, metadata=_OF_A_RUN)
    issue_min: float | None = field(default=None, metadata=_OF_THE_JUDGING)
    """How likely the label is wrong, 0 to 1; a score of another label or other bytes is none."""
    issue_max: float | None = field(default=None, metadata=_OF_THE_JUDGING)
    audit: int | str | None = field(default=None, metadata=_BESIDE_REVISIONS)
    """Number of an audit that drew it with the label and the bytes that it has, or `ANY`."""
    suspected: int | None = field(default=None, metadata=_OF_THE_JUDGING)
    """Number of the class that it looks like instead of its label."""
    side_min: int | None = None
    """Pixels of the shorter side, inclusive as `side_max`."""
    side_max: int | None = None
    since: date | None = None
    """First day of import, UTC, inclusive as `until`."""
    until: date | None = None
    author: str | None = None
    """Who changed it, at any time; with `changed_since`, after that revision."""
    changed_since: int | None = None
    """A revision: changed after it."""
    duplicates: str | uuid.UUID | None = field(default=None, metadata=_BESIDE_REVISIONS)
    """The group of near-duplicates that it is in, `ANY`, or `ACROSS`."""
    assigned: str | None = field(default=None, metadata=_BESIDE_REVISIONS)
    """The person who is to look after it."""
    decided: str | None = field(default=None, metadata=_BESIDE_REVISIONS)
    """A `Question` that a person has settled for it, as long as it is what was judged."""
    undecided: str | None = field(default=None, metadata=_BESIDE_REVISIONS)
    """A `Question` that nobody has settled for what it is now."""
    measured: str | None = field(default=None, metadata=_BESIDE_REVISIONS)
    """A measure of its picture beyond a line or between two, as `measure_conditions` read it."""
    file: str | None = field(default=None, metadata=_BESIDE_REVISIONS)
    """A `FileFact` of its bytes."""
    requested: str | None = field(default=None, metadata=_BESIDE_REVISIONS)
    """The `RequestReason` for which its label was asked for, or `ANY`."""
    alike: int | None = field(default=None, metadata=_BESIDE_REVISIONS)
    """Number of a search by likeness that found it."""
    selected: int | None = field(default=None, metadata=_BESIDE_REVISIONS)
    """Number of a selection that it was picked into."""
    asked_of: str | None = field(default=None, metadata=_BESIDE_REVISIONS)
    """A person who is to say what it shows without knowing its label, and has not yet."""
    opinions: str | None = field(default=None, metadata=_BESIDE_REVISIONS)
    """`DIFFER`: people say different things of it; `ANY`: somebody gave a vote."""
    evaluation: int | None = field(default=None, metadata=_BESIDE_REVISIONS)
    """Measured in this evaluation, whatever the image's label and split are by now."""
    true_label: int | None = field(default=None, metadata=_OF_AN_EVALUATION)
    """Number of the class that the image had as of the evaluation."""
    answered: int | None = field(default=None, metadata=_OF_AN_EVALUATION)
    """Number of the class that was answered."""
    outcome: str | None = field(default=None, metadata=_OF_AN_EVALUATION)
    """`right` or `wrong`."""
    sure_min: float | None = field(default=None, metadata=_OF_AN_EVALUATION)
    """Probability of the answer, 0 to 1, from this on."""
    sure_max: float | None = field(default=None, metadata=_OF_AN_EVALUATION)
    """Below this: neighbouring ranges share no image. At 1 none is left out."""
    top: int | None = field(default=None, metadata=_OF_AN_EVALUATION)
    """The image's class is among so many most likely ones."""
    seen: bool | None = field(default=None, metadata=_OF_AN_EVALUATION)
    """Whether the run was trained on the image."""
    against: int | None = field(default=None, metadata=_BESIDE_REVISIONS)
    """Measured in this other evaluation too."""
    against_outcome: str | None = field(default=None, metadata=_BESIDE_REVISIONS)
    """`right` or `wrong` there."""

    def asks_the_evaluation(self) -> bool:
        """Whether what `evaluation` answered restricts it."""
        return self._names_one("of_an_evaluation")

    def asks_the_run(self) -> bool:
        """Whether the predictions of `run` restrict it."""
        return self._names_one("of_a_run")

    def asks_the_judging(self) -> bool:
        """Whether scores of labels restrict it."""
        return self._names_one("of_the_judging")

    def follows_revisions(self) -> bool:
        """Whether only a new revision can change what matches.

        Predictions, near-duplicates and assignments come without one.
        """
        return not self._names_one("beside_revisions")

    def _names_one(self, mark: str) -> bool:
        return any(
            getattr(self, known.name) is not None
            for known in fields(self)
            if known.metadata.get(mark)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A class of the catalog."""

    label_id: int
    name: str
    color: str
    hotkey: str | None
    description: str
    is_retired: bool
    num_images: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelState:
    """What a class was right after a revision: its name, its look, and whether it was in use."""

    label_id: int
    revision_id: int
    name: str
    color: str
    hotkey: str | None
    description: str
    is_retired: bool
    merged_into_label_id: int | None
    """The class that took over its images; None for one that was never merged away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One committed change of the catalog."""

    revision_id: int
    operation_id: str
    kind: RevisionKind
    author: str
    message: str
    num_changes: int
    undoes_revision_id: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """How many living assets have this label, split and origin."""

    label_id: int | None
    split_type: str | None
    is_augmented: bool
    num_images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One training run."""

    run_id: int
    name: str
    status: RunStatus
    author: str
    config: Mapping[str, Any]
    revision_id: int
    class_names: list[str]
    label_ids: list[int]
    environment: RunEnvironment | None
    device: str
    message: str
    best_epoch: int | None
    best_val_accuracy: float | None
    report: Mapping[str, Mapping[str, Any]] | None
    """Reports of the best checkpoint by split; `runs.records.reports_of` reads them."""
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    is_starred: bool
    note: str
    accuracies: Mapping[str, Mapping[str, Any]] | None
    """Of `report` by split; `runs.shown_accuracies` reads them."""
    val_sample: Mapping[str, Any] | None
    """How val came to be measured; None where it is a fair sample, or nobody looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochMetrics:
    """Metrics of one finished epoch."""

    epoch: int
    """Number of the epoch in the whole run, from 1."""
    stage: str
    """Stage that the epoch belongs to: warmup, finetune or scratch."""
    train_loss: float
    """Mean loss of the training batches as they were trained on (augmented, dropout on)."""
    train_accuracy: float
    """Accuracy on the same batches, 0 to 1; often below `val_accuracy` for that reason."""
    val_loss: float
    """Mean cross entropy on the validation split in nats."""
    val_accuracy: float
    """Accuracy on the validation split, 0 to 1."""
    learning_rates: Mapping[str, float]
    """Learning rate of each parameter group at the last step of the epoch."""
    duration_seconds: float
    """Wall time of the epoch, validation included."""
    images_per_second: float
    """Training images a second, validation not included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRow(EpochMetrics):
    """The metrics of one epoch of a run."""

    run_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A unit of background work."""

    job_id: int
    kind: str
    title: str
    payload: Mapping[str, Any]
    status: JobStatus
    author: str
    run_id: int | None
    progress: JobProgress | None
    result: Mapping[str, Any] | None
    error: JobError | None
    log_path: str
    host: str
    pid: int | None
    pid_started: str | None
    end_requested: EndRequest
    created_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime | None
    finished_at: datetime | None
    executor: str
    """Where its processes run."""
    handle: str | None
    """What the executor calls it, once it was handed over."""
    request_key: str | None
    """What it was asked, in short: jobs of a kind with the same answer for the same question."""

    def is_ending(self) -> bool:
        """Whether it was asked to pause or to cancel, and has not ended yet."""
        return self.end_requested != EndRequest.NONE and not self.status.is_finished()
