"""The architectures that can be trained, by name."""

import difflib
from dataclasses import dataclass, replace
from typing import Any

from torchvision import models as tv
from torchvision.models import WeightsEnum
from torchvision.transforms.v2 import InterpolationMode

from forge_core.augmentation.eval_transform import EvalTransform, Fit
from forge_core.errors import InvalidInput
from forge_core.models import families
from forge_core.models.networks import forge_cnn

SCRATCH_INPUT_SIZE = 32
_INTERPOLATIONS: dict[InterpolationMode, Any] = {
    InterpolationMode.BILINEAR: "bilinear",
    InterpolationMode.BICUBIC: "bicubic",
}


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A network family and size."""

    name: str
    """As it is written in configs and cards; for torchvision's networks its own name."""
    title: str
    """As a person reads it."""
    description: str
    """When to choose it, a sentence."""
    family: str
    """Such as ForgeCNN or ResNet; see `families`."""
    parameters_millions: float
    """Of torchvision's network with its 1,000 classes, or of a ForgeCNN with 10."""
    min_input_size: int
    """Smallest side of the inputs, in pixels."""
    size_step: int = 1
    """Sides of the inputs are multiples of this, in pixels."""
    eval_transform: EvalTransform
    """What its pretrained weights expect; for ForgeCNN 32 px."""
    weights: WeightsEnum | None = None
    """ImageNet weights of torchvision; None if there are none."""
    imagenet_accuracy: float | None = None
    """Share of ImageNet's validation images that these weights tell right, 0 to 1."""
    billion_operations: float | None = None
    """Multiplications and additions for one image of its own size, in billions."""

    @property
    def pretrained(self) -> bool:
        """Whether there are pretrained weights for it at all, cached or not."""
        return self.weights is not None

    @property
    def is_free(self) -> bool:
        """Whether its weights may be used commercially."""
        return self.weights is None or "license" not in self.weights.meta

    @property
    def input_size(self) -> int:
        """Side of the network's input at its own default, in pixels."""
        return self.eval_transform.crop


def _transform_of(weights: WeightsEnum) -> EvalTransform:
    """The eval transform that came with torchvision's weights."""
    preset = weights.transforms()
    return EvalTransform(
        resize=preset.resize_size[0],
        crop=preset.crop_size[0],
        interpolation=_INTERPOLATIONS[preset.interpolation],
        antialias=bool(preset.antialias),
        mean=tuple(preset.mean),
        std=tuple(preset.std),
    )


