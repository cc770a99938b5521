"""A confusion matrix whose cells are doors to exactly the images that were counted."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
import streamlit as st

MIN_SIDE = 320
MAX_SIDE = 900
CELL_HEIGHT = 30
"""Pixels; a cell is as wide as the column of the page lets it be."""
MOST_NUMBERS = 24
"""Up to so many classes the counts are written into the cells."""
LONGEST_NAME = 18
NOTHING = "rgba(127,127,127,0.06)"
RIGHT_SCALE = [[0, NOTHING], [0.001, "rgba(0,114,178,0.1)"], [1, "rgba(0,114,178,1)"]]
WRONG_SCALE = [[0, NOTHING], [0.001, "rgba(213,94,0,0.1)"], [1, "rgba(213,94,0,1)"]]
FAINTEST = 0.02
DARK_TONE = 0.6
"""Above it a cell carries white text."""
ROWS, COLUMNS = "true", "answered"

Counts = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """What is drawn: K classes, rows true, columns answered."""

    counts: Counts
    """(K, K)."""
    row_totals: Counts
    """(K,) images of each class; more than the row's sum where columns are left out."""
    column_totals: Counts
    """(K,) images taken for each class."""
    names: Sequence[str]
    weighed: "Weighed | None" = None
    """What shares are of where images do not count alike; None where they do."""
    by: str = ROWS
    """Of what a cell is a share: `ROWS` (of the true class) or `COLUMNS` (of the answer)."""
    shows_shares: bool = False
    """Whether percents are written into the cells instead of counts."""
    door: str = "click: these images"

    def shares(self) -> Shares:
        """(K, K), 0 to 1."""
        found = self.weighed or Weighed(self.counts, self.row_totals, self.column_totals)
        totals = found.rows[:, None] if self.by == ROWS else found.columns[None, :]
        shares: Shares = found.cells / np.where(totals > 0, totals, 1)
        return shares


@dataclass(frozen=True)
class Weighed:
    """The sums of the images' weights, where `Matrix` has their numbers."""

    cells: Shares | Counts
    """(K, K)."""
    rows: Shares | Counts
    """(K,), of whole rows."""
    columns: Shares | Counts
    """(K,), of whole columns."""


def of_counts(counts: Counts, names: Sequence[str], **options: str | bool) -> Matrix:
    """A whole matrix."""
    return Matrix(
        counts=counts,
        row_totals=counts.sum(axis=1),
        column_totals=counts.sum(axis=0),
        names=names,
        **options,  # type: ignore[arg-type]
    )


def make_figure(matrix: Matrix) -> go.Figure:
    """True classes down, answers across; colour is the share."""
    names = [_short(name) for name in matrix.names]
    places = list(range(len(names)))
    # Small shares are lifted, so that one mistake in a hundred is not white; so are those of 0.
    tones = np.where(matrix.counts > 0, np.maximum(matrix.shares() ** 0.5, FAINTEST), 0.0)
    is_right = np.eye(len(names), dtype=np.bool_)
    figure = go.Figure()
    # Right answers in blue, mistakes in orange; even a rare mistake is to be seen.
    for mask, scale in ((is_right, RIGHT_SCALE), (~is_right, WRONG_SCALE)):
        figure.add_heatmap(
            x=places,
            y=places,
            z=np.where(mask, tones, np.nan),
            zmin=0,
            zmax=1,
            colorscale=scale,
            showscale=False,
            xgap=2,
            ygap=2,
            hoverinfo="skip",
            hoverongaps=False,
        )
    cells = [(row, column) for row in places for column in places]
    # A heatmap cannot be clicked in Streamlit; an invisible marker on each cell can.
    figure.add_scatter(
        x=[column for _, column in cells],
        y=[row for row, _ in cells],
        mode="markers",
        marker={"symbol": "square", "size": CELL_HEIGHT * 0.8, "color": "rgba(0,0,0,0.004)"},
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        customdata=[[row, column] for row, column in cells],
        text=[_cell_words(matrix, row, column) for row, column in cells],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    if len(names) <= MOST_NUMBERS:
        written = [
            {
                "x": column,
                "y": row,
                "text": _cell_text(matrix, row, column),
                "showarrow": False,
                "captureevents": False,
                "font": {"color": "white"} if tones[row, column] > DARK_TONE else {},
            }
            for row, column in cells
            if matrix.counts[row, column]
        ]
        figure.update_layout(annotations=written)  # one by one each would cost all before it
    side = min(MAX_SIDE, max(MIN_SIDE, len(names) * CELL_HEIGHT + 120))
    axis = {
        "tickmode": "array",
        "tickvals": places,
        "ticktext": names,
        "showgrid": False,
        "zeroline": False,
    }
    last = len(names) - 0.5
    figure.update_xaxes(**axis, title="predicted", range=[-0.5, last])
    figure.update_yaxes(**axis, title="true", range=[last, -0.5])
    figure.update_layout(
        height=side,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        dragmode=False,
        clickmode="event+select",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure


def show(matrix: Matrix, key: str) -> tuple[int, int] | None:
    """Draw the matrix; returns the cell (true, answered) that was clicked just now."""
    event = st.plotly_chart(
        make_figure(matrix),
        key=key,
        on_select="rerun",
        selection_mode="points",
        config={"displayModeBar": False, "scrollZoom": False},
        alt=f"Confusion matrix of {int(matrix.counts.sum())} images: "
        f"{int(np.trace(matrix.counts))} right.",
    )
    points = event["selection"]["points"] if event else []
    if not points or "customdata" not in points[0]:
        return None
    row, column = points[0]["customdata"]
    return int(row), int(column)


def _cell_text(matrix: Matrix, row: int, column: int) -> str:
    if not matrix.shows_shares:
        return f"{int(matrix.counts[row, column]):,}"
    return _cell_share(matrix, row, column)


def _cell_share(matrix: Matrix, row: int, column: int) -> str:
    share = 100 * float(matrix.shares()[row, column])
    return f"{share:.0f} %" if share >= 1 or not share else "<1 %"


def _cell_words(matrix: Matrix, row: int, column: int) -> str:
    count, of_class = int(matrix.counts[row, column]), int(matrix.row_totals[row])
    true, predicted = (html.escape(matrix.names[place]) for place in (row, column))
    verdict = "right" if row == column else f"taken for {predicted}"
    if matrix.weighed is not None:
        verdict += f"; weighted {_cell_share(matrix, row, column)}"
    return f"{true}: {count:,} of {of_class:,} {verdict}<br>{matrix.door.format(true=true)}"


def _short(name: str) -> str:
    return html.escape(name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…")
