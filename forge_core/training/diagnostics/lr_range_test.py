"""Which learning rate suits a run: some steps at rates that grow from nothing to far too much.

The loss first hardly moves, then falls, then bursts. The rate to take lies in the fall. The weights
that this makes are thrown away; no checkpoint and no state is written.

Source: Smith 2017, "Cyclical Learning Rates for Training Neural Networks", section 3.3. The
suggestion is the valley rule as fastai's documentation states it: two thirds into the longest fall
of the smoothed loss. (Its code, `fastai.callback.schedule.valley` of 2.8, takes half of the fall.)
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from forge_core.errors import ImageRejected, InvalidInput
from forge_core.training import fit_context, stages
from forge_core.training.compute import compute_plan
from forge_core.training.diagnostics import failures
from forge_core.training.fit_context import FitContext
from forge_core.training.fit_setup import FitSetup
from forge_core.training.inputs.batches import Batch, BatchSource
from forge_core.training.inputs.image_sets import ImageSet
from forge_core.training.reporting import Reporter
from forge_core.training.stages import Stage
from forge_core.training.steps import optimizers
from forge_core.training.steps.learner import Learner
from forge_core.training.steps.recovery import StepRecovery

LOWEST, HIGHEST = 1e-7, 10.0
STEPS = 100
SMOOTHING = 0.9
"""Share of the old mean in the smoothed loss."""
BURST = 4.0
"""Times its best loss at which the search ends: what comes is worse."""
MAX_IMAGES = 2_000
"""Training images that are used at most: more than a hundred small steps never show."""
HEAD_EPOCHS = 1
"""Epochs that the head learns before the fine-tuning is searched, as a run would let it."""
FIELDS = {"warmup": "warmup_lr", "finetune": "head_lr", "scratch": "scratch_lr"}
"""The field of a config that each stage's rate belongs to."""


@dataclass(frozen=True, kw_only=True)
class RatePoint:
    """One step of the search."""

    rate: float
    loss: float
    """Of the step's batch, before its update."""
    smoothed_loss: float
    """Mean that forgets, without the pull of its beginning."""


@dataclass(frozen=True, kw_only=True)
class RateCurve:
    """What a search saw, and what it suggests."""

    stage: str
    field: str
    """Of the config: what the rate is for."""
    points: tuple[RatePoint, ...]
    suggested: float | None
    """Two significant digits; None where the loss never fell."""
    changes: dict[str, float]
    """Fields of the config with the numbers that the suggestion gives them; empty without one."""
    current: float
    """What the config has."""


def find_rate(
    setup: FitSetup, reporter: Reporter, *, stage: str | None = None, steps: int = STEPS
) -> RateCurve:
    """Search the rate of a stage: by default of the one that trains all layers.

    Args:
        setup: Of the run that shall be trained; of its training images at most 2,000 are used, and
            its folder of checkpoints stays empty.
        reporter: Told of each step; may ask to stop.
        stage: warmup, finetune or scratch.
        steps: Steps between the lowest and the highest rate.

    Raises:
        InvalidInput: The config has no such stage, or there is nothing to train on.
        WeightsUnavailable: Pretrained weights are wanted and cannot be had.
        Cancelled: The reporter asked to stop.
    """
    config = setup.config
    plan = stages.plan_stages(config)
    wanted = plan[-1] if stage is None else next((s for s in plan if s.name == stage), None)
    if wanted is None:
        raise InvalidInput(
            f"This run has no stage {stage}.",
            next_step=f"Choose {' or '.join(found.name for found in plan)}.",
        )
    train = _some(setup.images.train, config.seed)
    images = replace(setup.images, train=train, val=train)
    with (
        fit_context.opened(replace(setup, images=images), reporter) as context,
        failures.memory_explained(context.device, config),
    ):
        try:
            points = _search(context, wanted, steps)
        except ImageRejected:  # as a run does: all are decoded, and it begins again without them
            usable = context.without(context.decode_all(reporter))
            points = _search(usable, wanted, steps)
    suggested = suggest([(point.rate, point.smoothed_loss) for point in points])
    field = "backbone_lr" if config.train_all_layers else FIELDS[wanted.name]
    changes = {}
    if suggested is not None:
        changes[field] = suggested
        if "backbone" in wanted.learning_rates and not config.train_all_layers:
            changes["backbone_lr"] = suggested * config.backbone_lr / config.head_lr
    return RateCurve(
        stage=wanted.name,
        field=field,
        points=tuple(points),
        suggested=suggested,
        changes=changes,
        current=getattr(config, field),
    )


