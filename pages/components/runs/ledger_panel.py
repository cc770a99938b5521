"""What repaired labels brought between two runs: four accuracies, and each cause in a sentence."""

import pandas as pd
import streamlit as st

from db.records import Run
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.predictions.repairs import kept_ledgers, ledgers
from forge_core.predictions.repairs.ledgers import RunLedger
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.frame import session
from pages.components.words import run_text

KEY = "run_ledger"


def show(workspace: Workspace, first: Run, second: Run) -> None:
    """Draw the ledger where labels were corrected between the runs; nothing where none was."""
    try:
        with st.spinner("Comparing answers on old and new labels"):
            state = ledgers.read_state(workspace, first, second)
            found = _draw_up(
                workspace,
                str(workspace.folder),
                first.run_id,
                second.run_id,
                state,
                session.actor(),
            )
    except InvalidInput as error:
        st.caption(f"No repair ledger: {errors.literal(str(error))}")
        return
    if not found.has_repairs:
        return
    st.markdown("**What the repaired labels brought**")
    left, right = st.columns([2, 3], gap="large")
    with left:
        table = _table(found, run_text.title(first), run_text.title(second))
        st.dataframe(table, hide_index=True, height="content", key=KEY)
    with right:
        for line in found.lines():
            st.markdown(f"- {errors.literal(line)}")
    st.caption(
        "The intervals are of chance in the images. Another seed moves accuracy as well: repeat a "
        "run with another one to see by how much."
    )


@st.cache_data(max_entries=16, show_spinner=False)
def _draw_up(
    _workspace: Workspace, folder: str, first: int, second: int, state: object, _actor: Actor
) -> RunLedger:
    return kept_ledgers.draw_up_and_keep(_workspace, first, second, actor=_actor)


def _table(found: RunLedger, first: str, second: str) -> pd.DataFrame:
    old, new = found.ledger.accuracies
    return pd.DataFrame(
        {
            f"On {found.split}": [first, second],
            "Labels then": [f"{100 * old[0]:.1f} %", f"{100 * new[0]:.1f} %"],
            "Labels now": [f"{100 * old[1]:.1f} %", f"{100 * new[1]:.1f} %"],
        }
    )
