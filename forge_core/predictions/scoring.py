"""Write into the catalog what a run's network says of its images: the table `predictions`.

All class probabilities go to files beside it, which `runs.probabilities` reads. Each image is
decoded and resized as Predict does it, by the same functions. What was written stays when the work
ends early: the next scoring goes on with what is missing.
"""

import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from db.enums import Split
from db.records import AssetAsOf
from db.repositories.labels import follow_merges
from db.repositories.predictions import PredictionRow, ScoringScope
from db.unit_of_work import UnitOfWork
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.evaluation import uncertainty
from forge_core.evaluation.uncertainty import Floats
from forge_core.inference.predictor import Predictor
from forge_core.predictions import image_batches, trained_images
from forge_core.predictions.trained_images import Hashes
from forge_core.progress import SILENT, Cancelled, Progress
from forge_core.runs.files import checkpoints
from forge_core.runs.probabilities import kept
from forge_core.runs.probabilities.writing import ProbabilityWriter
from forge_core.training.inputs.image_sets import RejectedImage
from forge_core.workspace import Workspace

NO_SPLIT = "none"
SPLITS = (*Split, NO_SPLIT)
PAGE_IMAGES = 512
WRITE_SECONDS = 2.0

Writer = Callable[[Callable[[UnitOfWork], None]], None]
"""Does some writing in one transaction of its own."""
_Page = tuple[int, Sequence[AssetAsOf]]
"""A revision, and images as they were at it or later."""


@dataclass(kw_only=True)
class ScoringReport:
    """What a scoring did."""

    run_id: int
    revision_id: int
    """The newest revision that images were read at."""
    num_scored: int = 0
    num_restored: int = 0
    """Of them those that were scored already, whose class probabilities were gone or damaged, or
    were not kept yet."""
    num_rated: int = 0
    """Of them with a label quality: labelled, and not trained on."""
    num_rejected: int = 0
    """Images whose file cannot be read, or is not the one that was imported."""
    rejected: list[RejectedImage] = field(default_factory=list)
    """The first thousand of them."""


@dataclass(frozen=True, kw_only=True)
class _Network:
    """The checkpoint, and what its outputs mean in the catalog of today."""

    predictor: Predictor
    content_hash: str
    """Of the checkpoint file."""
    label_ids: list[int]
    """Of each output the class that it means now: after a merge the one that took over."""
    trained: Hashes
    """Content hashes of the images that it was trained on, sorted; dtype S32."""


def score_run(
    workspace: Workspace,
    run_id: int,
    *,
    split: str | None = None,
    only_new: bool = True,
    device: str = "auto",
    after: uuid.UUID | None = None,
    write: Writer | None = None,
    progress: Progress = SILENT,
    on_rejected: Callable[[RejectedImage], None] | None = None,
) -> ScoringReport:
    """Score the living images with a run's best checkpoint and keep the predictions.

    `label_quality` is only given for images that the network was not trained on (by their bytes;
    augmented copies never get one), so that it is out of sample. Outputs of classes that were
    merged since count for the class that took over, together with its own. An asset's bytes never
    change in the catalog; a file that is not the one that was imported is named, not scored.

    Args:
        workspace: The workspace.
        run_id: The run.
        split: Only images that are in this split now; "none" for those in no split.
        only_new: Leave out images whose prediction still speaks of their label, made after the
            last merge of the network's classes, if all its class probabilities are there as well;
            else all are scored again, and replaced.
        device: auto, cpu or cuda:N.
        after: Go on behind this image in the order of ids.
        write: Writes a part of the predictions; a transaction each by default.
        progress: Told the images done and the last of them, after each batch that was written;
            asked before each batch.
        on_rejected: Told of each image that cannot be scored.

    Raises:
        NotFound: There is no such run or checkpoint, or it was removed meanwhile.
        InvalidInput: There is no such split or device.
        CheckpointRejected: The checkpoint does not predict here as it did when it was saved.
        StorageUnavailable: The disk of the cache folder is full, or fails.
        Conflict: The run went on meanwhile and has a better checkpoint.
        Cancelled: What was scored until then is kept.
    """
    if split is not None and split not in SPLITS:
        raise InvalidInput(
            f"There is no split {split!r} to score.", next_step=f"Use {', '.join(SPLITS)}."
        )
    network = _load(workspace, run_id, device)
    with workspace.database.read() as uow:
        scope = ScoringScope(
            run_id=run_id,
            split=split,
            only_new=only_new,
            stale_before=uow.predictions.find_last_merge(network.predictor.card.label_ids),
        )
        total = uow.predictions.count_to_score(scope, after=after)
        report = ScoringReport(run_id=run_id, revision_id=uow.revisions.latest_id())
    writer = ProbabilityWriter(
        workspace, run_id, network.content_hash, len(network.predictor.card.label_ids)
    )
    with closing(writer):
        lost = [each for each in writer.list_lost(scope) if after is None or each > after]
        lost = lost if only_new else []  # all are scored anyway
        keeper = _Keeper(network, report, write or transaction_of(workspace), writer, lost)
        pages = chain(_new_pages(workspace, scope, after), _lost_pages(workspace, scope, lost))
        _score(workspace, keeper, pages, total + len(lost), progress, on_rejected)
    return report


