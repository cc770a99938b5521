"""Everything that a run needs before its first step: usable images, network, batches."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.train_transform import TrainTransform
from forge_core.errors import ImageRejected
from forge_core.models import architectures
from forge_core.models.devices import Device
from forge_core.models.networks import construction
from forge_core.models.networks.classifier import ImageClassifier
from forge_core.training.compute import compute_plan, memory_plan
from forge_core.training.compute.compute_plan import Speed
from forge_core.training.compute.ranks import ALONE, Ranks
from forge_core.training.config import TrainConfig
from forge_core.training.diagnostics import usual_mistakes
from forge_core.training.diagnostics.usual_mistakes import Findings
from forge_core.training.inputs import features
from forge_core.training.inputs.batches import BatchSource, PixelSource
from forge_core.training.inputs.image_sets import ImageSet, class_weights, classes_without_images
from forge_core.training.pixels.pack import PixelPack, RejectedImage
from forge_core.training.reporting import ProgressMeter, Reporter
from forge_core.training.resume_state import ResumeState, SaveClock
from forge_core.training.stages import Stage
from forge_core.training.steps import optimizers
from forge_core.training.steps.learner import Learner
from forge_core.training.steps.precision import MEMORY_FORMAT, Precision
from forge_core.training.steps.train_step import StepRules
from forge_core.training.steps.weight_average import WeightAverage


@dataclass
class Proof:
    """Whether every image of a run was decoded once, so that none can turn out to be unusable."""

    is_complete: bool


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
    plan: list[Stage]
    identity: dict[str, str]
    reporter: Reporter
    meter: ProgressMeter
    save_clock: SaveClock
    rejected: tuple[RejectedImage, ...] = ()
    """Images of both splits that were left out."""
    proof: Proof
    ranks: Ranks = ALONE
    findings: Findings = field(default_factory=Findings)


def fill_pack(run: Run) -> tuple[RejectedImage, ...]:
    """Decode what is not decoded yet of both splits, and say what cannot be used."""
    meter, reporter = run.meter, run.reporter
    meter.check()
    meter.begin("pack", 0, len(run.train) + len(run.val))
    rejected = [
        *run.pack.prepare(run.train, lambda: meter.advance(1)),
        *run.pack.prepare(run.val, lambda: meter.advance(1)),
    ]
    for image in rejected:
        reporter.on_message(f"Left out {image.source}: {image.message}")
    _tell_full(run)
    return tuple(rejected)


def prove_training_images(run: Run) -> None:
    """After the first epoch, decode what it did not show: balanced sampling leaves images out.

    Raises:
        ImageRejected: One of them cannot be used.
    """
    if run.proof.is_complete:
        return
    if run.pack.bytes_kept(run.train) is None:
        for image in run.pack.prepare(run.train, run.meter.check):
            raise ImageRejected(image.message, reason=image.reason)
    _tell_full(run)


def _tell_full(run: Run) -> None:
    if run.pack.is_full:
        run.reporter.on_message(
            "The decoded images do not fit into the pack's disk budget; some are decoded again "
            "in every epoch, which is slower."
        )


def tell_data(run: Run) -> None:
    """Say how much there is to train on, and what cannot be measured."""
    reporter, config = run.reporter, run.config
    train, val, class_names = run.train, run.val, run.class_names
    reporter.on_message(
        f"{len(train):,} training and {len(val):,} validation images of {len(class_names)} classes."
    )
    if config.balanced_sampling:
        counts = np.bincount(train.labels, minlength=len(class_names))
        smallest = int(counts.argmin())
        reporter.on_message(
            "Every class is drawn equally often, small ones repeatedly: about "
            f"{len(train) / len(class_names):,.0f} images of each in an epoch, of "
            f"{class_names[smallest]} there are {counts[smallest]:,}."
        )
    if config.balanced_loss:
        each = len(train) / len(class_names)
        weights = class_weights(train.labels, len(class_names))
        words = ", ".join(
            f"{name} {weight:.2f}" for name, weight in zip(class_names, weights, strict=True)
        )
        reporter.on_message(f"The loss counts each class like {each:,.0f} images: {words}.")
    leaks = usual_mistakes.find_leaks(train, val)
    if leaks:
        reporter.on_message(usual_mistakes.describe_leaks(leaks))
    missing = classes_without_images(val, class_names)
    if missing:
        reporter.on_message(
            f"Validation has no images of {', '.join(missing)}: nothing is measured for them."
        )


def build_network(run: Run, state: ResumeState | None) -> ImageClassifier:
    """The network of a run on its device, fresh or as it was saved."""
    torch.manual_seed(run.config.seed)
    model = construction.build_model(
        run.config.architecture,
        len(run.class_names),
        pretrained=run.config.pretrained and state is None,
        input_size=run.eval_transform.crop,
    )
    model.to(device=run.device.id, memory_format=MEMORY_FORMAT)  # type: ignore[call-overload]
    if state is not None:
        model.load_state_dict(state.learner["model"])
    return model


def choose_speed(
    run: Run,
    state: ResumeState | None,
    model: ImageClassifier,
    earlier: Mapping[str, Any] | None = None,
) -> Speed:
    """How the run computes: as it began, as an earlier run did, or as is found out now."""
    speed = None if state is None else state.speed
    if state is None and earlier:
        speed = compute_plan.speed_of(run.config, run.device, earlier)
    is_new = state is None and speed is None
    if speed is not None and speed.device_kind == run.device.kind:
        run.reporter.on_message(f"Computing as before: {speed.title}.")
    elif state is not None:
        speed = compute_plan.usual_speed(run.config, run.device)
    else:
        speed = compute_plan.choose_speed(
            run.config,
            run.device,
            model,
            run.plan,
            num_images=len(run.train),
            input_size=run.eval_transform.crop,
        )
    if is_new:
        precision = Precision(run.device, speed.number_format, speed.memory_layout)
        share = -(-run.config.batch_size // run.ranks.size)
        side = run.eval_transform.crop
        parts = memory_plan.parts_needed(share, run.device, model, run.plan, precision, side)
        speed = replace(speed, parts=parts)
        if parts > 1:
            run.reporter.on_message(
                f"The free memory does not suffice for {share} images at once: "
                f"batches go through in {parts} parts, with the same gradients."
            )
        if speed.images_per_second:
            rates = ", ".join(
                f"{name.replace('_', ' ')} {rate:,.0f}"
                for name, rate in speed.images_per_second.items()
            )
            run.reporter.on_message(f"Tried a few steps of each, images a second: {rates}.")
    run.reporter.on_message(
        f"{architectures.ARCHITECTURES[run.config.architecture].title} on {run.device.name} "
        f"({run.device.id}) in {speed.title}."
    )
    return speed


def apply_speed(
    run: Run, speed: Speed, state: ResumeState | None, model: ImageClassifier
) -> Precision:
    """The number format of a speed; the network gets its memory layout.

    From here on it is a part of the whole: the statistics of several processes are shared, so that
    a step of one alone would wait for the others.
    """
    precision = Precision(run.device, speed.number_format, speed.memory_layout)
    model.to(memory_format=precision.memory_format)
    # In place, since a classifier is no such layer itself.
    run.ranks.with_shared_statistics(model, torch.device(run.device.id))
    if state is not None:
        precision.load_state_dict(state.learner["precision"])
    return precision


def build_learner(run: Run, stage: Stage, model: ImageClassifier, precision: Precision) -> Learner:
    """The network with a fresh optimiser of the stage; freezes or frees the backbone."""
    optimizer = optimizers.build_optimizer(stage, model)
    weights = None
    if run.config.balanced_loss:
        weights = torch.from_numpy(class_weights(run.train.labels, len(run.class_names)))
        weights = weights.to(device=run.device.id, dtype=torch.float32)
    rules = StepRules(
        label_smoothing=run.config.label_smoothing,
        class_weights=weights,
        clip_norm=run.config.clip_norm,
    )
    average = WeightAverage(model, stage.ema_decay) if stage.ema_decay else None
    return Learner(
        model=model, optimizer=optimizer, precision=precision, rules=rules, average=average
    )


def choose_source(
    run: Run, stage: Stage, model: ImageClassifier, precision: Precision, speed: Speed
) -> BatchSource:
    """Pixels, or cached features where the stage freezes the backbone and they fit."""
    step_bytes = 0
    if run.device.kind == "cuda" and run.ranks.is_alone:
        share = -(-run.config.batch_size // speed.parts)
        side = run.eval_transform.crop
        step_bytes = memory_plan.step_bytes(share, run.device, model, stage, precision, side)
    pixels = PixelSource(
        config=run.config,
        model=model,
        train=run.train,
        val=run.val,
        pack=run.pack,
        train_transform=TrainTransform(run.config.augmentation_parameters, run.eval_transform),
        eval_transform=run.eval_transform,
        device=run.device,
        memory_format=precision.memory_format,
        tell=run.reporter.on_message,
        step_bytes=step_bytes,
        ranks=run.ranks,
        is_mixed=stage.mix is not None and stage.mix.is_on,
        **({"compile_network": compute_plan.compiled_network} if speed.compiled else {}),
    )
    if not stage.is_backbone_frozen:
        return pixels
    num_views = features.num_views_for(model, len(run.train), stage.epochs, run.eval_transform.crop)
    if num_views == 0:
        run.reporter.on_message(
            f"The features of {len(run.train):,} images do not fit into memory: the frozen "
            "backbone computes them again in each epoch of the warm-up."
        )
        return pixels
    run.reporter.on_message(
        f"Warm-up on features of {num_views} augmented views, computed once by the frozen backbone."
    )
    return features.FeatureSource(
        config=run.config,
        model=model,
        train=run.train,
        pixels=pixels,
        precision=precision,
        num_views=num_views,
        num_epochs=run.config.epochs_of(stage.name),
        tell=run.reporter.on_message,
    )
