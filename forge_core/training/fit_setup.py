"""What a run is given: made once by whoever starts it, and handed on whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from forge_core.errors import InvalidInput
from forge_core.imaging.decode import DecodeLimits
from forge_core.models.devices import Device
from forge_core.models.networks.carried_weights import StartWeights
from forge_core.training.config import TrainConfig
from forge_core.training.inputs.image_sets import ImageSet, check_images
from forge_core.training.pixels.pack import DEFAULT_BUDGET_BYTES

SAVE_SECONDS = 60.0
"""Time between two states within an epoch, unless saving itself is slow."""


@dataclass(frozen=True, kw_only=True)
class LabelledImages:
    """The images of both splits, and what their labels mean.

    Raises:
        InvalidInput: There is nothing to train or to measure on; see `check_images`.
    """

    train: ImageSet
    """Labels are positions in `class_names`."""
    val: ImageSet
    """Decide which epoch is best, and never train."""
    class_names: tuple[str, ...]
    """K different names, in the order of the logits."""
    label_ids: tuple[int, ...]
    """Ids of the same classes in the catalog."""

    def __post_init__(self) -> None:
        check_images(self.train, self.val, self.class_names)
        if len(self.label_ids) != len(self.class_names):
            raise InvalidInput(
                f"{len(self.class_names)} classes have {len(self.label_ids)} label ids."
            )

    @property
    def sets(self) -> tuple[ImageSet, ...]:
        """Both splits, or the one where training is measured on itself."""
        return (self.train,) if self.val is self.train else (self.train, self.val)

    def without(self, sources: set[str]) -> Self:
        """The same without some images.

        Raises:
            InvalidInput: What is left does not suffice.
        """
        train = self.train.without(sources)
        return type(self)(
            train=train,
            val=train if self.val is self.train else self.val.without(sources),
            class_names=self.class_names,
            label_ids=self.label_ids,
        )


@dataclass(frozen=True, kw_only=True)
class FitFolders:
    """Where a run writes; nothing else is touched."""

    checkpoints: Path
    """Gets best.safetensors and last.safetensors each epoch, and state.pt each epoch, every
    `save_seconds` and when the run is stopped; each is replaced whole."""
    pixels: Path
    """Cache of decoded pixels, shared by runs."""
    pixels_budget_bytes: int = DEFAULT_BUDGET_BYTES
    """Disk that decoded pixels may use."""


@dataclass(frozen=True, kw_only=True)
class FitSetup:
    """All that decides what a run learns and where it leaves it."""

    config: TrainConfig
    device: Device
    """Where this process computes."""
    images: LabelledImages
    folders: FitFolders
    run_id: str | int | None = None
    """Written into the checkpoints' card."""
    revision_id: int | None = None
    """Revision of the catalog that the images were read from; into the card too."""
    limits: DecodeLimits | None = None
    """Bounds on the image files."""
    reference_plan: Mapping[str, Any] | None = None
    """`ComputePlan.choice` of an earlier run that this one repeats; without it the fastest way to
    compute is found out, where that pays; so it is on another kind of device."""
    start: Callable[[], StartWeights] | None = None
    """Reads what the network starts from where the config names a run."""
    save_seconds: float = SAVE_SECONDS
    """Time between two states within an epoch; more where saving is slow."""
