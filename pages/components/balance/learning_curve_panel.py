"""Have I labelled enough? The learning curve of the catalog, and what more labels would bring."""

from datetime import UTC, datetime

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from db.records import Job
from forge_core.catalog.revisions import history
from forge_core.evaluation.learning_curve import EXTRA_LABELS, LearningCurve, Outlook
from forge_core.predictions.labelling import label_learning_curve
from forge_core.workspace import Workspace
from pages.components import errors, job_progress
from pages.components.frame import session
from pages.components.words import data_time, text

CHART_HEIGHT = 240
COLOR = "#0072B2"
VERDICTS = {
    "worth it": "label more",
    "enough": "enough",
    "unclear": "cannot tell",
    "too few to tell": "too few to tell",
}


def show(workspace: Workspace) -> None:
    """Draw the button, and what the newest curve says."""
    st.caption(
        "Trains a small classifier with 10, 20, 40 and 80 % of the labels in train, on features of "
        "a pretrained network, and draws the errors on to 100 more labels of each class."
    )
    job = label_learning_curve.find_job(workspace)
    is_active = job is not None and not job.status.is_finished()
    words = "Draw the curve" if job is None else "Draw it again"
    if st.button(words, key="outlook_draw", disabled=is_active, icon=":material/show_chart:"):
        with errors.redrawing():
            label_learning_curve.submit(workspace, actor=session.actor())
        return
    if job is None:
        return
    if job_progress.has_result(job):
        _show_curve(workspace, job)


def _show_curve(workspace: Workspace, job: Job) -> None:
    curve = label_learning_curve.read_result(job)
    st.markdown(errors.literal(describe(curve.overall)))
    st.plotly_chart(draw(curve), key="outlook_chart", config={"displayModeBar": False})
    st.dataframe(
        _table(curve), hide_index=True, height="content" if len(curve.classes) < 12 else 420
    )
    finished = job.finished_at or datetime.now(UTC)
    st.caption(
        f"{_describe_data(workspace, job, curve)}, {text.ago(finished)}, on features of "
        f"{job.payload.get('architecture')}. Each class by its own curve, as it does when the "
        "others grow as well. A fine-tuned network stands higher; its curve bends much alike.",
        help=data_time.hint(int(job.payload["revision_id"])),
    )


def _describe_data(workspace: Workspace, job: Job, curve: LearningCurve) -> str:
    """Which images the curve is of, and whether the catalog has moved on."""
    drawn = int(job.payload["revision_id"])
    newest = history.latest_revision_id(workspace)
    told = data_time.describe_all(workspace, (drawn, newest))
    words = text.capital(told[drawn])
    if newest > drawn:
        words += f"; the catalog has {told[newest]}"
    if 0 < curve.num_used < curve.overall.num_train:
        words += f"; drawn from {curve.num_used:,} of {curve.overall.num_train:,} training images"
    return words


def describe(outlook: Outlook) -> str:
    """What the whole curve says, in a sentence."""
    if outlook.gain is None or outlook.interval is None:
        return (
            "There are too few images for a curve: the parts hold nearly the same number of them."
        )
    low, high = (100 * bound for bound in outlook.interval)
    numbers = (
        f"{EXTRA_LABELS} more labels of each class would add about {100 * outlook.gain:.1f} points "
        f"({low:.1f} to {high:.1f})"
    )
    match outlook.verdict:
        case "worth it":
            return f"{numbers}: worth the work."
        case "enough":
            return f"{numbers}: enough are labelled; better labels or another network bring more."
        case _:
            return (
                f"{numbers}: {text.plural(outlook.num_val, 'validation image')} cannot tell "
                "more closely."
            )


def draw(curve: LearningCurve) -> go.Figure:
    """Accuracy by number of labelled images, each classifier a point."""
    figure = go.Figure()
    figure.add_scatter(
        x=[point.num_images for point in curve.points for _ in point.accuracies],
        y=[accuracy for point in curve.points for accuracy in point.accuracies],
        mode="markers",
        marker={"color": COLOR, "size": 7, "opacity": 0.45},
        name="one choice of images",
    )
    figure.add_scatter(
        x=[point.num_images for point in curve.points],
        y=[sum(point.accuracies) / len(point.accuracies) for point in curve.points],
        mode="lines",
        line={"color": COLOR, "width": 2},
        name="mean",
    )
    figure.update_layout(
        height=CHART_HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": -0.35, "x": 0},
        xaxis={"title": "labelled training images", "type": "log"},
        yaxis={"title": "validation accuracy", "tickformat": ".0%"},
        dragmode=False,
    )
    return figure


def _table(curve: LearningCurve) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Class": [entry.name for entry in curve.classes],
            "In train": [entry.num_train for entry in curve.classes],
            "Measured on": [entry.num_val for entry in curve.classes],
            "Found now": [text.percent(entry.accuracy, 0) for entry in curve.classes],
            "Gain, points": [_gain(entry) for entry in curve.classes],
            "": [VERDICTS[entry.verdict] for entry in curve.classes],
        }
    )


def _gain(entry: Outlook) -> str:
    if entry.gain is None or entry.interval is None:
        return "–"
    low, high = (100 * bound for bound in entry.interval)
    return f"{100 * entry.gain:.1f} ({low:.1f} to {high:.1f})"
