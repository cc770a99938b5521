"""A report on drift: one sentence first, then the figures that it is made of."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from forge_core.drift import strange_images, traffic
from forge_core.drift.judging import ALARM, Day, DriftReport, Verdict
from forge_core.errors import ForgeError
from forge_core.imaging import decode
from forge_core.imaging.decode import DecodeLimits
from forge_core.workspace import Workspace
from pages.components import errors, pictures
from pages.components.frame import navigation, session
from pages.components.words import text

ESTIMATE, TROUBLE, GREY = "#0072B2", "#D55E00", "#999999"
HEIGHT = 280
NUM_PICTURES = 12
PICTURE_SIDE = 110


def show(workspace: Workspace, report: DriftReport) -> None:
    """Draw the report, the sentence first."""
    show_sentence(report)
    show_figures(report)
    st.subheader("Day by day", anchor=False)
    st.plotly_chart(
        draw_days(report.days, report.reference_accuracy),
        key="drift_days",
        config={"displayModeBar": False, "scrollZoom": False},
    )
    st.caption(
        "Share of right answers, estimated without labels, with 95 % intervals; days in UTC. "
        "Orange days differ from the tests: "
        f"p is at most {ALARM:g}, which 20 undisturbed days reach once in 20 times. The dotted "
        "line is the accuracy in the tests."
    )
    st.subheader("Classes", anchor=False)
    show_mix(report)
    st.subheader("Strangest images", anchor=False)
    show_strangest(workspace, report)


def show_sentence(report: DriftReport) -> None:
    """What happened, and whether it can be trusted."""
    box, icon = {
        Verdict.STEADY: (st.success, ":material/check_circle:"),
        Verdict.CHANGED: (st.warning, ":material/warning:"),
        Verdict.CANNOT_KNOW: (st.error, ":material/help:"),
    }[report.verdict]
    box(errors.literal(report.sentence), icon=icon)
    for note in report.notes:
        st.caption(errors.literal(note))


def show_figures(report: DriftReport) -> None:
    """The estimate, the tests, the images that are unlike them, and the test."""
    columns = st.columns(4)
    estimate = report.audited or report.unlabelled
    columns[0].metric(
        "Right answers, after the audit" if report.audited else "Right answers, without labels",
        "cannot be known" if estimate is None else text.percent(estimate.value, 0),
        help="Without labels: the mean calibrated confidence, corrected by how far it was off in "
        "the tests. It assumes that confidence still means what it did; an audit of 50 images "
        "does not.",
    )
    if estimate is not None:
        columns[0].caption(
            f"{text.percent(estimate.low, 0)} to {text.percent(estimate.high, 0)} (95 %)"
        )
    columns[1].metric("In the tests", text.percent(report.reference_accuracy, 0))
    columns[1].caption(f"{report.num_reference:,} validation and test images")
    if report.strangers is not None:
        columns[2].metric(
            "Unlike the tests",
            text.percent(report.strangers.share, 0),
            help="Images whose embedding is farther from those of the tests than 95 % of the "
            "tests' own.",
        )
        columns[2].caption(f"{text.percent(report.strangers.reference_share, 0)} are expected")
    if report.test is not None:
        columns[3].metric(
            "Drawn as the tests?",
            f"p {report.test.p_value:.4f}",
            help=f"One test of the {report.compared} of all images at once (energy distance, "
            f"permutations). At most {ALARM:g} means no.",
        )
        columns[3].caption(
            f"{report.compared}, {report.test.num_traffic:,} against "
            f"{report.test.num_reference:,} images"
        )
    st.caption(
        f"Run {report.run_id} · {report.architecture} · checkpoint "
        f"`{report.checkpoint_sha256[:12]}` · {text.plural(report.num_answers, 'answer')} from "
        f"{_moment(report.first)} to {_moment(report.last)} UTC"
    )


def draw_days(days: Sequence[Day], in_tests: float) -> go.Figure:
    """Estimate and interval of each day; days that differ are orange diamonds."""
    figure = go.Figure()
    for is_alarm, name, color, symbol in (
        (False, "as in the tests", ESTIMATE, "circle"),
        (True, "differs from the tests", TROUBLE, "diamond"),
    ):
        shown = [day for day in days if day.is_alarm == is_alarm]
        figure.add_scatter(
            x=[day.date for day in shown],
            y=[day.estimate.value for day in shown],
            mode="markers",
            name=name,
            marker={"color": color, "size": 10, "symbol": symbol},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [day.estimate.high - day.estimate.value for day in shown],
                "arrayminus": [day.estimate.value - day.estimate.low for day in shown],
                "color": GREY,
            },
            text=[
                f"{text.plural(day.num_answers, 'answer')}, "
                + ("too few to test" if day.test is None else f"p {day.test.p_value:.4f}")
                for day in shown
            ],
            hovertemplate="%{x}<br>%{y:.0%} right<br>%{text}<extra></extra>",
        )
    figure.add_hline(y=in_tests, line={"color": GREY, "dash": "dot"})
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        dragmode=False,
        legend={"orientation": "h", "y": 1.15},
    )
    lowest = min([in_tests, *(day.estimate.low for day in days)])
    figure.update_yaxes(
        title="right", tickformat=".0%", range=[max(lowest - 0.05, 0), 1.02], fixedrange=True
    )
    figure.update_xaxes(type="category", fixedrange=True)
    return figure


def show_mix(report: DriftReport) -> None:
    """The estimated share of each class, beside that of training."""
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "Class": share.name,
                    "In training": 100 * share.trained,
                    "In the traffic": 100 * share.traffic,
                    "95 %": text.interval((share.low, share.high), 0),
                    "Answered": 100 * share.answered,
                    "Changed": share.is_changed,
                }
                for share in report.mix
            ]
        ),
        hide_index=True,
        height="content" if len(report.mix) <= 20 else 420,
        column_config={
            name: st.column_config.NumberColumn(format="%.1f %%", help=words)
            for name, words in (
                ("In training", "Share of the training images."),
                ("In the traffic", "Estimated from the probabilities of all answers."),
                ("Answered", "Share of the answers that name the class."),
            )
        },
        key="drift_mix",
        alt="Estimated shares of the classes",
    )
    st.caption("It holds where only the mix has changed, and images of a class look as they did.")


def show_strangest(workspace: Workspace, report: DriftReport) -> None:
    """Pictures where they are kept, else the requests."""
    with_picture = [each for each in report.strangest if each.has_picture]
    pictures = traffic.find_pictures(
        Path(report.folder), (each.image_sha256 for each in with_picture)
    )
    kept = [
        (each, path)
        for each in with_picture
        if (path := pictures.get(each.image_sha256)) is not None
    ]
    if kept:
        with st.container(horizontal=True, gap="small"):
            for each, path in kept[:NUM_PICTURES]:
                with st.container(width=PICTURE_SIDE, gap=None):
                    show_picture(workspace, path, PICTURE_SIDE, each.label_name)
                    st.caption(
                        f"{errors.literal(each.label_name)} {text.percent(each.confidence, 0)}"
                    )
        if st.button(
            f"Put {len(kept)} into Review",
            icon=":material/flag:",
            key="drift_review",
            help="Adds the pictures to the catalog without a label, marked for review.",
        ):
            take_for_review(workspace, report)
    else:
        st.caption(
            "The log keeps no pictures (`--keep-pictures`); these are their requests and hashes."
        )
    with st.expander(f"All {len(report.strangest)} as a list", expanded=not kept):
        st.dataframe(
            pd.DataFrame(
                [
                    {
                        "Time (UTC)": _moment(each.time),
                        "Answer": each.label_name,
                        "Confidence": 100 * each.confidence,
                        "Distance": each.distance,
                        "Request": each.request_id,
                        "SHA-256": each.image_sha256,
                    }
                    for each in report.strangest
                ]
            ),
            hide_index=True,
            height=300,
            column_config={
                "Confidence": st.column_config.NumberColumn(format="%.0f %%"),
                "Distance": st.column_config.NumberColumn(
                    format="%.3f", help="To the fifth nearest image of the tests, 0 to 2."
                ),
            },
            key="drift_strangest",
            alt="Strangest images",
        )


def take_for_review(workspace: Workspace, report: DriftReport) -> None:
    """Add the strangest pictures to the catalog and say how many."""
    try:
        number = strange_images.take_for_review(workspace, report, actor=session.actor())
    except ForgeError as error:
        errors.show(error)
        return
    st.toast(f"{text.plural(number, 'image')} marked for review.", icon=":material/flag:")
    navigation.go_to("review")


def show_picture(workspace: Workspace, path: Path, side: int, alt: str) -> None:
    """A picture of the log, small; what cannot be read is said in its place."""
    limits = DecodeLimits.from_settings(workspace.settings)
    try:
        image = decode.decode_image(path.read_bytes(), limits=limits).image
    except (ForgeError, OSError):
        st.caption("cannot be read")
        return
    st.image(pictures.fit(image, 2 * side), width=side, alt=errors.literal(alt))


def _moment(moment: str) -> str:
    return moment[:16].replace("T", " ")
