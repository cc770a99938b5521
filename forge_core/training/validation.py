"""Measuring the network on the validation images."""

from collections.abc import Sequence

import torch
from torch import Tensor

from forge_core.evaluation import metrics
from forge_core.evaluation.report import EvaluationReport
from forge_core.models import precision as float_precision
from forge_core.training.diagnostics import failures, usual_mistakes
from forge_core.training.inputs.batches import BatchSource
from forge_core.training.reporting import ProgressMeter
from forge_core.training.stages import Stage
from forge_core.training.steps.recovery import ForwardRecovery


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
        Cancelled: The reporter asked to stop.
    """
    network = source.network
    network.eval()
    usual_mistakes.check_modes(network, training=False)
    measure = ForwardRecovery(network, meter.tell)
    found: list[tuple[Tensor, Tensor]] = []
    with torch.inference_mode(), float_precision.full_float32():
        for inputs, labels in source.val_batches():
            found.append((measure(inputs), labels))
            meter.check()
        if not source.ranks.is_alone:
            found = [(logits.cpu(), labels.cpu()) for logits, labels in found]
            found = source.ranks.gather(found, source.num_val_batches())
        scores = torch.cat([logits for logits, _ in found]).cpu()
        if not bool(torch.isfinite(scores).all()):
            raise failures.NotFinite(stage.name, epoch, None)
        labels = torch.cat([labels for _, labels in found])
        return metrics.evaluate_logits(scores, labels, class_names)
