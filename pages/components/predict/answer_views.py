"""Answers for many files: a table with thumbnails, filtered by answer, and downloads."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from forge_core import spreadsheet_cells
from forge_core.inference.prediction import Prediction
from forge_core.models.checkpoints.decision_rule import Decision
from pages.components import errors
from pages.components.predict import beside, pager, verdicts
from pages.components.predict.answers import Answer
from pages.components.words import text

TABLE_HEIGHT = 640
ROWS_WITHOUT_SCROLLING = 10


def show_problem(answer: Answer) -> None:
    """Why a file has no prediction."""
    st.error(
        f"**{errors.literal(answer.name)}** {errors.literal(answer.problem)}",
        icon=":material/broken_image:",
    )


def show_many(
    answers: Sequence[Answer],
    threshold: float,
    others: Sequence[Answer] = (),
    *,
    judged: Mapping[int, str],
) -> int | None:
    """A table with thumbnails and downloads; files without a prediction are named first.

    Args:
        answers: Of the files.
        threshold: From which probability on an answer counts as sure, where there is no rule.
        others: What a second checkpoint says of the same files, where one was asked.
        judged: By the place of a file the class that a person gave it here.

    Returns:
        Place of the file that is to be looked at and corrected.
    """
    bad = [answer for answer in answers if answer.prediction is None]
    good = [(place, each) for place, each in enumerate(answers) if each.prediction is not None]
    counts = verdicts.count([each.prediction for _, each in good if each.prediction], threshold)
    parts = [text.plural(len(answers), "file"), f"{len(good):,} predicted"]
    parts += [
        f"{number:,} {verdicts.WORDS[decision].lower()}"
        for decision, number in counts.items()
        if number and decision is not Decision.ACCEPTED
    ]
    parts += [f"{len(bad):,} not read"] if bad else []
    parts += [f"{beside.count_different(answers, others):,} answered otherwise"] if others else []
    st.markdown(" · ".join(parts))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.pills(
            "Answers",
            [decision for decision, number in counts.items() if number],
            format_func=lambda decision: f"{verdicts.WORDS[decision]} {counts[decision]:,}",
            label_visibility="collapsed",
            key="predict_filter",
        )
        _show_download("CSV", "text/csv", partial(to_csv, answers, threshold))
        _show_download(
            "Parquet", "application/vnd.apache.parquet", partial(to_parquet, answers, threshold)
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
                st.caption(f"The first 100 of {len(bad):,}; all of them are in the downloads.")
    shown = [
        (place, each, each.prediction)
        for place, each in good
        if each.prediction is not None
        and (wanted is None or verdicts.decide(each.prediction, threshold) == wanted)
    ]
    if not shown:
        return None
    second = [_top(others[place]) for place, _, _ in shown] if others else []
    _show_table(shown, threshold, second, judged, key=f"predict_table_{wanted or 'all'}")
    return pager.show([place for place, _, _ in shown], judged)


def _show_download(kind: str, mime: str, make: Callable[[], bytes]) -> None:
    st.download_button(
        f"Download as {kind}",
        data=make,
        file_name=f"predictions.{kind.lower()}",
        mime=mime,
        icon=":material/download:",
        on_click="ignore",
        key=f"predict_{kind.lower()}",
    )


def to_csv(answers: Sequence[Answer], threshold: float) -> bytes:
    """One row a file: name, label, probability, decision, width, height, latency_ms, problem."""
    table = _table_of(answers, threshold)
    for name in ("file", "label_name"):
        table[name] = table[name].map(spreadsheet_cells.escape, na_action="ignore")
    return table.to_csv(index=False, float_format="%.6f").encode()


def to_parquet(answers: Sequence[Answer], threshold: float) -> bytes:
    """The same as `to_csv`, with numbers as numbers and what is not there as null."""
    return bytes(_table_of(answers, threshold).to_parquet(index=False))


def _table_of(answers: Sequence[Answer], threshold: float) -> pd.DataFrame:
    rows = []
    for answer in answers:
        found = answer.prediction
        rows.append(
            {
                "file": answer.name,
                "label_name": found.probabilities[0].label_name if found else None,
                "probability": _probability(answer) if found else None,
                "decision": str(verdicts.decide(found, threshold)) if found else None,
                "width": found.width if found else None,
                "height": found.height if found else None,
                "latency_ms": round(found.latency_ms, 2) if found else None,
                "problem": answer.problem or None,
            }
        )
    whole = {"width": "Int64", "height": "Int64", "probability": "Float64"}
    return pd.DataFrame(rows).astype(whole | {"latency_ms": "Float64"})


def _show_table(
    shown: Sequence[tuple[int, Answer, Prediction]],
    threshold: float,
    second: Sequence[str],
    judged: Mapping[int, str],
    *,
    key: str,
) -> None:
    """Draw the table; the file of a selected row is looked at."""
    table = pd.DataFrame(
        [
            {
                "Picture": answer.thumbnail,
                "Class": found.probabilities[0].label_name,
                "Answer": verdicts.WORDS[verdicts.decide(found, threshold)],
                "Probability": 100 * found.probabilities[0].probability,
                "File": answer.name,
                "Next": _second(found),
                "Size": f"{found.width} × {found.height}",
                "Latency": found.latency_ms / 1000,
            }
            for _, answer, found in shown
        ]
    )
    if second:
        table.insert(2, "Beside", second)
    places = [place for place, _, _ in shown]
    if judged:
        table.insert(2, "You said", [judged.get(place, "") for place in places])
    st.dataframe(
        table,
        hide_index=True,
        row_height=64,
        height="content" if len(table) <= ROWS_WITHOUT_SCROLLING else TABLE_HEIGHT,
        column_config={
            "Beside": st.column_config.TextColumn(help="What the second checkpoint says."),
            "Picture": st.column_config.ImageColumn(width="small"),
            "Probability": st.column_config.ProgressColumn(
                min_value=0, max_value=100, format="%.1f %%"
            ),
            "Next": st.column_config.TextColumn("Second choice"),
            "Size": st.column_config.TextColumn(width="small"),
            "Latency": st.column_config.NumberColumn(format="%.3f s", width="small"),
        },
        on_select=partial(pager.look_at_row, key, places),
        selection_mode="single-row",
        key=key,
    )


def _probability(answer: Answer) -> float:
    return answer.prediction.probabilities[0].probability if answer.prediction else 0.0


def _top(answer: Answer) -> str:
    return beside.top(answer.prediction) if answer.prediction else ""


def _second(prediction: Prediction) -> str:
    if len(prediction.probabilities) < 2:
        return ""
    second = prediction.probabilities[1]
    return f"{second.label_name} ({text.probability(second.probability)})"
