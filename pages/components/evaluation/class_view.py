"""Every class of an evaluation with what chance allows; a click on a number opens its images."""

import pandas as pd
import streamlit as st

from forge_core.evaluation.summary import ClassSummary, Rate
from pages.components.evaluation import doors
from pages.components.evaluation.shown import ShownEvaluation

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
}
"""What each column leads to; `own` is the class of the row."""


def show(shown: ShownEvaluation) -> None:
    """Draw the table, weakest first."""
    assert shown.summary is not None, "there are images"
    classes = sorted(shown.summary.classes, key=lambda each: each.f1)
    table = pd.DataFrame([_row(shown, each) for each in classes])
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
            "Recall, 95 %": st.column_config.TextColumn(
                help="With 95 % confidence the recall on images like these lies in this range."
            ),
        },
        on_select="rerun",
        selection_mode="single-cell",
        key=f"evaluation_classes_table_{shown.evaluation_id}",
        alt="Metrics of each class",
    )
    few = sum(each.num_images < FEW for each in classes)
    more = f" {few} with fewer than {FEW} images: too few to tell." if few else ""
    st.caption(f"Weakest first. Click a number to see its images.{more}")
    if event.selection.cells:
        position, column = event.selection.cells[0]
        doors.open_gallery(door(shown, classes[position], str(column)))


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


def _row(shown: ShownEvaluation, of: ClassSummary) -> dict[str, object]:
    low, high = (0.0, 0.0) if of.recall is None else of.recall.interval
    return {
        "Class": shown.names[of.label_id],
        "Images": count(of, "Images"),
        "Found": count(of, "Found"),
        "Missed": count(of, "Missed"),
        "Recall": None if of.recall is None else 100 * of.recall.value,
        "Recall, 95 %": "" if of.recall is None else f"{100 * low:.0f} to {100 * high:.0f} %",
        "Taken for it": count(of, "Taken for it"),
        "Wrongly": count(of, "Wrongly"),
        "Precision": None if of.precision is None else 100 * of.precision.value,
        "F1": 100 * of.f1,
    }
