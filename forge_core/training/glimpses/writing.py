"""Writes what a run lets see. A full disk costs the sight, never the run."""

from pathlib import Path
from typing import Protocol

import torch

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.errors import DiskFull
from forge_core.evaluation.report import EvaluationReport
from forge_core.models.checkpoints.whole_files import written_whole
from forge_core.training.compute.ranks import Ranks
from forge_core.training.fit_setup import LabelledImages
from forge_core.training.glimpses import first_batch
from forge_core.training.glimpses.last_validation import LastValidation, WorstMistake
from forge_core.training.reporting import Reporter
from forge_core.training.run_files import FIRST_BATCH_FILE, VALIDATION_FILE

MOST_MISTAKES = 12


class SeenRun(Protocol):
    """What is needed of a `FitContext`, which itself needs this room."""

    eval_transform: EvalTransform
    reporter: Reporter
    ranks: Ranks

    @property
    def folder(self) -> Path:
        """Gets the files."""

    @property
    def images(self) -> LabelledImages:
        """The images that are used."""


def keep_first_batch(
    context: SeenRun, inputs: torch.Tensor, labels: torch.Tensor, stage: str
) -> None:
    """Write the first images of a stage.

    Args:
        context: Of the run.
        inputs: (N, C, S, S), normalised, as the network gets them.
        labels: (N,) int64.
        stage: Its name.
    """
    transform = context.eval_transform
    found = first_batch.draw(inputs, labels, stage=stage, mean=transform.mean, std=transform.std)
    _write(context, FIRST_BATCH_FILE, found.to_json())


def keep_validation(
    context: SeenRun, epoch: int, report: EvaluationReport, scores: torch.Tensor
) -> None:
    """Write what an epoch, from 1, answered on validation.

    Args:
        context: Of the run.
        epoch: From 1.
        report: Of its answers.
        scores: (N, K) logits of the validation images in order, on the CPU.
    """
    val = context.images.val
    labels = torch.as_tensor(val.labels)
    sure, answered = scores.float().softmax(dim=1).max(dim=1)
    wrong = torch.nonzero(answered != labels).flatten()
    worst = wrong[torch.argsort(sure[wrong], descending=True, stable=True)][:MOST_MISTAKES]
    mistakes = tuple(
        WorstMistake(
            source=val.images[place].source,
            label=int(labels[place]),
            answered=int(answered[place]),
            probability=float(sure[place]),
        )
        for place in worst.tolist()
    )
    found = LastValidation(epoch=epoch, report=report, mistakes=mistakes)
    _write(context, VALIDATION_FILE, found.to_json())


def _write(context: SeenRun, name: str, text: str) -> None:
    if not context.ranks.is_rank_zero:
        return
    try:
        with written_whole(Path(context.folder) / name) as partial:
            partial.write_text(text, encoding="utf-8")
    except DiskFull as error:
        context.reporter.on_message(f"{name} is not written: {error.message}")
