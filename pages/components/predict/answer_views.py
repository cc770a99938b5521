"""Answers on the page: one picture with its bars, or a table of many."""

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from forge_core import spreadsheet_cells
from forge_core.imaging import decode
from forge_core.imaging.decode import DecodeLimits
from forge_core.inference.prediction import Prediction
from pages.components import errors, pictures
from pages.components.predict import probability_bars
from pages.components.predict.answers import Answer
from pages.components.words import text

PICTURE_SIDE = 560
TINY_PICTURE_SIDE = 320
TABLE_HEIGHT = 640
ROWS_WITHOUT_SCROLLING = 10


def show_one(
    answer: Answer,
    data: bytes,
    limits: DecodeLimits,
    colors: Mapping[str, str],
    threshold: float,
) -> DeltaGenerator:
    """The picture on the left, what the network finds on the right.

    Returns:
        The place below the bars, for what can be done about the answer.
    """
    if answer.prediction is None:
        show_problem(answer)
        return st.container()
    left, right = st.columns([1, 1], gap="large")
    with left:
        image = decode.decode_image(data, limits=limits).image
        is_tiny = pictures.is_tiny(image)
        st.image(
            pictures.fit(image, TINY_PICTURE_SIDE if is_tiny else PICTURE_SIDE),
            output_format="PNG" if is_tiny else "JPEG",
            alt=answer.name,
        )
        st.caption(errors.literal(answer.name))
    with right:
        show_prediction(answer.prediction, colors, threshold)
        return st.container()


def show_prediction(prediction: Prediction, colors: Mapping[str, str], threshold: float) -> None:
    """The verdict, the bars, and how long it took."""
    best = prediction.probabilities[0]
    if best.probability < threshold:
        st.header("Not sure", anchor=False)
        st.caption(
            f"The most likely class has {text.percent(best.probability)}, below the "
            f"{text.percent(threshold, 0)} that counts as sure."
        )
    else:
        st.header(errors.literal(best.label_name), anchor=False)
    probability_bars.show(prediction.probabilities, colors)
    took = text.latency(prediction.latency_ms)
    st.caption(f"{took} · {prediction.width:,} × {prediction.height:,} px")


def show_problem(answer: Answer) -> None:
    """Why a file has no prediction."""
    st.error(
        f"**{errors.literal(answer.name)}** {errors.literal(answer.problem)}",
        icon=":material/broken_image:",
    )


def show_many(answers: Sequence[Answer], threshold: float) -> None:
    """A table with thumbnails and a download; files without a prediction are named first."""
    bad = [answer for answer in answers if answer.prediction is None]
    good = [answer for answer in answers if answer.prediction is not None]
    unsure = sum(_probability(answer) < threshold for answer in good)
    parts = [text.plural(len(answers), "file"), f"{len(good):,} predicted"]
    parts += [f"{unsure:,} not sure"] if unsure else []
    parts += [f"{len(bad):,} not read"] if bad else []
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.markdown(" · ".join(parts))
        st.download_button(
            "Download as CSV",
            data=partial(to_csv, answers, threshold),
            file_name="predictions.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="predict_csv",
        )
    if bad:
        with st.expander(
            f"{text.plural(len(bad), 'file')} could not be read",
            icon=":material/broken_image:",
            expanded=len(bad) == len(answers) or len(bad) <= 3,
        ):
            for answer in bad[:100]:
                st.markdown(f"**{errors.literal(answer.name)}** {errors.literal(answer.problem)}")
            if len(bad) > 100:
                st.caption(f"The first 100 of {len(bad):,}; all of them are in the CSV.")
    if good:
        _show_table(good, threshold)


def to_csv(answers: Sequence[Answer], threshold: float) -> bytes:
    """One row a file: name, label, probability, is_sure, width, height, latency_ms, problem."""
    rows = []
    for answer in answers:
        found = answer.prediction
        rows.append(
            {
                "file": spreadsheet_cells.escape(answer.name),
                "label_name": spreadsheet_cells.escape(found.probabilities[0].label_name)
                if found
                else "",
                "probability": f"{_probability(answer):.6f}" if found else "",
                "is_sure": str(_probability(answer) >= threshold).lower() if found else "",
                "width": found.width if found else "",
                "height": found.height if found else "",
                "latency_ms": f"{found.latency_ms:.2f}" if found else "",
                "problem": answer.problem,
            }
        )
    return pd.DataFrame(rows).to_csv(index=False).encode()


def _show_table(answers: Sequence[Answer], threshold: float) -> None:
    table = pd.DataFrame(
        [
            {
                "Picture": answer.thumbnail,
                "File": answer.name,
                "Class": answer.prediction.probabilities[0].label_name,
                "Probability": 100 * _probability(answer),
                "Sure": _probability(answer) >= threshold,
                "Next": _second(answer.prediction),
                "Size": f"{answer.prediction.width} × {answer.prediction.height}",
                "Latency": answer.prediction.latency_ms / 1000,
            }
            for answer in answers
            if answer.prediction is not None
        ]
    )
    st.dataframe(
        table,
        hide_index=True,
        row_height=64,
        height="content" if len(table) <= ROWS_WITHOUT_SCROLLING else TABLE_HEIGHT,
        column_config={
            "Picture": st.column_config.ImageColumn(width="small"),
            "Probability": st.column_config.ProgressColumn(
                min_value=0, max_value=100, format="%.1f %%"
            ),
            "Sure": st.column_config.CheckboxColumn(width="small"),
            "Next": st.column_config.TextColumn("Second choice"),
            "Latency": st.column_config.NumberColumn(format="%.3f s"),
        },
        key="predict_table",
    )


def _probability(answer: Answer) -> float:
    return answer.prediction.probabilities[0].probability if answer.prediction else 0.0


def _second(prediction: Prediction) -> str:
    if len(prediction.probabilities) < 2:
        return ""
    second = prediction.probabilities[1]
    return f"{second.label_name} ({text.percent(second.probability)})"
