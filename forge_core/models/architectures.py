"""The architectures that can be trained, by name."""

from dataclasses import dataclass
from typing import Any

from torchvision import models as tv
from torchvision.models import WeightsEnum
from torchvision.transforms.v2 import InterpolationMode

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.errors import InvalidInput
from forge_core.models import forge_cnn

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
    """ForgeCNN, ResNet, EfficientNet or MobileNet."""
    parameters_millions: float
    """Parameters with the head for 10 classes, in millions."""
    min_input_size: int
    """Smallest side of the inputs, in pixels."""
    eval_transform: EvalTransform
    """What its pretrained weights expect; for ForgeCNN 32 px."""
    weights: WeightsEnum | None = None
    """ImageNet weights of torchvision; None if there are none."""

    @property
    def pretrained(self) -> bool:
        """Whether there are pretrained weights for it at all, cached or not."""
        return self.weights is not None

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


def _pretrained(
    weights: WeightsEnum, *, name: str, title: str, family: str, millions: float, description: str
) -> Architecture:
    return Architecture(
        name=name,
        title=title,
        description=description,
        family=family,
        parameters_millions=millions,
        min_input_size=32,
        eval_transform=_transform_of(weights),
        weights=weights,
    )


ARCHITECTURES: dict[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        Architecture(
            name="forge_cnn",
            title="ForgeCNN",
            description="Small and from scratch: digits, icons and other images up to 64 px.",
            family="ForgeCNN",
            parameters_millions=0.41,
            min_input_size=forge_cnn.MIN_INPUT_SIZE,
            eval_transform=EvalTransform(resize=SCRATCH_INPUT_SIZE, crop=SCRATCH_INPUT_SIZE),
        ),
        _pretrained(
            tv.ResNet18_Weights.IMAGENET1K_V1,
            name="resnet18",
            title="ResNet-18",
            family="ResNet",
            millions=11.3,
            description="The dependable default for photos, quick on a GPU.",
        ),
        _pretrained(
            tv.EfficientNet_B2_Weights.IMAGENET1K_V1,
            name="efficientnet_b2",
            title="EfficientNet-B2",
            family="EfficientNet",
            millions=8.1,
            description="The most accurate here, at 288 px; wants a GPU and patience.",
        ),
        _pretrained(
            tv.MobileNet_V2_Weights.IMAGENET1K_V1,
            name="mobilenet_v2",
            title="MobileNetV2",
            family="MobileNet",
            millions=2.6,
            description="Light and accurate: a good choice on a CPU.",
        ),
        _pretrained(
            tv.MobileNet_V3_Small_Weights.IMAGENET1K_V1,
            name="mobilenet_v3_small",
            title="MobileNetV3-Small",
            family="MobileNet",
            millions=1.1,
            description="The fastest pretrained network here, for small devices.",
        ),
    )
}


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
            next_step=f"Choose one of {', '.join(ARCHITECTURES)}.",
        ) from None


def default_eval_transform(architecture: str, input_size: int | None) -> EvalTransform:
    """The eval transform for an architecture at an input size.

    Args:
        architecture: A name in `ARCHITECTURES`.
        input_size: Side of the network's input in pixels; None for the architecture's own.
            Another size keeps the share of the image that the centre crop shows.

    Raises:
        InvalidInput: The name is unknown or the size is too small or too large.
    """
    found = get_architecture(architecture)
    own = found.eval_transform
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
        InvalidInput: It is smaller than its smallest.
    """
    if input_size < architecture.min_input_size:
        raise InvalidInput(
            f"{architecture.title} cannot work on {input_size} px.",
            next_step=f"Choose an input size of at least {architecture.min_input_size} px.",
        )
