"""A config that fits the data and the machine, with the reason for each choice in a few words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forge_core.augmentation import class_words
from forge_core.errors import InvalidInput
from forge_core.models import timm_networks
from forge_core.models.architectures import ARCHITECTURES, get_architecture
from forge_core.training.config import TrainConfig

if TYPE_CHECKING:  # what the data are is told without torch
    from forge_core.models.devices import Device

SMALL_IMAGE_SIDE = 64
"""Up to this median short side, in pixels, ForgeCNN from scratch is the choice."""
TINY_IMAGE_SIDE = 32
"""Up to this median short side ForgeCNN sees 32 px, above it 64 px."""
IMBALANCE_RATIO = 1.5
"""Largest training class over the smallest, above which sampling is balanced."""
MANY_IMAGES = 20_000
"""From so many training images a large network pays on a GPU."""
CHEAP_COST, CPU_COST, GPU_COST = 0.5, 3.0, 5.0
"""Work an image, against the recommended network, up to which another is offered: as the faster
one, and as the more accurate one on each kind of device."""
CLEAR_GAIN = 0.01
"""ImageNet accuracy by which a more accurate network must be better."""
SCRATCH_SAMPLES = 40_000
"""Images that a network from scratch should see in all epochs together."""
SCRATCH_EPOCHS = (15, 30)
SCRATCH_LR = 2e-3
SCRATCH_LABEL_SMOOTHING = 0.1
"""With these, scikit-learn's digits reach 0.992 test accuracy: mean of seeds 0 to 2, 20 % test,
split seed 0, 10 % validation, 2 CPU threads."""
WARMUP_EPOCHS = 5
CPU_FINETUNE_SAMPLES = 10_000
"""Images that fine-tuning shows on a CPU in all epochs together, about five minutes."""
CPU_FINETUNE_EPOCHS = (2, 10)
GPU_FINETUNE_EPOCHS = 15
BY_PIP = tuple(timm_networks.PACKAGES)
"""Networks whose weights an index of packages brings where the weights' own servers are out of
reach."""
BOOK: dict[str, Any] = {
    "warmup_lr": 1e-3,
    "backbone_lr": 1e-5,
    "head_lr": 1e-4,
    "min_lr": 1e-7,
    "schedule": "cosine",
    "keep_statistics": False,
}
"""Transfer learning as it is mostly taught: after a warm-up of the head all layers at a tenth of
the recommended rates, with moving statistics of batches (`benchmarks.accuracy --book`)."""
BOOK_WARMUP_EPOCHS = (5, 10)
BOOK_MEASURED = (
    "By the book: Adam at 1e-3 on the head, then the backbone at 1e-5 and the head at 1e-4, cosine "
    "to 1e-7, statistics of batches moving. The recommended rates are ten times higher and the "
    "statistics stay. Measured with MobileNetV2 and few epochs: aerial scenes 65 % by the book and "
    "81 % as recommended, CIFAR-10 photos 56 % and 73 %, nails 58 % and 75 % (one seed, 40 "
    "images). Imagenette was not measured."
)
"""Why the default is not the book's, with what was measured."""


