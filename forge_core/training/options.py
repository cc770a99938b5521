"""The advanced choices of a run, each with its name, its range and one plain sentence.

One list for everybody: the config checks values against it, and the command line and the Train
page show it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from forge_core.errors import InvalidInput

Value = float | int | bool | str


@dataclass(frozen=True, kw_only=True)
class Option:
    """A choice that most runs leave at its default."""

    name: str
    """Field of `TrainConfig`."""
    title: str
    help: str
    """What it does, for a person who meets it for the first time."""
    value_type: type
    """float, int, bool, or str for one of `choices`."""
    minimum: float = 0.0
    maximum: float = 0.0
    step: float = 1.0
    choices: Mapping[str, str] | None = None
    """Titles by value."""
    named: Mapping[float, str] = field(default_factory=dict)
    """Numbers that stand for something else, with its words."""
    unset: float | None = None
    """The one of them that stands for nothing chosen: whoever reads the page leaves it empty."""
    stages: tuple[str, ...] = ("warmup", "finetune", "scratch")
    """Stages in which it plays a part."""

    def check(self, value: object) -> None:
        """Refuse a value that is out of range or of another kind.

        Raises:
            InvalidInput: Naming the field and the range.
        """
        if self.value_type is bool:
            if not isinstance(value, bool):
                raise InvalidInput(f"{self.name} is {value!r}.", next_step="Say true or false.")
        elif self.choices is not None:
            check_one_of(self.name, value, self.choices)
        elif self.value_type is int:
            check_whole(self.name, value, int(self.minimum), int(self.maximum))
        else:
            check_number(self.name, value, self.minimum, self.maximum)

    def describe(self, value: object) -> str:
        """A value in the words of the page."""
        if self.choices is not None:
            return self.choices[str(value)]
        if isinstance(value, bool):
            return "on" if value else "off"
        if isinstance(value, (int, float)) and value in self.named:
            return self.named[value]
        return f"{value:g}" if isinstance(value, float) else str(value)

    def matches(self, words: str) -> bool:
        """Whether every word occurs in the name, the title or the help."""
        text = f"{self.name} {self.title} {self.help}".lower()
        return all(word in text for word in words.lower().split())


def _rate(name: str, title: str, help: str, *stages: str) -> Option:
    return Option(
        name=name,
        title=title,
        help=help,
        value_type=float,
        minimum=0.0 if name == "min_lr" else 1e-12,
        maximum=10.0,
        step=1e-5,
        stages=stages,
    )


ALL_LAYERS = ("finetune", "scratch")

OPTIONS = (
    Option(
        name="fit",
        title="Shape",
        help="How an image that is not square comes into the input: its middle alone, or all "
        "of it, filled up with the mean colour.",
        value_type=str,
        choices={"crop": "Crop the middle", "pad": "Show the whole"},
    ),
    _rate("scratch_lr", "Learning rate", "The highest rate at which all layers learn.", "scratch"),
    _rate(
        "warmup_lr",
        "Warm-up learning rate",
        "How fast the head learns while the backbone is frozen.",
        "warmup",
    ),
    _rate(
        "head_lr",
        "Head learning rate",
        "How fast the head learns in the fine-tuning, at first; it goes on as in the warm-up.",
        "finetune",
    ),
    _rate(
        "backbone_lr",
        "Backbone learning rate",
        "How fast the pretrained layers learn in the fine-tuning, usually a tenth of the head's; "
        "all layers when they train at once.",
        "finetune",
    ),
    _rate("min_lr", "Last learning rate", "Where the rate has fallen to at the end.", *ALL_LAYERS),
    Option(
        name="schedule",
        title="Schedule",
        help="How the learning rate moves: cosine falls slowly, one-cycle rises for 30 % of "
        "the stage and falls, constant stays.",
        value_type=str,
        choices={"cosine": "Cosine", "one_cycle": "One-cycle", "constant": "Constant"},
        stages=ALL_LAYERS,
    ),
    Option(
        name="lr_warmup_steps",
        title="Rate warm-up, steps",
        help="Steps in which the learning rate rises from almost 0; the usual is 5 % from "
        "scratch, 30 % of a one-cycle, none otherwise.",
        value_type=int,
        named={-1: "the usual"},
        unset=-1,
        minimum=-1,
        maximum=1_000_000,
        stages=ALL_LAYERS,
    ),
    Option(
        name="optimizer",
        title="Optimiser",
        help="AdamW adapts the rate of each weight and suits most runs; SGD with momentum "
        "needs rates about a hundred times higher.",
        value_type=str,
        choices={"adamw": "AdamW", "sgd": "SGD"},
        stages=ALL_LAYERS,
    ),
    Option(
        name="momentum",
        title="Momentum",
        help="How much of its last direction SGD keeps; AdamW does not use it.",
        value_type=float,
        maximum=0.999,
        step=0.05,
        stages=ALL_LAYERS,
    ),
    Option(
        name="nesterov",
        title="Nesterov momentum",
        help="SGD looks one step ahead along its momentum; AdamW does not use it.",
        value_type=bool,
        stages=ALL_LAYERS,
    ),
    Option(
        name="keep_statistics",
        title="Keep batch statistics",
        help="Fine-tuning leaves the backbone's batch-norm statistics as they were pretrained; "
        "off lets them follow the images, which pays with very many of them.",
        value_type=bool,
        stages=("finetune",),
    ),
    Option(
        name="weight_decay",
        title="Weight decay",
        help="Pulls weights towards 0, against learning by heart.",
        value_type=float,
        maximum=1.0,
        step=1e-4,
        stages=ALL_LAYERS,
    ),
    Option(
        name="decay_norm_and_bias",
        title="Weight decay on everything",
        help="Weight decay also pulls at the parameters of normalisation and at biases, which "
        "is seldom wanted.",
        value_type=bool,
        stages=ALL_LAYERS,
    ),
    Option(
        name="clip_norm",
        title="Gradient clipping",
        help="Longest gradient, over all weights together, that a step may follow; 0 never clips.",
        value_type=float,
        named={0: "never"},
        maximum=1e6,
        step=0.5,
    ),
    Option(
        name="label_smoothing",
        title="Label smoothing",
        help="Share of the target that is spread over all classes; some helps with wrong labels.",
        value_type=float,
        maximum=0.9,
        step=0.05,
    ),
    Option(
        name="mixup_alpha",
        title="Mixup",
        help="Trains on two images blended into one, with both labels; 0 is off, 0.2 mild, "
        "1 strong.",
        value_type=float,
        named={0: "off"},
        maximum=10.0,
        step=0.1,
        stages=ALL_LAYERS,
    ),
    Option(
        name="cutmix_alpha",
        title="CutMix",
        help="Pastes a box of another image into each, with both labels by area; 0 is off, 1 "
        "usual. With mixup too, each batch takes one of them.",
        value_type=float,
        named={0: "off"},
        maximum=10.0,
        step=0.1,
        stages=ALL_LAYERS,
    ),
    Option(
        name="balanced_loss",
        title="Weigh the loss by class",
        help="Mistakes in small classes cost more, so that every class counts the same; "
        "instead of balanced sampling.",
        value_type=bool,
    ),
    Option(
        name="ema_decay",
        title="Average of the weights",
        help="Measures and keeps a moving average of the weights, smoother than the last "
        "step; 0 is off, 0.999 suits runs of some thousand steps.",
        value_type=float,
        named={0: "off"},
        maximum=0.99999,
        step=0.001,
        stages=ALL_LAYERS,
    ),
    Option(
        name="early_stopping_patience",
        title="Early stopping, epochs",
        help="Ends the last stage after so many epochs without a better validation accuracy; "
        "0 never does.",
        value_type=int,
        named={0: "never"},
        maximum=10_000,
    ),
    Option(
        name="time_budget_minutes",
        title="Time budget, minutes",
        help="Ends with the last epoch that fits, and lets the learning rate fall to its end "
        "by then; 0 has no limit.",
        value_type=float,
        named={0: "no limit"},
        maximum=100_000.0,
        step=5.0,
    ),
    Option(
        name="number_format",
        title="Number format",
        help="Automatic takes what is fastest here; validation and checkpoints always use float32.",
        value_type=str,
        choices={
            "auto": "Automatic",
            "float32": "float32",
            "bfloat16": "bfloat16",
            "float16": "float16, GPU only",
        },
    ),
    Option(
        name="memory_layout",
        title="Memory layout",
        help="How pixels lie in memory; it changes the speed, and the numbers by less than a "
        "millionth.",
        value_type=str,
        choices={
            "auto": "Automatic",
            "channels_last": "Channels last",
            "channels_first": "Channels first",
        },
    ),
    Option(
        name="num_threads",
        title="Processor threads",
        help="Threads that compute on the processor, usually one a core. Another number adds "
        "up in another order.",
        value_type=int,
        named={0: "one a core"},
        unset=0,
        maximum=1024,
    ),
    Option(
        name="num_processes",
        title="GPUs",
        help="Compute each batch together, a process and a GPU each; on a processor the "
        "processes share it, which is slower than one.",
        value_type=int,
        minimum=1,
        maximum=64,
    ),
    Option(
        name="seed",
        title="Seed",
        help="Decides first weights, order, augmentation and dropout.",
        value_type=int,
        maximum=2**63 - 1,
    ),
    Option(
        name="use_augmented",
        title="Train on augmented copies too",
        help="Uses the augmented copies of the catalog, where their original is in train "
        "with the same label; they are never measured on.",
        value_type=bool,
    ),
)

BY_NAME = {option.name: option for option in OPTIONS}


def check_one_of(name: str, value: object, choices: Mapping[str, object] | tuple[str, ...]) -> None:
    """Refuse a value that is none of the choices.

    Raises:
        InvalidInput: Naming them.
    """
    if value not in choices:
        raise InvalidInput(
            f"{name} {value!r} is not known.", next_step=f"Choose one of {', '.join(choices)}."
        )


def check_whole(name: str, value: object, minimum: int, maximum: int) -> None:
    """Refuse what is not a whole number in the range.

    Raises:
        InvalidInput: Naming the range.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
        raise InvalidInput(
            f"{name} is {value!r}.",
            next_step=f"Choose a whole number from {minimum} to {maximum}.",
        )


def check_number(name: str, value: object, minimum: float, maximum: float) -> None:
    """Refuse what is not a number in the range.

    Raises:
        InvalidInput: Naming the range.
    """
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not minimum <= float(value) <= maximum:  # type: ignore[arg-type]
        raise InvalidInput(
            f"{name} is {value!r}.",
            next_step=f"Choose a number from {minimum:g} to {maximum:g}.",
        )


def total_epochs(config: Mapping[str, Any]) -> int:
    """Epochs of all stages that a config of a run asks for.

    Args:
        config: Names and values of a `TrainConfig`, as a run keeps them.
    """
    added = sum(int(epochs) for epochs in config.get("extensions", ()))
    if not config["pretrained"]:
        return int(config["scratch_epochs"]) + added
    if config.get("train_all_layers"):
        return int(config["finetune_epochs"]) + added
    return int(config["warmup_epochs"] + config["finetune_epochs"]) + added
