"""Dark, blurred, odd pictures: a histogram of each measure, a line to move, what is beyond."""

from itertools import pairwise

import plotly.graph_objects as go
import streamlit as st

from forge_core.catalog.listing import queues
from forge_core.catalog.listing.queues import Queue
from forge_core.catalog.quality import image_issues
from forge_core.catalog.quality.image_issues import IssueState
from forge_core.jobs import kinds, queue
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links, job_progress
from pages.components.frame import session
from pages.components.words import text

CARD = 312
"""Pixels: three cards side by side at 1280."""
CHART_HEIGHT = 110
COLOUR, LINE_COLOUR = "#999999", "#D55E00"
STEPS = 200


def show(workspace: Workspace) -> None:
    """Draw the button that measures, and a card for each issue."""
    st.subheader("Image issues", anchor=False)
    missing = image_issues.count_unmeasured(workspace)
    job = queue.find_latest_job(workspace, kinds.MEASURE.name)
    is_active = job is not None and not job.status.is_finished()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            "Measured from the thumbnails. What is too dark or too blurred depends on your "
            "pictures: move a line, and look at what lies beyond it.",
            width="stretch",
        )
        if missing and st.button(
            f"Measure {text.plural(missing, 'image')}",
            icon=":material/straighten:",
            key="measure_images",
            disabled=is_active,
        ):
            with errors.redrawing():
                queue.submit(
                    workspace, kinds.MEASURE.name, "Measure images", {}, actor=session.actor()
                )
    if job is not None and (is_active or missing):
        job_progress.has_result(job)
    states = [
        state
        for state in image_issues.list_states(workspace)
        if state.issue.name not in image_issues.OUTLIERS
    ]
    if not any(state.num_measured for state in states):
        return
    with st.container(horizontal=True, gap="small", key="image-issues"):
        for state in states:
            show_card(workspace, state, queues.IMAGE_ISSUES)


def show_card(workspace: Workspace, state: IssueState, worked_on: Queue) -> None:
    """How a measure is distributed, its line to move, and the door to the images beyond it.

    Args:
        workspace: The workspace.
        state: The issue as it is now.
        worked_on: The queue in which the images are asked about.
    """
    issue = state.issue
    low, high = state.edges[0], state.edges[-1]
    with st.container(border=True, width=CARD, gap="xsmall", key=f"issue-{issue.name}"):
        st.markdown(f"**{issue.words}** :gray[{issue.scale}]")
        st.plotly_chart(
            _draw(state), key=f"issue-chart-{issue.name}", config={"displayModeBar": False}
        )
        key = f"issue-line-{issue.name}"
        if low < high:
            st.session_state[key] = min(max(state.line, low), high)
            st.slider(
                f"Line of {issue.words.lower()}",
                low,
                high,
                step=(high - low) / STEPS,
                key=key,
                format="%.3g",
                label_visibility="collapsed",
                on_change=_keep,
                args=(workspace, issue.name, key),
            )
        side = "below" if issue.is_low else "above"
        if state.num_beyond:
            address = {**state.where, "task": worked_on.name, "view": "focus"}
            words = f"{text.plural(state.num_beyond, 'image')} {side} {state.line:.3g}"
            gallery_links.gallery(words, address, icon=":material/play_arrow:")
        else:
            st.caption(f"No image {side} {state.line:.3g} waits.")


def _keep(workspace: Workspace, name: str, key: str) -> None:
    image_issues.draw_line(workspace, name, float(st.session_state[key]), actor=session.actor())


def _draw(state: IssueState) -> go.Figure:
    """How the measure is distributed, and where its line lies."""
    edges = state.edges
    figure = go.Figure()
    figure.add_bar(
        x=[(low + high) / 2 for low, high in pairwise(edges)],
        y=list(state.counts),
        width=[high - low for low, high in pairwise(edges)],
        marker={"color": COLOUR},
        hovertemplate="%{x:.3g}: %{y:,} images<extra></extra>",
    )
    figure.add_vline(x=state.line, line={"color": LINE_COLOUR, "width": 2})
    figure.update_layout(
        height=CHART_HEIGHT,
        margin={"l": 4, "r": 4, "t": 4, "b": 18},
        showlegend=False,
        bargap=0,
        dragmode=False,
        yaxis={"visible": False},
        xaxis={"tickfont": {"size": 11}},
    )
    return figure
