"""Which of my models is best? All checkpoints on one split, on the same images.

Imports no torch.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from db.enums import CheckpointKind, JobStatus, Split
from db.records import Job, Run
from db.run_records import CheckpointFile, EvaluationSummary
from db.unit_of_work import UnitOfWork
from forge_core.evaluation.answers import Answers, Flags, Floats
from forge_core.evaluation.pairing import (
    PairedDifference,
    WeightedDifference,
    compare_paired,
    compare_weighted,
)
from forge_core.evaluation.sampling import weighing
from forge_core.evaluation.sampling.weighted import WeightedRate
from forge_core.people.actor import Actor
from forge_core.predictions import evaluation_requests, kept_evaluations, measured_images
from forge_core.predictions.measured_images import SplitFacts
from forge_core.predictions.sampling import samples
from forge_core.runs.probabilities import blocks
from forge_core.runs.probabilities.blocks import Ids
from forge_core.workspace import Workspace

WEIGHTED = (
    "Weighted: the images were drawn with different probabilities, so each counts by the inverse "
    "of its own."
)
"""What is said of a ranking that is."""
SEEDS_ALIKE = "What several seeds tell counts all images alike, and is biased."
"""And of what is told beside it."""
LEAST_SHARE = 0.9
"""A model that was measured on fewer of the split's images than this is not ranked with others."""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A checkpoint, and what is known of it on the split."""

    run: Run
    kind: CheckpointKind
    checkpoint_hash: str
    is_there: bool
    """Whether its file is."""
    evaluation: EvaluationSummary | None
    """On the images and labels that the split has as of the revision."""
    outdated: EvaluationSummary | None
    """The newest on what the split was at another revision."""
    job: Job | None
    """The newest that evaluates it on the split."""

    @property
    def is_measuring(self) -> bool:
        """Whether that waits or runs."""
        return self.job is not None and not self.job.status.is_finished()

    @property
    def failure(self) -> str:
        """Why the last job gave nothing; empty where it did, or there was none."""
        if self.evaluation is not None or self.job is None or self.job.status in _FINE:
            return ""
        error = self.job.error
        return f"{error.message} {error.next_step}".strip() if error else "It ended early."

    @property
    def is_missing(self) -> bool:
        """Whether it could be evaluated now."""
        return self.is_there and self.evaluation is None and not self.is_measuring


_FINE = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.SUCCEEDED, JobStatus.CANCELLED)


