"""How sure the network was: confidences, whether they can be believed, and where to draw a line."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from forge_core.evaluation import calibration
from forge_core.evaluation.calibration import Calibration, ConfidenceBin, CoveragePoint
from pages.components.evaluation import doors, promise_box
from pages.components.evaluation.shown import ShownEvaluation
from pages.components.frame import session
from pages.components.words import text

RIGHT, WRONG, GREY = "#0072B2", "#D55E00", "#999999"
HEIGHT = 300
ERRORS = (0.01, 0.02, 0.05, 0.1)
THRESHOLD_KEY = "evaluation_threshold"


def show(shown: ShownEvaluation) -> None:
    """Draw the histogram, the reliability diagram, the temperature and the threshold."""
    answers = shown.answers
    found = calibration.calibrate(answers.confidence, answers.is_right, shown.weights)
    st.markdown(found.words)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**How sure it was**")
        _follow(shown, show_bars(draw_histogram(found), f"evaluation_sure_{shown.evaluation_id}"))
        st.caption("Click a bar to see its images.")
    with right:
        st.markdown(
            "**Whether it can be believed** :gray[· expected calibration error "
            f"{100 * found.expected_error:.1f} points]"
        )
        chart = show_bars(draw_reliability(found), f"evaluation_believed_{shown.evaluation_id}")
        _follow(shown, chart)
        st.caption("On the line it is right as often as it says. The bars are 95 % intervals.")
    _show_temperature(shown)
    promise_box.show(shown.kept.summary.run_id, shown.kept.kind)
    st.subheader("Answer only when sure", anchor=False)
    _show_threshold(shown)


def show_bars(figure: go.Figure, key: str) -> Sequence[int]:
    """Draw a chart of bars; returns the place and the outcome of the bar that was clicked."""
    event = st.plotly_chart(
        figure,
        key=key,
        on_select="rerun",
        selection_mode="points",
        config={"displayModeBar": False, "scrollZoom": False},
    )
    points = event["selection"]["points"] if event else []
    return points[0].get("customdata", ()) if points else ()


def _follow(shown: ShownEvaluation, clicked: Sequence[int]) -> None:
    if len(clicked) == 2:
        doors.open_gallery(bin_door(shown, int(clicked[0]), int(clicked[1])))


def bin_door(shown: ShownEvaluation, place: int, outcome: int) -> dict[str, str]:
    """Where a bar leads: the answers of that confidence; all, the right or the wrong ones."""
    low, high = place / calibration.BINS, (place + 1) / calibration.BINS
    return doors.query(
        shown.evaluation_id,
        sure_min=low or None,
        sure_max=high if high < 1 else None,
        outcome=(None, "right", "wrong")[outcome],
    )


def draw_histogram(found: Calibration) -> go.Figure:
    """Right and wrong answers by confidence, one on the other."""
    figure = go.Figure()
    for number, (words, color) in enumerate((("right", RIGHT), ("wrong", WRONG)), start=1):
        figure.add_bar(
            x=[_middle(each) for each in found.bins],
            y=[
                each.num_right if number == 1 else each.num_images - each.num_right
                for each in found.bins
            ],
            width=0.09,
            name=words,
            marker={"color": color},
            customdata=[[place, number] for place in range(len(found.bins))],
            hovertemplate="%{y:,} " + words + "<extra></extra>",
        )
    figure.update_layout(barmode="stack")
    return _finish(figure, "images")


def draw_reliability(found: Calibration) -> go.Figure:
    """Accuracy by confidence, against what it should be."""
    there = [(place, each) for place, each in enumerate(found.bins) if each.accuracy]
    rates = [each.accuracy for _, each in there if each.accuracy]
    accuracies, bounds = [each.value for each in rates], [each.interval for each in rates]
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": GREY, "dash": "dot"}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=[each.mean_confidence for _, each in there],
        y=accuracies,
        mode="markers",
        marker={"color": RIGHT, "size": 10},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [high - value for (_, high), value in zip(bounds, accuracies, strict=True)],
            "arrayminus": [value - low for (low, _), value in zip(bounds, accuracies, strict=True)],
            "color": GREY,
        },
        customdata=[[place, 0] for place, _ in there],
        text=[text.plural(each.num_images, "image") for _, each in there],
        hovertemplate="%{x:.0%} sure, %{y:.0%} right<br>%{text}<extra></extra>",
    )
    figure.update_layout(showlegend=False, yaxis={"range": [0, 1.02], "tickformat": ".0%"})
    return _finish(figure, "right")


def _middle(each: ConfidenceBin) -> float:
    return (each.low + each.high) / 2


def _finish(figure: go.Figure, title: str) -> go.Figure:
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        dragmode=False,
        clickmode="event+select",
        legend={"orientation": "h", "y": 1.1},
        xaxis={"title": "confidence", "range": [0, 1.02], "tickformat": ".0%"},
    )
    figure.update_yaxes(title=title)
    return figure


def _show_temperature(shown: ShownEvaluation) -> None:
    found = shown.kept.temperature
    if found is None:
        if shown.kept.summary.split == "val":
            least = calibration.MIN_IMAGES
            st.caption(f"With fewer than {least} images in val no temperature can be fitted.")
        else:
            st.caption("Evaluate it on val too: a temperature is fitted there.")
        return
    before, after = 100 * found.error_before, 100 * found.error_after
    alike = "" if shown.weights is None else ", each image counted alike"
    where = (
        f"{text.plural(found.num_images, 'image')} of these, so its gain is a little too kind"
        if found.fitted_on == shown.kept.summary.split
        else f"{found.fitted_on}, checked on {text.plural(found.num_images, 'image')} here"
    )
    st.markdown(
        f"**Temperature {found.value:.2f}** :gray[· fitted on {where}]  \n"
        f"With its logits divided by it the calibration error is {after:.1f} points instead of "
        f"{before:.1f}{alike}. Which class it answers stays the same."
    )
    run_id, kind = shown.kept.summary.run_id, shown.kept.kind
    st.download_button(
        "Download the checkpoint with it",
        data=lambda: _read_calibrated(run_id, kind),
        file_name=f"run{run_id}-{kind}-calibrated.safetensors",
        mime="application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        key=f"evaluation_calibrated_{shown.evaluation_id}",
        help="A copy whose card carries the temperature: Predict, the commands and the service "
        "divide by it. The run's own file stays as it is.",
    )


def _read_calibrated(run_id: int, kind: str) -> bytes:
    from forge_core.predictions.calibration import calibrated  # torch: only where it is asked for

    return calibrated.read_calibrated(session.workspace(), run_id, kind)


def _show_threshold(shown: ShownEvaluation) -> None:
    answers = shown.answers
    points = calibration.sweep_threshold(answers.confidence, answers.is_right, shown.weights)
    left, right = st.columns([3, 2], gap="large")
    with right:
        percent = st.slider('Answer "not sure" below', 0, 99, 50, format="%d %%", key=THRESHOLD_KEY)
        show_point(shown, points[percent])
        for error in ERRORS:
            least = calibration.threshold_for_error(points, error)
            if least is not None:
                given = points[round(100 * least)].answered
                st.caption(
                    f"At most {100 * error:.0f} % wrong: from {100 * least:.0f} % on, "
                    f"it answers {text.percent(given, 0)} of the images."
                )
    with left:
        st.plotly_chart(
            draw_coverage(points, percent),
            key=f"evaluation_coverage_{shown.evaluation_id}",
            config={"displayModeBar": False},
        )


def show_point(shown: ShownEvaluation, point: CoveragePoint) -> None:
    """What a threshold means, each number a door."""
    number, least = len(shown.answers), point.threshold or None
    st.markdown(
        f"It answers **{text.percent(point.answered)}**, "
        f"of that **{text.percent(point.wrong)}** wrong."
    )
    own = shown.evaluation_id
    doors.show("Answered", point.num_answered, doors.query(own, sure_min=least))
    doors.show("Wrong", point.num_wrong, doors.query(own, sure_min=least, outcome="wrong"))
    if least is not None:
        doors.show("Not sure", number - point.num_answered, doors.query(own, sure_max=least))


def draw_coverage(points: Sequence[CoveragePoint], percent: int) -> go.Figure:
    """The share that is answered against the share of that which is wrong."""
    answered = [point for point in points if point.answered]
    figure = go.Figure()
    figure.add_scatter(
        x=[point.answered for point in answered],
        y=[point.wrong for point in answered],
        mode="lines",
        line={"color": WRONG, "shape": "hv"},
        text=[f"{100 * point.threshold:.0f} %" for point in answered],
        hovertemplate="from %{text}: %{x:.0%} answered, %{y:.1%} wrong<extra></extra>",
    )
    chosen = points[percent]
    if chosen.answered:
        figure.add_scatter(
            x=[chosen.answered],
            y=[chosen.wrong],
            mode="markers",
            marker={"color": RIGHT, "size": 12},
            hoverinfo="skip",
        )
    figure.update_layout(
        height=HEIGHT,
        showlegend=False,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={"title": "answered", "tickformat": ".0%", "range": [0, 1.02]},
        yaxis={"title": "wrong of the answered", "tickformat": ".0%", "rangemode": "tozero"},
    )
    return figure
