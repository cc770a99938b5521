"""What the images that a network knows look like, learnt from its features.

Legend: N images, F features.
"""

import numpy as np
import torch
from torch import Tensor

from forge_core.errors import InvalidInput
from forge_core.evaluation.answers import Floats, Whole
from forge_core.models.checkpoints import familiarity
from forge_core.models.checkpoints.familiarity import ClassMiddles

SHARE = 0.03
"""Of familiar images that are called unfamiliar, so that the line is as near as that allows."""
_LEAST_SPREAD = 1e-6


def learn(features: Tensor, places: Whole) -> ClassMiddles:
    """What known images look like: the middle of each class.

    Args:
        features: (N, F) float32 of images of the kind that the network was trained on.
        places: (N,) class of each.

    Raises:
        InvalidInput: They are of one class, or all alike.
    """
    classes = torch.from_numpy(np.unique(places, return_inverse=True)[1])
    num_classes = int(classes.max()) + 1 if len(classes) else 0
    if num_classes < 2:
        raise InvalidInput(
            "It takes known images of 2 classes to learn what familiar ones look like."
        )
    units = familiarity.unit(features)
    if not float((units - units[:1]).abs().max()) > _LEAST_SPREAD:
        raise InvalidInput(
            "The known images are all alike to the network, so unfamiliar ones cannot be told."
        )
    sums = torch.zeros(num_classes, units.shape[1]).index_add_(0, classes, units)
    return ClassMiddles(middles=sums / torch.bincount(classes)[:, None])


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