@dataclass(frozen=True, kw_only=True)
class Field:
    """The contenders on a split as of a revision."""

    split: str
    revision_id: int
    digest: str
    num_images: int
    """Labelled images of the split."""
    num_unlabelled: int
    contenders: list[Contender]
    """Newest run first."""

    @property
    def missing(self) -> list[Contender]:
        """Those that could be evaluated now."""
        return [each for each in self.contenders if each.is_missing]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A model among others, on the images that all of them were measured on."""

    contender: Contender
    evaluation_id: int
    accuracy: WeightedRate
    to_best: PairedDifference | WeightedDifference | None
    """Its accuracy less that of the best; None of the best itself."""
    is_right: Flags = field(repr=False, compare=False)
    """(N,) of the images that all were measured on, in the same order for all."""


@dataclass(frozen=True, kw_only=True)
class Standings:
    """The answer."""

    standings: list[Standing]
    """Best first; of equals the older run."""
    num_common: int
    """Images that all of them were measured on, and none was trained on (but on train)."""
    num_trained: int
    """Images that were left out because one of them was trained on them."""
    num_chosen: int
    """Images that were left out because they were chosen for what they are."""
    is_weighted: bool
    """Whether each image counts by the inverse of the probability that it was drawn with."""
    apart: list[Contender]
    """Measured, but on too few of the images, such as one that knows only some of the classes."""


def find_field(
    workspace: Workspace,
    split: str,
    *,
    revision_id: int | None = None,
    with_last: bool = False,
    facts: SplitFacts | None = None,
) -> Field:
    """All checkpoints, and which of them were measured on the split as it is at a revision.

    What was measured at another revision counts where the split had the same images and labels.

    Args:
        workspace: The workspace.
        split: train, val, test or held_out.
        revision_id: By default the newest.
        with_last: Also the last weights of each run, not only the best.
        facts: Of the split as of that revision, where they are known already.

    Raises:
        InvalidInput: There is no such split or revision.
    """
    evaluation_requests.check_split(split)
    kinds = [CheckpointKind.BEST, *([CheckpointKind.LAST] if with_last else [])]
    with workspace.database.read() as uow:
        latest = uow.revisions.latest_id()
        runs = {run.run_id: run for run in uow.runs.list_all()}
        files = [each for kind in kinds for each in uow.checkpoints.list_of_kind(kind)]
    revision_id = latest if revision_id is None else revision_id
    facts = facts or measured_images.describe(workspace, revision_id, split)
    digest = facts.digest
    measured: dict[tuple[int, str], list[EvaluationSummary]] = defaultdict(list)
    for each in kept_evaluations.list_of_split(workspace, split):
        measured[each.run_id, each.checkpoint_hash].append(each)
    there = workspace.runs.existing([each.file_path for each in files])
    found = [each for each in files if each.run_id in runs]
    found.sort(key=lambda one: (-one.run_id, one.kind))
    with workspace.database.read() as uow:
        contenders = [
            _contender(uow, runs[each.run_id], each, there, measured, digest, split)
            for each in found
        ]
    return Field(
        split=split,
        revision_id=revision_id,
        digest=digest,
        num_images=facts.num_images,
        num_unlabelled=facts.num_unlabelled,
        contenders=contenders,
    )


def _contender(
    uow: UnitOfWork,
    run: Run,
    file: CheckpointFile,
    there: set[str],
    measured: dict[tuple[int, str], list[EvaluationSummary]],
    digest: str,
    split: str,
) -> Contender:
    own = measured[run.run_id, file.content_hash]
    current = [each for each in own if each.data_digest == digest]
    return Contender(
        run=run,
        kind=file.kind,
        checkpoint_hash=file.content_hash,
        is_there=file.file_path in there,
        evaluation=current[-1] if current else None,
        outdated=own[-1] if own and not current else None,
        job=evaluation_requests.find_evaluation_job(
            uow, run.run_id, split, file.kind, file.content_hash
        ),
    )


def evaluate_missing(workspace: Workspace, field: Field, *, actor: Actor) -> list[Job]:
    """Queue an evaluation of every contender that has none."""
    return [
        evaluation_requests.submit_evaluation(
            workspace,
            each.run.run_id,
            split=field.split,
            actor=actor,
            kind=each.kind,
            revision_id=field.revision_id,
        )
        for each in field.missing
    ]


def rank(workspace: Workspace, field: Field) -> Standings:
    """The measured contenders, best first, on the images that all were measured on."""
    measured = [each for each in field.contenders if each.evaluation is not None]
    most = max((_size(each) for each in measured), default=0)
    ranked = [each for each in measured if _size(each) >= LEAST_SHARE * most]
    found = [_read(workspace, each) for each in ranked]
    if not found:
        return _none_ranked([])
    common = _ids(found[0])
    for answers in found[1:]:
        common = np.intersect1d(common, _ids(answers), assume_unique=True)
    num_common = len(common)
    if field.split != Split.TRAIN:
        for answers in found:
            common = np.setdiff1d(common, _ids(answers)[answers.is_trained], assume_unique=True)
    apart = [each for each in measured if each not in ranked]
    num_trained = num_common - len(common)
    if not len(common):
        return _none_ranked(measured, num_trained)
    there = [np.isin(_ids(each), common) for each in found]
    named = [found[0].asset_ids[place] for place in np.flatnonzero(there[0]).tolist()]
    sample = samples.read_sample(workspace, named, field.split, field.revision_id)
    is_fair = ~sample.is_chosen
    num_chosen = int(sample.is_chosen.sum()) if is_fair.any() else 0
    is_used = is_fair if is_fair.any() else np.ones(len(named), np.bool_)
    weights = sample.weights[is_used] if is_fair.any() else np.ones(len(named))
    right = [each.is_right[mask][is_used] for each, mask in zip(found, there, strict=True)]
    rates = [_rate(each, weights) for each in right]
    order = sorted(
        range(len(ranked)), key=lambda place: (-rates[place].value, ranked[place].run.run_id)
    )
    best = order[0]
    is_weighted = bool((weights != weights[0]).any())
    standings = [
        Standing(
            contender=ranked[place],
            evaluation_id=_number(ranked[place]),
            accuracy=rates[place],
            to_best=None
            if place == best
            else compare_weighted(right[best], right[place], weights)
            if is_weighted
            else compare_paired(right[best], right[place]),
            is_right=right[place],
        )
        for place in order
    ]
    return Standings(
        standings=standings,
        num_common=len(weights),
        num_trained=num_trained,
        num_chosen=num_chosen,
        is_weighted=is_weighted,
        apart=apart,
    )


def _none_ranked(apart: list[Contender], num_trained: int = 0) -> Standings:
    return Standings(
        standings=[],
        num_common=0,
        num_trained=num_trained,
        num_chosen=0,
        is_weighted=False,
        apart=apart,
    )


def _rate(is_right: Flags, weights: Floats) -> WeightedRate:
    rate = weighing.weigh(is_right, weights)
    assert rate is not None, "there are images"
    return rate


def _size(contender: Contender) -> int:
    return 0 if contender.evaluation is None else contender.evaluation.num_images


def _number(contender: Contender) -> int:
    assert contender.evaluation is not None, "only the measured ones are ranked"
    return contender.evaluation.evaluation_id


def _read(workspace: Workspace, contender: Contender) -> Answers:
    return kept_evaluations.read_answers(workspace, _number(contender))


def _ids(answers: Answers) -> Ids:
    return blocks.as_ids(answers.asset_ids)
