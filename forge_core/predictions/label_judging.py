"""Judge every label of the catalog by networks that did not learn it, and keep how doubtful it is.

The scores stand in the table `label_issues` with what was judged, so that a queue has only those
that still speak of what is there. Augmented copies and images without a label are not judged.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from db.columns import AssetColumns
from db.records import Job
from db.repositories.label_issues import LabelIssue
from db.repositories.labels import follow_merges
from db.unit_of_work import UnitOfWork
from forge_core.catalog.listing.suggestions import SUSPECT
from forge_core.errors import InvalidInput
from forge_core.evaluation import label_issues, uncertainty
from forge_core.evaluation.label_issues import LabelIssues, Labels, RunAnswers
from forge_core.jobs import kinds, queue
from forge_core.people.actor import Actor
from forge_core.predictions import scoring, trained_images
from forge_core.predictions.embeddings import computing, networks
from forge_core.predictions.embeddings.computing import CatalogEmbeddings
from forge_core.predictions.embeddings.networks import NetworkSource
from forge_core.predictions.scoring import Writer
from forge_core.progress import SILENT, Progress
from forge_core.runs.probabilities import kept
from forge_core.workspace import Workspace

KIND = kinds.LABEL_ISSUES.name
EMBEDDING_SHARE = 0.8
"""Of the work; judging is the rest."""
WRITTEN_AT_ONCE = 5_000


@dataclass(frozen=True, kw_only=True)
class JudgingReport:
    """What was judged, and by what."""

    network: str
    """Whose embeddings, as `networks.parse` reads it."""
    revision_id: int
    """Of the labels that were judged."""
    num_judged: int
    num_suspect: int
    """Of them those that are wrong more likely than not."""
    num_unjudged: int
    """Labels of classes with a single image: there is nothing to compare them with."""
    num_without_embedding: int
    """Originals whose file cannot be read."""
    log_likelihood: float
    """Mean ln p(label) by heads that did not see it."""
    run_id: int | None = None
    """The run whose answers to images that it did not learn were compared."""
    run_log_likelihood: float | None = None
    """The same by the run, on those images."""
    rival_log_likelihood: float | None = None
    """By the heads, on those images."""
    num_by_run: int = 0
    """Labels judged by the run, whose answers were the better ones."""
    warnings: list[str] = field(default_factory=list)
    """What makes the scores worth less, a sentence each."""


def judge_labels(
    workspace: Workspace,
    source: NetworkSource | None = None,
    *,
    device: str = "auto",
    write: Writer | None = None,
    progress: Progress = SILENT,
) -> JudgingReport:
    """Give every label a score, 0 to 1, of how likely it is wrong.

    Images that have no embedding yet are embedded first. Where the newest run that scored the
    images answers those that it did not learn better than heads on the embeddings do, its answers
    are taken for them. The scores replace all that were there.

    Args:
        workspace: The workspace.
        source: The network that embeds; by default `networks.choose`.
        device: auto, cpu or cuda:N.
        write: Writes a part of the scores; a transaction each by default.
        progress: Told the thousandths that are done; asked before each batch and training.

    Raises:
        InvalidInput: There are too few labelled images, or no network.
        NotFound: There is no such run or checkpoint.
        CheckpointRejected: The checkpoint does not predict here as it did when it was saved.
        WeightsUnavailable: The pretrained weights cannot be had.
        StorageUnavailable: The disk of the cache folder is full, or fails.
        Cancelled: The scores are as they were.
    """
    source = source or networks.choose(workspace)
    embedding = computing.embed_catalog(
        workspace, source, device=device, progress=progress.within(0.0, EMBEDDING_SHARE)
    )
    found = computing.read_catalog(workspace, embedding.network, embedding.revision_id)
    places = np.flatnonzero(found.columns.label_ids > 0)
    columns = found.columns.take(places)
    label_ids, labels = np.unique(columns.label_ids.astype(np.int64), return_inverse=True)
    if not len(labels):
        raise InvalidInput(
            "No image has a label, so there is none to judge.", next_step="Label some images."
        )
    run_id, answers = _answers(workspace, columns, label_ids)
    issues = label_issues.find_label_issues(
        found.values[places],
        labels,
        len(label_ids),
        answers=answers,
        progress=progress.within(EMBEDDING_SHARE, 1.0),
    )
    progress.check()
    network = str(source)
    rows = _rows(columns, label_ids, issues, network, embedding.revision_id)
    _keep(write or scoring.transaction_of(workspace), rows, network, embedding.revision_id)
    return JudgingReport(
        network=network,
        revision_id=embedding.revision_id,
        num_judged=len(rows),
        num_suspect=sum(row.score >= SUSPECT for row in rows),
        num_unjudged=issues.num_unjudged,
        num_without_embedding=found.num_missing,
        log_likelihood=issues.log_likelihood,
        run_id=run_id,
        run_log_likelihood=issues.run_log_likelihood,
        rival_log_likelihood=issues.rival_log_likelihood,
        num_by_run=int(np.count_nonzero(issues.by_run)),
        warnings=_warnings(source, found, issues),
    )


def submit(workspace: Workspace, source: NetworkSource | None = None, *, actor: Actor) -> Job:
    """Judge the labels in the background.

    Raises:
        InvalidInput: None is named, and there is no network.
        JobFailed: The background process cannot be started; the job stays queued.
    """
    chosen = source or networks.choose(workspace)
    return queue.submit(
        workspace, KIND, "Look for wrong labels", {"network": str(chosen)}, actor=actor
    )


def _answers(
    workspace: Workspace, columns: AssetColumns, label_ids: Labels
) -> tuple[int | None, RunAnswers | None]:
    """What the newest run that scored the images says of those that it did not learn."""
    with workspace.database.read() as uow:
        run_id = next(iter(uow.runs.list_scored_ids()), None)
        merges = uow.labels.list_merges()
    if run_id is None:
        return None, None
    asset_ids = [columns.id_at(place) for place in range(len(columns))]
    said = kept.read(workspace, run_id, asset_ids)
    meant = [follow_merges(merges, each) for each in said.label_ids]
    known, summed = uncertainty.sum_classes(said.values.astype(np.float64), meant)
    there = set(said.asset_ids)
    is_said = np.fromiter((each in there for each in asset_ids), np.bool_, len(asset_ids))
    assert columns.content_hashes is not None, "read with files"
    learned = np.isin(columns.content_hashes, trained_images.read_hashes(workspace, run_id))
    is_known = np.isin(columns.label_ids, known)
    probabilities = np.zeros((len(columns), len(label_ids)))
    column_of = {label_id: place for place, label_id in enumerate(label_ids.tolist())}
    for number, label_id in enumerate(known):
        if label_id in column_of:
            probabilities[is_said, column_of[label_id]] = summed[:, number]
    return run_id, RunAnswers(
        probabilities=probabilities, is_out_of_sample=is_said & ~learned & is_known
    )


def _rows(
    columns: AssetColumns, label_ids: Labels, issues: LabelIssues, network: str, revision_id: int
) -> list[LabelIssue]:
    assert columns.content_hashes is not None, "read with files"
    return [
        LabelIssue(
            asset_id=columns.id_at(place),
            score=float(issues.scores[place]),
            suggested_label_id=int(label_ids[issues.suggested[place]]),
            label_id=int(columns.label_ids[place]),
            content_hash=columns.content_hashes[place].ljust(32, b"\0").hex(),
            network=network,
            revision_id=revision_id,
        )
        for place in np.flatnonzero(~np.isnan(issues.scores)).tolist()
    ]


def _keep(write: Writer, rows: Sequence[LabelIssue], network: str, revision_id: int) -> None:
    """Write the scores in short transactions; those of earlier judgings go last."""
    for start in range(0, len(rows), WRITTEN_AT_ONCE):
        part = rows[start : start + WRITTEN_AT_ONCE]
        write(_adding(part))
    num_removed = WRITTEN_AT_ONCE
    while num_removed == WRITTEN_AT_ONCE:
        removed: list[int] = []
        write(_removing(network, revision_id, removed))
        num_removed = removed[-1]


def _adding(rows: Sequence[LabelIssue]) -> Callable[[UnitOfWork], None]:
    return lambda uow: uow.label_issues.add(rows)


def _removing(network: str, revision_id: int, removed: list[int]) -> Callable[[UnitOfWork], None]:
    def work(uow: UnitOfWork) -> None:
        removed.append(uow.label_issues.remove_others(network, revision_id, limit=WRITTEN_AT_ONCE))

    return work


def _warnings(source: NetworkSource, found: CatalogEmbeddings, issues: LabelIssues) -> list[str]:
    said = []
    if source.run_id is not None:
        said.append(
            f"Run {source.run_id} learned the labels of its training images, so wrong ones among "
            "them may hide. A network with ImageNet weights never saw them."
        )
    if issues.num_unjudged:
        said.append(
            f"{issues.num_unjudged:,} labels were not judged: no other image has their class."
        )
    if found.num_missing:
        said.append(f"{found.num_missing:,} images could not be read, and were not judged.")
    return said