@dataclass(frozen=True, kw_only=True)
class DataSummary:
    """What is known of the labelled images before training."""

    counts: Mapping[str, Mapping[str, int]]
    """Images by split and class name: `counts["train"]["cat"]`."""
    median_short_side: int
    """Median of min(width, height) of the training images, in pixels."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes that have training images."""
        return tuple(name for name, count in self.counts.get("train", {}).items() if count)

    @property
    def num_classes(self) -> int:
        """Classes that have training images."""
        return len(self.class_names)

    @property
    def num_images(self) -> int:
        """Training images."""
        return sum(self.counts.get("train", {}).values())

    @property
    def imbalance_ratio(self) -> float:
        """Largest training class over the smallest that has images; 1 when there is none."""
        counts = [count for count in self.counts.get("train", {}).values() if count]
        return max(counts) / min(counts) if counts else 1.0


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Another pretrained network that may suit as well."""

    architecture: str
    kind: str
    """Lighter or More accurate."""
    words: str
    """What it costs and brings against the recommended one."""


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """A config to start from, and why."""

    config: TrainConfig
    reasons: Mapping[str, str]
    """Short words for a person, by the name of the field they explain."""
    alternatives: tuple[Alternative, ...] = ()
    """Of all pretrained networks at most one that is faster and one that is more accurate."""


def recommend(
    summary: DataSummary,
    devices: "Sequence[Device]",
    *,
    cached: Collection[str] | None = None,
) -> Recommendation:
    """The config that a careful engineer would start with.

    Args:
        summary: The labelled images; an empty training split is answered too.
        devices: From `devices.list_devices`; the first is used.
        cached: Architectures whose weights need no download; None looks it up.

    Raises:
        InvalidInput: There is no device.
    """
    from forge_core.models import weights

    if not devices:
        raise InvalidInput("No device was given to train on.")
    device = devices[0]
    on_gpu = device.kind == "cuda"
    cached = weights.cached_architectures() if cached is None else cached
    reasons = {"device": f"{device.name}, {device.free_bytes / 2**30:.1f} GiB free"}
    balanced = summary.imbalance_ratio > IMBALANCE_RATIO
    reasons["balanced_sampling"] = (
        f"the largest class has {summary.imbalance_ratio:.1f} times the images of the smallest"
    )
    preset, reasons["preset"] = _preset(summary)
    if summary.median_short_side <= SMALL_IMAGE_SIDE:
        return _scratch(summary, device, preset, balanced, reasons)
    architecture, reasons["architecture"] = _pretrained_architecture(summary, on_gpu, cached)
    if on_gpu:
        finetune_epochs = GPU_FINETUNE_EPOCHS
        reasons["finetune_epochs"] = "usual on a GPU"
    else:
        finetune_epochs = _clamp(
            CPU_FINETUNE_SAMPLES / max(summary.num_images, 1), *CPU_FINETUNE_EPOCHS
        )
        reasons["finetune_epochs"] = "few: all layers are slow on a CPU"
    batch_size = 64 if on_gpu else 32
    reasons["warmup_epochs"] = "the head learns first, over a frozen backbone"
    title = ARCHITECTURES[architecture].title
    reasons["batch_size"] = f"fits {title} on this {'GPU' if on_gpu else 'CPU'}"
    config = TrainConfig(
        architecture=architecture,
        pretrained=True,
        preset=preset,
        batch_size=batch_size,
        warmup_epochs=WARMUP_EPOCHS,
        finetune_epochs=finetune_epochs,
        balanced_sampling=balanced,
        device=device.id,
    )
    alternatives = list_alternatives(architecture, on_gpu=on_gpu, cached=cached)
    return Recommendation(config=config, reasons=reasons, alternatives=alternatives)


def by_the_book(config: TrainConfig) -> dict[str, Any]:
    """The fields of a pretrained network's config that make its schedule the one by the book."""
    fewest, most = BOOK_WARMUP_EPOCHS
    return {**BOOK, "warmup_epochs": min(max(config.warmup_epochs, fewest), most)}


def list_alternatives(
    chosen: str, *, on_gpu: bool, cached: Collection[str]
) -> tuple[Alternative, ...]:
    """The best network at half the cost or less, and the best at a few times the cost.

    By the accuracy on ImageNet and the operations of an image, as torchvision gives them with the
    weights. Networks whose weights must not be used commercially are left out.
    """
    here = get_architecture(chosen)
    if here.pretrained and here.imagenet_accuracy is None:
        return ()  # of timm's other networks neither figure is known
    cost, accuracy = here.billion_operations or 1.0, here.imagenet_accuracy or 0.0
    most = cost * (GPU_COST if on_gpu else CPU_COST)
    free = [
        found
        for found in ARCHITECTURES.values()
        if found.imagenet_accuracy and found.billion_operations and found.is_free
    ]
    wanted = {
        "Lighter": [
            found for found in free if (found.billion_operations or 0.0) <= cost * CHEAP_COST
        ],
        "More accurate": [
            found
            for found in free
            if (found.billion_operations or 0.0) <= most
            and (found.imagenet_accuracy or 0.0) > accuracy + CLEAR_GAIN
        ],
    }
    answers = []
    for kind, candidates in wanted.items():
        if not candidates:
            continue
        best = max(candidates, key=lambda found: found.imagenet_accuracy or 0.0)
        times = (best.billion_operations or 1.0) / cost
        cost_words = "times the operations" if times >= 1 else "times fewer operations"
        speed = f"{max(times, 1 / times):.1f} {cost_words}"
        words = (
            f"{speed}, {100 * (best.imagenet_accuracy or 0.0):.1f} % on ImageNet instead of "
            f"{100 * accuracy:.1f} %"
        )
        words += "" if best.name in cached else ", weights to be downloaded"
        answers.append(Alternative(architecture=best.name, kind=kind, words=words))
    return tuple(answers)


