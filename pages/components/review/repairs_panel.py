"""What earlier fixes brought: every repair ledger that was drawn up and kept."""

import pandas as pd
import streamlit as st

from forge_core.evaluation.pairing import PairedDifference
from forge_core.predictions.repairs import kept_ledgers
from forge_core.predictions.repairs.kept_ledgers import KeptRunLedger
from forge_core.workspace import Workspace
from pages.components.frame import navigation
from pages.components.runs.comparing import compare_page
from pages.components.words import text

KEY = "review_ledgers"
MOST_HEIGHT = 300


def show(workspace: Workspace) -> None:
    """Draw the list, newest first; nothing while there is none. A click compares the two runs."""
    found = kept_ledgers.list_all(workspace)
    if not found:
        return
    st.subheader("What fixes brought", anchor=False)
    event = st.dataframe(
        pd.DataFrame([row(each) for each in found]),
        hide_index=True,
        height="content" if len(found) <= 6 else MOST_HEIGHT,
        column_config={
            "Images": st.column_config.NumberColumn(format="localized"),
            "Together": st.column_config.NumberColumn(format="%+.1f"),
        },
        on_select="rerun",
        selection_mode="single-cell",
        key=KEY,
        alt="Points of accuracy that repaired labels brought",
    )
    st.caption(
        "Points of accuracy with their 95 % intervals, as they were when the two runs were "
        "compared last. Click a row to compare them."
    )
    if event.selection.cells:
        chosen = found[event.selection.cells[0][0]].ledger
        navigation.go_to(
            "runs", {compare_page.PARAMETER: compare_page.write([chosen.first, chosen.second])}
        )


def row(of: KeptRunLedger) -> dict[str, object]:
    """One ledger of the table."""
    ledger = of.ledger.ledger
    return {
        "Runs": f"{of.ledger.first} → {of.ledger.second}",
        "On": text.SPLIT_WORDS[of.ledger.split],
        "Images": ledger.num_images,
        "Training labels fixed": of.ledger.num_repaired_in_training,
        "Brought": _points(ledger.training),
        "Labels it is measured by fixed": ledger.num_relabelled,
        "Moved": _points(ledger.measuring) if ledger.num_relabelled else "",
        "Together": 100 * ledger.total,
        "Drawn up": text.ago(of.created_at),
    }


def _points(found: PairedDifference) -> str:
    low, high = found.interval
    chance = "" if found.is_told_apart else ", may be chance"
    return f"{100 * found.difference:+.1f} ({100 * low:+.1f} to {100 * high:+.1f}){chance}"