def _score(
    workspace: Workspace,
    keeper: "_Keeper",
    pages: Iterable[_Page],
    total: int,
    progress: Progress,
    on_rejected: Callable[[RejectedImage], None] | None,
) -> None:
    """Score the images of pages; what was scored is kept when it ends early."""
    network, report = keeper.network, keeper.report
    done = 0
    revisions: deque[int] = deque()
    transform = network.predictor.card.eval_transform
    batches = _batches(pages, revisions)
    for batch in image_batches.read_batches(
        workspace, batches, transform, grey_window=transform.grey_window
    ):
        try:
            progress.check()
        except Cancelled:
            keeper.write()
            raise
        report.revision_id = revisions.popleft()
        image_batches.name_rejected(report, batch.rejected, on_rejected)
        keeper.add(batch.usable)
        done += len(batch.assets)
        last = batch.assets[-1].asset_id
        if keeper.write_in_time():
            _tell(progress, done, max(done, total), last)
    keeper.write()
    if done:
        _tell(progress, done, done, last)


def _tell(progress: Progress, done: int, total: int, last: uuid.UUID) -> None:
    progress.advance(done, total, f"Scoring {total:,} images", resume_after=str(last))


class _Keeper:
    """Collects predictions and writes them every few seconds."""

    def __init__(
        self,
        network: _Network,
        report: ScoringReport,
        write: Writer,
        probabilities: ProbabilityWriter,
        lost: Sequence[uuid.UUID],
    ) -> None:
        self.network = network
        self.report = report
        self._write = write
        self._writer = probabilities
        self._lost = frozenset(lost)
        self._rows: list[PredictionRow] = []
        self._probabilities: list[Floats] = []
        self._written_at = time.monotonic()

    def add(self, batch: Sequence[tuple[AssetAsOf, Tensor]]) -> None:
        """Score some images, to be written later."""
        if batch:
            logits = self.network.predictor.logits_of_inputs(
                torch.stack([inputs for _, inputs in batch])
            )
            probabilities = uncertainty.probabilities_of(logits)
            assets = [asset for asset, _ in batch]
            self._rows += _rows(self.network, assets, probabilities, self.report.revision_id)
            self._probabilities.append(probabilities)

    def write_in_time(self) -> bool:
        """Write when it is time to; says whether nothing is left to be written."""
        if len(self._rows) >= PAGE_IMAGES or time.monotonic() - self._written_at > WRITE_SECONDS:
            self.write()
        return not self._rows

    def write(self) -> None:
        """Write what was collected: probabilities to their file, then all in one transaction."""
        rows, run_id = self._rows, self.report.run_id
        if rows:
            block = self._writer.write(
                [row.asset_id for row in rows],
                np.concatenate(self._probabilities),
                self.report.revision_id,
            )

            def work(uow: UnitOfWork) -> None:
                now = kept.find_best_hash(uow, run_id)
                if now is None:
                    raise NotFound(f"Run {run_id} was removed while its images were scored.")
                if now != self.network.content_hash:
                    raise Conflict(
                        f"Run {run_id} has a better checkpoint than the one that was scoring.",
                        next_step="Score its images again when it has finished.",
                    )
                uow.predictions.add(run_id, rows)
                if block is not None:
                    uow.prediction_blocks.add(block)

            self._write(work)
            self._writer.confirm()
        self.report.num_scored += len(rows)
        self.report.num_restored += sum(row.asset_id in self._lost for row in rows)
        self.report.num_rated += sum(row.label_quality is not None for row in rows)
        self._rows, self._probabilities = [], []
        self._written_at = time.monotonic()


