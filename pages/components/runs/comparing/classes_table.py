"""How many images of each class each run finds, the class that moved most first."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from db.records import Run
from forge_core.evaluation.comparison import ClassMove
from forge_core.runs.comparing.class_moves import ClassRecalls
from pages.components.words import run_text, text


def show_pair(first: Run, second: Run, split: str, moves: Sequence[ClassMove]) -> None:
    """Draw the classes of two runs that moved, with the interval of each move."""
    moved = [move for move in moves if move.recall.difference]
    if not moved:
        if moves:
            st.caption(f"No class moved on {split}.")
        return
    st.markdown(f"**Classes that moved on {split}** :gray[· share of their images found]")
    table = pd.DataFrame(
        {
            "Class": [move.class_name for move in moved],
            run_text.title(first): [100 * move.recall.first for move in moved],
            run_text.title(second): [100 * move.recall.second for move in moved],
            "Points": [100 * move.recall.difference for move in moved],
            "At 95 %": [_interval(move) for move in moved],
            "Told from chance": [move.recall.is_told_apart for move in moved],
            "Images": [text.number(move.support[1]) for move in moved],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        height="content" if len(moved) <= 15 else 560,
        column_config={
            run_text.title(run): st.column_config.NumberColumn(format="%.1f %%")
            for run in (first, second)
        }
        | {"Points": st.column_config.NumberColumn(format="%+.1f")},
    )


def show_many(runs: Sequence[Run], split: str, recalls: Sequence[ClassRecalls]) -> None:
    """Draw the classes of several runs, those that differ most first."""
    if not recalls:
        return
    st.markdown(
        f"**Classes on {split}** :gray[· images found of those that there are; most moved first]"
    )
    columns = {
        run_text.title(run): [
            f"{100 * each.counts[place][0] / each.counts[place][1]:.1f} % "
            f"({each.counts[place][0]:,} of {each.counts[place][1]:,})"
            for each in recalls
        ]
        for place, run in enumerate(runs)
    }
    spread = [100 * each.spread for each in recalls]
    st.dataframe(
        pd.DataFrame({"Class": [each.class_name for each in recalls], **columns, "Spread": spread}),
        hide_index=True,
        height="content" if len(recalls) <= 15 else 560,
        column_config={
            "Spread": st.column_config.NumberColumn(
                format="%.1f", help="Points from the lowest to the highest"
            )
        },
    )


def _interval(move: ClassMove) -> str:
    low, high = move.recall.interval
    return f"{100 * low:+.1f} to {100 * high:+.1f}"