def _of_torchvision(name: str) -> Architecture:
    """An architecture as its weights describe it."""
    chosen = tv.get_model_weights(name)
    weights = chosen.IMAGENET1K_V1 if name in FEATURED else chosen.DEFAULT
    family = families.family_of(name)
    step = families.size_step_of(name)
    accuracy = weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]
    description = FEATURED.get(name, family.description)
    if "license" in weights.meta:
        description += " The licence of its weights forbids commercial use."
    return Architecture(
        name=name,
        title=families.title_of(name),
        description=description,
        family=family.title,
        parameters_millions=round(weights.meta["num_params"] / 1e6, 1),
        min_input_size=-(-family.min_input_size // step) * step,
        size_step=step,
        eval_transform=_transform_of(weights),
        weights=weights,
        imagenet_accuracy=round(accuracy / 100, 5),
        billion_operations=weights.meta["_ops"],
    )


def _forge_cnn(name: str, title: str, description: str, millions: float) -> Architecture:
    return Architecture(
        name=name,
        title=title,
        description=description,
        family="ForgeCNN",
        parameters_millions=millions,
        min_input_size=forge_cnn.smallest_side(FORGE_CNNS[name].depth),
        eval_transform=EvalTransform(resize=SCRATCH_INPUT_SIZE, crop=SCRATCH_INPUT_SIZE),
    )


FEATURED = {
    "resnet18": "The dependable default for photos, quick on a GPU.",
    "efficientnet_b2": "The most accurate of the first few, at 288 px; wants a GPU and patience.",
    "mobilenet_v2": "Light and accurate: a good choice on a CPU.",
    "mobilenet_v3_small": "The fastest of the first few, for small devices.",
}
"""Offered first, with when to choose them. They start from torchvision's first weights."""

FORGE_CNNS = {
    "forge_cnn": forge_cnn.Shape(width=16, depth=2),
    "forge_cnn_wide": forge_cnn.Shape(width=48, depth=2),
    "forge_cnn_deep": forge_cnn.Shape(width=32, depth=4),
}


def _all() -> list[Architecture]:
    names = tv.list_models(module=tv)
    order = [family.prefix for family in families.FAMILIES]
    others = [name for name in names if name not in FEATURED]
    found = [_of_torchvision(name) for name in others]
    found.sort(
        key=lambda a: (order.index(families.family_of(a.name).prefix), a.parameters_millions)
    )
    return [
        _forge_cnn(
            "forge_cnn",
            "ForgeCNN",
            "Small and from scratch: digits, icons and other images up to 64 px.",
            0.41,
        ),
        *map(_of_torchvision, FEATURED),
        _forge_cnn(
            "forge_cnn_wide",
            "ForgeCNN-Wide",
            "Three times the channels: small images with many classes.",
            1.25,
        ),
        _forge_cnn(
            "forge_cnn_deep",
            "ForgeCNN-Deep",
            "Four blocks: from scratch on images of 64 to 128 px.",
            3.6,
        ),
        *found,
    ]


ARCHITECTURES: dict[str, Architecture] = {found.name: found for found in _all()}
"""The featured ones first, then torchvision's by family, the smallest of each first."""


def get_architecture(name: str) -> Architecture:
    """The architecture of that name.

    Raises:
        InvalidInput: There is none.
    """
    try:
        return ARCHITECTURES[name]
    except KeyError:
        raise InvalidInput(
            f"There is no architecture {name!r}.",
            next_step=_suggest(name),
        ) from None


def _suggest(name: str) -> str:
    alike = difflib.get_close_matches(name, ARCHITECTURES, n=3)
    offered = alike or ["forge_cnn", *FEATURED]
    return f"Choose {', '.join(offered)} or another of the {len(ARCHITECTURES)} on page Train."


def default_eval_transform(
    architecture: str, input_size: int | None, fit: Fit = "crop"
) -> EvalTransform:
    """The eval transform for an architecture at an input size.

    Args:
        architecture: A name in `ARCHITECTURES`.
        input_size: Side of the network's input in pixels; None for the architecture's own.
            Another size keeps the share of the image that the centre crop shows.
        fit: "crop", or "pad" to show the whole image whatever its shape.

    Raises:
        InvalidInput: The name is unknown or the size is too small or too large.
    """
    found = get_architecture(architecture)
    own = found.eval_transform
    if fit == "pad":
        side = own.crop if input_size is None else input_size
        check_input_size(found, side)
        return replace(own, resize=side, crop=side, fit="pad")
    if input_size is None or input_size == own.crop:
        return own
    check_input_size(found, input_size)
    return EvalTransform(
        resize=round(input_size * own.resize / own.crop),
        crop=input_size,
        interpolation=own.interpolation,
        antialias=own.antialias,
        mean=own.mean,
        std=own.std,
    )


def check_input_size(architecture: Architecture, input_size: int) -> None:
    """Refuse an input size that the architecture cannot work with.

    Raises:
        InvalidInput: It is smaller than its smallest, or between two sizes that fit.
    """
    if input_size < architecture.min_input_size:
        raise InvalidInput(
            f"{architecture.title} cannot work on {input_size} px.",
            next_step=f"Choose an input size of at least {architecture.min_input_size} px.",
        )
    if input_size % architecture.size_step:
        step = architecture.size_step
        below, above = input_size // step * step, (input_size // step + 1) * step
        sizes = f"{below} or {above}" if below >= architecture.min_input_size else f"{above}"
        raise InvalidInput(
            f"{architecture.title} cannot work on {input_size} px: it takes multiples of {step}.",
            next_step=f"Choose {sizes} px.",
        )
