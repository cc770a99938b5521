"""How good a finished run is: accuracy with its interval, confusion matrix, classes."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from db.records import Run
from forge_core.evaluation.report import EvaluationReport, ShownClass
from forge_core.predictions import kept_evaluations
from forge_core.predictions.kept_evaluations import KeptEvaluation
from forge_core.runs import records
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace
from pages.components import gallery_links
from pages.components.evaluation import confusion_chart, doors
from pages.components.frame import navigation
from pages.components.words import text

ROWS_WITHOUT_SCROLLING = 12
SPLIT_ORDER = ("test", "val", "held_out", "train")


def show(workspace: Workspace, run: Run) -> None:
    """Draw the reports that are kept with the run, one split at a time, test first."""
    kept = records.reports_of(run)
    splits = [split for split in SPLIT_ORDER if split in kept]
    if not splits:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Evaluation", anchor=False, width="content")
        split = splits[0]
        if len(splits) > 1:
            chosen = st.segmented_control(
                "Split",
                splits,
                default=splits[0],
                required=True,
                key=f"run_split_{run.run_id}",
                label_visibility="collapsed",
            )
            split = chosen if chosen in splits else split
    if split == "val":
        st.caption("Validation chose the best epoch, so its accuracy is a little too kind.")
    _show_split(workspace, run, kept[split], split)


def _show_split(workspace: Workspace, run: Run, report: EvaluationReport, split: str) -> None:
    shown = report.shown
    with st.container(horizontal=True, gap="large"):
        st.metric(
            f"Accuracy on {split}",
            text.percent(shown.value),
            text.interval(shown.interval),
            delta_color="off",
            delta_arrow="off",
            help="With 95 % confidence the accuracy on images like these lies in this interval.",
            width="content",
        )
        st.metric("Images", f"{report.num_images:,}", width="content")
        st.metric(
            "Macro F1",
            f"{report.shown_macro_f1:.3f}",
            help="Mean F1 of the classes, each counted alike.",
            width="content",
        )
        st.metric("Loss", f"{report.loss:.3f}", width="content")
        if report.top5_accuracy is not None:
            st.metric("Among the top 5", text.percent(report.top5_accuracy), width="content")
    if shown.note:
        notes = " ".join(filter(None, (shown.note, report.classes_note)))
        st.warning(notes, icon=":material/balance:")
    left, right = st.columns([5, 4], gap="large")
    with left:
        st.markdown("**Confusion matrix**")
        kept = find_evaluation(workspace, run, report, split)
        door = "click: these images" if kept else "click: images of {true}"
        matrix = confusion_chart.of_counts(
            np.array(report.confusion, dtype=np.int64), report.class_names, door=door
        )
        cell = confusion_chart.show(matrix, key=f"confusion_{run.run_id}_{split}")
        if cell is not None:
            _open(run, report, split, kept, cell)
    with right:
        st.markdown("**Classes**")
        _show_classes(report)


def find_evaluation(
    workspace: Workspace, run: Run, report: EvaluationReport, split: str
) -> KeptEvaluation | None:
    """What was answered for each image of the report; None of one from before that was kept."""
    best = checkpoints.find_best_hash(workspace, run.run_id)
    if best is None:
        return None
    kept = kept_evaluations.find_of_run(
        workspace, run.run_id, split, checkpoint_hash=best, revision_id=run.revision_id
    )
    return kept if kept is not None and kept.report == report else None


def _open(
    run: Run,
    report: EvaluationReport,
    split: str,
    kept: KeptEvaluation | None,
    cell: tuple[int, int],
) -> None:
    if kept is not None:
        true, answered = (kept.label_ids[place] for place in cell)
        doors.open_gallery(doors.query(kept.evaluation_id, true_label=true, answered=answered))
    label_id = label_of(run.class_names, run.label_ids, report.class_names[cell[0]])
    navigation.go_to("gallery", gallery_links.gallery_query(label=label_id, split=split))


def label_of(names: Sequence[str], label_ids: Sequence[int], name: str) -> int:
    """Number of the class of that name among the classes of a run."""
    return label_ids[list(names).index(name)]


def _show_classes(report: EvaluationReport) -> None:
    rows = sorted(report.shown_classes, key=lambda entry: (entry.f1 is None, entry.f1 or 0.0))
    table = pd.DataFrame(
        {
            "Class": [entry.class_name for entry in rows],
            "Precision": [_in_percent(entry.precision) for entry in rows],
            "Recall": [_in_percent(entry.recall) for entry in rows],
            "Recall, 95 %": [_interval(entry) for entry in rows],
            "F1": [_in_percent(entry.f1) for entry in rows],
            "Images": [entry.support for entry in rows],
        }
    )
    share = st.column_config.NumberColumn(format="%.1f %%")
    st.dataframe(
        table,
        hide_index=True,
        height="content" if len(rows) <= ROWS_WITHOUT_SCROLLING else 460,
        placeholder="–",
        column_config={
            "Precision": share,
            "Recall": share,
            "F1": share,
            "Images": st.column_config.NumberColumn(format="localized"),
        },
    )
    st.caption("Weakest first.")


def _in_percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _interval(entry: ShownClass) -> str:
    return "" if entry.recall_interval is None else text.interval(entry.recall_interval, 0)