def suggest(curve: Sequence[tuple[float, float]]) -> float | None:
    """The rate two thirds into the longest fall of the loss, to two significant digits.

    Args:
        curve: Rates, growing, with their smoothed losses.

    Returns:
        None where the loss never falls.
    """
    losses = [loss for _, loss in curve]
    longest = [1] * len(losses)  # longest falling subsequence that ends at each step
    for end in range(1, len(losses)):
        for start in range(end):
            if losses[end] < losses[start]:
                longest[end] = max(longest[end], longest[start] + 1)
    if not losses or max(longest) == 1:
        return None
    end = longest.index(max(longest))
    start = end - max(longest) + 1
    place = start + (2 * (end - start)) // 3
    rate = curve[place][0]
    return round(rate, 1 - math.floor(math.log10(rate)))


def rates(steps: int) -> list[float]:
    """Rates that grow by the same factor from step to step."""
    ratio = HIGHEST / LOWEST
    return [LOWEST * ratio ** (step / max(1, steps - 1)) for step in range(steps)]


def _some(train: ImageSet, seed: int) -> ImageSet:
    """At most `MAX_IMAGES`, some of each class in proportion."""
    if len(train) <= MAX_IMAGES:
        return train
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed % 2**63))
    chosen = sorted(order[:MAX_IMAGES].tolist())
    firsts = {image.label: place for place, image in reversed(list(enumerate(train.images)))}
    places = sorted({*chosen, *firsts.values()})
    return ImageSet(tuple(train.images[place] for place in places), train.read)


def _search(context: FitContext, stage: Stage, steps: int) -> list[RatePoint]:
    model = fit_context.build_network(context, None)
    with compute_plan.threads(context.config.num_threads or torch.get_num_threads()):
        compute = fit_context.choose_plan(context, None, model)
        precision = fit_context.apply_plan(context, compute, None, model)
        first = context.plan[0]
        if first.is_backbone_frozen and stage.name != first.name:
            learner = fit_context.build_learner(context, first, model, precision)
            source = fit_context.choose_source(
                context, replace(first, epochs=HEAD_EPOCHS), model, precision, compute
            )
            for _ in _steps(context, first, source, learner, None):
                pass
        learner = fit_context.build_learner(context, stage, model, precision)
        learner.micro_batches = compute.micro_batches
        source = fit_context.choose_source(context, stage, model, precision, compute)
        found: list[RatePoint] = []
        mean, best = 0.0, math.inf
        tried = _steps(context, stage, source, learner, rates(steps))
        for number, (rate, loss) in enumerate(tried):
            if not math.isfinite(loss):
                break
            mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
            smoothed = mean / (1 - SMOOTHING ** (number + 1))
            found.append(RatePoint(rate=rate, loss=loss, smoothed_loss=smoothed))
            best = min(best, smoothed)
            if smoothed > BURST * best:
                break
        return found


def _steps(
    context: FitContext,
    stage: Stage,
    source: BatchSource,
    learner: Learner,
    rates: Sequence[float] | None,
) -> Iterator[tuple[float, float]]:
    """Steps at the given rates of the highest group, or one epoch at those of the stage."""
    total = source.num_train_batches() if rates is None else len(rates)
    source.prepare(0, _began(context, stage, source.num_preparing_steps(0)))
    context.meter.begin(stage.name, 1, total)
    source.network.train()
    recovery = StepRecovery(source.network)
    highest = max(stage.learning_rates.values())
    batches = _endless(source)
    for step in range(total):
        rate = highest if rates is None else rates[step]
        scaled = {name: rate * each / highest for name, each in stage.learning_rates.items()}
        optimizers.set_rates(learner.optimizer, scaled)
        inputs, labels = next(batches)
        mix = stage.mix.draw(context.config.seed, 0, step, inputs.shape[-1]) if stage.mix else None
        loss, _ = recovery.step(learner, inputs, labels, mix, context.meter)
        yield rate, loss.item()
        context.meter.advance(len(labels))


def _endless(source: BatchSource) -> Iterator[Batch]:
    epoch = 0
    while True:
        source.prepare(epoch, lambda _: None)
        yield from source.train_batches(epoch)
        epoch += 1


def _began(context: FitContext, stage: Stage, steps: int) -> Callable[[int], None]:
    context.meter.begin(stage.name, 1, steps)
    return context.meter.advance
