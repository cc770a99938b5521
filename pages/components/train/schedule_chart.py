"""The learning rates of a run over its epochs, as a small picture."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from forge_core.training.stages import Stage

STAGE_TITLES = {"warmup": "Warm-up", "finetune": "Fine-tuning", "scratch": "From scratch"}
GROUP_TITLES = {"head": "head", "backbone": "backbone", "all": "all layers"}
GROUP_COLORS = {"head": "#E69F00", "backbone": "#0072B2", "all": "#009E73"}
POINTS_OF_STAGE = 60
HEIGHT = 200


def make_figure(stages: Sequence[Stage]) -> go.Figure:
    """Learning rate of each parameter group over the epochs, on a logarithmic axis."""
    figure = go.Figure()
    first = 0
    for stage in stages:
        places = [place / POINTS_OF_STAGE for place in range(POINTS_OF_STAGE + 1)]
        for group in stage.learning_rates:
            figure.add_scatter(
                x=[first + place * stage.epochs for place in places],
                y=[max(stage.rates_at(place)[group], 1e-12) for place in places],
                name=GROUP_TITLES[group],
                legendgroup=group,
                showlegend=not any(trace.legendgroup == group for trace in figure.data),
                mode="lines",
                line={"color": GROUP_COLORS[group], "width": 2.5},
                hovertemplate="epoch %{x:.1f}<br>%{y:.1e}",
            )
        figure.add_annotation(
            x=first + stage.epochs / 2,
            y=1.02,
            yref="paper",
            yanchor="bottom",
            text=f"{STAGE_TITLES[stage.name]}, {stage.epochs}",
            showarrow=False,
        )
        if first:
            figure.add_vline(x=first, line={"dash": "dot", "width": 1, "color": "#888888"})
        first += stage.epochs
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        legend={"orientation": "h", "y": -0.3, "x": 0},
        dragmode=False,
    )
    figure.update_xaxes(range=[0, first], title="epoch", title_standoff=4, showgrid=False)
    figure.update_yaxes(type="log", exponentformat="power", dtick=1, title="learning rate")
    return figure


def show(stages: Sequence[Stage]) -> None:
    """Draw the picture; it stands still."""
    words = ", then ".join(
        f"{STAGE_TITLES[stage.name].lower()} for {stage.epochs} epochs" for stage in stages
    )
    st.plotly_chart(
        make_figure(stages),
        key="train_schedule_chart",
        config={"displayModeBar": False, "scrollZoom": False},
        alt=f"Learning rates over the epochs: {words}.",
    )
