"""`forge evaluate --by`: how right a network is on parts of the images, as the page has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from forge_core.cli import output
from forge_core.errors import InvalidInput
from forge_core.evaluation import slices
from forge_core.evaluation.slices import Slice
from forge_core.workspace import Workspace

ALL = "all"
KINDS = ("source", "group", "size", "brightness", "sharpness", "class", "view")
_ALIKE = "Every image counts alike."
_WEIGHTED = "Accuracies are weighted as that of the whole, without images that were chosen."
COLUMNS = (
    "run",
    "by",
    "part",
    "images",
    "wrong",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "accuracy_of_rest",
    "p_value",
    "not_by_chance",
)

ByOption = Annotated[
    list[str] | None,
    typer.Option(
        help=f"Also how right it is on parts of the images, the worst first: {', '.join(KINDS)} or "
        f"{ALL}; repeatable. P values are adjusted for all kinds, as on the page Evaluation."
    ),
]
CsvOption = Annotated[
    bool, typer.Option("--csv", help="With --by: answer with a table of the parts.")
]


@dataclass(frozen=True, kw_only=True)
class Parted:
    """The parts of one evaluation's images."""

    run_id: int
    evaluation_id: int
    kinds: tuple[str, ...]
    slices: list[Slice]
    filters: Mapping[tuple[str, str], Mapping[str, object]]
    num_unmeasured: int
    """Images without measures; 0 where none was asked for."""
    num_removed: int
    how_counted: str
    """How images count in the accuracies, a sentence."""

    def to_json(self) -> list[dict[str, Any]]:
        """The parts, each with the fields of the filter that names its images."""
        return [
            {
                "by": each.kind,
                "part": each.value,
                "images": each.counted.of,
                "wrong": each.counted.of - each.counted.count,
                "accuracy": each.accuracy.value,
                "interval": each.accuracy.interval,
                "accuracy_of_rest": each.rest.value,
                "p_value": each.p_value,
                "is_told_apart": each.is_told_apart,
                "where": {
                    "evaluation": self.evaluation_id,
                    **self.filters[each.kind, each.value],
                },
            }
            for each in self.slices
        ]

    def rows(self) -> list[list[object]]:
        """As `COLUMNS` say."""
        return [
            [
                self.run_id,
                each.kind,
                each.value,
                each.counted.of,
                each.counted.of - each.counted.count,
                each.accuracy.value,
                *each.accuracy.interval,
                each.rest.value,
                each.p_value,
                each.is_told_apart,
            ]
            for each in self.slices
        ]

    def show(self, *, with_run: bool) -> None:
        """Write them for a person."""
        title = f"Parts, run {self.run_id}" if with_run else "Parts"
        if self.slices:
            output.show_table(
                title,
                ["by", "part", "images", "wrong", "accuracy", "95 %", "the rest", "p", ""],
                [_words(each) for each in self.slices],
            )
            output.say(
                f"Parts of at least {slices.MIN_IMAGES} images, each against the others; p is "
                f"adjusted for all that the page asks at once (Holm). {self.how_counted}"
            )
        else:
            output.say(
                f"{title}: none to compare by {', '.join(self.kinds)}. It takes two of at least "
                f"{slices.MIN_IMAGES} images."
            )
        self.tell_missing()

    def tell_missing(self) -> None:
        """What is in no part, to stderr."""
        if self.num_unmeasured:
            output.tell(
                f"{self.num_unmeasured:,} images are in no band of brightness and sharpness: "
                "they were not measured. Next: forge image-issues"
            )
        if self.num_removed:
            output.tell(f"{self.num_removed:,} images were removed since and are in no part.")


def check_kinds(by: Sequence[str] | None, *, as_csv: bool, as_json: bool) -> tuple[str, ...]:
    """The kinds that are asked for, each once.

    Raises:
        InvalidInput: One is unknown, or a table is asked for without any, or beside JSON.
    """
    kinds = tuple(dict.fromkeys(by or ()))
    unknown = [kind for kind in kinds if kind not in (*KINDS, ALL)]
    if unknown:
        raise InvalidInput(
            f"Images are not parted by {unknown[0][:40]!r}.",
            next_step=f"Use --by with {', '.join(KINDS)} or {ALL}.",
        )
    if as_csv and not kinds:
        raise InvalidInput(
            "--csv was given without --by, and is a table of parts.", next_step=f"Add --by {ALL}."
        )
    if as_csv and as_json:
        raise InvalidInput("--csv and --json were both given.", next_step="Use one of them.")
    return KINDS if ALL in kinds else kinds


def read(workspace: Workspace, evaluation_id: int, kinds: Sequence[str]) -> Parted:
    """The parts of these kinds of an evaluation's images that are still there."""
    from forge_core.predictions import image_parts, kept_evaluations
    from forge_core.predictions.sampling import samples

    kept = kept_evaluations.get(workspace, evaluation_id)
    answers, num_removed = kept_evaluations.read_present(workspace, evaluation_id)
    names = dict(zip(kept.label_ids, kept.report.class_names, strict=True))
    estimates = samples.estimate_all(
        workspace, answers, kept.label_ids, kept.summary.split, kept.summary.revision_id
    )
    weights = None if estimates is None else estimates.weights
    parts, found = image_parts.compare(workspace, evaluation_id, answers, names, weights)
    asked = {"size": image_parts.SIZE}
    wanted = {asked.get(kind, kind) for kind in kinds}
    own = [
        each
        for each in found
        if each.kind in wanted
        or (image_parts.VIEW in wanted and each.kind.startswith(f"{image_parts.VIEW} "))
    ]
    return Parted(
        run_id=kept.summary.run_id,
        evaluation_id=evaluation_id,
        kinds=tuple(kinds),
        slices=own,
        filters=parts.filters,
        num_unmeasured=parts.num_unmeasured if wanted & set(image_parts.MEASURES) else 0,
        num_removed=num_removed,
        how_counted=_ALIKE if weights is None else _WEIGHTED,
    )


def write_csv(parted: Sequence[Parted]) -> None:
    """One table of the parts of all of them."""
    output.write_csv(COLUMNS, [row for each in parted for row in each.rows()])
    for each in parted:
        each.tell_missing()


def _words(of: Slice) -> list[object]:
    low, high = of.accuracy.interval
    return [
        of.kind,
        of.value,
        of.counted.of,
        of.counted.of - of.counted.count,
        output.percent(of.accuracy.value),
        f"{100 * low:.1f} to {100 * high:.1f}",
        output.percent(of.rest.value),
        f"{of.p_value:.3f}",
        "not by chance" if of.is_told_apart else "",
    ]
