"""What repaired labels brought: old and new network on old and new labels of the same images.

Two things change when labels are corrected and a network is trained anew: what it learned from, and
what it is measured against. The difference of the two accuracies mixes both. Crossing them (2 x 2)
takes it apart, and the pairs of answers say how much of either chance alone would give.

Legend: N images of the split that is measured on.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forge_core.errors import InvalidInput
from forge_core.evaluation import pairing
from forge_core.evaluation.pairing import PairedDifference

Labels = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class RepairLedger:
    """The parts of a change of accuracy; `training` and `measuring` add up to `total`."""

    num_images: int
    num_relabelled: int
    """Of these images, how many have another label now."""
    accuracies: tuple[tuple[float, float], tuple[float, float]]
    """0 to 1: of the old network on old and on new labels, then of the new one."""
    training: PairedDifference
    """The new network less the old one, both on the new labels: what came from training."""
    measuring: PairedDifference
    """The old network on the new labels less on the old ones: what came from measuring better."""
    relabelled_only: PairedDifference | None
    """As `training`, of the images that were relabelled alone; None without any."""

    @property
    def total(self) -> float:
        """What two reports, each on the labels of its time, would show: -1 to 1."""
        return self.accuracies[1][1] - self.accuracies[0][0]

    @property
    def smallest_shown(self) -> float:
        """About the smallest difference of two networks that these images can tell from chance."""
        low, high = self.training.interval
        return (high - low) / 2


def draw_up(
    *, old_answers: Labels, new_answers: Labels, old_labels: Labels, new_labels: Labels
) -> RepairLedger:
    """The ledger of two networks on images that neither was trained on.

    Args:
        old_answers: (N,) the class that the old network says of each image, N at least 1.
        new_answers: (N,) the class that the new one says.
        old_labels: (N,) the labels that the old one was measured against.
        new_labels: (N,) the labels as they are after the repair.

    Raises:
        InvalidInput: There is no image, or the lengths differ.
    """
    lengths = {len(part) for part in (old_answers, new_answers, old_labels, new_labels)}
    if len(lengths) != 1 or lengths == {0}:
        raise InvalidInput(
            "Old and new answers and labels are not of the same images, or of none.",
            next_step="Both runs need predictions of the same images in val or test.",
        )
    old_on_old, old_on_new = old_answers == old_labels, old_answers == new_labels
    new_on_old, new_on_new = new_answers == old_labels, new_answers == new_labels
    repaired = old_labels != new_labels
    return RepairLedger(
        num_images=len(old_labels),
        num_relabelled=int(repaired.sum()),
        accuracies=(
            (float(old_on_old.mean()), float(old_on_new.mean())),
            (float(new_on_old.mean()), float(new_on_new.mean())),
        ),
        training=pairing.compare_paired(old_on_new, new_on_new),
        measuring=pairing.compare_paired(old_on_old, old_on_new),
        relabelled_only=(
            pairing.compare_paired(old_on_new[repaired], new_on_new[repaired])
            if repaired.any()
            else None
        ),
    )


def summarise(ledger: RepairLedger, split: str) -> list[str]:
    """The ledger in sentences, the honest one about chance included."""
    images = f"{ledger.num_images:,} {split} images"
    lines = [
        f"Together: {_accuracy(ledger.accuracies[0][0])} → {_accuracy(ledger.accuracies[1][1])}, "
        f"{_points(ledger.total)} points, each on the labels of its time.",
        f"From repaired training labels: {_with_interval(ledger.training)}, both networks on the "
        "labels as they are now.",
    ]
    if not ledger.training.is_told_apart:
        lines.append(
            f"That is no difference that {images} can show: chance alone gives up to about "
            f"{100 * ledger.smallest_shown:.1f} points."
        )
    if ledger.num_relabelled:
        lines.append(
            f"From repaired {split} labels: {_with_interval(ledger.measuring)}, the old network "
            f"on {ledger.num_relabelled:,} labels that were corrected; nothing was learned for it."
        )
    if ledger.relabelled_only is not None:
        lines.append(
            f"On those {ledger.num_relabelled:,} images alone the new network is right more often "
            f"by {_with_interval(ledger.relabelled_only)}."
        )
    else:
        lines.append(f"No label in {split} was corrected, so none of it comes from measuring.")
    return lines


def _with_interval(found: PairedDifference) -> str:
    low, high = found.interval
    return f"{_points(found.difference)} points ({_points(low)} to {_points(high)})"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"


def _accuracy(share: float) -> str:
    return f"{100 * share:.1f} %"
