"""Every choice of a run in one value that is kept with the run and can start it again."""

import json
import re
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from forge_core import storable_values
from forge_core.augmentation.presets import PRESETS, AugmentationParameters
from forge_core.errors import InvalidInput
from forge_core.imaging.grey_window import GreyWindow
from forge_core.models.architectures import get_architecture
from forge_core.training.options import OPTIONS, check_one_of, check_whole, total_epochs

SCHEMA = 3
MAX_EPOCHS = 10_000
EXTENSION = "extension"
"""Name of the stage that a run was extended by; the second is extension2."""
MAX_BATCH_SIZE = 65_536


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Config of a run. Learning rates are per step of the optimiser; epochs pass over training.

    A pretrained network trains in two stages, `warmup` and `finetune` (or only `finetune` with
    `train_all_layers`); a network without weights in one, `scratch`.
    """

    architecture: str = "forge_cnn"
    """A name that `models.architectures.get_architecture` knows."""
    pretrained: bool = False
    """Start from weights: those of ImageNet, which forge_cnn has none of, or of `start_run`."""
    start_run: int | None = None
    """Number of the run whose weights it starts from; None for those of ImageNet."""
    start_kind: Literal["best", "calibrated", "last"] = "best"
    """Which weights of that run."""
    start_hash: str = ""
    """SHA-256 of the file that they are read from: of no other."""
    input_size: int | None = None
    """Side of the network's square input in pixels; None takes the architecture's own."""
    fit: Literal["crop", "pad"] = "crop"
    """How images of other shapes come into the square input: its centre, or whole and padded."""
    grey_window: str = ""
    """Which greys of deep images become black and white, as `GreyWindow.parse` reads it; empty
    takes what the settings say when the run starts."""
    preset: str = "natural"
    """Domain preset of the augmentation, one of `augmentation.presets.PRESETS`."""
    augmentation: AugmentationParameters | None = None
    """Augmentation in numbers; None takes those of `preset`."""
    preset_name: str = ""
    """The name under which a person keeps these numbers; empty if none does."""
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
    backbone_lr: float = 1e-4
    """First learning rate of the backbone in the fine-tuning, and of all layers with
    `train_all_layers`."""
    head_lr: float = 1e-3
    """First learning rate of the head in the fine-tuning: it goes on as in the warm-up."""
    scratch_lr: float = 1e-3
    """Highest learning rate of a network that starts without weights."""
    min_lr: float = 1e-7
    """Learning rate at the last step of the cosine schedule."""
    train_all_layers: bool = False
    """Train all layers of a pretrained network at one low rate, without a warm-up: for images
    far from photographs, where the frozen features say little."""
    keep_statistics: bool = True
    """Leave the backbone's batch-norm statistics as they were pretrained while it is fine-tuned.
    Not with `train_all_layers`, where the images are other ones than those of the pretraining."""
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
    early_stopping_patience: int = 0
    """End the last stage after so many epochs without a better validation accuracy; 0 never."""
    optimizer: Literal["adamw", "sgd"] = "adamw"
    """Of fine-tuning and scratch; the warm-up's is Adam."""
    momentum: float = 0.9
    """Of SGD, 0 to below 1."""
    nesterov: bool = True
    """Nesterov's momentum in SGD."""
    schedule: Literal["cosine", "one_cycle", "constant"] = "cosine"
    """Learning rate over fine-tuning or scratch."""
    lr_warmup_steps: int = -1
    """Steps in which the rate rises from almost 0; -1 takes 5 % of scratch, 30 % of a one-cycle,
    and none otherwise."""
    decay_norm_and_bias: bool = False
    """Let weight decay pull at normalisation parameters and biases as well."""
    clip_norm: float = 0.0
    """Longest gradient over all weights together; 0 never clips."""
    mixup_alpha: float = 0.0
    """Both parameters of mixup's Beta distribution; 0 is off. Not in the warm-up."""
    cutmix_alpha: float = 0.0
    """The same of CutMix; with both, each batch takes one of them by chance."""
    balanced_loss: bool = False
    """Weigh the loss of each class by the inverse of its number of training images."""
    ema_decay: float = 0.0
    """Moving average of the weights, measured and kept instead of them; 0 is off."""
    time_budget_minutes: float = 0.0
    """End with the last epoch that fits; 0 has no limit."""
    number_format: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Of forward and backward in training; auto takes what is fastest on the device."""
    memory_layout: Literal["auto", "channels_last", "channels_first"] = "auto"
    """Of pixels and weights."""
    num_threads: int = 0
    """Processor threads; 0 takes torch's own number."""
    num_processes: int = 1
    """Processes that compute each batch together, a GPU each."""
    extensions: tuple[int, ...] = ()
    """Epochs that were added behind the others, each time with a cosine of their own."""

    def __post_init__(self) -> None:
        architecture = get_architecture(self.architecture)
        check_one_of("preset", self.preset, PRESETS)
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", self.device):
            raise InvalidInput(
                f"The device {self.device!r} is not known.",
                next_step="Use auto, cpu, mps or cuda:0.",
            )
        self._check_start()
        is_of_imagenet = self.pretrained and self.start_run is None
        if is_of_imagenet and not architecture.pretrained:
            raise InvalidInput(
                f"{self.architecture} has no pretrained weights.",
                next_step="Train it from scratch, or choose a pretrained architecture.",
            )
        if not isinstance(self.grey_window, str):
            raise InvalidInput(f"grey_window must be text, not {self.grey_window!r}.")
        GreyWindow.parse(self.grey_window)
        check_whole("batch_size", self.batch_size, 2, MAX_BATCH_SIZE)
        check_whole("warmup_epochs", self.warmup_epochs, 0, MAX_EPOCHS)
        check_whole("finetune_epochs", self.finetune_epochs, 0, MAX_EPOCHS)
        check_whole("scratch_epochs", self.scratch_epochs, 0, MAX_EPOCHS)
        for epochs in self.extensions:
            check_whole("extensions", epochs, 1, MAX_EPOCHS)
        if self.input_size is not None:
            check_whole("input_size", self.input_size, 8, 2048)
        for option in OPTIONS:
            option.check(getattr(self, option.name))
        if self.balanced_sampling and self.balanced_loss:
            raise InvalidInput(
                "balanced_sampling and balanced_loss both even out the classes; together they "
                "would favour the small ones.",
                next_step="Turn one of them off.",
            )
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

    def _check_start(self) -> None:
        if self.start_run is None:
            return
        check_whole("start_run", self.start_run, 1, storable_values.LARGEST_IN_A_COLUMN)
        check_one_of("start_kind", self.start_kind, ("best", "calibrated", "last"))
        if not re.fullmatch(r"[0-9a-f]{64}", str(self.start_hash)):
            raise InvalidInput(
                "start_hash does not say which file of the run is meant.",
                next_step="Name the run with --from, which writes it.",
            )
        if not self.pretrained:
            raise InvalidInput(
                f"A network that starts from run {self.start_run} does not start from scratch.",
                next_step="Leave out one of the two.",
            )

    @property
    def _lowest_decaying_rate(self) -> float:
        """The lowest of the rates that fall to `min_lr` along the cosine."""
        if self.schedule == "constant":
            return 10.0
        if not self.pretrained:
            return self.scratch_lr
        return self.backbone_lr if self.train_all_layers else min(self.head_lr, self.backbone_lr)

    @property
    def total_epochs(self) -> int:
        """Epochs of all stages that this config runs."""
        return total_epochs(vars(self))

    def epochs_of(self, stage: str) -> int:
        """Epochs of a stage by its name: warmup, finetune, scratch, extension, extension2 ..."""
        if stage.startswith(EXTENSION):
            return self.extensions[int(stage.removeprefix(EXTENSION) or 1) - 1]
        epochs: int = getattr(self, f"{stage}_epochs")
        return epochs

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
        storable_values.check(values, "The training config")
        schema = values.get("schema", SCHEMA)
        values = {name: values[name] for name in values if name != "schema"}
        if schema == 1:
            values = read_schema_2(read_schema_1(values))
        elif schema == 2:
            values = read_schema_2(values)
        elif schema != SCHEMA:
            raise InvalidInput(
                f"This training config has schema {schema!r}; this version reads {SCHEMA}.",
                next_step="Open it with the version that wrote it.",
            )
        return cls._read_fields(values)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InvalidInput: The text is not JSON, or `from_dict` refuses it.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidInput("The training config is not JSON.", detail=str(error)) from error
        return cls.from_dict(values)

    @classmethod
    def _read_fields(cls, values: dict[str, Any]) -> Self:
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise InvalidInput(
                f"A training config has no field {', '.join(sorted(map(str, unknown)))}.",
                next_step=f"Known fields: {', '.join(field.name for field in fields(cls))}.",
            )
        if values.get("augmentation") is not None:
            parameters = AugmentationParameters.from_dict(values["augmentation"])
            values = {**values, "augmentation": parameters}
        if "extensions" in values:
            values = {**values, "extensions": tuple(values["extensions"])}
        return cls(**values)


def read_schema_1(values: dict[str, Any]) -> dict[str, Any]:
    """A config of the time of `amp`, when weight decay pulled at everything."""
    values = dict(values)
    if values.pop("amp", "auto") == "off":
        values["number_format"] = "float32"
    return {"decay_norm_and_bias": True, "memory_layout": "channels_last", **values}


def read_schema_2(values: dict[str, Any]) -> dict[str, Any]:
    """A config of the time when fine-tuning let the statistics move, at a tenth of today's rates.

    All layers at once trained at the rate of the head.
    """
    values = {"keep_statistics": False, "head_lr": 1e-4, "backbone_lr": 1e-5, **values}
    if values.get("train_all_layers"):
        values["backbone_lr"] = values["head_lr"]
    return values
