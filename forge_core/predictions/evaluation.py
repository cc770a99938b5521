"""Measure a run's checkpoint on a split, with the images and labels of a revision."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from db.enums import CheckpointKind, Split
from db.records import AssetAsOf
from forge_core.errors import InvalidInput
from forge_core.evaluation import answers, calibration, metrics, uncertainty
from forge_core.evaluation.answers import Answers, Floats, Whole
from forge_core.evaluation.report import EvaluationReport
from forge_core.inference.predictor import Predictor
from forge_core.people.actor import Actor
from forge_core.predictions import (
    evaluation_requests,
    image_batches,
    kept_evaluations,
    measured_images,
    network_outputs,
    trained_images,
)
from forge_core.predictions.kept_evaluations import (
    MAX_REJECTED_KEPT,
    KeptTemperature,
    LeftOut,
    MeasuredEvaluation,
)
from forge_core.predictions.measured_images import SplitImages
from forge_core.predictions.network_outputs import NetworkOutputs
from forge_core.predictions.sampling import samples
from forge_core.progress import SILENT, Progress
from forge_core.runs import records
from forge_core.runs.files import checkpoints
from forge_core.training.inputs.image_sets import RejectedImage
from forge_core.workspace import Workspace

MAX_SCORES_KEPT = 20_000
"""Images, drawn at random, whose scores are held in memory to fit a temperature. What the network
was trained on is not among them, but on train."""
_LEAST = 1e-300


def measure_run(
    workspace: Workspace,
    run_id: int,
    split: str = Split.TEST,
    kind: str = CheckpointKind.BEST,
    device: str = "auto",
    *,
    revision_id: int | None = None,
    progress: Progress = SILENT,
    on_rejected: Callable[[RejectedImage], None] | None = None,
) -> MeasuredEvaluation:
    """What a run's checkpoint answers for the images of a split as of a revision.

    Augmented copies, images without a label and images of classes that the network does not
    know are never measured. A file that is not what was imported is left out and named. Outputs of
    classes that were merged by then count together for the class that took over.

    Args:
        workspace: The workspace.
        run_id: The run.
        split: train, val, test or held_out.
        kind: best or last.
        device: auto, cpu or cuda:N.
        revision_id: The images and labels of this revision; by default of the run's own.
        progress: Told the images done; asked before each batch.
        on_rejected: Told of each image that was left out.

    Raises:
        NotFound: There is no such run or checkpoint.
        InvalidInput: The split has no usable image, or the device or the revision does not exist.
        CheckpointRejected: The checkpoint does not predict here as it did when it was saved.
        Cancelled: Nothing was kept.
    """
    evaluation_requests.check_split(split)
    path = checkpoints.checkpoint_path(workspace, run_id, kind)
    if revision_id is None:
        revision_id = records.get_run(workspace, run_id).revision_id
    images = measured_images.read(workspace, revision_id, split)
    network = network_outputs.read(workspace, Predictor.load(path, device), revision_id)
    numbers = images.assets.columns.label_ids
    is_known = np.isin(numbers, network.label_ids)
    assets = images.assets.where(is_known)
    unknown = Counter(images.assets.name_of(number) for number in numbers[~is_known].tolist())
    if not len(assets):
        raise _nothing_to_measure(run_id, images, unknown)
    started = time.monotonic()
    collected = _Collected(network, len(assets), seed=run_id, leaves_trained=split != Split.TRAIN)
    rejected: list[RejectedImage] = []
    trained = trained_images.read_hashes(workspace, run_id)
    done, total = 0, len(assets)
    batches = image_batches.in_batches(assets)
    transform = network.predictor.card.eval_transform
    for batch in image_batches.read_batches(
        workspace, batches, transform, grey_window=transform.grey_window
    ):
        progress.check()
        for problem in batch.rejected:
            rejected.append(problem)
            if on_rejected is not None:
                on_rejected(problem)
        if batch.usable:
            inputs = torch.stack([inputs for _, inputs in batch.usable])
            logits = network.predictor.logits_of_inputs(inputs)
            found = [asset for asset, _ in batch.usable]
            collected.add(
                found,
                logits,
                [trained_images.holds(trained, asset.content_hash) for asset in found],
            )
        done += len(batch.assets)
        progress.advance(done, total, f"{done:,} of {total:,} images")
    if not collected.parts:
        raise InvalidInput(
            f"None of the {len(assets):,} images in {split} can be read, so nothing can be "
            "measured.",
            next_step="Put the image files back, or import them again.",
        )
    content_hash = network.predictor.loaded.sha256
    answered = collected.answers()
    told = samples.estimate_all(workspace, answered, network.label_ids, str(split), revision_id)
    return MeasuredEvaluation(
        run_id=run_id,
        kind=str(kind),
        checkpoint_hash=content_hash,
        split=str(split),
        revision_id=revision_id,
        data_digest=images.digest(),
        report=replace(
            collected.report(answered),
            sampled=None if told is None else told.accuracy,
            weighted=None if told is None else told.classes,
        ),
        label_ids=tuple(network.label_ids),
        answers=answered,
        left_out=LeftOut(
            unknown=dict(unknown),
            num_unlabelled=images.num_unlabelled,
            num_copies=images.num_copies,
            rejected={each.source: each.message for each in rejected[:MAX_REJECTED_KEPT]},
            num_rejected=len(rejected),
        ),
        temperature=_fit_temperature(workspace, run_id, content_hash, split, collected),
        seconds=time.monotonic() - started,
    )


def evaluate_and_keep(
    workspace: Workspace,
    run_id: int,
    split: str = Split.TEST,
    kind: str = CheckpointKind.BEST,
    device: str = "auto",
    *,
    actor: Actor,
    revision_id: int | None = None,
    progress: Progress = SILENT,
    on_rejected: Callable[[RejectedImage], None] | None = None,
) -> tuple[int, MeasuredEvaluation]:
    """Measure a checkpoint and keep what came out; returns its number too. See `measure_run`."""
    measured = measure_run(
        workspace,
        run_id,
        split,
        kind,
        device,
        revision_id=revision_id,
        progress=progress,
        on_rejected=on_rejected,
    )
    return kept_evaluations.keep(workspace, measured, actor=actor), measured


def find_report(workspace: Workspace, run_id: int, split: str) -> EvaluationReport | None:
    """The report of the best checkpoint that was kept for a split, or None.

    Raises:
        NotFound: There is no such run.
    """
    return records.reports_of(records.get_run(workspace, run_id)).get(split)


class _Collected:
    """What is known of the images that were answered so far. K classes after merges."""

    def __init__(
        self, network: NetworkOutputs, num_images: int, *, seed: int, leaves_trained: bool
    ) -> None:
        self.network = network
        self._leaves_trained = leaves_trained
        self.parts: list[Answers] = []
        self._places = {label_id: place for place, label_id in enumerate(network.label_ids)}
        self._is_merged = len(network.label_ids) < len(network.output_ids)
        self._loss = 0.0
        self._seen = 0
        chosen = np.random.default_rng(seed).permutation(num_images)[:MAX_SCORES_KEPT]
        self._is_chosen = np.zeros(num_images, np.bool_)
        self._is_chosen[chosen] = True
        self._scores: list[Floats] = []
        self._chosen_places: list[Whole] = []

    def add(self, assets: Sequence[AssetAsOf], logits: Tensor, is_trained: Sequence[bool]) -> None:
        """Take the answers for some images in: logits (N, outputs)."""
        raw = logits.double().numpy()
        metrics.check_finite(raw)
        probabilities = uncertainty.probabilities_of(logits)
        scores = raw
        if self._is_merged:
            _, probabilities = uncertainty.sum_classes(probabilities, self.network.output_ids)
            scores = np.log(np.maximum(probabilities, _LEAST))
        places = np.array(
            [self._places[asset.label_id] for asset in assets if asset.label_id is not None]
        )
        self._loss += metrics.log_loss(scores, places) * len(places)
        self.parts.append(
            answers.read_answers(
                [asset.asset_id for asset in assets],
                probabilities,
                places,
                self.network.label_ids,
                np.array(is_trained, dtype=np.bool_),
            )
        )
        is_chosen = self._is_chosen[self._seen : self._seen + len(places)]
        if self._leaves_trained:  # where it has learnt the answers it is sure of them
            is_chosen = is_chosen & ~np.array(is_trained, dtype=np.bool_)
        self._scores.append(scores[is_chosen].astype(np.float32))
        self._chosen_places.append(places[is_chosen])
        self._seen += len(places)

    def answers(self) -> Answers:
        """All that were answered, in their order."""
        return answers.join(self.parts)

    def chosen(self) -> tuple[Floats, Whole]:
        """Scores (n, K) and places (n,) of the images drawn for the temperature."""
        return np.concatenate(self._scores).astype(np.float64), np.concatenate(self._chosen_places)

    def report(self, found: Answers) -> EvaluationReport:
        """The metrics of `answers`."""
        names = self.network.class_names
        is_among = found.label_rank <= metrics.TOP_K
        return metrics.report_of_counts(
            answers.count_confusion(found, self.network.label_ids),
            names,
            loss=self._loss / len(found),
            top5_accuracy=float(is_among.mean()) if len(names) > metrics.TOP_K else None,
        )


def _fit_temperature(
    workspace: Workspace, run_id: int, content_hash: str, split: str, collected: _Collected
) -> KeptTemperature | None:
    """Fitted here on val; elsewhere that of the newest evaluation of the same weights on val."""
    scores, places = collected.chosen()
    if split == Split.VAL:
        fitted = calibration.fit_temperature(scores, places)
        value = None if fitted is None else fitted.value
    else:
        kept = kept_evaluations.find_temperature(workspace, run_id, content_hash)
        value = None if kept is None else kept.value
    if value is None or not len(places):
        return None
    is_right = scores.argmax(axis=1) == places
    errors = [
        calibration.calibrate(calibration.confidence_at(scores, each), is_right).expected_error
        for each in (1.0, value)
    ]
    return KeptTemperature(
        value=value,
        fitted_on=Split.VAL,
        num_images=len(places),
        error_before=errors[0],
        error_after=errors[1],
    )


def _nothing_to_measure(run_id: int, images: SplitImages, unknown: Counter[str]) -> InvalidInput:
    split, number = images.split, unknown.total()
    if number:
        named = ", ".join(sorted(unknown)[:3])
        return InvalidInput(
            f"The network of run {run_id} knows none of the classes of the {number:,} images in "
            f"{split} ({named}), so nothing can be measured.",
            next_step="Train a network on these classes.",
        )
    if images.num_unlabelled:
        return InvalidInput(
            f"0 of the {images.num_unlabelled:,} images in {split} have a label, so nothing can "
            "be measured.",
            next_step=f"Label the images in {split}, then evaluate again.",
        )
    return InvalidInput(
        f"0 images of run {run_id} are in {split}, so nothing can be measured.",
        next_step=f"Put labelled images into {split} and evaluate again, or evaluate on val.",
    )
