"""The stages of a run: which layers learn, how fast, and for how long.

Learning rates are a pure function of the place in the stage, so a resumed run needs no
scheduler state.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch

from forge_core.models import building
from forge_core.models.classifier import ImageClassifier
from forge_core.training.config import TrainConfig

StageName = Literal["warmup", "finetune", "scratch"]
SCRATCH_RISE = 0.05
"""Share of the scratch stage in which the learning rate rises to its highest value."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A part of a run with its own trainable layers and schedule."""

    name: StageName
    epochs: int
    is_backbone_frozen: bool
    """The backbone keeps its weights and batch-norm statistics, and stays in eval mode."""
    learning_rates: dict[str, float]
    """Highest learning rate of each parameter group: `head`, `backbone` or `all`."""
    min_lr: float
    """Learning rate at the end of the cosine."""
    schedule: Literal["constant", "cosine"]
    rise: float
    """Share of the stage in which rates rise linearly from almost 0."""
    optimizer: Literal["adam", "adamw"]
    weight_decay: float

    def rates_at(self, progress: float) -> dict[str, float]:
        """Learning rate of each group.

        Args:
            progress: Place in the stage, 0 at its first step, 1 after its last.
        """
        return {
            name: self._rate(highest, progress) for name, highest in self.learning_rates.items()
        }

    def _rate(self, highest: float, progress: float) -> float:
        if self.schedule == "constant":
            return highest
        if progress < self.rise:
            return self.min_lr + (highest - self.min_lr) * progress / self.rise
        fraction = (progress - self.rise) / (1 - self.rise)
        return self.min_lr + (highest - self.min_lr) * (1 + math.cos(math.pi * fraction)) / 2


def plan_stages(config: TrainConfig) -> list[Stage]:
    """The stages that a config runs, in order; those of 0 epochs are left out."""
    if not config.pretrained:
        stages = [_scratch(config)]
    elif config.train_all_layers:
        stages = [_finetune(config, backbone_lr=config.head_lr)]
    else:
        stages = [_warmup(config), _finetune(config, backbone_lr=config.backbone_lr)]
    return [stage for stage in stages if stage.epochs > 0]


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


def build_optimizer(stage: Stage, model: ImageClassifier) -> torch.optim.Optimizer:
    """A fresh optimiser over the layers that the stage trains, one named group a rate.

    Also freezes or frees the backbone as the stage wants it.
    """
    if "all" in stage.learning_rates:
        groups = {"all": list(model.parameters())}
    else:
        building.set_backbone_frozen(model, stage.is_backbone_frozen)
        groups = {"head": list(building.head_parameters(model))}
        if not stage.is_backbone_frozen:
            groups["backbone"] = list(building.backbone_parameters(model))
    named_groups = [
        {"params": parameters, "lr": stage.learning_rates[name], "name": name}
        for name, parameters in groups.items()
    ]
    if stage.optimizer == "adam":
        return torch.optim.Adam(named_groups, fused=True)
    return torch.optim.AdamW(named_groups, weight_decay=stage.weight_decay, fused=True)


def set_rates(optimizer: torch.optim.Optimizer, rates: dict[str, float]) -> None:
    """Give each named parameter group its learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rates[group["name"]]


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


def _finetune(config: TrainConfig, backbone_lr: float) -> Stage:
    return Stage(
        name="finetune",
        epochs=config.finetune_epochs,
        is_backbone_frozen=False,
        learning_rates={"head": config.head_lr, "backbone": backbone_lr},
        min_lr=config.min_lr,
        schedule="cosine",
        rise=0.0,
        optimizer="adamw",
        weight_decay=config.weight_decay,
    )


def _scratch(config: TrainConfig) -> Stage:
    return Stage(
        name="scratch",
        epochs=config.scratch_epochs,
        is_backbone_frozen=False,
        learning_rates={"all": config.scratch_lr},
        min_lr=config.min_lr,
        schedule="cosine",
        rise=SCRATCH_RISE,
        optimizer="adamw",
        weight_decay=config.weight_decay,
    )
