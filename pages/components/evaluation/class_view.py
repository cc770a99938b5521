"""Every class of an evaluation with what chance allows; a click on a number opens its images."""

import pandas as pd
import streamlit as st

from forge_core.evaluation.sampling.weighted import WeightedClass, WeightedRate
from forge_core.evaluation.summary import ClassSummary, Rate
from pages.components.evaluation import doors
from pages.components.evaluation.shown import ShownEvaluation
from pages.components.words import text

MOST_HEIGHT = 480
FEW = 10
"""With fewer images a class's numbers say little."""
DOORS: dict[str, dict[str, str]] = {
    "Images": {"true_label": "own"},
    "Found": {"true_label": "own", "outcome": "right"},
    "Missed": {"true_label": "own", "outcome": "wrong"},
    "Taken for it": {"answered": "own"},
    "Wrongly": {"answered": "own", "outcome": "wrong"},
    "Recall": {"true_label": "own", "outcome": "right"},
    "Recall, 95 %": {"true_label": "own"},
    "Precision": {"answered": "own", "outcome": "right"},
    "Precision, 95 %": {"answered": "own"},
}
"""What each column leads to; `own` is the class of the row."""


def show(shown: ShownEvaluation) -> None:
    """Draw the table, weakest first."""
    assert shown.summary is not None, "there are images"
    weighted = list_weighted(shown)
    classes = sorted(
        shown.summary.classes,
        key=lambda each: _order(weighted[each.label_id].f1 if weighted else each.f1),
    )
    table = pd.DataFrame([_row(shown, each, weighted.get(each.label_id)) for each in classes])
    share = st.column_config.NumberColumn(format="%.1f %%")
    number = st.column_config.NumberColumn(format="localized")
    event = st.dataframe(
        table,
        hide_index=True,
        height="content" if len(classes) <= 12 else MOST_HEIGHT,
        placeholder="–",
        column_config={
            "Class": st.column_config.TextColumn(pinned=True),
            **dict.fromkeys(("Images", "Found", "Missed", "Taken for it", "Wrongly"), number),
            **dict.fromkeys(("Recall", "Precision", "F1"), share),
            **{
                f"{name}, 95 %": st.column_config.TextColumn(
                    help=f"With 95 % confidence the {name.lower()} on images like these lies in "
                    "this range."
                )
                for name in ("Recall", "Precision")
            },
        },
        on_select="rerun",
        selection_mode="single-cell",
        key=f"evaluation_classes_table_{shown.evaluation_id}",
        alt="Metrics of each class",
    )
    few = sum(each.num_images < FEW for each in classes)
    more = f" {few} with fewer than {FEW} images: too few to tell." if few else ""
    st.caption(f"Weakest first. Click a number to see its images.{more} {shown.classes_note}")
    if event.selection.cells:
        position, column = event.selection.cells[0]
        doors.open_gallery(door(shown, classes[position], str(column)))


def list_weighted(shown: ShownEvaluation) -> dict[int, WeightedClass]:
    """By class the numbers that speak of all images; empty where those counted do."""
    found = shown.classes
    return {} if found is None else dict(zip(shown.kept.label_ids, found.classes, strict=True))


def door(shown: ShownEvaluation, of: ClassSummary, column: str) -> dict[str, str]:
    """Where a number of the table leads."""
    fields = DOORS.get(column, DOORS["Images"])
    where = {name: of.label_id if value == "own" else value for name, value in fields.items()}
    return doors.query(shown.evaluation_id, **where)


def count(of: ClassSummary, column: str) -> int:
    """A counted number of the table."""
    found, images = _counts(of.recall)
    _, taken = _counts(of.precision)
    return {
        "Images": images,
        "Found": found,
        "Missed": images - found,
        "Taken for it": taken,
        "Wrongly": taken - found,
    }[column]


def _counts(rate: Rate | None) -> tuple[int, int]:
    return (0, 0) if rate is None else (rate.count, rate.of)


def _row(
    shown: ShownEvaluation, of: ClassSummary, weighted: WeightedClass | None
) -> dict[str, object]:
    """Counts are of all images; shares are those that speak of all, where they are weighted."""
    own = weighted or of
    return {
        "Class": shown.names[of.label_id],
        "Images": count(of, "Images"),
        "Found": count(of, "Found"),
        "Missed": count(of, "Missed"),
        "Recall": _share(own.recall),
        "Recall, 95 %": _interval(own.recall),
        "Taken for it": count(of, "Taken for it"),
        "Wrongly": count(of, "Wrongly"),
        "Precision": _share(own.precision),
        "Precision, 95 %": _interval(own.precision),
        "F1": None if own.f1 is None else 100 * own.f1,
    }


def _share(rate: Rate | WeightedRate | None) -> float | None:
    return None if rate is None else 100 * rate.value


def _interval(rate: Rate | WeightedRate | None) -> str:
    return "" if rate is None else text.interval(rate.interval, 0)


def _order(f1: float | None) -> tuple[bool, float]:
    return f1 is None, f1 or 0.0
