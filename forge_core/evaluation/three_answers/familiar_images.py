"""What the images that a network knows look like, learnt from its features.

Legend: N images, F features, P main directions, M prototypes.
"""

import numpy as np
import torch
from torch import Tensor

from forge_core.errors import InvalidInput
from forge_core.evaluation.answers import Floats, Whole
from forge_core.models.checkpoints import familiarity
from forge_core.models.checkpoints.familiarity import Familiarity

MAX_DIRECTIONS = 256
SHARE = 0.03
"""Of familiar images that are called unfamiliar, so that the line is as near as that allows."""
_SHRINKAGE = 0.1
_LEAST_SPREAD = 1e-12


def learn(features: Tensor, places: Whole) -> Familiarity:
    """What known images look like: the middle of each class, and how much its images differ.

    Args:
        features: (N, F) float32 of images of the kind that the network was trained on.
        places: (N,) class of each.

    Raises:
        InvalidInput: There are fewer than 2 images in every class, or they do not differ.
    """
    lengths = features.square().sum(dim=1, keepdim=True).sqrt()
    units = features / lengths.clamp(min=familiarity.LEAST_LENGTH)
    classes = torch.from_numpy(np.unique(places, return_inverse=True)[1])
    num_classes = int(classes.max()) + 1 if len(classes) else 0
    numbers = torch.bincount(classes, minlength=num_classes)
    if not bool((numbers > 1).any()):
        raise InvalidInput(
            "No class has 2 images, so it cannot be learnt what familiar ones look like."
        )
    sums = torch.zeros(num_classes, units.shape[1]).index_add_(0, classes, units)
    means = sums / numbers[:, None]
    within = units - means[classes]
    variances, directions = _main_directions(within)
    total = float(within.square().sum()) / len(within)
    if not total > _LEAST_SPREAD:
        raise InvalidInput(
            "The known images are all alike to the network, so unfamiliar ones cannot be told."
        )
    floor = _SHRINKAGE * total / units.shape[1]
    others = max(units.shape[1] - directions.shape[1], 1)
    rest = max(total - float(variances.sum()), 0.0) / others
    centre = units.mean(dim=0)
    scales = (variances + floor).rsqrt()
    return Familiarity(
        centre=centre,
        directions=directions,
        scales=scales,
        residual_scale=torch.tensor([(rest + floor) ** -0.5]),
        prototypes=((means - centre) @ directions) * scales,
    )


def find_distance(distances: Floats, share: float = SHARE) -> float:
    """The distance from which on an image is unfamiliar.

    It is itself that of a familiar image, the one with the rank that the share gives; so what is
    nearer is as if drawn from the familiar images that are nearer, and a promise about them holds.

    Args:
        distances: (N,) of familiar images that the network was not trained on, N at least 1.
        share: Of them called unfamiliar, 0 to 1; at least one is.
    """
    rank = max(int(share * len(distances)), 1)
    return float(np.sort(distances)[-rank])


def separation(familiar: Floats, unfamiliar: Floats) -> float:
    """Area under the ROC curve: how often an unfamiliar image is farther than a familiar one."""
    ordered = np.sort(familiar)
    below = np.searchsorted(ordered, unfamiliar, side="left")
    up_to = np.searchsorted(ordered, unfamiliar, side="right")
    return float((below + up_to).mean() / 2 / len(familiar))


def _main_directions(differences: Tensor) -> tuple[Tensor, Tensor]:
    """Variances (P,) and orthonormal directions (F, P) in which rows (N, F) differ most."""
    count = min(MAX_DIRECTIONS, *differences.shape)
    if differences.shape[0] < differences.shape[1]:  # the smaller of the two matrices
        squares, vectors = torch.linalg.eigh(differences.double() @ differences.double().T)
        squares, vectors = squares.flip(0)[:count], vectors.flip(1)[:, :count]
        is_there = squares > _LEAST_SPREAD * squares[0].clamp(min=_LEAST_SPREAD)
        squares, vectors = squares[is_there], vectors[:, is_there]
        directions = differences.double().T @ vectors / squares.sqrt()
    else:
        squares, vectors = torch.linalg.eigh(differences.double().T @ differences.double())
        squares, directions = squares.flip(0)[:count], vectors.flip(1)[:, :count]
    variances = squares.clamp(min=0) / len(differences)
    return variances.float(), directions.float().contiguous()
