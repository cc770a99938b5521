"""The curves of several runs over one another."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from db.records import EpochRow, Run
from pages.components.words import run_text

CHART_HEIGHT = 260
COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8A7B00", "#999999"
)  # fmt: skip
"""Okabe and Ito's, which differ for people who see fewer colours; the yellow darker."""


def show(runs: Sequence[Run], epochs: Mapping[int, Sequence[EpochRow]], key: str) -> None:
    """Draw accuracy and loss on validation, the run named last on top."""
    left, right = st.columns(2, gap="large")
    with left:
        figure = draw(runs, epochs, "val_accuracy", "Validation accuracy")
        st.plotly_chart(figure, key=f"{key}:accuracy")
    with right:
        figure = draw(runs, epochs, "val_loss", "Validation loss")
        st.plotly_chart(figure, key=f"{key}:loss")


def draw(
    runs: Sequence[Run], epochs: Mapping[int, Sequence[EpochRow]], name: str, title: str
) -> go.Figure:
    """One metric of each run by epoch."""
    figure = go.Figure()
    for run, colour in zip(runs, COLOURS, strict=False):
        rows = epochs[run.run_id]
        figure.add_scatter(
            x=[entry.epoch for entry in rows],
            y=[getattr(entry, name) for entry in rows],
            mode="lines+markers",
            name=run_text.title(run),
            line={"color": colour, "width": 2},
            marker={"size": 5},
        )
    figure.update_layout(
        title={"text": title, "font": {"size": 14}},
        height=CHART_HEIGHT,
        margin={"l": 8, "r": 8, "t": 40, "b": 8},
        legend={"orientation": "h", "y": -0.35},
        xaxis={"title": "epoch", "rangemode": "tozero"},
        yaxis={"tickformat": ".0%" if name.endswith("accuracy") else None},
    )
    return figure
