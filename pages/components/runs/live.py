"""The live part of a run: curves that grow by themselves, and a watch on its state."""

from dataclasses import asdict

import streamlit as st

from db.records import Run
from forge_core.errors import NotFound
from forge_core.runs import logs, pauses, records
from forge_core.runs.starting import extension
from forge_core.training import stages
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.frame import session
from pages.components.live_chart import live_chart
from pages.components.words import text

WATCH_SECONDS = 2.0
LOG_SECONDS = 3.0
LOG_LINES = 200
OPEN_LOG_KEY = "runs:open_log"
"""Number of the run whose log was asked for."""


def show_curves(workspace: Workspace, run: Run) -> None:
    """Draw the curves; while the run goes on, the browser fetches what is new by itself."""
    config = TrainConfig.from_dict(dict(run.config))
    progress = records.run_progress(workspace, run.run_id)
    if not progress.epochs and run.status.is_finished():
        st.caption("No epoch was finished, so there is no curve.")
        return
    values = asdict(progress)
    live_chart.show(
        run_id=run.run_id,
        attempt=str(run.started_at or ""),
        is_finished=run.status.is_finished(),
        stages=stages.plan_stages(config),
        total_epochs=config.total_epochs,
        epochs=progress.epochs,
        progress={
            "state": str(run.status),
            **{name: values.get(name) for name in ("stage", "epoch", "step", "steps")},
            **{name: values.get(name) for name in ("images_per_second", "message")},
            **{name: value for name, value in values.items() if name.startswith("eta_")},
        },
        workspace_id=workspace.id,
        token=session.api_token(),
        on_token_asked=_nothing,
    )


def show_pause(workspace: Workspace, run: Run) -> None:
    """A quiet button that pauses an unfinished run; disabled once it was asked to end."""
    if run.status.is_finished():
        return
    is_ending = pauses.is_ending(workspace, run.run_id)
    if st.button(
        "Stopping" if is_ending else "Pause",
        type="tertiary",
        icon=":material/pause_circle:",
        disabled=is_ending,
        help="Stops after the current step and frees the machine. Resume goes on with the next "
        "step and gives the same result.",
        key="run_pause",
    ):
        with errors.redrawing():
            pauses.pause_run(workspace, run.run_id)


def show_extend(workspace: Workspace, run: Run) -> None:
    """A quiet button that gives the run more epochs, where it takes them."""
    if not extension.can_extend(workspace, run):
        return
    with st.popover("Extend", type="tertiary", icon=":material/more_time:", key="run_extend"):
        epochs = st.number_input(
            "Epochs more", min_value=1, max_value=1000, value=5, step=1, key="run_extend_epochs"
        )
        behind = "behind its plan" if not run.status.is_finished() else "from where it stands"
        st.caption(
            f"They come {behind}, with a cosine of their own from the highest learning rate on. "
            "The best weights stay the best of all epochs."
        )
        if st.button(
            f"Train {text.plural(int(epochs), 'epoch')} more",
            key="run_extend_sure",
            icon=":material/more_time:",
        ):
            with errors.redrawing():
                extension.extend_run(workspace, run.run_id, int(epochs), actor=session.actor())


def watch(workspace: Workspace, run: Run) -> None:
    """Draw the page again as soon as the run is in another state than the one it shows."""
    if not run.status.is_finished():
        _watch(workspace, run.run_id, run.status)


@st.fragment(run_every=WATCH_SECONDS)
@errors.guarded_page()
def _watch(workspace: Workspace, run_id: int, shown: str) -> None:
    try:
        status = records.get_run(workspace, run_id).status
    except NotFound:
        st.rerun()
    if status != shown:
        st.rerun()


def show_log(workspace: Workspace, run: Run) -> None:
    """The end of the log, folded; while the run goes on it refreshes."""
    is_open = st.session_state.get(OPEN_LOG_KEY) == run.run_id
    with st.expander("Log", icon=":material/terminal:", expanded=is_open):
        wanted = st.text_input(
            "Search the log",
            key=f"run_log_words_{run.run_id}",
            placeholder="Search the log",
            label_visibility="collapsed",
            icon=":material/search:",
        )
        if wanted.strip():
            _draw_found(workspace, run.run_id, wanted)
        elif run.status.is_finished():
            _draw_log(workspace, run.run_id)
        else:
            _refresh_log(workspace, run.run_id)


@st.fragment(run_every=LOG_SECONDS)
@errors.guarded_page()
def _refresh_log(workspace: Workspace, run_id: int) -> None:
    _draw_log(workspace, run_id)


def _draw_log(workspace: Workspace, run_id: int) -> None:
    tail = logs.log_tail(workspace, run_id, lines=LOG_LINES)
    if tail.strip():
        st.code(tail, language=None, height=320, wrap_lines=True)
        st.caption(f"The last {LOG_LINES} lines at most.")
    else:
        st.caption("Nothing is written yet.")


def _draw_found(workspace: Workspace, run_id: int, words: str) -> None:
    found = logs.find_lines(workspace, run_id, words, limit=LOG_LINES)
    if not found.num_found:
        st.caption(f"None of the {found.num_lines:,} lines has these words.")
        return
    st.code("\n".join(found.lines), language=None, height=320, wrap_lines=True)
    last = f", of which the last {len(found.lines)} are shown" * (
        found.num_found > len(found.lines)
    )
    st.caption(f"{found.num_found:,} of {found.num_lines:,} lines{last}.")


def _nothing() -> None:
    """The rerun that asked for it brings the new token."""
