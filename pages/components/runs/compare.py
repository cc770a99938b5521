"""A run beside another one, on the page of the run."""

import streamlit as st

from db.records import Run
from forge_core.errors import ForgeError
from forge_core.runs import records
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.runs.comparing import compare_page
from pages.components.words import run_text

PARAMETER = "with"
KEY = "run_compare"


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
        compare_page.show_pair(workspace, others[chosen], run)
    except ForgeError as error:
        errors.show(error)


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
