"""What stays the same while a run learns, and what is made of it: network, learner, batches."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.train_transform import TrainTransform
from forge_core.errors import ImageRejected, InvalidInput
from forge_core.models import architectures
from forge_core.models.devices import Device
from forge_core.models.networks import carried_weights, construction
from forge_core.models.networks.classifier import ImageClassifier
from forge_core.training import resume_state, stages
from forge_core.training.compute import compute_plan, memory_plan
from forge_core.training.compute.compute_plan import ComputePlan
from forge_core.training.compute.ranks import ALONE, Ranks
from forge_core.training.config import TrainConfig
from forge_core.training.diagnostics import usual_mistakes
from forge_core.training.diagnostics.usual_mistakes import Findings
from forge_core.training.fit_setup import FitSetup, LabelledImages
from forge_core.training.inputs import features
from forge_core.training.inputs.batches import BatchSource, PixelSource
from forge_core.training.inputs.image_sets import (
    RejectedImage,
    class_weights,
    classes_without_images,
    num_batches,
)
from forge_core.training.pixels.pack import PixelPack
from forge_core.training.reporting import ProgressMeter, Reporter
from forge_core.training.resume_state import ResumeState, SaveClock
from forge_core.training.stages import Stage
from forge_core.training.steps import optimizers
from forge_core.training.steps.learner import Learner
from forge_core.training.steps.precision import MEMORY_FORMAT, Precision
from forge_core.training.steps.train_step import StepRules
from forge_core.training.steps.weight_average import WeightAverage


@dataclass(kw_only=True)
class FitContext:
    """What stays the same while a run learns: what it was given, and what follows from that."""

    setup: FitSetup
    """Without the images that were left out."""
    eval_transform: EvalTransform
    pack: PixelPack
    reporter: Reporter
    """Told and asked by every process alike."""
    ranks: Ranks = ALONE
    rejected: tuple[RejectedImage, ...] = ()
    """Images of both splits that were left out."""
    all_decoded: bool = False
    """Whether every image was decoded once, so that none can turn out to be unusable."""
    findings: Findings = field(default_factory=Findings)

    def __post_init__(self) -> None:
        _check_shares(len(self.images.train), self.config.batch_size, self.ranks)
        self.meter = ProgressMeter(self.reporter)
        self.save_clock = SaveClock(self.setup.save_seconds)

    @property
    def config(self) -> TrainConfig:
        """All choices of the run."""
        return self.setup.config

    @property
    def device(self) -> Device:
        """Where this process computes."""
        return self.setup.device

    @property
    def folder(self) -> Path:
        """Gets the checkpoints and the state."""
        return self.setup.folders.checkpoints

    @property
    def images(self) -> LabelledImages:
        """The images that are used."""
        return self.setup.images

    @cached_property
    def plan(self) -> list[Stage]:
        """The stages of the config."""
        return stages.plan_stages(self.config, len(self.images.train))

    @cached_property
    def identity(self) -> dict[str, str]:
        """What must be the same for the run to go on from a state."""
        return resume_state.fingerprint(self.setup)

    def without(self, rejected: tuple[RejectedImage, ...]) -> Self:
        """The run from its beginning, without images that cannot be used; all others are decoded.

        Raises:
            InvalidInput: What is left does not suffice.
        """
        images = self.images.without({image.source for image in rejected})
        return type(self)(
            setup=replace(self.setup, images=images),
            eval_transform=self.eval_transform,
            pack=self.pack,
            reporter=self.reporter,
            ranks=self.ranks,
            rejected=rejected,
            all_decoded=True,
        )

    def decode_all(self, reporter: Reporter) -> tuple[RejectedImage, ...]:
        """Decode what is not decoded yet of both splits, and say what cannot be used.

        Args:
            reporter: Of this process alone.
        """
        meter, sets = ProgressMeter(reporter), self.images.sets
        meter.check()
        meter.begin("pack", 0, sum(map(len, sets)))
        rejected = [
            image
            for images in sets
            for image in self.pack.prepare(images, lambda: meter.advance(1))
        ]
        for image in rejected:
            reporter.on_message(f"Left out {image.source}: {image.message}")
        self._tell_full(reporter)
        return tuple(rejected)

    def decode_rest(self) -> None:
        """After the first epoch, decode what it did not show: balanced sampling leaves images out.

        Raises:
            ImageRejected: One of them cannot be used.
        """
        if self.all_decoded:
            return
        train = self.images.train
        if self.pack.bytes_kept(train) is None:
            for image in self.pack.prepare(train, self.meter.check):
                raise ImageRejected(image.message, reason=image.reason)
        self._tell_full(self.reporter)

    def _tell_full(self, reporter: Reporter) -> None:
        if self.pack.is_full:
            why = (
                f"The disk of the decoded images {self.pack.disk_trouble}"
                if self.pack.disk_trouble
                else "The decoded images do not fit into the pack's disk budget"
            )
            reporter.on_message(f"{why}; some are decoded again in every epoch, which is slower.")


@contextmanager
def opened(setup: FitSetup, reporter: Reporter, ranks: Ranks = ALONE) -> Iterator[FitContext]:
    """The context of a run with all its images; its pack is closed at the end.

    Raises:
        InvalidInput: The architecture has no such input size, or the batches are too small for so
            many processes.
    """
    config, folders = setup.config, setup.folders
    transform = architectures.default_eval_transform(
        config.architecture, config.input_size, config.fit
    )
    transform = replace(transform, grey_window=config.grey_window)
    pack = PixelPack(
        folders.pixels, transform, budget_bytes=folders.pixels_budget_bytes, limits=setup.limits
    )
    with closing(pack):
        yield FitContext(
            setup=setup,
            eval_transform=transform,
            pack=pack,
            reporter=ranks.broadcast_reporter(reporter),
            ranks=ranks,
        )


def _check_shares(num_images: int, batch_size: int, ranks: Ranks) -> None:
    """Refuse batches of which a process would get less than batch normalisation needs.

    Raises:
        InvalidInput: Naming the smallest batch.
    """
    smallest = num_images // num_batches(num_images, batch_size)
    if not ranks.is_alone and smallest < 2 * ranks.size:
        raise InvalidInput(
            f"The smallest batch has {smallest} images: too few for {ranks.size} processes, of "
            "which each needs 2.",
            next_step=f"Choose a batch size of at least {2 * ranks.size}, or fewer processes.",
        )


def tell_data(context: FitContext) -> None:
    """Say how much there is to train on, and what cannot be measured."""
    reporter, config = context.reporter, context.config
    train, val, class_names = context.images.train, context.images.val, context.images.class_names
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


def build_network(context: FitContext, state: ResumeState | None) -> ImageClassifier:
    """The network of a run on its device, fresh or as it was saved."""
    torch.manual_seed(context.config.seed)
    is_carried = context.config.start_run is not None
    model = construction.build_model(
        context.config.architecture,
        len(context.images.class_names),
        pretrained=context.config.pretrained and state is None and not is_carried,
        input_size=context.eval_transform.crop,
    )
    if is_carried and state is None:
        _carry_over(context, model)
    model.to(device=context.device.id, memory_format=MEMORY_FORMAT)  # type: ignore[call-overload]
    if state is not None:
        model.load_state_dict(state.learner["model"])
    return model


def _carry_over(context: FitContext, model: ImageClassifier) -> None:
    """Let a fresh network start from the run that the config names, and say what is new to it."""
    if context.setup.start is None:
        raise InvalidInput("This config starts from a run, which cannot be looked up here.")
    start = context.setup.start()
    carried_weights.carry_over(start, model)
    words = carried_weights.say_known(start, context.images.class_names)
    context.reporter.on_message(f"Starts from run {context.config.start_run}, {words}.")


def choose_plan(
    context: FitContext, state: ResumeState | None, model: ImageClassifier
) -> ComputePlan:
    """How the run computes: as it began, as an earlier run did, or as is found out now."""
    compute = None if state is None else state.compute_plan
    if state is None and context.setup.reference_plan:
        compute = compute_plan.plan_of(context.config, context.device, context.setup.reference_plan)
    is_new = state is None and compute is None
    if compute is not None and compute.device_kind == context.device.kind:
        context.reporter.on_message(f"Computing as before: {compute.title}.")
    elif state is not None:
        compute = compute_plan.usual_plan(context.config, context.device)
    else:
        compute = compute_plan.choose_plan(
            context.config,
            context.device,
            model,
            context.plan,
            num_images=len(context.images.train),
            input_size=context.eval_transform.crop,
        )
    if is_new:
        precision = Precision(context.device, compute.number_format, compute.memory_layout)
        share = -(-context.config.batch_size // context.ranks.size)
        micro_batches = memory_plan.micro_batches_needed(
            share, context.device, model, context.plan, precision, context.eval_transform.crop
        )
        compute = replace(compute, micro_batches=micro_batches)
        if micro_batches > 1:
            context.reporter.on_message(
                f"The free memory does not suffice for {share} images at once: "
                f"batches go through in {micro_batches} parts, with the same gradients."
            )
        if compute.images_per_second:
            rates = ", ".join(
                f"{name.replace('_', ' ')} {rate:,.0f}"
                for name, rate in compute.images_per_second.items()
            )
            context.reporter.on_message(f"Tried a few steps of each, images a second: {rates}.")
    title = architectures.get_architecture(context.config.architecture).title
    context.reporter.on_message(
        f"{title} on {context.device.name} ({context.device.id}) in {compute.title}."
    )
    return compute


def apply_plan(
    context: FitContext, compute: ComputePlan, state: ResumeState | None, model: ImageClassifier
) -> Precision:
    """The number format of a plan; the network gets its memory layout.

    From here on it is a part of the whole: the statistics of several processes are shared, so that
    a step of one alone would wait for the others.
    """
    precision = Precision(context.device, compute.number_format, compute.memory_layout)
    model.to(memory_format=precision.memory_format)
    # In place, since a classifier is no such layer itself.
    context.ranks.with_shared_statistics(model, torch.device(context.device.id))
    if state is not None:
        precision.load_state_dict(state.learner["precision"])
    return precision


def build_learner(
    context: FitContext, stage: Stage, model: ImageClassifier, precision: Precision
) -> Learner:
    """The network with a fresh optimiser of the stage; freezes or frees the backbone."""
    optimizer = optimizers.build_optimizer(stage, model)
    weights = None
    if context.config.balanced_loss:
        images = context.images
        each = torch.from_numpy(class_weights(images.train.labels, len(images.class_names)))
        weights = each.to(device=context.device.id, dtype=torch.float32)
    rules = StepRules(
        label_smoothing=context.config.label_smoothing,
        class_weights=weights,
        clip_norm=context.config.clip_norm,
    )
    average = WeightAverage(model, stage.ema_decay) if stage.ema_decay else None
    return Learner(
        model=model, optimizer=optimizer, precision=precision, rules=rules, average=average
    )


def choose_source(
    context: FitContext,
    stage: Stage,
    model: ImageClassifier,
    precision: Precision,
    compute: ComputePlan,
    on_inputs: Callable[[Tensor, Tensor], None] = lambda inputs, labels: None,
) -> BatchSource:
    """Pixels, or features that fit of a frozen backbone; `on_inputs` gets what the first are of."""
    transform, num_images = context.eval_transform, len(context.images.train)
    step_bytes = 0
    if context.device.kind == "cuda" and context.ranks.is_alone:
        share = -(-context.config.batch_size // compute.micro_batches)
        step_bytes = memory_plan.step_bytes(
            share, context.device, model, stage, precision, transform.crop
        )
    pixels = PixelSource(
        config=context.config,
        model=model,
        train=context.images.train,
        val=context.images.val,
        pack=context.pack,
        train_transform=TrainTransform(context.config.augmentation_parameters, transform),
        eval_transform=transform,
        device=context.device,
        memory_format=precision.memory_format,
        tell=context.reporter.on_message,
        step_bytes=step_bytes,
        ranks=context.ranks,
        is_mixed=stage.mix is not None and stage.mix.is_on,
        **({"compile_network": compute_plan.compiled_network} if compute.compiled else {}),
    )
    if not stage.is_backbone_frozen:
        return pixels
    num_views = features.num_views_for(model, num_images, stage.epochs, transform.crop)
    if num_views == 0:
        context.reporter.on_message(
            f"The features of {num_images:,} images do not fit into memory: the frozen "
            "backbone computes them again in each epoch of the warm-up."
        )
        return pixels
    context.reporter.on_message(
        f"Warm-up on features of {num_views} augmented views, computed once by the frozen backbone."
    )
    return features.FeatureSource(
        config=context.config,
        model=model,
        train=context.images.train,
        pixels=pixels,
        precision=precision,
        num_views=num_views,
        num_epochs=context.config.epochs_of(stage.name),
        tell=context.reporter.on_message,
        on_inputs=on_inputs,
    )
