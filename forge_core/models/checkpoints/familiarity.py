"""How far an image is from those a network knows, by the features of its backbone.

A few tensor operations and no branches, so that an exported graph holds the very same.

Legend: N images, F features of the backbone, P values of a projection, M prototypes.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from forge_core.errors import CheckpointRejected, InvalidInput

_PREFIX = "familiarity."


@dataclass(frozen=True, kw_only=True)
class Familiarity:
    """What the known images look like. All tensors are float32 and finite."""

    centre: Tensor
    """(F,) what is subtracted from the features."""
    projection: Tensor
    """(F, P) makes directions in which known images of one class differ less count more."""
    prototypes: Tensor
    """(M, P) known images, or middles of them, after the projection."""

    def __post_init__(self) -> None:
        tensors = list(self.tensors().values())
        if any(each.dtype != torch.float32 for each in tensors):
            raise InvalidInput("What is known to be familiar is not float32.")
        if not all(bool(torch.isfinite(each).all()) for each in tensors):
            raise InvalidInput("What is known to be familiar is not finite.")
        if (
            [each.dim() for each in tensors] != [1, 2, 2]
            or len(self.centre) != len(self.projection)
            or self.projection.shape[1] != self.prototypes.shape[1]
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


def measure_distance(
    features: Tensor, centre: Tensor, projection: Tensor, prototypes: Tensor
) -> Tensor:
    """Distances (N,) of features (N, F) to the nearest prototype; see `Familiarity`."""
    projected = (features - centre) @ projection
    squares = projected.square().sum(dim=1, keepdim=True) + prototypes.square().sum(dim=1)
    away = squares - 2 * projected @ prototypes.T
    return away.amin(dim=1).clamp(min=0).sqrt()


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
