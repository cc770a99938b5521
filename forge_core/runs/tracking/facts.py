"""All that is known of a finished run, by names that other tools can compare from run to run.

What a run was asked and what it did may differ (an input size of the architecture's own, a number
format that was tried out): parameters are what was used.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.boxes import RunEnvironment
from db.enums import CheckpointKind
from db.records import EpochRow, Run
from db.run_records import SeriesPoint
from forge_core.errors import Conflict
from forge_core.evaluation.report import EvaluationReport
from forge_core.models.checkpoints import checkpoint
from forge_core.models.checkpoints.model_card import ModelCard
from forge_core.runs import environments, records, run_data
from forge_core.runs.comparing import used_settings
from forge_core.runs.files import checkpoints
from forge_core.training import stages
from forge_core.training.config import TrainConfig
from forge_core.training.options import OPTIONS
from forge_core.workspace import Workspace

Value = str | int | float | bool
EPOCH_SERIES = (
    *("train_loss", "train_accuracy", "val_loss", "val_accuracy"),
    *("duration_seconds", "images_per_second"),
)


@dataclass(frozen=True, kw_only=True)
class ClassResult:
    """How well one class was told apart on one split."""

    split: str
    label_id: int
    class_name: str
    precision: float | None
    """As it is shown of all images; None where no measured image could tell it, as the next two."""
    recall: float | None
    f1: float | None
    support: int
    """Images of the class."""


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """A finished run."""

    workspace_id: str
    workspace_name: str
    run: Run
    tags: list[str]
    """That people gave it."""
    parameters: Mapping[str, Value]
    """What it used: config, augmentation, data and environment."""
    metrics: Mapping[str, float]
    """What it came to, as "test/accuracy"."""
    classes: list[ClassResult]
    series: Mapping[str, list[SeriesPoint]]
    """Numbers over epochs ("epoch/val_loss", from 1) and over optimiser steps ("step/step_loss");
    the value None was no finite number."""
    card: ModelCard | None
    checkpoint: Path | None
    """File of the best checkpoint, its bytes as they were recorded; None where there is none."""
    checkpoint_sha256: str
    """Empty where there is none."""

    @property
    def title(self) -> str:
        """The run's name, or its number."""
        return self.run.name or f"run {self.run.run_id}"


def collect(workspace: Workspace, run_id: int) -> RunFacts:
    """All that is known of a finished run.

    Raises:
        NotFound: There is no such run, or its best checkpoint is gone.
        Conflict: It has not ended.
        CheckpointRejected: Another file is in the place of its best checkpoint.
    """
    run = records.get_run(workspace, run_id)
    if not run.status.is_finished():
        raise Conflict(
            f"Run {run_id} is {run.status.value}; what is not finished is not exported.",
            next_step=f"Export it when it has ended. Watch it: forge runs show {run_id} --follow",
        )
    kept = checkpoints.find_best_hash(workspace, run_id)
    path = checkpoints.checkpoint_path(workspace, run_id, CheckpointKind.BEST) if kept else None
    card = None if path is None else checkpoint.read_card(path)
    with workspace.database.read() as uow:
        epochs = uow.metrics.list_after(run_id)
        tags = uow.run_tags.list_of_run(run_id)
        series = {
            f"step/{name}": uow.series.list_after(run_id, name)
            for name in uow.series.list_names(run_id)
        }
    reports = records.reports_of(run)
    return RunFacts(
        workspace_id=workspace.id,
        workspace_name=workspace.name,
        run=run,
        tags=tags,
        parameters=dict(sorted(_parameters(workspace, run, card).items())),
        metrics=_metrics(run, epochs, reports),
        classes=[each for split in reports for each in _classes(run, split, reports[split])],
        series={**_epoch_series(epochs), **series},
        card=card,
        checkpoint=path,
        checkpoint_sha256=kept or "",
    )


def _parameters(workspace: Workspace, run: Run, card: ModelCard | None) -> dict[str, Value]:
    config = TrainConfig.from_dict(run.config)
    return {
        **_used_config(config, run, card),
        **_data_parameters(workspace, run, config),
        **_environment_parameters(run.environment or RunEnvironment()),
    }


