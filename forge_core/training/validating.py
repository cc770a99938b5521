"""Measuring the network on the validation images."""

from collections.abc import Sequence

import torch
from torch import Tensor

from forge_core.evaluation import metrics
from forge_core.evaluation.metrics import EvaluationReport
from forge_core.models import precision as float_precision
from forge_core.training import diagnosing, failures
from forge_core.training.batches import BatchSource
from forge_core.training.reporting import ProgressMeter
from forge_core.training.stages import Stage


def evaluate(
    source: BatchSource,
    class_names: Sequence[str],
    *,
    epoch: int,
    stage: Stage,
    meter: ProgressMeter,
) -> EvaluationReport:
    """Metrics of the validation images, in eval mode and full precision.

    Raises:
        TrainingFailed: The network gives numbers that are not finite.
        Stopped: The reporter asked to stop.
    """
    network = source.network
    network.eval()
    diagnosing.check_modes(network, training=False)
    logits: list[Tensor] = []
    labels: list[Tensor] = []
    with torch.inference_mode(), float_precision.full_float32():
        for inputs, batch_labels in source.val_batches():
            logits.append(network(inputs))
            labels.append(batch_labels)
            meter.check()
        scores = torch.cat(logits).cpu()
        if not bool(torch.isfinite(scores).all()):
            raise failures.NotFinite(stage.name, epoch, None)
        return metrics.evaluate_logits(scores, torch.cat(labels), class_names)