def transaction_of(workspace: Workspace) -> Writer:
    """Writes each part in a transaction of its own."""

    def write(work: Callable[[UnitOfWork], None]) -> None:
        with workspace.database.write() as uow:
            work(uow)

    return write


def _load(workspace: Workspace, run_id: int, device: str) -> _Network:
    path = checkpoints.checkpoint_path(workspace, run_id)
    with workspace.database.read() as uow:
        merges = uow.labels.list_merges()
    predictor = Predictor.load(path, device)
    return _Network(
        predictor=predictor,
        content_hash=predictor.loaded.sha256,
        label_ids=[follow_merges(merges, label_id) for label_id in predictor.card.label_ids],
        trained=trained_images.read_hashes(workspace, run_id),
    )


def _new_pages(
    workspace: Workspace, scope: ScoringScope, after: uuid.UUID | None
) -> Iterator[_Page]:
    """The images that are to be scored."""
    while True:
        with workspace.database.read() as uow:
            revision_id = uow.revisions.latest_id()
            page = uow.predictions.list_to_score(scope, after=after, limit=PAGE_IMAGES)
        yield revision_id, page
        if len(page) < PAGE_IMAGES:
            return
        after = page[-1].asset_id


def _lost_pages(
    workspace: Workspace, scope: ScoringScope, lost: Sequence[uuid.UUID]
) -> Iterator[_Page]:
    """Images that were scored, but whose probabilities are not there."""
    for start in range(0, len(lost), PAGE_IMAGES):
        with workspace.database.read() as uow:
            revision_id = uow.revisions.latest_id()
            page = uow.predictions.list_named(scope, lost[start : start + PAGE_IMAGES])
        yield revision_id, page


def _batches(pages: Iterable[_Page], revisions: deque[int]) -> Iterator[Sequence[AssetAsOf]]:
    """Images in batches; the revision that each was read at is added to `revisions`."""
    for revision_id, page in pages:
        for batch in image_batches.in_batches(page):
            revisions.append(revision_id)
            yield batch


def _rows(
    network: _Network, assets: Sequence[AssetAsOf], outputs: Floats, revision_id: int
) -> list[PredictionRow]:
    """What is said of images, of whose outputs these are the probabilities (N, K)."""
    label_ids, probabilities = uncertainty.sum_classes(outputs, network.label_ids)
    found = uncertainty.certainty_of(probabilities)
    places = {label_id: place for place, label_id in enumerate(label_ids)}
    rows = []
    for number, asset in enumerate(assets):
        place = places.get(asset.label_id) if asset.label_id is not None else None
        is_rated = (
            place is not None
            and not asset.is_augmented
            and not trained_images.holds(network.trained, asset.content_hash)
        )
        rows.append(
            PredictionRow(
                asset_id=asset.asset_id,
                label_id=label_ids[int(found.places[number])],
                confidence=float(found.confidence[number]),
                margin=float(found.margin[number]),
                entropy=float(found.entropy[number]),
                label_quality=min(float(probabilities[number, place]), 1.0) if is_rated else None,
                given_label_id=asset.label_id,
                revision_id=revision_id,
            )
        )
    return rows