def _used_config(config: TrainConfig, run: Run, card: ModelCard | None) -> dict[str, Value]:
    """The fields of the config that played a part, with the values that were used."""
    planned = {stage.name for stage in stages.plan_stages(config)}
    idle = {option.name for option in OPTIONS if not planned & set(option.stages)}
    idle |= {f"{stage}_epochs" for stage in used_settings.STAGES if stage not in planned}
    idle |= set() if "finetune" in planned else {"train_all_layers"}
    values = {name: value for name, value in vars(config).items() if name not in idle}
    del values["augmentation"]
    values |= {
        f"augmentation.{name}": value
        for name, value in config.augmentation_parameters.to_dict().items()
    }
    if card is not None:
        transform = card.eval_transform
        values |= {"input_size": transform.crop, "resize": transform.resize}
        values["grey_window"] = transform.grey_window
    if run.environment is not None and run.environment.device_id:
        values["device"] = run.environment.device_id
    speed = dict((run.environment.speed if run.environment else None) or {})
    for name in ("number_format", "memory_layout", "num_threads", "compiled"):
        if name in speed:
            values[name] = speed[name]
    if "parts" in speed:
        values["micro_batches"] = speed["parts"]
    return {name: _plain(value) for name, value in values.items() if value is not None}


def _data_parameters(workspace: Workspace, run: Run, config: TrainConfig) -> dict[str, Value]:
    data = run_data.read_run_data(workspace, run.revision_id, use_augmented=config.use_augmented)
    without = records.left_out_paths(run)
    values: dict[str, Value] = {
        "data.revision_id": run.revision_id,
        "data.num_classes": len(run.class_names),
        "data.classes": _plain(run.class_names),
        "data.left_out": len(without),
    }
    for split in run_data.USED_SPLITS:
        images = data.image_set(workspace, split, without=without)
        values[f"data.{split.value}_images"] = len(images)
        values[f"data.{split.value}_sha256"] = images.fingerprint()
    return values


def _environment_parameters(environment: RunEnvironment) -> dict[str, Value]:
    rows = environments.as_rows(environment)
    rows.pop("speed", None)  # among the parameters of the config
    rows.pop("left_out", None)
    return {
        f"environment.{name}": _plain(value) for name, value in rows.items() if value is not None
    }


def _metrics(
    run: Run, epochs: list[EpochRow], reports: Mapping[str, EvaluationReport]
) -> dict[str, float]:
    found: dict[str, float | None] = {
        "epochs": len(epochs),
        "training_seconds": sum(epoch.duration_seconds for epoch in epochs),
        "best/epoch": run.best_epoch,
        "best/val_accuracy": run.best_val_accuracy,
    }
    for split, report in reports.items():
        low, high = report.shown.interval
        found |= {
            f"{split}/accuracy": report.shown.value,
            f"{split}/accuracy_low": low,
            f"{split}/accuracy_high": high,
            f"{split}/loss": report.loss,
            f"{split}/macro_f1": report.shown_macro_f1,
            f"{split}/top5_accuracy": report.top5_accuracy,
            f"{split}/images": report.num_images,
        }
        if report.sampled is not None:
            found[f"{split}/accuracy_of_measured"] = report.accuracy
            found[f"{split}/macro_f1_of_measured"] = report.macro_f1
    return {name: float(value) for name, value in found.items() if value is not None}


def _classes(run: Run, split: str, report: EvaluationReport) -> list[ClassResult]:
    ids = dict(zip(report.class_names, run.label_ids, strict=True))
    return [
        ClassResult(
            split=split,
            label_id=ids[entry.class_name],
            class_name=entry.class_name,
            precision=entry.precision,
            recall=entry.recall,
            f1=entry.f1,
            support=entry.support,
        )
        for entry in report.shown_classes
    ]


def _epoch_series(epochs: list[EpochRow]) -> dict[str, list[SeriesPoint]]:
    found = {
        f"epoch/{name}": [SeriesPoint(epoch.epoch, getattr(epoch, name)) for epoch in epochs]
        for name in EPOCH_SERIES
    }
    for epoch in epochs:
        for group, rate in epoch.learning_rates.items():
            points = found.setdefault(f"epoch/learning_rate/{group}", [])
            points.append(SeriesPoint(epoch.epoch, rate))
    return found


def _plain(value: Any) -> Value:
    """A value that every tool can keep; lists as JSON."""
    if isinstance(value, str | int | float | bool):
        return value
    return json.dumps(value, ensure_ascii=False)
