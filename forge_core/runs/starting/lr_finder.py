"""Search the learning rate of a run that was not started yet, as a background job.

`submit` makes the payload of the job, `handlers.search_rate` runs it, `read_result` reads it.
"""

import tempfile
from pathlib import Path
from typing import Any

from db.enums import Split
from db.records import Job
from forge_core.catalog.revisions import history
from forge_core.imaging.decode import DecodeLimits
from forge_core.jobs import kinds, queue
from forge_core.models import devices
from forge_core.people.actor import Actor
from forge_core.runs import run_data, run_setup
from forge_core.runs.starting import launch
from forge_core.training.config import TrainConfig
from forge_core.training.diagnostics import lr_range_test
from forge_core.training.diagnostics.lr_range_test import RateCurve, RatePoint
from forge_core.training.fit_setup import FitSetup, LabelledImages
from forge_core.training.reporting import Reporter
from forge_core.workspace import Workspace

KIND = kinds.RATE_SEARCH.name
UNIMPORTANT = (
    "warmup_lr",
    "head_lr",
    "backbone_lr",
    "scratch_lr",
    "min_lr",
    "device",
    "warmup_epochs",
    "finetune_epochs",
    "scratch_epochs",
    "early_stopping_patience",
    "time_budget_minutes",
)
"""Fields of a config that a search does not depend on, or only on whether they are 0."""


def find_rate(
    workspace: Workspace, config: TrainConfig, *, reporter: Reporter, revision_id: int | None = None
) -> RateCurve:
    """Search the learning rate of a config on the training images of the catalog.

    Args:
        workspace: The workspace.
        config: Of the run that shall be trained.
        reporter: Told of each step; may ask to stop.
        revision_id: The catalog as of this revision; None is now.

    Raises:
        InvalidInput: There is nothing to train on.
        Cancelled: The reporter asked to stop.
    """
    revision_id = history.latest_revision_id(workspace) if revision_id is None else revision_id
    data = run_data.read_run_data(workspace, revision_id, use_augmented=config.use_augmented)
    train = data.image_set(workspace, Split.TRAIN, without=set())
    with tempfile.TemporaryDirectory(prefix="forge-rate-") as folder:
        setup = FitSetup(
            config=launch.with_window(workspace, config),
            device=devices.choose(config.device),
            images=LabelledImages(
                train=train, val=train, class_names=data.class_names, label_ids=data.label_ids
            ),
            folders=run_setup.folders_for(workspace, Path(folder)),
            limits=DecodeLimits.from_settings(workspace.image_settings),
            start=run_setup.start_of(workspace, config, data.label_ids, revision_id),
        )
        return lr_range_test.find_rate(setup, reporter)


def submit(workspace: Workspace, config: TrainConfig, *, actor: Actor) -> Job:
    """Search in the background; `find_job` and `read_result` give the answer."""
    payload = {
        "config": config.to_dict(),
        "revision_id": history.latest_revision_id(workspace),
        "device": config.device,
    }
    title = f"Search the learning rate of {config.architecture}"
    return queue.submit(workspace, KIND, title, payload, actor=actor, asked=_asked(config))


def find_job(workspace: Workspace, config: TrainConfig) -> Job | None:
    """The newest search for a config like this one, whatever its learning rates; None without."""
    return queue.find_latest_job(workspace, KIND, asked=_asked(config))


def read_result(job: Job) -> RateCurve:
    """The curve that a finished job drew."""
    values = (job.result or {})["curve"]
    points = tuple(RatePoint(**point) for point in values["points"])
    return RateCurve(**{**values, "points": points})


def _asked(config: TrainConfig) -> dict[str, Any]:
    """What two configs must have in common for one search to answer for both."""
    values = {name: value for name, value in config.to_dict().items() if name not in UNIMPORTANT}
    return {**values, "has_warmup": config.warmup_epochs > 0}
