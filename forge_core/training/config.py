"""Every choice of a run in one value that is kept with the run and can start it again."""

import json
import re
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from forge_core.augmentation.presets import PRESETS, AugmentationParameters
from forge_core.errors import InvalidInput
from forge_core.models.architectures import ARCHITECTURES

SCHEMA = 1
MAX_EPOCHS = 10_000
MAX_BATCH_SIZE = 65_536


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Config of a run. Learning rates are per step of the optimiser; epochs pass over training.

    A pretrained network trains in two stages, `warmup` and `finetune` (or only `finetune` with
    `train_all_layers`); a network without weights in one, `scratch`.
    """

    architecture: str = "forge_cnn"
    """One of `models.architectures.ARCHITECTURES`."""
    pretrained: bool = False
    """Start from ImageNet weights; forge_cnn has none."""
    input_size: int | None = None
    """Side of the network's square input in pixels; None takes the architecture's own."""
    preset: str = "natural"
    """Domain preset of the augmentation, one of `augmentation.presets.PRESETS`."""
    augmentation: AugmentationParameters | None = None
    """Augmentation in numbers; None takes those of `preset`."""
    batch_size: int = 32
    """Images a step, at least 2 (batch normalisation needs two)."""
    warmup_epochs: int = 5
    """Epochs of the head alone over the frozen backbone; 5 to 10 is usual, 0 skips them."""
    finetune_epochs: int = 10
    """Epochs of all layers of a pretrained network; 0 keeps the backbone as it is."""
    scratch_epochs: int = 40
    """Epochs of a network that starts without weights."""
    warmup_lr: float = 1e-3
    """Adam's learning rate of the head in the warm-up."""
    backbone_lr: float = 1e-5
    """First learning rate of the backbone in the fine-tuning."""
    head_lr: float = 1e-4
    """First learning rate of the head in the fine-tuning, and of all layers with
    `train_all_layers`."""
    scratch_lr: float = 1e-3
    """Highest learning rate of a network that starts without weights."""
    min_lr: float = 1e-7
    """Learning rate at the last step of the cosine schedule."""
    train_all_layers: bool = False
    """Train all layers of a pretrained network at one low rate, without a warm-up: for images
    far from photographs, where the frozen features say little."""
    weight_decay: float = 1e-4
    """AdamW's decoupled weight decay in fine-tuning and scratch."""
    use_augmented: bool = False
    """Train on augmented copies that the catalog keeps as well; they are never measured on."""
    balanced_sampling: bool = False
    """Draw training images with replacement so that every class is equally likely."""
    label_smoothing: float = 0.0
    """Share of the target that is spread over all classes, 0 to below 1; training only."""
    seed: int = 0
    """Decides initial weights, order, augmentation and dropout."""
    device: str = "auto"
    """auto, cpu, mps or cuda:N."""
    amp: Literal["auto", "off"] = "auto"
    """Mixed precision where the device is a CUDA GPU, or never."""
    early_stopping_patience: int = 0
    """End the last stage after so many epochs without a better validation accuracy; 0 never."""

    def __post_init__(self) -> None:
        _one_of("architecture", self.architecture, ARCHITECTURES)
        _one_of("preset", self.preset, PRESETS)
        _one_of("amp", self.amp, ("auto", "off"))
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", self.device):
            raise InvalidInput(
                f"The device {self.device!r} is not known.",
                next_step="Use auto, cpu, mps or cuda:0.",
            )
        if self.pretrained and not ARCHITECTURES[self.architecture].pretrained:
            raise InvalidInput(
                f"{self.architecture} has no pretrained weights.",
                next_step="Train it from scratch, or choose a pretrained architecture.",
            )
        _whole("batch_size", self.batch_size, 2, MAX_BATCH_SIZE)
        _whole("warmup_epochs", self.warmup_epochs, 0, MAX_EPOCHS)
        _whole("finetune_epochs", self.finetune_epochs, 0, MAX_EPOCHS)
        _whole("scratch_epochs", self.scratch_epochs, 0, MAX_EPOCHS)
        _whole("seed", self.seed, 0, 2**63 - 1)
        _whole("early_stopping_patience", self.early_stopping_patience, 0, MAX_EPOCHS)
        if self.input_size is not None:
            _whole("input_size", self.input_size, 8, 2048)
        for name in ("warmup_lr", "backbone_lr", "head_lr", "scratch_lr"):
            _number(name, getattr(self, name), 1e-12, 10.0)
        _number("min_lr", self.min_lr, 0.0, 10.0)
        _number("weight_decay", self.weight_decay, 0.0, 1.0)
        _number("label_smoothing", self.label_smoothing, 0.0, 0.9)
        lowest = self._lowest_decaying_rate
        if self.min_lr > lowest:
            raise InvalidInput(
                f"min_lr is {self.min_lr:g}, above the learning rate {lowest:g} that it ends.",
                next_step=f"Choose a number from 0 to {lowest:g}.",
            )
        if self.total_epochs == 0:
            raise InvalidInput(
                "This config has 0 epochs in all its stages, so nothing would be trained.",
                next_step="Give the run at least one epoch.",
            )

    @property
    def _lowest_decaying_rate(self) -> float:
        """The lowest of the rates that fall to `min_lr` along the cosine."""
        if not self.pretrained:
            return self.scratch_lr
        return self.head_lr if self.train_all_layers else min(self.head_lr, self.backbone_lr)

    @property
    def total_epochs(self) -> int:
        """Epochs of all stages that this config runs."""
        if not self.pretrained:
            return self.scratch_epochs
        if self.train_all_layers:
            return self.finetune_epochs
        return self.warmup_epochs + self.finetune_epochs

    @property
    def augmentation_parameters(self) -> AugmentationParameters:
        """The augmentation in numbers: `augmentation`, or those of the preset."""
        return self.augmentation or PRESETS[self.preset].parameters

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, with a schema number."""
        return {"schema": SCHEMA, **asdict(self)}

    def to_json(self) -> str:
        """One line of JSON with sorted keys: equal configs give equal text."""
        return json.dumps(self.to_dict(), sort_keys=True)

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """Read what `to_dict` wrote; a missing field takes its default.

        Raises:
            InvalidInput: A field is unknown or out of range, or the schema is from the future.
        """
        if not isinstance(values, dict):
            raise InvalidInput("A training config is an object of names and values.")
        schema = values.get("schema", SCHEMA)
        if schema != SCHEMA:
            raise InvalidInput(
                f"This training config has schema {schema!r}; this version reads {SCHEMA}.",
                next_step="Open it with the version that wrote it.",
            )
        return cls._read_schema_1({name: values[name] for name in values if name != "schema"})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InvalidInput: The text is not JSON, or `from_dict` refuses it.
        """
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise InvalidInput("The training config is not JSON.", detail=str(error)) from error
        return cls.from_dict(values)

    @classmethod
    def _read_schema_1(cls, values: dict[str, Any]) -> Self:
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise InvalidInput(
                f"A training config has no field {', '.join(sorted(map(str, unknown)))}.",
                next_step=f"Known fields: {', '.join(field.name for field in fields(cls))}.",
            )
        if values.get("augmentation") is not None:
            parameters = AugmentationParameters.from_dict(values["augmentation"])
            values = {**values, "augmentation": parameters}
        return cls(**values)


def _one_of(name: str, value: object, choices: Any) -> None:
    if value not in choices:
        raise InvalidInput(
            f"{name} {value!r} is not known.", next_step=f"Choose one of {', '.join(choices)}."
        )


def _whole(name: str, value: object, smallest: int, largest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not smallest <= value <= largest:
        raise InvalidInput(
            f"{name} is {value!r}.",
            next_step=f"Choose a whole number from {smallest} to {largest}.",
        )


def _number(name: str, value: object, smallest: float, largest: float) -> None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not smallest <= float(value) <= largest:  # type: ignore[arg-type]
        raise InvalidInput(
            f"{name} is {value!r}.",
            next_step=f"Choose a number from {smallest:g} to {largest:g}.",
        )
