"""Nearly the same scene: pairs beside one another, beyond a line that a person draws."""

from itertools import pairwise

import plotly.graph_objects as go
import streamlit as st

from db.records import Asset
from db.saved_records import ScenePair
from forge_core.catalog.editing import label_edits
from forge_core.errors import ForgeError
from forge_core.people.actor import Actor
from forge_core.predictions.embeddings.nearness import scenes
from forge_core.predictions.embeddings.nearness.scenes import SceneState
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.frame import session
from pages.components.review import duplicate_groups
from pages.components.words import text
from pages.components.words.text import SPLIT_WORDS

PAIRS_A_PAGE = 10
SHOWN, LINE = "scenes:shown", "scenes:line"
CHART_HEIGHT = 110
COLOUR, LINE_COLOUR = "#999999", "#D55E00"


def show(workspace: Workspace) -> None:
    """Draw the line and the pairs beyond it, those in two splits first."""
    state = scenes.find_state(workspace)
    if not state.num_pairs:
        return
    st.subheader("Nearly the same scene", anchor=False)
    st.caption(
        "A network sees nearly the same in both. They are no copies, and both may be wanted; in "
        "two splits they make a score too good. Those come first."
    )
    _show_line(workspace, state)
    across = f", {state.num_across:,} in two splits" if state.num_across else ""
    st.markdown(f"**{text.plural(state.num_beyond, 'pair')}** at or above the line{across}.")
    shown = int(st.session_state.get(SHOWN, PAIRS_A_PAGE))
    duplicate_groups.apply_style()
    for pair in scenes.list_pairs(workspace, state.line, limit=shown):
        _show_pair(workspace, pair, session.actor())
    if state.num_beyond > shown and st.button("Show more pairs", icon=":material/expand_more:"):
        st.session_state[SHOWN] = shown + PAIRS_A_PAGE
        st.rerun()


def _show_line(workspace: Workspace, state: SceneState) -> None:
    low, high = state.edges[0], state.edges[-1]
    figure = go.Figure()
    figure.add_bar(
        x=[(left + right) / 2 for left, right in pairwise(state.edges)],
        y=list(state.counts),
        width=[right - left for left, right in pairwise(state.edges)],
        marker={"color": COLOUR},
        hovertemplate="%{x:.3f}: %{y:,} pairs<extra></extra>",
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
    st.plotly_chart(figure, key="scenes-chart", config={"displayModeBar": False})
    if low < high:
        st.session_state[LINE] = min(max(state.line, low), high)
        st.slider(
            "How near (cosine of what the network sees)",
            low,
            high,
            step=(high - low) / 200,
            key=LINE,
            format="%.3f",
            on_change=_keep_line,
            args=(workspace,),
        )


def _keep_line(workspace: Workspace) -> None:
    scenes.draw_line(workspace, float(st.session_state[LINE]), actor=session.actor())


def _show_pair(workspace: Workspace, pair: ScenePair, actor: Actor) -> None:
    name = f"{pair.first.asset_id.hex}-{pair.second.asset_id.hex}"
    with st.container(border=True, key=f"duplicate-group-scene-{name}"):
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
        ):
            words = [f"**{pair.similarity:.3f}**"]
            if pair.is_across:
                words.append(":orange[:material/warning: in two splits]")
            if pair.first.label_id != pair.second.label_id:
                words.append(":orange[:material/warning: labels differ]")
            st.markdown(" · ".join(words), width="content")
            with st.container(horizontal=True, width="content", gap="small"):
                if pair.is_across:
                    _offer_split(workspace, pair.first, pair.second, actor)
                    _offer_split(workspace, pair.second, pair.first, actor)
                if st.button(
                    "Two scenes",
                    icon=":material/close:",
                    key=f"scene-away-{name}",
                    type="tertiary",
                    help="Put this pair away for good.",
                ):
                    scenes.dismiss(workspace, pair.first.asset_id, pair.second.asset_id)
                    st.rerun()
        with st.container(horizontal=True, gap="small", key=f"duplicate-row-scene-{name}"):
            for asset in (pair.first, pair.second):
                key = f"duplicate-picture-scene-{name}-{asset.asset_id.hex}"
                with st.container(width=duplicate_groups.SIDE, gap="small", key=key):
                    duplicate_groups.show_picture(workspace, asset)


def _offer_split(workspace: Workspace, moved: Asset, other: Asset, actor: Actor) -> None:
    """A button that moves one into the split of the other."""
    assert other.split_type is not None, "in two splits"
    words = SPLIT_WORDS[other.split_type]
    key = f"scene-move-{moved.asset_id.hex}-{other.asset_id.hex}"
    if not st.button(f"Both {words}", icon=":material/call_split:", key=key):
        return
    try:
        result = label_edits.set_split(workspace, [moved.asset_id], other.split_type, actor=actor)
    except ForgeError as error:
        errors.show(error)
        return
    duplicate_groups.offer(result, f"{moved.file_path} is in {words} now.")
