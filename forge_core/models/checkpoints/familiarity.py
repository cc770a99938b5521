"""How far an image is from those a network knows, by the features of its backbone.

Features are brought to length 1, and what is known are the middles of classes. The distance is
d1 * (d1 / d2), of the nearest middle and the second nearest: what is near to one class alone is
more familiar than what lies between two. Files of older versions have d1 alone, and differences
weighed by how much images of one class differ. These are a few tensor operations and no branches
on data, so that an exported graph holds the very same.

Legend: N images, F features of the backbone, K classes, P main directions.

Source: the ratio is that of Lowe 2004, "Distinctive Image Features"; weighed middles are those of
Lee et al. 2018, "A Simple Unified Framework for Detecting Out-of-Distribution Samples", with the
smaller directions taken together as in Wang et al. 2022, "ViM".
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import ClassVar

import torch
from torch import Tensor

from forge_core.errors import CheckpointRejected, InvalidInput

_PREFIX = "familiarity."
LEAST_LENGTH = 1e-12
"""Features that are all 0 stay so."""
_LEAST_DISTANCE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Familiarity(ABC):
    """What the known images look like. All tensors are float32 and finite."""

    measure: ClassVar[Callable[..., Tensor]]
    """Distances (N,) of features (N, F), with `tensors` by their names."""

    def __post_init__(self) -> None:
        tensors = list(self.tensors().values())
        if any(each.dtype != torch.float32 for each in tensors):
            raise InvalidInput("What is known to be familiar is not float32.")
        if not all(bool(torch.isfinite(each).all()) for each in tensors):
            raise InvalidInput("What is known to be familiar is not finite.")
        if not all(each.numel() for each in tensors) or not self._fits():
            raise InvalidInput("The shapes of what is known to be familiar do not fit together.")

    @property
    @abstractmethod
    def num_features(self) -> int:
        """F."""

    @abstractmethod
    def _fits(self) -> bool:
        """Whether the shapes of its tensors are as they should be."""

    @classmethod
    def names(cls) -> list[str]:
        """Of its tensors, in order."""
        return [found.name for found in fields(cls)]

    def tensors(self) -> dict[str, Tensor]:
        """By their names."""
        return {name: getattr(self, name) for name in self.names()}

    def distances(self, features: Tensor) -> Tensor:
        """Distances (N,) of features (N, F)."""
        return type(self).measure(features, **self.tensors())


def _measure_ratio(features: Tensor, middles: Tensor) -> Tensor:
    units = unit(features)
    lengths = units.square().sum(dim=1, keepdim=True) + middles.square().sum(dim=1)
    nearest = (lengths - 2 * units @ middles.T).topk(2, dim=1, largest=False).values
    distances = nearest.clamp(min=_LEAST_DISTANCE**2).sqrt()
    return distances[:, 0].square() / distances[:, 1]


@dataclass(frozen=True, kw_only=True)
class ClassMiddles(Familiarity):
    """The middles of classes."""

    middles: Tensor
    """(K, F) mean of a class's features, each of length 1 before; K at least 2."""

    measure = staticmethod(_measure_ratio)

    @property
    def num_features(self) -> int:
        """F."""
        return self.middles.shape[-1]

    def _fits(self) -> bool:
        return self.middles.dim() == 2 and len(self.middles) > 1


def unit(features: Tensor) -> Tensor:
    """Features (N, F) brought to length 1."""
    return features / features.square().sum(dim=1, keepdim=True).sqrt().clamp(min=LEAST_LENGTH)


def place(
    features: Tensor, centre: Tensor, directions: Tensor, scales: Tensor
) -> tuple[Tensor, Tensor]:
    """Where images are along the main directions, and how far off them.

    Returns:
        (N, P), scaled; and (N,) squares of the lengths in all other directions, not scaled.
    """
    difference = unit(features) - centre
    along = difference @ directions
    beside = (difference - along @ directions.T).square().sum(dim=1)
    return along * scales, beside


def _measure_middles(
    features: Tensor,
    centre: Tensor,
    directions: Tensor,
    scales: Tensor,
    residual_scale: Tensor,
    prototypes: Tensor,
) -> Tensor:
    along, beside = place(features, centre, directions, scales)
    squares = along.square().sum(dim=1, keepdim=True) + prototypes.square().sum(dim=1)
    nearest = (squares - 2 * along @ prototypes.T).amin(dim=1).clamp(min=0)
    return (nearest + beside * residual_scale.square()).sqrt()


@dataclass(frozen=True, kw_only=True)
class WeighedMiddles(Familiarity):
    """The middles of classes, as older versions learnt them."""

    centre: Tensor
    """(F,) the middle of the known images."""
    directions: Tensor
    """(F, P) the main directions, orthonormal."""
    scales: Tensor
    """(P,) what differences along them are multiplied by."""
    residual_scale: Tensor
    """(1,) what the length of the difference in all other directions is multiplied by."""
    prototypes: Tensor
    """(K, P) middles along the scaled directions."""

    measure = staticmethod(_measure_middles)

    @property
    def num_features(self) -> int:
        """F."""
        return len(self.centre)

    def _fits(self) -> bool:
        return (
            [each.dim() for each in self.tensors().values()] == [1, 2, 1, 1, 2]
            and len(self.centre) == len(self.directions)
            and self.residual_scale.shape == (1,)
            and self.directions.shape[1] == len(self.scales) == self.prototypes.shape[1]
        )


def write(familiarity: Familiarity) -> dict[str, Tensor]:
    """As the tensors of a file."""
    return {
        _PREFIX + name: tensor.detach().cpu().contiguous().clone()
        for name, tensor in familiarity.tensors().items()
    }


def take(tensors: dict[str, Tensor], *, is_needed: bool) -> Familiarity | None:
    """Take it out of the tensors of a file.

    Args:
        tensors: Of the file.
        is_needed: Whether the card's rule asks for distances.

    Raises:
        CheckpointRejected: It is there and not needed, needed and not there, or not what it
            should be.
    """
    found = {
        name.removeprefix(_PREFIX): tensors.pop(name)
        for name in sorted(tensors)
        if name.startswith(_PREFIX)
    }
    if not found and not is_needed:
        return None
    kinds = [kind for kind in (ClassMiddles, WeighedMiddles) if set(kind.names()) == set(found)]
    if not is_needed or not kinds:
        raise _misfit("")
    try:
        return kinds[0](**found)
    except InvalidInput as error:
        raise _misfit(error.message) from error


def _misfit(detail: str) -> CheckpointRejected:
    return CheckpointRejected(
        "The checkpoint does not keep what its card's decision rule needs to tell unfamiliar "
        "images.",
        next_step="Calibrate its run again, or get the file from its run again.",
        detail=detail,
    )
