"""Evaluations as they are kept: the report, and what was answered for each image.

Imports no torch: whoever only looks need not wait until it is loaded.
"""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from db.enums import Split
from db.run_records import Evaluation, EvaluationAnswer, EvaluationSummary
from db.unit_of_work import UnitOfWork
from forge_core.errors import NotFound
from forge_core.evaluation.answers import Answers
from forge_core.evaluation.report import EvaluationReport
from forge_core.people.actor import Actor
from forge_core.runs import records
from forge_core.workspace import Workspace

MAX_REJECTED_KEPT = 1_000


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Images of the split that were not measured."""

    unknown: Mapping[str, int] = field(default_factory=dict)
    """By class: the network has no output for it."""
    num_unlabelled: int = 0
    num_copies: int = 0
    """Augmented copies."""
    rejected: Mapping[str, str] = field(default_factory=dict)
    """By path why the file cannot be used; the first thousand."""
    num_rejected: int = 0

    @property
    def num_unknown(self) -> int:
        """Images of classes that the network does not know."""
        return sum(self.unknown.values())


@dataclass(frozen=True, kw_only=True)
class KeptTemperature:
    """A temperature, and how sure the network is with it on these images."""

    value: float
    fitted_on: str
    """The split whose images it was fitted on."""
    num_images: int
    """Of the images measured here those that the errors below are of."""
    error_before: float
    """Expected calibration error, 0 to 1."""
    error_after: float


@dataclass(frozen=True, kw_only=True)
class MeasuredEvaluation:
    """What measuring a checkpoint gave, to be kept."""

    run_id: int
    kind: str
    """Which weights: `best` or `last`."""
    checkpoint_hash: str
    split: str
    revision_id: int
    data_digest: str
    report: EvaluationReport
    label_ids: tuple[int, ...]
    """Of the report's classes."""
    answers: Answers
    left_out: LeftOut
    temperature: KeptTemperature | None = None
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class KeptEvaluation:
    """An evaluation as it was kept."""

    summary: EvaluationSummary
    kind: str
    report: EvaluationReport
    label_ids: tuple[int, ...]
    left_out: LeftOut
    num_trained: int
    """Images that the run was trained on."""
    temperature: KeptTemperature | None
    seconds: float

    @property
    def evaluation_id(self) -> int:
        """Its number."""
        return self.summary.evaluation_id

    def name_of(self, label_id: int) -> str:
        """A class as it was called then."""
        return self.report.class_names[self.label_ids.index(label_id)]


def keep(workspace: Workspace, measured: MeasuredEvaluation, *, actor: Actor) -> int:
    """Keep an evaluation in the place of an earlier one of the same; returns its number.

    One of the best weights on the data of the run's own revision is kept with the run as well.

    Raises:
        NotFound: The run was removed meanwhile.
    """
    with workspace.database.write() as uow:
        return keep_in(uow, measured, actor=actor)


def keep_in(uow: UnitOfWork, measured: MeasuredEvaluation, *, actor: Actor) -> int:
    """Keep an evaluation inside a transaction; see `keep`."""
    run = uow.runs.find(measured.run_id)
    if run is None:
        raise records.no_run(measured.run_id)
    answers = measured.answers
    kept = {
        "kind": measured.kind,
        "label_ids": list(measured.label_ids),
        "left_out": asdict(measured.left_out),
        "num_trained": int(answers.is_trained.sum()),
        "temperature": None if measured.temperature is None else asdict(measured.temperature),
        "seconds": measured.seconds,
    }
    evaluation_id = uow.evaluations.add(
        run_id=measured.run_id,
        checkpoint_hash=measured.checkpoint_hash,
        split=Split(measured.split),
        revision_id=measured.revision_id,
        num_images=len(answers),
        accuracy=measured.report.shown.value,
        report={"metrics": measured.report.to_dict(), **kept},
        author=actor.checked().name,
        data_digest=measured.data_digest,
    )
    uow.evaluations.add_answers(evaluation_id, _rows(answers))
    if measured.kind == "best" and measured.revision_id == run.revision_id:
        records.keep_report(uow, measured.run_id, measured.split, measured.report)
    return evaluation_id


def _rows(answers: Answers) -> list[EvaluationAnswer]:
    columns = zip(
        answers.asset_ids,
        answers.label_ids.tolist(),
        answers.predicted_ids.tolist(),
        answers.confidence.tolist(),
        answers.label_rank.tolist(),
        answers.label_probability.tolist(),
        answers.is_trained.tolist(),
        strict=True,
    )
    return [EvaluationAnswer(*row) for row in columns]


