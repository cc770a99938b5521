"""Bars of classes, stacked by split.

A bar has the colour of its class, as everywhere; its parts tell the splits by tone: train is
full, val and test are lighter; what is kept aside is crossed, what is not assigned hatched.
"""

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from forge_core.catalog.listing.balance import BalanceRow
from pages.components.words.text import SPLIT_WORDS

SPLITS = ("train", "val", "test", "held_out", "none")
_TONES = {"train": 1.0, "val": 0.6, "test": 0.32, "held_out": 0.16, "none": 0.1}
_PATTERNS = {"held_out": "x", "none": "/"}
_LEGEND_COLOR = "#8A9099"
_ROW_PIXELS = 28
_LONGEST_NAME = 24


def draw(rows: Sequence[BalanceRow]) -> go.Figure:
    """The figure; every part carries (label_id or "none", split) as its custom data.

    Args:
        rows: Top to bottom.
    """
    figure = go.Figure()
    used = [split for split in SPLITS if any(getattr(row, split) for row in rows)]
    places = [str(row.label_id) for row in rows]
    for split in used:
        figure.add_trace(_part(rows, places, split))
        figure.add_trace(_legend(split))
    figure.add_trace(_totals(rows, places))
    figure.update_layout(
        barmode="stack",
        bargap=0.28,
        height=height(len(rows)),
        margin={"l": 8, "r": 48, "t": 36, "b": 32},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"},
        dragmode=False,
        clickmode="event+select",
        uniformtext={"minsize": 9, "mode": "hide"},
    )
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=places[::-1],
        tickmode="array",
        tickvals=places,
        ticktext=[html.escape(_short(row.label_name)) for row in rows],
        automargin=True,
        fixedrange=True,
    )
    figure.update_xaxes(fixedrange=True, rangemode="tozero", tickformat=",d", nticks=6)
    return figure


def height(num_rows: int) -> int:
    """Pixels of a figure with this many bars."""
    return 92 + _ROW_PIXELS * max(num_rows, 2)


def _part(rows: Sequence[BalanceRow], places: Sequence[str], split: str) -> go.Bar:
    colors = [row.color for row in rows]
    return go.Bar(
        name=SPLIT_WORDS[split],
        legendgroup=split,
        showlegend=False,
        orientation="h",
        x=[getattr(row, split) for row in rows],
        y=list(places),
        customdata=[[_label(row), split, html.escape(row.label_name)] for row in rows],
        hovertemplate="%{customdata[2]} · " + SPLIT_WORDS[split] + ": %{x:,}<extra></extra>",
        marker=_marker(colors, split),
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
    )


def _totals(rows: Sequence[BalanceRow], places: Sequence[str]) -> go.Scatter:
    """The number of images at the end of each bar."""
    return go.Scatter(
        x=[row.total for row in rows],
        y=list(places),
        mode="text",
        text=[f" {row.total:,}" for row in rows],
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
        showlegend=False,
    )


def _legend(split: str) -> go.Bar:
    """An entry of the legend in grey: the tone is the split, whatever the class's colour."""
    return go.Bar(
        name=SPLIT_WORDS[split],
        legendgroup=split,
        orientation="h",
        x=[None],
        y=[None],
        marker=_marker([_LEGEND_COLOR], split),
        hoverinfo="skip",
    )


def _marker(colors: Sequence[str], split: str) -> dict[str, object]:
    tones = [_tone(color, _TONES[split]) for color in colors]
    marker: dict[str, object] = {"color": tones, "line": {"width": 1, "color": list(colors)}}
    if split in _PATTERNS:
        marker["pattern"] = {
            "shape": _PATTERNS[split],
            "fillmode": "replace",
            "fgcolor": list(colors),
            "bgcolor": tones,
            "size": 7,
            "solidity": 0.3,
        }
    return marker


def _tone(color: str, alpha: float) -> str:
    red, green, blue = (int(color.lstrip("#")[i : i + 2], 16) for i in (0, 2, 4))
    return f"rgba({red},{green},{blue},{alpha})"


def _label(row: BalanceRow) -> str:
    return "none" if row.label_id is None else str(row.label_id)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
