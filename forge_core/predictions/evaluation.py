"""Measure a run's checkpoint on a split, with the images and labels of the run's revision."""

from collections.abc import Callable

import torch
from torch import Tensor

from db.enums import CheckpointKind, Split
from db.records import Job
from forge_core.errors import InvalidInput
from forge_core.evaluation import metrics
from forge_core.evaluation.report import EvaluationReport
from forge_core.inference.predictor import Predictor
from forge_core.jobs import kinds, queue
from forge_core.people.actor import Actor
from forge_core.predictions import image_batches
from forge_core.progress import SILENT, Progress
from forge_core.runs import records
from forge_core.runs.files import checkpoints
from forge_core.runs.starting import launch
from forge_core.training.inputs.image_sets import RejectedImage
from forge_core.workspace import Workspace

SPLITS = (Split.TRAIN, Split.VAL, Split.TEST, Split.HELD_OUT)


def evaluate_run(
    workspace: Workspace,
    run_id: int,
    split: str = Split.TEST,
    kind: str = CheckpointKind.BEST,
    device: str = "auto",
    *,
    progress: Progress = SILENT,
    on_rejected: Callable[[RejectedImage], None] | None = None,
) -> EvaluationReport:
    """Metrics of a run's checkpoint on a split as of the run's revision.

    Augmented copies, images without a label and images of classes that the network does not
    know are never measured. A file that is not what was imported is left out and named.

    Args:
        workspace: The workspace.
        run_id: The run.
        split: train, val, test or held_out.
        kind: best or last.
        device: auto, cpu or cuda:N.
        progress: Told the images done; asked before each batch.
        on_rejected: Told of each image that was left out.

    Raises:
        NotFound: There is no such run or checkpoint.
        InvalidInput: The split has no usable image, or the device does not exist.
        CheckpointRejected: The checkpoint does not predict here as it did when it was saved.
        Cancelled: Nothing was kept.
    """
    if split not in SPLITS:
        raise InvalidInput(
            f"There is no split {split!r} to evaluate on.", next_step=f"Use {', '.join(SPLITS)}."
        )
    path = checkpoints.checkpoint_path(workspace, run_id, kind)
    predictor = Predictor.load(path, device)
    positions = {label_id: place for place, label_id in enumerate(predictor.card.label_ids)}
    assets = [
        asset
        for asset in launch.list_labelled(workspace, run_id, split)
        if asset.label_id in positions
    ]
    if not assets:
        raise InvalidInput(
            f"0 images of run {run_id} are in {split}, so nothing can be measured.",
            next_step=f"Put labelled images into {split} and train again, or evaluate on val.",
        )
    logits: list[Tensor] = []
    labels: list[int] = []
    done, total = 0, len(assets)
    batches = image_batches.in_batches(assets)
    for batch in image_batches.read_batches(workspace, batches, predictor.card.eval_transform):
        progress.check()
        if on_rejected is not None:
            for problem in batch.rejected:
                on_rejected(problem)
        if batch.usable:
            inputs = torch.stack([inputs for _, inputs in batch.usable])
            logits.append(predictor.logits_of_inputs(inputs))
        labels += [
            positions[asset.label_id] for asset, _ in batch.usable if asset.label_id is not None
        ]
        done += len(batch.assets)
        progress.advance(done, total, f"{done:,} of {total:,} images")
    if not labels:
        raise InvalidInput(
            f"None of the {len(assets):,} images in {split} can be read, so nothing can be "
            "measured.",
            next_step="Put the image files back, or import them again.",
        )
    return metrics.evaluate_logits(torch.cat(logits), labels, predictor.card.class_names)


def submit_evaluation(
    workspace: Workspace, run_id: int, *, split: str, actor: Actor, kind: str = CheckpointKind.BEST
) -> Job:
    """Evaluate in the background; the report is kept with the run.

    Raises:
        NotFound: There is no such run or checkpoint.
    """
    checkpoints.find_checkpoint(workspace, run_id, kind)
    payload = {"run_id": run_id, "split": split, "kind": kind}
    title = f"Evaluate run {run_id} on {split}"
    return queue.submit(workspace, kinds.EVALUATE.name, title, payload, actor=actor, run_id=run_id)


def keep_report(workspace: Workspace, run_id: int, split: str, report: EvaluationReport) -> None:
    """Keep a report of the best checkpoint with its run; it replaces that of the same split."""
    with workspace.database.write() as uow:
        records.keep_report(uow, run_id, split, report)


def find_report(workspace: Workspace, run_id: int, split: str) -> EvaluationReport | None:
    """The report of the best checkpoint that was kept for a split, or None.

    Raises:
        NotFound: There is no such run.
    """
    return records.reports_of(records.get_run(workspace, run_id)).get(split)
