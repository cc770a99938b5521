"""The stages of a run: which layers learn, how fast, and for how long.

Learning rates are a pure function of the place in the stage, so a resumed run needs no
scheduler state.
"""

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from forge_core.training.config import EXTENSION, TrainConfig
from forge_core.training.inputs.image_sets import num_batches
from forge_core.training.steps.mixing import MixRule

SCRATCH_RISE = 0.05
"""Share of the scratch stage in which the learning rate rises to its highest value."""
ONE_CYCLE_RISE = 0.3
ONE_CYCLE_START = 25.0
"""A one-cycle begins at this part of its highest rate. Source: Smith and Topin 2019, with the
numbers of torch's OneCycleLR; the momentum is not cycled."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A part of a run with its own trainable layers and schedule."""

    name: str
    """warmup, finetune, scratch, or an extension of the last of them."""
    epochs: int
    is_backbone_frozen: bool
    """The backbone keeps its weights and batch-norm statistics, and stays in eval mode."""
    keeps_statistics: bool = False
    """The backbone learns, but its batch-norm layers keep their statistics and go by them."""
    learning_rates: dict[str, float]
    """Highest learning rate of each parameter group: `head`, `backbone` or `all`."""
    min_lr: float
    """Learning rate at the end of the cosine."""
    schedule: Literal["constant", "cosine", "one_cycle"]
    rise: float
    """Share of the stage in which rates rise from almost 0, 0 to 1: along a line, or in a
    one-cycle along a cosine."""
    optimizer: Literal["adam", "adamw", "sgd"]
    weight_decay: float
    momentum: float = 0.0
    nesterov: bool = False
    decays_norm_and_bias: bool = True
    """Weight decay pulls at normalisation parameters and biases as well."""
    mix: MixRule | None = None
    """How images are mixed; None leaves them alone."""
    ema_decay: float = 0.0
    """Of the moving average of the weights; 0 keeps none."""

    def rates_at(self, progress: float) -> dict[str, float]:
        """Learning rate of each group.

        Args:
            progress: Place in the stage, 0 at its first step, 1 after its last.
        """
        return {
            name: self._rate(highest, progress) for name, highest in self.learning_rates.items()
        }

    def _rate(self, highest: float, progress: float) -> float:
        if progress < self.rise:
            share = progress / self.rise
            if self.schedule == "one_cycle":
                start = highest / ONE_CYCLE_START
                return start + (highest - start) * (1 - math.cos(math.pi * share)) / 2
            return self.min_lr + (highest - self.min_lr) * share
        if self.schedule == "constant":
            return highest
        fraction = (progress - self.rise) / (1 - self.rise) if self.rise < 1 else 1.0
        return self.min_lr + (highest - self.min_lr) * (1 + math.cos(math.pi * fraction)) / 2

    def of_epochs(self, epochs: int) -> Self:
        """The stage with another number of epochs, its rise as many steps as before."""
        return replace(self, epochs=epochs, rise=min(1.0, self.rise * self.epochs / epochs))


def plan_stages(config: TrainConfig, num_images: int = 0) -> list[Stage]:
    """The stages that a config runs, in order; those of 0 epochs are left out.

    Args:
        config: Of the run.
        num_images: Training images, which turn `lr_warmup_steps` into a share of the stage;
            without them the rise is drawn as usual.
    """
    if not config.pretrained:
        stages = [_scratch(config)]
    elif config.train_all_layers:
        stages = [_finetune(config, head_lr=config.backbone_lr)]
    else:
        stages = [_warmup(config), _finetune(config, head_lr=config.head_lr)]
    stages = [stage for stage in stages if stage.epochs > 0]
    stages += _extensions(config, stages[-1:])
    if config.lr_warmup_steps < 0 or not num_images:
        return stages
    steps = num_batches(num_images, config.batch_size)
    return [
        stage
        if stage.is_backbone_frozen or stage.name.startswith(EXTENSION)
        else replace(stage, rise=min(1.0, config.lr_warmup_steps / (stage.epochs * steps)))
        for stage in stages
    ]


def stage_of_epoch(stages: list[Stage], epoch: int) -> tuple[Stage, int]:
    """The stage of an epoch of the run, and the epoch's place in that stage, both from 0.

    Raises:
        IndexError: When the run has no such epoch.
    """
    first = 0
    for stage in stages:
        if epoch < first + stage.epochs:
            return stage, epoch - first
        first += stage.epochs
    raise IndexError(epoch)


def _warmup(config: TrainConfig) -> Stage:
    return Stage(
        name="warmup",
        epochs=config.warmup_epochs,
        is_backbone_frozen=True,
        learning_rates={"head": config.warmup_lr},
        min_lr=config.min_lr,
        schedule="constant",
        rise=0.0,
        optimizer="adam",
        weight_decay=0.0,
    )


def _finetune(config: TrainConfig, head_lr: float) -> Stage:
    return Stage(
        name="finetune",
        epochs=config.finetune_epochs,
        is_backbone_frozen=False,
        learning_rates={"head": head_lr, "backbone": config.backbone_lr},
        keeps_statistics=config.keep_statistics and not config.train_all_layers,
        min_lr=config.min_lr,
        rise=ONE_CYCLE_RISE if config.schedule == "one_cycle" else 0.0,
        **_of_all_layers(config),
    )


def _scratch(config: TrainConfig) -> Stage:
    return Stage(
        name="scratch",
        epochs=config.scratch_epochs,
        is_backbone_frozen=False,
        learning_rates={"all": config.scratch_lr},
        min_lr=config.min_lr,
        rise=ONE_CYCLE_RISE if config.schedule == "one_cycle" else SCRATCH_RISE,
        **_of_all_layers(config),
    )


def _extensions(config: TrainConfig, last: list[Stage]) -> list[Stage]:
    """The stages that a run was extended by: the last one of its plan again.

    Each is a cosine of its own from the highest rates on, with a fresh optimiser, so that a run
    that was extended, while it went on or later, is the run that was planned so from the first.

    Source: Loshchilov and Hutter 2017, SGDR: a warm restart, without its growing cycles.
    """
    return [
        replace(
            stage,
            name=EXTENSION if number == 1 else f"{EXTENSION}{number}",
            epochs=epochs,
            schedule="constant" if stage.schedule == "constant" else "cosine",
            rise=0.0,
        )
        for stage in last
        for number, epochs in enumerate(config.extensions, start=1)
    ]


def _of_all_layers(config: TrainConfig) -> dict[str, Any]:
    """What the stages that train all layers have in common."""
    return {
        "schedule": config.schedule,
        "optimizer": config.optimizer,
        "weight_decay": config.weight_decay,
        "momentum": config.momentum,
        "nesterov": config.nesterov,
        "decays_norm_and_bias": config.decay_norm_and_bias,
        "mix": MixRule(mixup_alpha=config.mixup_alpha, cutmix_alpha=config.cutmix_alpha),
        "ema_decay": config.ema_decay,
    }
