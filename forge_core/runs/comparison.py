"""What differs between two runs, in config, data and environment, and what the metrics did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from db.boxes import RunEnvironment
from db.enums import Split
from db.records import Run
from forge_core.errors import InvalidInput
from forge_core.evaluation import comparison
from forge_core.evaluation.comparison import ClassMove, RateDifference
from forge_core.runs import data_comparison, environments, records
from forge_core.runs.comparing import config_words, used_settings
from forge_core.runs.data_comparison import DataDifference
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace

COMPARED_SPLITS = (Split.TEST, Split.VAL, Split.HELD_OUT)
UNIMPORTANT = frozenset({"left_out", "platform"})
"""Parts of an environment that do not decide numbers, or that are of the data."""


@dataclass(frozen=True, kw_only=True)
class ValueDifference:
    """A named value that differs; None where one run does not have it."""

    name: str
    first: Any
    second: Any


@dataclass(frozen=True, kw_only=True)
class MetricDifference:
    """What a metric did."""

    split: str
    accuracy: RateDifference
    num_images: tuple[int, int]
    classes: list[ClassMove]
    notes: tuple[str, str] = ("", "")
    """What must be known of the accuracy of either; empty where nothing must."""


@dataclass(frozen=True, kw_only=True)
class RunComparison:
    """The second run seen from the first."""

    first: Run
    second: Run
    config: list[ValueDifference]
    """Choices that differ and play a part in either run; what was left open is filled in."""
    environment: list[ValueDifference]
    data: DataDifference
    """Of the images and classes that the runs use."""
    classes: tuple[list[str], list[str]]
    """Classes that only the first and only the second run has, by their names."""
    metrics: list[MetricDifference]
    """Of the splits that both were measured on, test first."""

    @property
    def is_repetition(self) -> bool:
        """Whether config and data are the same, so that a difference has other causes."""
        return (
            not self.config
            and not self.data.counts.total
            and not self.data.classes
            and not any(self.classes)
        )


def compare_runs(workspace: Workspace, first: int, second: int) -> RunComparison:
    """Compare two runs.

    Raises:
        NotFound: There is no such run.
        InvalidInput: It is the same run twice.
    """
    if first == second:
        raise InvalidInput(
            f"Run {first} cannot be compared with itself.", next_step="Choose another run."
        )
    one, two = records.get_run(workspace, first), records.get_run(workspace, second)
    return RunComparison(
        first=one,
        second=two,
        config=_differences(
            *(used_settings.used_choices(TrainConfig.from_dict(run.config)) for run in (one, two))
        ),
        environment=[
            found
            for found in _differences(
                environments.as_rows(one.environment or RunEnvironment()),
                environments.as_rows(two.environment or RunEnvironment()),
            )
            if found.name.partition(" ")[0] not in UNIMPORTANT
        ],
        data=data_comparison.compare_data(workspace, one, two),
        classes=(_missing_classes(one, two), _missing_classes(two, one)),
        metrics=_compare_metrics(one, two),
    )


def summarise(found: RunComparison) -> list[str]:
    """The comparison in sentences: what changed, and what the metric did."""
    lines = []
    if found.is_repetition:
        lines.append(
            f"Run {found.second.run_id} repeats run {found.first.run_id}: same config, same data."
        )
    if found.config:
        lines.append(f"Config: {', '.join(_describe_choice(entry) for entry in found.config)}.")
    counts = found.data.counts
    if counts.total:
        parts = {
            "added": counts.added,
            "removed": counts.removed,
            "relabelled": counts.relabelled,
            "in another split": counts.moved_split,
            "with other bytes": counts.changed_bytes,
            f"unreadable in run {found.first.run_id} only": counts.left_out_first,
            f"unreadable in run {found.second.run_id} only": counts.left_out_second,
        }
        named = ", ".join(f"{number:,} {words}" for words, number in parts.items() if number)
        lines.append(f"Data: {counts.total:,} images differ{f' ({named})' if named else ''}.")
    if found.data.classes:
        named = ", ".join(f"{entry.before} → {entry.after}" for entry in found.data.classes)
        lines.append(f"Classes renamed: {named}.")
    for run, names in zip((found.first, found.second), found.classes, strict=True):
        if names:
            lines.append(f"Classes only in run {run.run_id}: {', '.join(names)}.")
    for metric in found.metrics:
        lines.append(_describe_metric(metric))
        lines += [
            f"On {metric.split}, run {run.run_id}: {note}"
            for run, note in zip((found.first, found.second), metric.notes, strict=True)
            if note
        ]
    if not found.metrics:
        lines.append("They were not measured on the same split, so accuracies are not compared.")
    return lines


def _missing_classes(one: Run, two: Run) -> list[str]:
    """Names of the classes that only the one run has; a renamed class is in both."""
    pairs = zip(one.class_names, one.label_ids, strict=False)
    return [name for name, label_id in pairs if label_id not in two.label_ids]


def _describe_metric(metric: MetricDifference) -> str:
    accuracy = metric.accuracy
    low, high = accuracy.interval
    numbers = (
        f"Accuracy on {metric.split}: {accuracy.first:.1%} → {accuracy.second:.1%}, "
        f"{100 * accuracy.difference:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"
    ).replace("%", " %")
    if accuracy.difference == 0:
        return f"{numbers}: the same."
    if accuracy.is_told_apart:
        return f"{numbers}: more than chance would give."
    return f"{numbers}: {min(metric.num_images):,} images cannot tell that from chance."


def _differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[ValueDifference]:
    return [
        ValueDifference(name=name, first=first.get(name), second=second.get(name))
        for name in sorted({*first, *second})
        if first.get(name) != second.get(name)
    ]


def _compare_metrics(one: Run, two: Run) -> list[MetricDifference]:
    found = []
    kept = [records.reports_of(run) for run in (one, two)]
    for split in COMPARED_SPLITS:
        before, after = (reports.get(split) for reports in kept)
        if before is None or after is None:
            continue
        found.append(
            MetricDifference(
                split=split,
                accuracy=comparison.compare_accuracy(before, after),
                num_images=(before.num_images, after.num_images),
                notes=(before.shown.note, after.shown.note),
                classes=comparison.compare_classes(before, after),
            )
        )
    return found


def _describe_choice(entry: ValueDifference) -> str:
    before, after = (
        config_words.describe_value(entry.name, value) for value in (entry.first, entry.second)
    )
    return f"{config_words.title_of(entry.name)} {before} → {after}"
