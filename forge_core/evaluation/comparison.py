"""Are two accuracies different, or is it chance? And which classes moved?"""

from dataclasses import dataclass

from forge_core.evaluation.metrics import wilson_interval
from forge_core.evaluation.report import EvaluationReport

Interval = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class RateDifference:
    """The second rate minus the first."""

    first: float
    """0 to 1."""
    second: float
    """0 to 1."""
    interval: tuple[float, float]
    """Of the difference at 95 %, -1 to 1."""

    @property
    def difference(self) -> float:
        """-1 to 1."""
        return self.second - self.first

    @property
    def is_told_apart(self) -> bool:
        """Whether chance alone would rarely (5 %) give so large a difference."""
        return not self.interval[0] <= 0 <= self.interval[1]


@dataclass(frozen=True, kw_only=True)
class ClassMove:
    """How the recall of a class changed."""

    class_name: str
    recall: RateDifference
    support: tuple[int, int]
    """Images of the class in the first and in the second report."""


def compare_rates(num_first: int, of_first: int, num_second: int, of_second: int) -> RateDifference:
    """The difference of two shares with its interval.

    Holds for independent sets of images; for two networks on the same images it is too wide, never
    too narrow as long as they are right on mostly the same ones.

    Raises:
        InvalidInput: A share of no images.

    Source: Newcombe 1998, method 10 (from the Wilson intervals).
    """
    return _subtract(
        num_first / max(of_first, 1),
        wilson_interval(num_first, of_first),
        num_second / max(of_second, 1),
        wilson_interval(num_second, of_second),
    )


def _subtract(
    first: float, bounds_first: Interval, second: float, bounds_second: Interval
) -> RateDifference:
    (low_first, high_first), (low_second, high_second) = bounds_first, bounds_second
    difference = second - first
    below = ((second - low_second) ** 2 + (high_first - first) ** 2) ** 0.5
    above = ((high_second - second) ** 2 + (first - low_first) ** 2) ** 0.5
    return RateDifference(
        first=first, second=second, interval=(difference - below, difference + above)
    )


def compare_accuracy(first: EvaluationReport, second: EvaluationReport) -> RateDifference:
    """The accuracies of two reports, as each is shown; see `compare_rates`."""
    before, after = first.shown, second.shown
    return _subtract(before.value, before.interval, after.value, after.interval)


def compare_classes(first: EvaluationReport, second: EvaluationReport) -> list[ClassMove]:
    """Recalls of the classes that both reports have images of, largest change first."""
    before = {entry.class_name: entry for entry in first.per_class if entry.support}
    moves = [
        ClassMove(
            class_name=entry.class_name,
            recall=compare_rates(
                round(old.recall * old.support),
                old.support,
                round(entry.recall * entry.support),
                entry.support,
            ),
            support=(old.support, entry.support),
        )
        for entry in second.per_class
        if entry.support and (old := before.get(entry.class_name)) is not None
    ]
    return sorted(moves, key=lambda move: (-abs(move.recall.difference), move.class_name))
