"""How sure a network is of its answers, and how well a given label agrees with them.

Legend: N images, K classes. Probabilities are (N, K) float64, each row sums to 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from forge_core.errors import InvalidInput

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Certainty:
    """N answers; every field is (N,)."""

    places: npt.NDArray[np.int64]
    """The most likely class: a column of the probabilities; the first of equal ones."""
    confidence: Floats
    """Its probability, 0 to 1."""
    margin: Floats
    """Its probability less that of the second, 0 to 1; the probability itself of a lone class."""
    entropy: Floats
    """In nats: 0 when sure, ln K when all classes are equally likely."""


def probabilities_of(logits: Tensor) -> Floats:
    """Class probabilities (N, K) of logits (N, K)."""
    values: Floats = logits.double().softmax(dim=1).numpy()
    return values


def sum_classes(probabilities: Floats, label_ids: Sequence[int]) -> tuple[list[int], Floats]:
    """Put outputs that mean the same class together, as after a merge of two classes.

    Args:
        probabilities: (N, K).
        label_ids: Of each of the K outputs the class that it means now.

    Returns:
        The M different classes in the order of their first output, and (N, M) probabilities.
    """
    kept = list(dict.fromkeys(label_ids))
    if len(kept) == len(label_ids):
        return kept, probabilities
    places = {label_id: place for place, label_id in enumerate(kept)}
    summed = np.zeros((len(probabilities), len(kept)))
    for column, label_id in enumerate(label_ids):
        summed[:, places[label_id]] += probabilities[:, column]
    return kept, summed


def certainty_of(probabilities: Floats) -> Certainty:
    """How sure a network is of N images.

    Raises:
        InvalidInput: A probability is not a number: the network gave none for an image.
    """
    if not np.isfinite(probabilities).all():
        raise InvalidInput(
            "The network gives no numbers for some images, so they cannot be scored.",
            next_step="Train the run again with a smaller learning rate.",
        )
    places = probabilities.argmax(axis=1)
    ordered = np.sort(probabilities, axis=1)
    first = ordered[:, -1]
    second = ordered[:, -2] if probabilities.shape[1] > 1 else np.zeros(len(ordered))
    logs = np.log(np.where(probabilities > 0.0, probabilities, 1.0))  # 0 ln 0 is 0
    return Certainty(
        places=places,
        confidence=np.clip(first, 0.0, 1.0),
        margin=np.clip(first - second, 0.0, 1.0),
        entropy=np.maximum(-(probabilities * logs).sum(axis=1), 0.0),
    )
