"""The job of kind `find_rate`: payload from `lr_finder.submit`, result {"curve": ...}."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from db.records import EpochMetrics
from forge_core.jobs.context import JobContext
from forge_core.runs.starting import lr_finder
from forge_core.training.config import TrainConfig
from forge_core.training.reporting import StepLosses


def run(context: JobContext) -> Mapping[str, Any]:
    """Search the learning rate.

    Raises:
        Cancelled: The job shall end.
        ForgeError: What `find_rate` refuses.
    """
    config = TrainConfig.from_dict(context.job.payload["config"])
    if context.device:
        config = replace(config, device=context.device)
    curve = lr_finder.find_rate(
        context.workspace,
        config,
        reporter=_Reporter(context),
        revision_id=int(context.job.payload["revision_id"]),
    )
    return {"curve": asdict(curve)}


class _Reporter:
    """Tells the job what the search does."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self.should_stop = context.should_stop
        self.on_message = context.log

    def on_progress(
        self, stage: str, epoch: int, step: int, steps: int, images_per_second: float
    ) -> None:
        words = f"{'Learning the head' if stage == 'warmup' else 'Trying rates'}: step {step:,}"
        self._context.set_progress(
            fraction=step / max(1, steps),
            message=f"{words} of {steps:,}",
            images_per_second=round(images_per_second, 1),
        )

    def on_losses(self, losses: StepLosses) -> None:
        """Never: a search trains no epoch."""

    def on_epoch(self, metrics: EpochMetrics) -> None:
        """Never: a search finishes no epoch."""
