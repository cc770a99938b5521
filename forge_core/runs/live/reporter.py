"""Listens to the training loop and writes what it says into the job, the run and its files."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial

from db.enums import CheckpointKind
from db.records import EpochMetrics, EpochRow, Run
from db.run_records import CheckpointFile
from db.unit_of_work import UnitOfWork
from forge_core.file_hashes import known_hash
from forge_core.jobs.context import JobContext
from forge_core.models.checkpoints import checkpoint
from forge_core.runs.live import device_use, time_left
from forge_core.runs.live.series_writer import SeriesWriter
from forge_core.runs.live.step_series import StepSeries
from forge_core.runs.live.time_left import EpochSoFar, Outlook, StepClock
from forge_core.training import stages
from forge_core.training.config import TrainConfig
from forge_core.training.reporting import StepLosses
from forge_core.training.run_files import (
    BEST_FILE,
    FIRST_BATCH_FILE,
    LAST_FILE,
    STATE_FILE,
    VALIDATION_FILE,
)

STAGE_WORDS = {
    "pack": "Decoding the images",
    "warmup": "Warm-up",
    "finetune": "Fine-tuning",
    "scratch": "Training",
    "extension": "Extension",
}

PUBLISHED_FILES = (VALIDATION_FILE, FIRST_BATCH_FILE, LAST_FILE, BEST_FILE, STATE_FILE)
"""In this order: the state counts the checkpoints as done."""


class TrainReporter:
    """The `Reporter` of a run that is a job.

    Args:
        context: The job.
        run: The run.
        config: Its config.
        folder_name: Its folder below the runs root, from `folders.claim`.
        device_id: Where it computes, as PyTorch names it.
    """

    def __init__(
        self,
        context: JobContext,
        run: Run,
        config: TrainConfig,
        folder_name: str,
        *,
        device_id: str = "cpu",
    ) -> None:
        self._context = context
        self._store = context.workspace.runs
        self._name = folder_name
        self._folder = self._store.working_folder(folder_name)
        self._run = run
        self.plan_by(config)
        with context.workspace.database.read() as uow:
            earlier = uow.metrics.list_after(run.run_id)
        self._durations = {row.epoch: (row.stage, row.duration_seconds) for row in earlier}
        self._steps = StepClock()
        self._epoch_of_losses = 0
        measure = partial(device_use.measure, device_id)
        self._series = StepSeries(run.run_id, measure=measure)
        self._writer = SeriesWriter(context, self._series)
        self._images_per_second = 0.0

    def plan_by(self, config: TrainConfig) -> None:
        """Count the epochs of this config, after it was extended."""
        self._plan = [(stage.name, stage.epochs) for stage in stages.plan_stages(config)]
        self._total_epochs = config.total_epochs

    def on_message(self, text: str) -> None:
        """Write the sentence into the log."""
        self._context.log(text)

    def on_progress(
        self, stage: str, epoch: int, step: int, steps: int, images_per_second: float
    ) -> None:
        """Keep where the run is; the heartbeat writes it."""
        self._images_per_second = round(images_per_second, 1)
        share = step / max(steps, 1)
        done = max(epoch - 1, 0) + (share if epoch else 0.0)
        words = STAGE_WORDS.get(stage.rstrip("0123456789"), stage)
        outlook = None
        if epoch:
            words += f", epoch {epoch} of {self._total_epochs}"
            outlook = self._look_ahead(stage, epoch, step, steps)
        self._context.set_progress(
            stage=stage,
            epoch=epoch,
            total_epochs=self._total_epochs,
            step=step,
            steps=steps,
            images_per_second=self._images_per_second,
            fraction=round(min(1.0, done / max(self._total_epochs, 1)), 4),
            eta_seconds=None if outlook is None else round(outlook.middle_seconds, 1),
            eta_low_seconds=None if outlook is None else round(outlook.low_seconds, 1),
            eta_high_seconds=None if outlook is None else round(outlook.high_seconds, 1),
            eta_why="" if outlook is None else outlook.why,
            message=words,
        )

    def _look_ahead(self, stage: str, epoch: int, step: int, steps: int) -> Outlook | None:
        is_preparing = stage == "warmup" and self._epoch_of_losses != epoch
        here = EpochSoFar(
            stage=stage,
            step=step,
            steps=steps,
            pace=self._steps.tell(epoch, is_preparing, step=step),
            is_preparing=is_preparing,
        )
        done = [entry for number, entry in sorted(self._durations.items()) if number < epoch]
        return time_left.look_ahead(self._plan, done, here, is_busy=time_left.is_machine_busy())

    def on_losses(self, losses: StepLosses) -> None:
        """Keep the numbers of the steps, which are written beside the training."""
        self._epoch_of_losses = losses.epoch
        self._series.add(losses, self._images_per_second)

    @contextmanager
    def kept_to_the_end(self) -> Iterator[None]:
        """Write what is told of the steps, and publish the files, however the run ends.

        Raises:
            JobLost: The job was ended by somebody else.
        """
        try:
            with self._writer.running():
                yield
        finally:
            self._store.publish(self._name, PUBLISHED_FILES)
            self._store.release(self._name, keep=(BEST_FILE, LAST_FILE))

    def on_epoch(self, metrics: EpochMetrics) -> None:
        """Write the metrics, the checkpoints and the steps of an epoch, in one transaction.

        Raises:
            StorageUnavailable: The runs root does not take the files; nothing is written.
        """
        self._store.publish(self._name, PUBLISHED_FILES)
        self._durations[metrics.epoch] = (metrics.stage, metrics.duration_seconds)
        files = [self._describe(CheckpointKind.LAST, LAST_FILE)]
        card = checkpoint.read_card(self._folder / BEST_FILE)
        if card.epoch == metrics.epoch:
            files.append(self._describe(CheckpointKind.BEST, BEST_FILE))
        best_val_accuracy = float(card.metrics["val_accuracy"])
        self._series.end_point()

        with self._writer.taken() as series:

            def write(uow: UnitOfWork) -> None:
                uow.metrics.add(EpochRow(run_id=self._run.run_id, **asdict(metrics)))
                for file in files:
                    uow.checkpoints.add(file)
                uow.runs.update_fields(
                    self._run.run_id, best_epoch=card.epoch, best_val_accuracy=best_val_accuracy
                )
                if series is not None:
                    series.write(uow)

            self._context.write(write)
        self._context.log(
            f"run {self._run.run_id} epoch {metrics.epoch} {metrics.stage} "
            f"train_loss {metrics.train_loss:.4f} val_loss {metrics.val_loss:.4f} "
            f"val_accuracy {metrics.val_accuracy:.4f} in {metrics.duration_seconds:.1f} s"
        )

    def should_stop(self) -> bool:
        """Whether the job shall end."""
        return self._context.should_stop()

    def _describe(self, kind: CheckpointKind, name: str) -> CheckpointFile:
        path = self._folder / name
        card = checkpoint.read_card(path)
        return CheckpointFile(
            run_id=self._run.run_id,
            kind=kind,
            file_path=f"{self._name}/{name}",
            content_hash=known_hash(path),
            size_bytes=path.stat().st_size,
            epoch=card.epoch,
            val_accuracy=float(card.metrics["val_accuracy"]),
        )
