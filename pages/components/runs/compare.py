"""A run beside another one: curves over each other, what differs, which classes moved."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from db.records import EpochRow, Run
from forge_core.errors import ForgeError
from forge_core.predictions.seeds import duels
from forge_core.predictions.seeds.duels import Duel
from forge_core.runs import comparison, records
from forge_core.runs.comparison import RunComparison, ValueDifference
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.runs import ledger_panel
from pages.components.seeds import duel_view
from pages.components.train import config_words
from pages.components.words import run_text, text

PARAMETER = "with"
KEY = "run_compare"
CHART_HEIGHT = 260
COLOURS = ("#999999", "#0072B2")
"""The other run recedes; this one has the accent."""


def show(workspace: Workspace, run: Run) -> None:
    """Draw the choice of another run, and the comparison with the one that the address names."""
    others = {other.run_id: other for other in records.list_runs(workspace)}
    others = {i: o for i, o in others.items() if i != run.run_id and o.status.is_finished()}
    if not others:
        return
    st.header("Compare", anchor=False)
    chosen = _choose(others)
    if chosen is None:
        return
    try:
        found = comparison.compare_runs(workspace, chosen, run.run_id)
    except ForgeError as error:
        errors.show(error)
        return
    for line in comparison.summarise(found, _describe):
        st.markdown(errors.literal(line))
    _show_duel(workspace, found)
    ledger_panel.show(workspace, found.first, found.second)
    both = _both(found)
    epochs = records.list_epochs(workspace, [each.run_id for each in both])
    pair = [(each, epochs[each.run_id]) for each in both]
    left, right = st.columns(2, gap="large")
    with left:
        st.plotly_chart(draw_curves(pair, "val_accuracy", "Validation accuracy"), key=f"{KEY}:a")
    with right:
        st.plotly_chart(draw_curves(pair, "val_loss", "Validation loss"), key=f"{KEY}:b")
    _show_differences(found)
    _show_classes(found)


def _show_duel(workspace: Workspace, found: RunComparison) -> None:
    """Whether the settings differ, and not these two runs alone; nothing where they are equal."""
    if found.is_repetition:
        return
    runs = [*records.list_runs(workspace)]
    key = [(run.run_id, run.status, run.best_epoch) for run in runs]
    first, second = (each.run_id for each in _both(found))
    duel = _find_duel(workspace, str(workspace.folder), first, second, key)
    if duel is not None:
        duel_view.show(workspace, duel, key=KEY)


@st.cache_data(max_entries=8, show_spinner=False)
def _find_duel(
    _workspace: Workspace, folder: str, first: int, second: int, key: object
) -> Duel | None:
    """Looked for once, as long as no run changes: it reads what each answered of every image."""
    return duels.find(_workspace, first, second)


def _describe(name: str, first: object, second: object) -> str:
    before, after = (config_words.describe_value(name, value) for value in (first, second))
    return f"{config_words.title_of(name)} {before} → {after}"


def _choose(others: dict[int, Run]) -> int | None:
    asked = st.query_params.get(PARAMETER, "")
    wanted = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None
    if asked and wanted not in others:
        st.warning(
            errors.literal(f"There is no finished run {asked[:20]} to compare with."),
            icon=":material/warning:",
        )
    st.session_state[KEY] = wanted if wanted in others else None
    return st.selectbox(
        "Compare with",
        list(others),
        index=None,
        format_func=lambda run_id: run_text.choice(others[run_id]),
        key=KEY,
        placeholder="Another run",
        label_visibility="collapsed",
        width=420,
        on_change=_store,
    )


def _store() -> None:
    chosen = st.session_state[KEY]
    if chosen is None:
        st.query_params.pop(PARAMETER, None)
    else:
        st.query_params[PARAMETER] = str(chosen)


def _both(found: RunComparison) -> tuple[Run, Run]:
    return found.first, found.second


def draw_curves(pair: Sequence[tuple[Run, Sequence[EpochRow]]], name: str, title: str) -> go.Figure:
    """One metric of both runs by epoch."""
    figure = go.Figure()
    for (run, epochs), colour in zip(pair, COLOURS, strict=True):
        figure.add_scatter(
            x=[entry.epoch for entry in epochs],
            y=[getattr(entry, name) for entry in epochs],
            mode="lines+markers",
            name=run_text.title(run),
            line={"color": colour, "width": 2},
            marker={"size": 5},
        )
    figure.update_layout(
        title={"text": title, "font": {"size": 14}},
        height=CHART_HEIGHT,
        margin={"l": 8, "r": 8, "t": 40, "b": 8},
        legend={"orientation": "h", "y": -0.25},
        xaxis={"title": "epoch", "rangemode": "tozero"},
        yaxis={"tickformat": ".0%" if name.endswith("accuracy") else None},
    )
    return figure


def _show_differences(found: RunComparison) -> None:
    parts = {"Config": found.config, "Environment": found.environment}
    shown = {title: entries for title, entries in parts.items() if entries}
    if not shown:
        return
    with st.expander(
        f"What differs: {', '.join(f'{len(v)} in {k.lower()}' for k, v in shown.items())}"
    ):
        for title, entries in shown.items():
            st.markdown(f"**{title}**")
            table = _table(found, entries, in_words=title == "Config")
            st.dataframe(table, hide_index=True, height="content")


def _table(
    found: RunComparison, entries: Sequence[ValueDifference], *, in_words: bool
) -> pd.DataFrame:
    def words(name: str, value: object) -> str:
        return config_words.describe_value(name, value) if in_words else str(value)

    return pd.DataFrame(
        {
            "": [config_words.title_of(each.name) if in_words else each.name for each in entries],
            run_text.title(found.first): [words(each.name, each.first) for each in entries],
            run_text.title(found.second): [words(each.name, each.second) for each in entries],
        }
    )


def _show_classes(found: RunComparison) -> None:
    if not found.metrics:
        return
    metric = found.metrics[0]
    moved = [move for move in metric.classes if move.recall.difference]
    if not moved:
        return
    st.markdown(f"**Classes that moved on {metric.split}** :gray[· share of their images found]")
    st.dataframe(
        pd.DataFrame(
            {
                "Class": [move.class_name for move in moved],
                run_text.title(found.first): [100 * move.recall.first for move in moved],
                run_text.title(found.second): [100 * move.recall.second for move in moved],
                "Points": [100 * move.recall.difference for move in moved],
                "Told from chance": [move.recall.is_told_apart for move in moved],
                "Images": [text.number(move.support[1]) for move in moved],
            }
        ),
        hide_index=True,
        height="content",
        column_config={
            run_text.title(run): st.column_config.NumberColumn(format="%.1f %%")
            for run in _both(found)
        }
        | {"Points": st.column_config.NumberColumn(format="%+.1f")},
    )
