"""The accuracies of runs that differ in nothing but their seed."""

from dataclasses import dataclass
from statistics import fmean, stdev

from scipy.stats import t as student


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Accuracies of runs of the same settings."""

    values: tuple[float, ...]
    """At least one."""

    @property
    def mean(self) -> float:
        """0 to 1."""
        return fmean(self.values)

    @property
    def deviation(self) -> float | None:
        """Standard deviation from one seed to the next; None of a single one."""
        return stdev(self.values) if len(self.values) > 1 else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Of the mean over all seeds, on these images, at 95 %, 0 to 1; None of a single one."""
        if self.deviation is None:
            return None
        number = len(self.values)
        half = float(student.ppf(0.975, number - 1)) * self.deviation / number**0.5
        return max(0.0, self.mean - half), min(1.0, self.mean + half)
