"""The table of all runs, newest first, each with the shape of its validation accuracy."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from db.records import EpochRow, Run
from forge_core.runs import pauses
from forge_core.workspace import Workspace
from pages.components import badges
from pages.components.words import data_time, run_text, text

TABLE_HEIGHT = 640
ROWS_WITHOUT_SCROLLING = 15


def show(
    workspace: Workspace, runs: Sequence[Run], epochs: Mapping[int, Sequence[EpochRow]]
) -> int | None:
    """Draw the table; returns the number of the run that was clicked just now.

    Args:
        workspace: The workspace.
        runs: Newest first.
        epochs: Epochs of each run, by its number.
    """
    now = datetime.now(UTC)
    paused = pauses.list_paused(workspace, runs)
    data = data_time.describe_all(workspace, (run.revision_id for run in runs))
    table = pd.DataFrame(
        {
            "Run": [run_text.title(run) for run in runs],
            "State": [
                badges.STATES["paused" if run.run_id in paused else run.status][0] for run in runs
            ],
            "Network": [run_text.architecture(run) for run in runs],
            "Data": [_data(run, data[run.revision_id]) for run in runs],
            "Best": [
                None if run.best_val_accuracy is None else 100 * run.best_val_accuracy
                for run in runs
            ],
            "Validation": [_curve(epochs.get(run.run_id, ())) for run in runs],
            "Time": [_time(run, now) for run in runs],
            "Started": [text.ago(run.created_at, now) for run in runs],
        }
    )
    event = st.dataframe(
        table,
        key="runs_table",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-cell",
        row_height=40,
        height="content" if len(runs) <= ROWS_WITHOUT_SCROLLING else TABLE_HEIGHT,
        column_config={
            "Best": st.column_config.NumberColumn(
                "Best accuracy",
                format="%.1f %%",
                help="Highest validation accuracy of an epoch",
            ),
            "Validation": st.column_config.LineChartColumn(
                "Curve",
                help="Validation accuracy over the epochs",
                width="small",
            ),
        },
    )
    st.caption("Click a run to open it.")
    return _clicked(event, runs)


def _clicked(event: Mapping[str, Mapping[str, list[object]]], runs: Sequence[Run]) -> int | None:
    cells = event["selection"].get("cells", [])
    rows = [int(cell[0]) for cell in cells if isinstance(cell, (tuple, list))]
    return runs[rows[0]].run_id if rows and rows[0] < len(runs) else None


def _data(run: Run, data: str) -> str:
    classes = text.plural(len(run.class_names), "class", "classes")
    return f"{classes}, {data}"


def _curve(epochs: Sequence[EpochRow]) -> list[float]:
    return [epoch.val_accuracy for epoch in epochs]


def _time(run: Run, now: datetime) -> str:
    seconds = run_text.seconds(run, now)
    return "" if seconds is None else text.duration(seconds)