def get(workspace: Workspace, evaluation_id: int) -> KeptEvaluation:
    """The evaluation with this number.

    Raises:
        NotFound: There is none, or its run was removed.
    """
    with workspace.database.read() as uow:
        found = uow.evaluations.find(evaluation_id)
    if found is None or found.data_digest is None:
        raise _no_evaluation(evaluation_id)
    return _to_kept(found)


def get_summary(workspace: Workspace, evaluation_id: int) -> EvaluationSummary:
    """Of the evaluation with this number what is known without reading its report.

    Raises:
        NotFound: There is none, or its run was removed.
    """
    with workspace.database.read() as uow:
        found = uow.evaluations.find_summary(evaluation_id)
    if found is None or found.data_digest is None:
        raise _no_evaluation(evaluation_id)
    return found


def find_of_run(
    workspace: Workspace, run_id: int, split: str, *, checkpoint_hash: str, revision_id: int
) -> KeptEvaluation | None:
    """What was kept of exactly this, or None."""
    with workspace.database.read() as uow:
        found = uow.evaluations.find_of_checkpoint(
            run_id, checkpoint_hash, Split(split), revision_id
        )
    return None if found is None or found.data_digest is None else _to_kept(found)


def find_temperature(
    workspace: Workspace, run_id: int, checkpoint_hash: str
) -> KeptTemperature | None:
    """The temperature that was fitted last for these weights on val, or None.

    A later evaluation of too few images to fit one takes none away.
    """
    for summary in reversed(list_of_split(workspace, Split.VAL)):
        if (summary.run_id, summary.checkpoint_hash) == (run_id, checkpoint_hash):
            found = get(workspace, summary.evaluation_id).temperature
            if found is not None:
                return found
    return None


def list_of_split(workspace: Workspace, split: str) -> list[EvaluationSummary]:
    """What was measured on a split with its answers kept, oldest first."""
    with workspace.database.read() as uow:
        found = uow.evaluations.list_of_split(Split(split))
    return [each for each in found if each.data_digest is not None]


def read_answers(workspace: Workspace, evaluation_id: int) -> Answers:
    """What was answered, in the order of the images' ids; removed images are among them."""
    with workspace.database.read() as uow:
        rows = uow.evaluations.list_answers(evaluation_id)
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) if rows else [()] * 7
    return Answers(
        asset_ids=list(columns[0]),
        label_ids=np.array(columns[1], dtype=np.int64),
        predicted_ids=np.array(columns[2], dtype=np.int64),
        confidence=np.array(columns[3], dtype=np.float64),
        label_rank=np.array(columns[4], dtype=np.int64),
        label_probability=np.array(columns[5], dtype=np.float64),
        is_trained=np.array(columns[6], dtype=np.bool_),
    )


def read_present(workspace: Workspace, evaluation_id: int) -> tuple[Answers, int]:
    """What was answered of images that are still in the catalog, and how many are gone."""
    answers = read_answers(workspace, evaluation_id)
    removed = set(list_removed(workspace, evaluation_id))
    if removed:
        is_there = np.array([each not in removed for each in answers.asset_ids], dtype=np.bool_)
        answers = answers.where(is_there)
    return answers, len(removed)


def list_removed(workspace: Workspace, evaluation_id: int) -> list[uuid.UUID]:
    """Images that were measured and are not in the catalog any more: no gallery shows them."""
    with workspace.database.read() as uow:
        return uow.evaluations.list_removed(evaluation_id)


def _no_evaluation(evaluation_id: int) -> NotFound:
    return NotFound(
        f"There is no evaluation {evaluation_id}; its run may have been removed.",
        next_step="Choose one of the page Evaluation.",
    )


def _to_kept(found: Evaluation) -> KeptEvaluation:
    values = found.report
    temperature = values.get("temperature")
    return KeptEvaluation(
        summary=EvaluationSummary(
            **{name: getattr(found, name) for name in EvaluationSummary.__dataclass_fields__}
        ),
        kind=values["kind"],
        report=EvaluationReport.from_dict(values["metrics"]),
        label_ids=tuple(values["label_ids"]),
        left_out=LeftOut(**values["left_out"]),
        num_trained=values["num_trained"],
        temperature=None if temperature is None else KeptTemperature(**temperature),
        seconds=values["seconds"],
    )
