"""Have I labelled enough? The learning curve of the catalog as it is now, as a background job.

`submit` makes the payload of the job, `handlers.draw_learning_curve` runs it, `read_result` reads
what it found.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from db.enums import Split
from db.records import AssetAsOf, Job
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput
from forge_core.evaluation import learning_curve
from forge_core.evaluation.learning_curve import CurvePoint, LearningCurve, Outlook
from forge_core.jobs import kinds, queue
from forge_core.models import architectures, weights
from forge_core.people.actor import Actor
from forge_core.predictions import image_batches
from forge_core.predictions.embeddings import networks
from forge_core.progress import SILENT, Progress
from forge_core.runs import run_data
from forge_core.workspace import Workspace

KIND = kinds.LEARNING_CURVE.name
MAX_IMAGES = {Split.TRAIN: 10_000, Split.VAL: 4_000}
FEATURES_SHARE = 0.9
"""Of the job's progress; the classifiers are the rest."""


def choose_architecture() -> str:
    """The network whose features are used: one whose ImageNet weights are here already.

    Raises:
        InvalidInput: The weights of none are here.
    """
    cached = weights.cached_architectures()
    if not cached:
        raise InvalidInput(
            "The learning curve needs a network with ImageNet weights, and none are here.",
            next_step="Train a pretrained network once; its weights are downloaded then.",
        )
    return min(cached, key=lambda name: (name != "mobilenet_v2", name))


def draw_curve(
    workspace: Workspace,
    *,
    architecture: str | None = None,
    revision_id: int | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = SILENT,
) -> LearningCurve:
    """The learning curve of the labelled images in train, measured on validation.

    At most 10,000 training and 4,000 validation images are used, chosen by their hash; what more
    labels would bring is counted from all training images on.

    Args:
        workspace: The workspace.
        architecture: A pretrained network; by default one whose weights are here.
        revision_id: The catalog as of this revision; by default as it is now.
        seed: Which images the parts hold.
        device: auto, cpu or cuda:N.
        progress: Told the thousandths that are done; asked before each batch and classifier.

    Raises:
        InvalidInput: There are too few images, no weights, or no such revision.
        WeightsUnavailable: The weights of the named network cannot be had.
        Cancelled: Nothing is answered.
    """
    if revision_id is None:
        revision_id = history.latest_revision_id(workspace)
    data = run_data.read_run_data(workspace, revision_id, use_augmented=False)
    chosen = {split: _sample(data.assets[split], most) for split, most in MAX_IMAGES.items()}
    if len(data.class_names) < 2 or not chosen[Split.VAL]:
        raise InvalidInput(
            f"{len(chosen[Split.TRAIN]):,} labelled images are in train and "
            f"{len(chosen[Split.VAL]):,} in validation: too few for a learning curve.",
            next_step="Label images of at least 2 classes, and split them.",
        )
    architecture = architecture or choose_architecture()
    transform = architectures.default_eval_transform(architecture, None)
    backbone = networks.pretrained_backbone(architecture, transform, device)
    positions = {label_id: place for place, label_id in enumerate(data.label_ids)}
    total = sum(len(assets) for assets in chosen.values())
    done = 0
    reading = progress.within(0.0, FEATURES_SHARE)
    found: dict[str, tuple[Any, Any]] = {}
    there = Counter(asset.label_id for asset in data.assets[Split.TRAIN])
    for split, assets in chosen.items():
        features: list[Any] = []
        labels: list[int] = []
        batches = image_batches.in_batches(assets)
        for batch in image_batches.read_batches(workspace, batches, transform):
            reading.check()
            kept = [asset for asset, _ in batch.usable]
            if kept:
                inputs = torch.stack([inputs for _, inputs in batch.usable])
                features += list(backbone(inputs).numpy())
            if split == Split.TRAIN:  # unreadable ones are no training images
                asked = Counter(asset.label_id for asset in batch.assets)
                there -= asked - Counter(asset.label_id for asset in kept)
            labels += [positions[asset.label_id] for asset in kept if asset.label_id is not None]
            done += len(batch.assets)
            reading.advance(done, total, f"{done:,} of {total:,} images")
        found[split] = (np.array(features), np.array(labels, dtype=np.int64))
    return learning_curve.draw_curve(
        *found[Split.TRAIN],
        *found[Split.VAL],
        data.class_names,
        train_counts=[there[label_id] for label_id in data.label_ids],
        seed=seed,
        progress=progress.within(FEATURES_SHARE, 1.0),
    )


def _sample(assets: Sequence[AssetAsOf], most: int) -> list[AssetAsOf]:
    """At most so many, by hash, which is as good as a shuffle."""
    return sorted(assets, key=lambda asset: asset.content_hash)[:most]


def submit(workspace: Workspace, *, actor: Actor) -> Job:
    """Draw the curve of the catalog as it is now in the background.

    `find_job` and `read_result` give the answer.

    Raises:
        InvalidInput: No network has its weights here.
    """
    payload = {
        "architecture": choose_architecture(),
        "revision_id": history.latest_revision_id(workspace),
    }
    return queue.submit(workspace, KIND, "Learning curve of the labels", payload, actor=actor)


def find_job(workspace: Workspace) -> Job | None:
    """The newest of these jobs in whatever state, or None."""
    return queue.find_latest_job(workspace, KIND)


def read_result(job: Job) -> LearningCurve:
    """The curve that a finished job drew."""
    values = (job.result or {})["curve"]
    return LearningCurve(
        points=[
            CurvePoint(**{**point, "accuracies": tuple(point["accuracies"])})
            for point in values["points"]
        ],
        overall=_read_outlook(values["overall"]),
        classes=[_read_outlook(entry) for entry in values["classes"]],
        num_used=int(values.get("num_used", 0)),
    )


def _read_outlook(values: Mapping[str, Any]) -> Outlook:
    interval = values["interval"]
    return Outlook(**{**values, "interval": None if interval is None else tuple(interval)})
