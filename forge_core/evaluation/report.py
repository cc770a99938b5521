"""What was measured of a checkpoint, as it is kept and shown. Without torch: pages read it.

Legend: K classes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from forge_core.errors import InvalidInput
from forge_core.evaluation.sampling.intervals import wilson_interval
from forge_core.evaluation.sampling.shown import SampledAccuracy, ShownAccuracy, shown
from forge_core.evaluation.sampling.weighted import WeightedClasses

Interval = tuple[float, float]

SCHEMA = 1
SPARSE_SCHEMA = 2
"""With the cells of the matrix that are not empty, where most of them are."""
MOST_DENSE = 64
"""Up to so many classes the whole matrix is written."""


@dataclass(frozen=True, kw_only=True)
class ClassMetrics:
    """Metrics of one class."""

    class_name: str
    precision: float
    """Share of the images predicted as this class that are of it, 0 to 1."""
    recall: float
    """Share of the images of this class that were found, 0 to 1."""
    f1: float
    """Harmonic mean of precision and recall, 0 to 1."""
    support: int
    """Number of images of this class."""


@dataclass(frozen=True, kw_only=True)
class ShownClass:
    """One class as people are to read it. A number is None where no image could tell it."""

    class_name: str
    support: int
    """Images of this class that were measured."""
    precision: float | None
    recall: float | None
    recall_interval: Interval | None
    """At 95 %; None also where there is no image."""
    f1: float | None


@dataclass(frozen=True, kw_only=True)
class EvaluationReport:
    """Metrics of one checkpoint on one set of images."""

    num_images: int
    class_names: tuple[str, ...]
    """In the order of the network's outputs, K of them."""
    accuracy: float
    """Share of images whose highest score is their label, 0 to 1."""
    accuracy_interval: tuple[float, float]
    """Wilson interval of the accuracy at 95 %, as if all images were drawn alike."""
    loss: float
    """Mean cross entropy in nats."""
    macro_f1: float
    """Mean F1 of the classes that occur as a label or as a prediction."""
    confusion: tuple[tuple[int, ...], ...]
    """(K, K) counts, rows true, columns predicted."""
    per_class: tuple[ClassMetrics, ...]
    top5_accuracy: float | None
    """Share of images whose label is among the five highest scores; None up to five classes."""
    sampled: SampledAccuracy | None = None
    """The accuracy that speaks of all images; None where the measured ones were drawn alike."""
    weighted: WeightedClasses | None = None
    """The same of the classes; None also in a report from before they were weighted."""

    @property
    def shown(self) -> ShownAccuracy:
        """The accuracy as people are to read it."""
        return shown(self.accuracy, self.accuracy_interval, self.sampled)

    @property
    def shown_macro_f1(self) -> float:
        """The mean F1 as people are to read it, where an image is left that can tell it."""
        weighted = None if self.weighted is None else self.weighted.macro_f1
        return self.macro_f1 if weighted is None else weighted

    @property
    def shown_classes(self) -> list[ShownClass]:
        """Every class as people are to read it, in the order of `class_names`."""
        if self.weighted is None or not self.weighted.num_images:
            return [_show_counted(each) for each in self.per_class]
        return [
            ShownClass(
                class_name=each.class_name,
                support=each.support,
                precision=None if own.precision is None else own.precision.value,
                recall=None if own.recall is None else own.recall.value,
                recall_interval=None if own.recall is None else own.recall.interval,
                f1=own.f1,
            )
            for each, own in zip(self.per_class, self.weighted.classes, strict=True)
        ]

    @property
    def classes_note(self) -> str:
        """What must be known of the numbers of classes; empty where nothing must."""
        return describe_classes(self.sampled, self.weighted)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON values, with a schema number."""
        values = asdict(self)
        if len(self.class_names) <= MOST_DENSE:
            return {"schema": SCHEMA, **values}
        cells = [
            (row, column, count)
            for row, counts in enumerate(self.confusion)
            for column, count in enumerate(counts)
            if count
        ]
        return {"schema": SPARSE_SCHEMA, **values, "confusion": cells}

    def to_json(self) -> str:
        """One line of JSON with sorted keys."""
        return json.dumps(self.to_dict(), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The report that `to_json` wrote.

        Raises:
            InvalidInput: When the schema number is unknown.
        """
        return cls.from_dict(json.loads(text))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The report that `to_dict` wrote.

        Raises:
            InvalidInput: When the schema number is unknown.
        """
        schema, size = values.get("schema"), len(values.get("class_names", ()))
        if schema not in (SCHEMA, SPARSE_SCHEMA):
            raise InvalidInput(
                f"This evaluation has schema {schema!r}, not {SCHEMA} or {SPARSE_SCHEMA}.",
                next_step="Evaluate the checkpoint again.",
            )
        rows = values["confusion"] if schema == SCHEMA else _fill(values["confusion"], size)
        low, high = values["accuracy_interval"]
        return cls(
            num_images=values["num_images"],
            class_names=tuple(values["class_names"]),
            accuracy=values["accuracy"],
            accuracy_interval=(low, high),
            loss=values["loss"],
            macro_f1=values["macro_f1"],
            confusion=tuple(tuple(row) for row in rows),
            per_class=tuple(ClassMetrics(**entry) for entry in values["per_class"]),
            top5_accuracy=values["top5_accuracy"],
            sampled=read_sampled(values.get("sampled")),
            weighted=_read_weighted(values.get("weighted")),
        )


def read_sampled(values: Mapping[str, Any] | None) -> SampledAccuracy | None:
    """How images came to be measured, as a report keeps it; None where they were drawn alike."""
    if values is None:
        return None
    interval = values["interval"]
    return SampledAccuracy(**{**values, "interval": None if interval is None else tuple(interval)})


def describe_classes(sampled: SampledAccuracy | None, weighted: WeightedClasses | None) -> str:
    """What must be known of recall, precision and F1; empty of images that were drawn alike."""
    if sampled is None:
        return ""
    if weighted is None or not weighted.num_images:
        why = "no image is left that was not chosen" if weighted else "evaluate again to weigh them"
        return (
            "Biased: recall, precision and F1 are of all that were measured, each counted alike; "
            f"{why}."
        )
    how = "weighted likewise" if sampled.is_weighted else "without those that were chosen"
    return f"Recall, precision and F1 are {how}; numbers of images are of all that were measured."


def _show_counted(each: ClassMetrics) -> ShownClass:
    found = round(each.recall * each.support)
    return ShownClass(
        class_name=each.class_name,
        support=each.support,
        precision=each.precision,
        recall=each.recall,
        recall_interval=wilson_interval(found, each.support) if each.support else None,
        f1=each.f1,
    )


def _read_weighted(values: Mapping[str, Any] | None) -> WeightedClasses | None:
    return None if values is None else WeightedClasses.from_dict(dict(values))


def _fill(cells: Sequence[Sequence[int]], size: int) -> list[list[int]]:
    """The whole matrix of its cells (row, column, count)."""
    rows = [[0] * size for _ in range(size)]
    for row, column, count in cells:
        rows[row][column] = count
    return rows
