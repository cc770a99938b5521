"""Everything that a run needs before its first step: usable images, network, batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.train_transform import TrainTransform
from forge_core.models import building
from forge_core.models.classifier import ImageClassifier
from forge_core.training import features, stages
from forge_core.training.batches import BatchSource, PixelSource
from forge_core.training.config import TrainConfig
from forge_core.training.data import ImageSet, classes_without_images
from forge_core.training.devices import Device
from forge_core.training.learner import Learner
from forge_core.training.pack import PixelPack, RejectedImage
from forge_core.training.precision import MEMORY_FORMAT, Precision
from forge_core.training.reporting import ProgressMeter, Reporter
from forge_core.training.resuming import ResumeState, SaveClock
from forge_core.training.stages import Stage


@dataclass(frozen=True, kw_only=True)
class Run:
    """What stays the same during a run."""

    config: TrainConfig
    train: ImageSet
    val: ImageSet
    class_names: tuple[str, ...]
    label_ids: tuple[int, ...]
    run_id: str | int | None
    revision_id: int | None
    folder: Path
    device: Device
    eval_transform: EvalTransform
    pack: PixelPack
    precision: Precision
    plan: list[Stage]
    identity: dict[str, str]
    reporter: Reporter
    meter: ProgressMeter
    save_clock: SaveClock


def fill_pack(
    pack: PixelPack, train: ImageSet, val: ImageSet, reporter: Reporter, meter: ProgressMeter
) -> tuple[RejectedImage, ...]:
    """Decode both splits and say what cannot be used."""
    meter.check()
    meter.begin("pack", 0, len(train) + len(val))
    rejected = [
        *pack.prepare(train, lambda: meter.advance(1)),
        *pack.prepare(val, lambda: meter.advance(1)),
    ]
    for image in rejected:
        reporter.on_message(f"Left out {image.source}: {image.message}")
    if pack.is_full:
        reporter.on_message(
            "The decoded images do not fit into the pack's disk budget; some are decoded again "
            "in every epoch, which is slower."
        )
    return tuple(rejected)


def tell_data(
    reporter: Reporter,
    train: ImageSet,
    val: ImageSet,
    class_names: Sequence[str],
    is_balanced: bool,
) -> None:
    """Say how much there is to train on, and what cannot be measured."""
    reporter.on_message(
        f"{len(train):,} training and {len(val):,} validation images of {len(class_names)} classes."
    )
    if is_balanced:
        reporter.on_message("Every class is drawn equally often, small ones repeatedly.")
    missing = classes_without_images(val, class_names)
    if missing:
        reporter.on_message(
            f"Validation has no images of {', '.join(missing)}: nothing is measured for them."
        )


def build_network(run: Run, state: ResumeState | None) -> ImageClassifier:
    """The network of a run on its device, fresh or as it was saved."""
    torch.manual_seed(run.config.seed)
    model = building.build_model(
        run.config.architecture,
        len(run.class_names),
        pretrained=run.config.pretrained and state is None,
        input_size=run.eval_transform.crop,
    )
    model.to(device=torch.device(run.device.id), memory_format=MEMORY_FORMAT)  # type: ignore[call-overload]
    if state is not None:
        model.load_state_dict(state.learner["model"])
        run.precision.load_state_dict(state.learner["precision"])
    return model


def build_learner(run: Run, stage: Stage, model: ImageClassifier) -> Learner:
    """The network with a fresh optimiser of the stage; freezes or frees the backbone."""
    return Learner(
        model=model, optimizer=stages.build_optimizer(stage, model), precision=run.precision
    )


def choose_source(run: Run, stage: Stage, model: ImageClassifier) -> BatchSource:
    """Pixels, or cached features where the stage freezes the backbone and they fit."""
    pixels = PixelSource(
        config=run.config,
        model=model,
        train=run.train,
        val=run.val,
        pack=run.pack,
        train_transform=TrainTransform(run.config.augmentation_parameters, run.eval_transform),
        eval_transform=run.eval_transform,
        device=run.device,
    )
    if not stage.is_backbone_frozen:
        return pixels
    num_views = features.num_views_for(model, len(run.train), stage.epochs, run.eval_transform.crop)
    if num_views == 0:
        return pixels
    run.reporter.on_message(
        f"Warm-up on features of {num_views} augmented views, computed once by the frozen backbone."
    )
    return features.FeatureSource(
        config=run.config,
        model=model,
        train=run.train,
        pixels=pixels,
        precision=run.precision,
        num_views=num_views,
    )
