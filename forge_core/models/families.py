"""The families of torchvision's classification networks: their names in words, and their limits."""

import re
from collections.abc import Callable
from dataclasses import dataclass

SMALLEST_SIDE = 32
"""Below it most networks for photos have nothing left to pool."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """Networks of one design in several sizes."""

    prefix: str
    """What torchvision's names of the family begin with."""
    title: str
    description: str
    """When to choose it, a sentence."""
    min_input_size: int = SMALLEST_SIDE
    """Smallest side of the inputs, in pixels."""
    size_step: int = 1
    """Sides are multiples of this; 0: of the patch that ends the name, as in vit_b_16."""


FAMILIES = (
    Family(
        prefix="resnet", title="ResNet", description="The dependable default; deeper is slower."
    ),
    Family(
        prefix="efficientnet_v2",
        title="EfficientNetV2",
        description="Accurate on large inputs; wants a GPU.",
        min_input_size=33,
    ),
    Family(
        prefix="efficientnet",
        title="EfficientNet",
        description="Accurate for its size; each letter sees larger inputs. Wants a GPU.",
    ),
    Family(prefix="mobilenet", title="MobileNet", description="Light: a good choice on a CPU."),
    Family(
        prefix="convnext",
        title="ConvNeXt",
        description="Convolutions as good as transformers; wants a GPU.",
    ),
    Family(
        prefix="regnet",
        title="RegNet",
        description="Even blocks, quick on a GPU; the number is its cost an image.",
    ),
    Family(prefix="densenet", title="DenseNet", description="Few parameters, but much memory."),
    Family(
        prefix="shufflenet_v2",
        title="ShuffleNetV2",
        description="Among the fastest on a CPU.",
    ),
    Family(prefix="mnasnet", title="MNASNet", description="Light: made for phones."),
    Family(
        prefix="squeezenet",
        title="SqueezeNet",
        description="The smallest file; the least accurate.",
    ),
    Family(
        prefix="swin",
        title="Swin",
        description="A transformer that looks through windows; wants a GPU and many images.",
    ),
    Family(
        prefix="vit",
        title="ViT",
        description="A plain transformer; wants a GPU and many images.",
        size_step=0,
    ),
    Family(
        prefix="maxvit",
        title="MaxViT",
        description="Convolutions and a transformer; works on 224 px and its multiples only.",
        min_input_size=224,
        size_step=224,
    ),
    Family(prefix="resnext", title="ResNeXt", description="A ResNet of many narrow paths."),
    Family(
        prefix="wide_resnet",
        title="Wide ResNet",
        description="A ResNet with twice the channels, and many parameters.",
    ),
    Family(
        prefix="inception",
        title="Inception",
        description="Of 2015, on 299 px; for comparisons. Its side branch is left out.",
        min_input_size=75,
    ),
    Family(
        prefix="googlenet",
        title="GoogLeNet",
        description="Of 2014; for comparisons. Its side branches are left out.",
    ),
    Family(
        prefix="vgg",
        title="VGG",
        description="Of 2014 and heavy; for comparisons.",
    ),
    Family(
        prefix="alexnet",
        title="AlexNet",
        description="Of 2012; for comparisons.",
        min_input_size=63,
    ),
)
"""In the order of a list to choose from. The first whose prefix fits is meant."""


_SPELLING: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"^mobilenet_v2$", lambda _: "MobileNetV2"),
    (r"^mobilenet_v3_(\w+)$", lambda m: f"MobileNetV3-{m[1].capitalize()}"),
    (r"^efficientnet_v2_(\w)$", lambda m: f"EfficientNetV2-{m[1].upper()}"),
    (r"^shufflenet_v2_x(\d)_(\d)$", lambda m: f"ShuffleNetV2 {m[1]}.{m[2]}x"),
    (r"^mnasnet(\d)_(\d+)$", lambda m: f"MNASNet {m[1]}.{m[2]}"),
    (r"^squeezenet(\d)_(\d)$", lambda m: f"SqueezeNet {m[1]}.{m[2]}"),
    (
        r"^regnet_([xy])_(\d+)_?(\d?)([gm]f)$",
        lambda m: f"RegNet{m[1].upper()} {m[2]}{'.' if m[3] else ''}{m[3]} {m[4].upper()}",
    ),
    (r"^swin_v2_(\w)$", lambda m: f"SwinV2-{m[1].upper()}"),
    (r"^vit_([a-z])_(\d+)$", lambda m: f"ViT-{m[1].upper()}/{m[2]}"),
    (r"^inception_v3$", lambda _: "Inception v3"),
    (r"^wide_resnet(\d+)_(\d)$", lambda m: f"Wide ResNet-{m[1]}-{m[2]}"),
)
"""Names whose words are not the family's title and a size."""


def family_of(name: str) -> Family:
    """The family of one of torchvision's networks.

    Raises:
        LookupError: No family has such names; a newer torchvision may bring one.
    """
    for family in FAMILIES:
        if name.startswith(family.prefix):
            return family
    raise LookupError(name)


def title_of(name: str) -> str:
    """The name as a person reads it: "resnet50" is ResNet-50, "vit_b_16" is ViT-B/16."""
    for pattern, replacement in _SPELLING:
        if re.search(pattern, name):
            return re.sub(pattern, replacement, name).strip()
    family = family_of(name)
    size, _, rest = name.removeprefix(family.prefix).strip("_").partition("_")
    if not size:
        return family.title
    size = size.upper() if len(size) < 3 else size.capitalize()
    return f"{family.title}-{size} {rest.replace('bn', 'BN')}".strip()


def size_step_of(name: str) -> int:
    """What the sides of a network's inputs must be multiples of, in pixels."""
    step = family_of(name).size_step
    return step or int(name.rpartition("_")[2])
