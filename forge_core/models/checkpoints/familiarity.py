"""How far an image is from those a network knows, by the features of its backbone.

Features are brought to length 1, and their differences weighed: along the main directions each by
how much known images of one class differ there, in all other directions together by one number.
The distance is that to the nearest prototype. These are a few tensor operations and no branches, so
that an exported graph holds the very same.

Legend: N images, F features of the backbone, P main directions, M prototypes.

Source: Lee et al. 2018, "A Simple Unified Framework for Detecting Out-of-Distribution Samples",
with the smaller directions taken together as in Wang et al. 2022, "ViM".
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from forge_core.errors import CheckpointRejected, InvalidInput

_PREFIX = "familiarity."
LEAST_LENGTH = 1e-12
"""Features that are all 0 stay so."""


@dataclass(frozen=True, kw_only=True)
class Familiarity:
    """What the known images look like. All tensors are float32 and finite."""

    centre: Tensor
    """(F,) the middle of the known images."""
    directions: Tensor
    """(F, P) the main directions, orthonormal."""
    scales: Tensor
    """(P,) what differences along them are multiplied by."""
    residual_scale: Tensor
    """(1,) what the length of the difference in all other directions is multiplied by."""
    prototypes: Tensor
    """(M, P) known images, or middles of them, along the scaled directions."""

    def __post_init__(self) -> None:
        tensors = list(self.tensors().values())
        if any(each.dtype != torch.float32 for each in tensors):
            raise InvalidInput("What is known to be familiar is not float32.")
        if not all(bool(torch.isfinite(each).all()) for each in tensors):
            raise InvalidInput("What is known to be familiar is not finite.")
        if (
            [each.dim() for each in tensors] != [1, 2, 1, 1, 2]
            or len(self.centre) != len(self.directions)
            or self.residual_scale.shape != (1,)
            or not self.directions.shape[1] == len(self.scales) == self.prototypes.shape[1]
            or not all(each.numel() for each in tensors)
        ):
            raise InvalidInput("The shapes of what is known to be familiar do not fit together.")

    @property
    def num_features(self) -> int:
        """F."""
        return len(self.centre)

    def tensors(self) -> dict[str, Tensor]:
        """By their names, in the order of the fields."""
        return {found.name: getattr(self, found.name) for found in fields(self)}


def place(
    features: Tensor, centre: Tensor, directions: Tensor, scales: Tensor
) -> tuple[Tensor, Tensor]:
    """Where images are along the main directions, and how far off them.

    Returns:
        (N, P), scaled; and (N,) squares of the lengths in all other directions, not scaled.
    """
    length = features.square().sum(dim=1, keepdim=True).sqrt().clamp(min=LEAST_LENGTH)
    difference = features / length - centre
    along = difference @ directions
    beside = (difference - along @ directions.T).square().sum(dim=1)
    return along * scales, beside


def measure_distance(
    features: Tensor,
    centre: Tensor,
    directions: Tensor,
    scales: Tensor,
    residual_scale: Tensor,
    prototypes: Tensor,
) -> Tensor:
    """Distances (N,) of features (N, F) to the nearest prototype; see `Familiarity`."""
    along, beside = place(features, centre, directions, scales)
    squares = along.square().sum(dim=1, keepdim=True) + prototypes.square().sum(dim=1)
    nearest = (squares - 2 * along @ prototypes.T).amin(dim=1).clamp(min=0)
    return (nearest + beside * residual_scale.square()).sqrt()


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
    if not is_needed or set(found) != {field.name for field in fields(Familiarity)}:
        raise _misfit("")
    try:
        return Familiarity(**found)
    except InvalidInput as error:
        raise _misfit(error.message) from error


def _misfit(detail: str) -> CheckpointRejected:
    return CheckpointRejected(
        "The checkpoint does not keep what its card's decision rule needs to tell unfamiliar "
        "images.",
        next_step="Calibrate its run again, or get the file from its run again.",
        detail=detail,
    )