def looks_like_characters(class_names: Sequence[str]) -> bool:
    """Whether most of the classes are characters."""
    return len(class_words.characters_among(class_names)) > len(class_names) / 2


def _scratch(
    summary: DataSummary,
    device: "Device",
    preset: str,
    balanced: bool,
    reasons: dict[str, str],
) -> Recommendation:
    side = summary.median_short_side
    input_size = 32 if side <= TINY_IMAGE_SIDE else 64
    epochs = _clamp(SCRATCH_SAMPLES / max(summary.num_images, 1), *SCRATCH_EPOCHS)
    reasons["architecture"] = (
        f"ForgeCNN: {summary.num_images:,} images of {side} px, too small for ImageNet weights"
    )
    reasons["input_size"] = f"{input_size} px: the images have about {side}"
    reasons["scratch_epochs"] = f"{epochs * summary.num_images:,} augmented images in all"
    reasons["batch_size"] = "small images, small network"
    reasons["label_smoothing"] = "keeps a network on few images from being too sure"
    config = TrainConfig(
        architecture="forge_cnn",
        pretrained=False,
        input_size=input_size,
        preset=preset,
        batch_size=128 if device.kind == "cuda" else 32,
        scratch_epochs=epochs,
        scratch_lr=SCRATCH_LR,
        label_smoothing=SCRATCH_LABEL_SMOOTHING,
        balanced_sampling=balanced,
        device=device.id,
    )
    return Recommendation(config=config, reasons=reasons)


def _preset(summary: DataSummary) -> tuple[str, str]:
    if looks_like_characters(summary.class_names):
        return "text", "the classes look like digits or letters: never mirrored"
    return "natural", "photos, as far as can be known: choose another for scans or maps"


def _pretrained_architecture(
    summary: DataSummary, on_gpu: bool, cached: Collection[str]
) -> tuple[str, str]:
    if not on_gpu:
        preferred = ["mobilenet_v2", *BY_PIP, "mobilenet_v3_small", "resnet18", "efficientnet_b2"]
        place = "light enough for a CPU"
    elif summary.num_images >= MANY_IMAGES:
        preferred = ["efficientnet_b2", "resnet18", "mobilenet_v2", *BY_PIP, "mobilenet_v3_small"]
        place = "enough images and a GPU"
    else:
        preferred = ["resnet18", "efficientnet_b2", "mobilenet_v2", *BY_PIP, "mobilenet_v3_small"]
        place = "dependable on a GPU"
    chosen = next((name for name in preferred if name in cached), preferred[0])
    architecture = ARCHITECTURES[chosen]
    if chosen not in cached:
        weights_words = "pretrained (weights will be downloaded)"
    elif chosen != preferred[0]:
        weights_words = f"pretrained ({ARCHITECTURES[preferred[0]].title} is not cached here)"
    else:
        weights_words = "pretrained"
    return chosen, (
        f"{architecture.title}: {summary.num_images:,} photos at {architecture.input_size} px, "
        f"{weights_words}, {place}"
    )


def _clamp(wanted: float, smallest: int, largest: int) -> int:
    return max(smallest, min(largest, round(wanted)))
