"""What would change if one checkpoint took another's place, on the same images. No torch."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from forge_core.errors import InvalidInput
from forge_core.evaluation.answers import Answers
from forge_core.evaluation.pairing import PairedDifference, compare_paired


@dataclass(frozen=True, kw_only=True)
class ClassChange:
    """How many images of a class each of the two finds."""

    label_id: int
    num_images: int
    num_first: int
    """Found by the one that answers now."""
    num_second: int
    """Found by the one that would take its place; none of a class that it does not know."""

    @property
    def loss(self) -> float:
        """Share of the class that is found no more, -1 to 1; below 0 more are found."""
        return (self.num_first - self.num_second) / self.num_images


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """The two on the images of all classes that the one that answers now knows."""

    paired: PairedDifference
    classes: tuple[ClassChange, ...]
    """The largest loss first."""
    num_trained: int
    """Images left out because one of the two was trained on them."""
    num_of_new_classes: int
    """Images left out because only the one that would take its place knows their class."""

    def lost(self, bound: float) -> list[ClassChange]:
        """Classes that lose more than a share of 0 to 1, the largest loss first."""
        return [each for each in self.classes if each.loss > bound + 1e-9]


def compare(
    first: Answers, second: Answers, known: Collection[int], *, leaves_trained: bool = True
) -> Replacement:
    """What would change if the second took the place of the first.

    An image whose class only the second knows says nothing of a replacement, and is left out. One
    whose class only the first knows is wrong from then on.

    Args:
        first: Of the one that answers now, in the order of the images' ids.
        second: Of the other, likewise.
        known: Classes that the second knows.
        leaves_trained: Leave out images that one of the two was trained on.

    Raises:
        InvalidInput: No image is left.
    """
    ids_first, ids_second = _ids(first), _ids(second)
    _, here, there = np.intersect1d(ids_first, ids_second, True, return_indices=True)
    is_right = np.zeros(len(first), np.bool_)
    is_right[here] = second.is_right[there]
    is_answered = np.zeros(len(first), np.bool_)
    is_answered[here] = True
    is_known = np.isin(first.label_ids, np.array(sorted(known), np.int64))
    is_used = is_answered | ~is_known
    is_trained = first.is_trained.copy()
    is_trained[here] |= second.is_trained[there]
    num_trained = int((is_used & is_trained).sum()) if leaves_trained else 0
    if leaves_trained:
        is_used &= ~is_trained
    if not is_used.any():
        raise InvalidInput(
            "No image is left on which the two could be compared: "
            + (
                f"one of them was trained on all {num_trained:,}."
                if num_trained
                else "they were measured on different ones."
            ),
            next_step="Choose a split that neither was trained on.",
        )
    labels = first.label_ids[is_used]
    right_first, right_second = first.is_right[is_used], is_right[is_used]
    changes = [
        ClassChange(
            label_id=label_id,
            num_images=int((own := labels == label_id).sum()),
            num_first=int(right_first[own].sum()),
            num_second=int(right_second[own].sum()),
        )
        for label_id in np.unique(labels).tolist()
    ]
    is_new = ~np.isin(second.label_ids, np.unique(first.label_ids))
    return Replacement(
        paired=compare_paired(right_first, right_second),
        classes=tuple(sorted(changes, key=lambda each: (-each.loss, each.label_id))),
        num_trained=num_trained,
        num_of_new_classes=int(is_new.sum()),
    )


def _ids(answers: Answers) -> np.ndarray[tuple[int], np.dtype[np.bytes_]]:
    return np.array([each.bytes for each in answers.asset_ids], dtype="S16")
