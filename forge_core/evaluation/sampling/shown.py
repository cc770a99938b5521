"""The accuracy that people are shown, and what they must know of it: said here for every place."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SampledAccuracy:
    """The accuracy that speaks of all images, and how it was come by."""

    value: float | None
    """0 to 1; None where no image is a fair one."""
    interval: tuple[float, float] | None
    """At 95 %."""
    num_images: int
    """That were measured."""
    num_chosen: int
    """Of them those that were chosen for what they are, which are left out."""
    is_weighted: bool
    """Whether the others count by the inverse of the probability that they were drawn with."""
    effective_size: float
    """Images drawn alike that would tell as much."""

    @property
    def num_used(self) -> int:
        """Images that the value is of."""
        return self.num_images - self.num_chosen


@dataclass(frozen=True, kw_only=True)
class ShownAccuracy:
    """The number to show, with its interval at 95 % and a note; no note where it needs none."""

    value: float
    interval: tuple[float, float]
    note: str = ""


def shown(
    plain: float, interval: tuple[float, float], sampled: SampledAccuracy | None
) -> ShownAccuracy:
    """What is shown of an accuracy in which every measured image counts alike.

    Args:
        plain: The share of all measured images that are right, 0 to 1.
        interval: Of it, at 95 %.
        sampled: How they came to be measured; None where all are as likely.
    """
    if sampled is None:
        return ShownAccuracy(value=plain, interval=interval)
    chosen = ""
    if sampled.num_chosen:
        chosen = (
            f"Biased: {sampled.num_chosen:,} of {sampled.num_images:,} images were chosen because "
            f"they looked hard or stood for others; with them it is {100 * plain:.1f} %."
        )
    if sampled.value is None or sampled.interval is None:
        return ShownAccuracy(
            value=plain,
            interval=interval,
            note=f"{chosen} No image is left that was not, so what it is on images like yours is "
            "not known.",
        )
    parts = [chosen] if chosen else []
    if sampled.is_weighted:
        parts.append(
            f"Weighted: the {sampled.num_used:,} images were drawn with different probabilities, "
            "so each counts by the inverse of its own; together they tell as much as "
            f"{sampled.effective_size:,.0f} drawn alike."
        )
        if not chosen:
            parts.append(f"Counted alike it is {100 * plain:.1f} %.")
    else:
        parts.append(f"Shown is that of the other {sampled.num_used:,}.")
    return ShownAccuracy(value=sampled.value, interval=sampled.interval, note=" ".join(parts))


def describe_unweighted(*, num_images: int, num_chosen: int, is_weighted: bool) -> str:
    """What must be known of an accuracy in which all images counted alike, and should not.

    Args:
        num_images: That were measured.
        num_chosen: Of them those that were chosen for what they are.
        is_weighted: Whether the others were drawn with different probabilities.
    """
    reasons = []
    if num_chosen:
        reasons.append(
            f"{num_chosen:,} of {num_images:,} images were chosen because they looked hard or "
            "stood for others"
        )
    if is_weighted:
        reasons.append("images were drawn with different probabilities")
    return (
        f"Biased: {' and '.join(reasons)}; here all count alike, until the network is measured "
        "image by image."
    )
