"""What became of each class over several runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from db.records import Run
from forge_core.runs import comparison, records


@dataclass(frozen=True, kw_only=True)
class ClassRecalls:
    """How many images of a class each of several runs finds."""

    class_name: str
    counts: tuple[tuple[int, int], ...]
    """Found, and how many there are, of each run."""

    @property
    def spread(self) -> float:
        """The highest share less the lowest, 0 to 1."""
        shares = [found / there for found, there in self.counts]
        return max(shares) - min(shares)


def list_recalls(runs: Sequence[Run]) -> tuple[str, list[ClassRecalls]]:
    """The split that all runs were measured on, and its classes, most moved first.

    Empty where there is no such split; of the classes those that all of them know.
    """
    kept = [records.reports_of(run) for run in runs]
    for split in comparison.COMPARED_SPLITS:
        if all(split in reports for reports in kept):
            break
    else:
        return "", []
    by_name = [
        {
            entry.class_name: (round(entry.recall * entry.support), entry.support)
            for entry in reports[split].per_class
            if entry.support
        }
        for reports in kept
    ]
    found = [
        ClassRecalls(class_name=name, counts=tuple(each[name] for each in by_name))
        for name in by_name[0]
        if all(name in each for each in by_name)
    ]
    return str(split), sorted(found, key=lambda each: (-each.spread, each.class_name))
