"""Models by their settings, where seeds of some were repeated: means, intervals, who is better."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from forge_core.predictions.seeds import duels
from forge_core.predictions.seeds.duels import Duel, Settings
from forge_core.predictions.standings import SEEDS_ALIKE, Standings
from forge_core.workspace import Workspace
from pages.components.seeds import duel_view
from pages.components.words import run_text, text

MOST_ROWS = 30
KEY = "evaluation_settings"


def show(workspace: Workspace, found: Standings, split: str) -> None:
    """Draw the table, and the duel of the best with the one that was chosen; often nothing."""
    settings = duels.list_settings(found)[:MOST_ROWS]
    if not any(len(each.runs) > 1 for each in settings):
        return
    st.markdown("**By settings** :gray[· runs that differ in the seed alone are one row]")
    if found.is_weighted:
        st.caption(SEEDS_ALIKE)
    fought = [duels.compare(each, settings[0], split) for each in settings[1:]]
    st.dataframe(
        pd.DataFrame(list_rows(settings, fought)),
        hide_index=True,
        height="content" if len(settings) <= 12 else 460,
        placeholder="–",
        column_config={
            "Mean": st.column_config.NumberColumn(format="%.1f %%"),
            "95 %": st.column_config.TextColumn(
                help="Of the mean, over other seeds on these images."
            ),
            "The best is ahead by": st.column_config.TextColumn(
                help="In points, with what other images and other seeds leave open."
            ),
        },
        key=KEY,
        alt="Settings on this split, the best first",
    )
    if not fought:
        return
    place = 0
    if len(fought) > 1:
        place = st.selectbox(
            "Is the best better than",
            range(len(fought)),
            format_func=lambda index: text.capital(fought[index].first.name),
            key=f"{KEY}_other",
            width=320,
        )
    duel_view.show(workspace, fought[place], key=KEY)


def list_rows(settings: Sequence[Settings], fought: Sequence[Duel]) -> list[dict[str, object]]:
    """A row a settings; the best, which is first, has no duel."""
    rows = []
    for each, duel in zip(settings, [None, *fought], strict=True):
        interval = each.spread.interval
        rows.append(
            {
                "Settings": _name(each),
                "Seeds": len(each.runs),
                "Mean": 100 * each.spread.mean,
                "95 %": "" if interval is None else text.interval(interval),
                "The best is ahead by": _ahead(duel),
                "State": _state(duel),
            }
        )
    return rows


def _name(settings: Settings) -> str:
    first = settings.runs[0]
    kind = "" if settings.kind == "best" else ", last weights"
    name = f" · {first.name}" if first.name else ""
    return f"{text.capital(settings.name)}{name}, {run_text.architecture(first)}{kind}"


def _ahead(duel: Duel | None) -> str:
    if duel is None or duel.contest is None:
        return ""
    low, high = duel.contest.interval
    return f"{100 * duel.contest.difference:.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def _state(duel: Duel | None) -> str:
    if duel is None:
        return "best"
    if duel.contest is None:
        return "one seed each"
    return "worse" if duel.contest.is_told_apart else "may be as good"
