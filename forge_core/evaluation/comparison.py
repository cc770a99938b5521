"""Are two accuracies different, or is it chance? And which classes moved?"""

from dataclasses import dataclass

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


def compare_rates(
    first: float, bounds_first: Interval, second: float, bounds_second: Interval
) -> RateDifference:
    """The difference of two shares, each with its Wilson interval, and the interval of that.

    Holds for independent sets of images; for two networks on the same images it is too wide, never
    too narrow as long as they are right on mostly the same ones.

    Source: Newcombe 1998, method 10 (from the Wilson intervals).
    """
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
    return compare_rates(before.value, before.interval, after.value, after.interval)


def compare_classes(first: EvaluationReport, second: EvaluationReport) -> list[ClassMove]:
    """Recalls, as they are shown, of the classes that both have images of, largest change first."""
    before = {entry.class_name: entry for entry in first.shown_classes}
    moves = []
    for entry in second.shown_classes:
        old = before.get(entry.class_name)
        if old is None or old.recall_interval is None or entry.recall_interval is None:
            continue
        assert old.recall is not None, "it has an interval"
        assert entry.recall is not None, "it has an interval"
        moves.append(
            ClassMove(
                class_name=entry.class_name,
                recall=compare_rates(
                    old.recall, old.recall_interval, entry.recall, entry.recall_interval
                ),
                support=(old.support, entry.support),
            )
        )
    return sorted(moves, key=lambda move: (-abs(move.recall.difference), move.class_name))
