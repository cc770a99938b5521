"""A confusion matrix whose cells are doors to the images behind them."""

import html

import plotly.graph_objects as go
import streamlit as st

from forge_core.evaluation.report import EvaluationReport

MIN_SIDE = 320
MAX_SIDE = 900
CELL_SIDE = 42
MOST_NUMBERS = 24
"""Up to so many classes the counts are written into the cells."""
LONGEST_NAME = 18
NOTHING = "rgba(127,127,127,0.06)"
RIGHT_SCALE = [[0, NOTHING], [0.001, "rgba(0,114,178,0.1)"], [1, "rgba(0,114,178,1)"]]
WRONG_SCALE = [[0, NOTHING], [0.001, "rgba(213,94,0,0.1)"], [1, "rgba(213,94,0,1)"]]
DARK_TONE = 0.6
"""Above it a cell carries white text."""


def make_figure(report: EvaluationReport) -> go.Figure:
    """True classes down, predictions across; colour is the share of the true class."""
    names = [_short(name) for name in report.class_names]
    places = list(range(len(names)))
    shares = [[count / max(1, sum(row)) for count in row] for row in report.confusion]
    figure = go.Figure()
    # Right answers in blue, mistakes in orange; even a rare mistake is to be seen.
    for is_right, scale in ((True, RIGHT_SCALE), (False, WRONG_SCALE)):
        figure.add_heatmap(
            x=places,
            y=places,
            z=[
                [
                    _tone(shares[row][column]) if (row == column) == is_right else None
                    for column in places
                ]
                for row in places
            ],
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
        marker={"symbol": "square", "size": CELL_SIDE * 0.8, "color": "rgba(0,0,0,0.004)"},
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        customdata=[[row, column] for row, column in cells],
        text=[_cell_words(report, row, column) for row, column in cells],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    if len(names) <= MOST_NUMBERS:
        for row, column in cells:
            count = report.confusion[row][column]
            if count:
                figure.add_annotation(
                    x=column,
                    y=row,
                    text=f"{count:,}",
                    showarrow=False,
                    captureevents=False,
                    font={"color": "white"} if _tone(shares[row][column]) > DARK_TONE else None,
                )
    side = min(MAX_SIDE, max(MIN_SIDE, len(names) * CELL_SIDE + 120))
    axis = {
        "tickmode": "array",
        "tickvals": places,
        "ticktext": names,
        "showgrid": False,
        "zeroline": False,
        "constrain": "domain",
    }
    last = len(names) - 0.5
    figure.update_xaxes(**axis, title="predicted", range=[-0.5, last])
    figure.update_yaxes(**axis, title="true", range=[last, -0.5], scaleanchor="x")
    figure.update_layout(
        height=side,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        dragmode=False,
        clickmode="event+select",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure


def show(report: EvaluationReport, key: str) -> tuple[int, int] | None:
    """Draw the matrix; returns the cell (true, predicted) that was clicked just now."""
    event = st.plotly_chart(
        make_figure(report),
        key=key,
        on_select="rerun",
        selection_mode="points",
        config={"displayModeBar": False, "scrollZoom": False},
        alt=f"Confusion matrix of {report.num_images} images, accuracy "
        f"{100 * report.accuracy:.1f} percent.",
    )
    points = event["selection"]["points"] if event else []
    if not points or "customdata" not in points[0]:
        return None
    row, column = points[0]["customdata"]
    return int(row), int(column)


def _cell_words(report: EvaluationReport, row: int, column: int) -> str:
    count, of_class = report.confusion[row][column], sum(report.confusion[row])
    true, predicted = (html.escape(report.class_names[place]) for place in (row, column))
    verdict = "right" if row == column else f"taken for {predicted}"
    return f"{true}: {count:,} of {of_class:,} {verdict}<br>click: images of {true}"


def _tone(share: float) -> float:
    """0 to 1; small shares are lifted, so that one mistake in a hundred is not white."""
    return float(share**0.5)


def _short(name: str) -> str:
    return html.escape(name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…")
