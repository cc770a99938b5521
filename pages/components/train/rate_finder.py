"""Find the learning rate: a search in the background, its curve, and one click to take it."""

import plotly.graph_objects as go
import streamlit as st

from db.records import Job
from forge_core.runs.starting import lr_finder
from forge_core.training.config import TrainConfig
from forge_core.training.diagnostics.lr_range_test import RateCurve
from forge_core.training.options import BY_NAME
from forge_core.workspace import Workspace
from pages.components import errors, job_progress
from pages.components.frame import session
from pages.components.train import advanced_options
from pages.components.train.model_step import ModelChoice

CHART_HEIGHT = 220
COLOR, ACCENT = "#0072B2", "#D55E00"
ROOM = 0.1
"""Above and below the curve, of its first loss."""


def show(workspace: Workspace, config: TrainConfig, model: ModelChoice) -> None:
    """Draw the button, and what the newest search for this config found."""
    with st.expander("Find the learning rate", icon=":material/search_insights:", key="train_rate"):
        st.caption(
            "Trains some steps at rates that grow from almost nothing to far too much, and throws "
            "the weights away. The rate to take lies where the loss falls."
        )
        job = lr_finder.find_job(workspace, config)
        is_active = job is not None and not job.status.is_finished()
        words = "Search" if job is None or is_active else "Search again"
        if st.button(words, key="train_rate_search", disabled=is_active, icon=":material/search:"):
            with errors.redrawing():
                lr_finder.submit(workspace, config, actor=session.actor())
            return
        if job is None:
            return
        if job_progress.has_result(job):
            _show_curve(job, config, model)


def _show_curve(job: Job, config: TrainConfig, model: ModelChoice) -> None:
    curve = lr_finder.read_result(job)
    if curve.points:
        st.plotly_chart(draw(curve), key="train_rate_chart", config={"displayModeBar": False})
    if curve.suggested is None:
        st.markdown("The loss never fell: look at the data before the rate.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(describe(curve, config))
        is_taken = all(getattr(config, name) == value for name, value in curve.changes.items())
        st.button(
            "In use" if is_taken else f"Use {curve.suggested:.1e}",
            key="train_rate_use",
            disabled=is_taken,
            icon=":material/check:",
            on_click=advanced_options.take,
            args=(model, curve.changes),
        )


def describe(curve: RateCurve, config: TrainConfig) -> str:
    """The suggestion beside what the run has now."""
    title = BY_NAME[curve.field].title
    now = getattr(config, curve.field)
    words = f"{title}: **{curve.suggested:.1e}** suggested, {now:.1e} now."
    if len(curve.changes) > 1:
        words += f" The backbone's follows: {curve.changes['backbone_lr']:.1e}."
    return words


def draw(curve: RateCurve) -> go.Figure:
    """Loss by rate, with the suggestion marked; the loss that runs away leaves the picture."""
    losses = [point.smoothed_loss for point in curve.points]
    room = ROOM * losses[0]
    top = 2 * losses[0] - min(losses) + room
    figure = go.Figure()
    figure.add_scatter(
        x=[point.rate for point in curve.points],
        y=losses,
        mode="lines",
        line={"color": COLOR, "width": 2},
        hovertemplate="rate %{x:.1e}<br>loss %{y:.3f}<extra></extra>",
    )
    if curve.suggested is not None:
        figure.add_vline(x=curve.suggested, line={"color": ACCENT, "width": 2, "dash": "dot"})
    figure.update_layout(
        height=CHART_HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=False,
        xaxis={"title": "learning rate", "type": "log", "exponentformat": "power", "dtick": 1},
        yaxis={"title": "smoothed loss", "range": [min(losses) - room, top]},
        dragmode=False,
    )
    return figure
