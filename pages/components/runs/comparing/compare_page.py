"""Several runs beside one another (`?compare=3,1,2`): curves, what differs, classes, flips."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from db.enums import Split
from db.records import Run
from forge_core.errors import InvalidInput
from forge_core.predictions.seeds import duels
from forge_core.predictions.seeds.duels import Duel
from forge_core.runs import comparison, records
from forge_core.runs.comparing import class_moves, environment_words, used_settings
from forge_core.runs.listing import shown_accuracies
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links
from pages.components.frame import page_frame
from pages.components.runs import ledger_panel
from pages.components.runs.comparing import classes_table, curves, flips, settings_table
from pages.components.seeds import duel_view
from pages.components.words import run_text, text

PARAMETER = "compare"
KEY = "runs_compared"
MOST = 8
"""As many curves as can be told apart."""
SEPARATOR = ","


def write(run_ids: Sequence[int]) -> str:
    """The runs as the address holds them, the oldest first."""
    return SEPARATOR.join(str(run_id) for run_id in sorted(run_ids))


def show(workspace: Workspace, asked: str) -> None:
    """Draw the comparison that the address asks for.

    Raises:
        InvalidInput: It names no two runs, or too many.
        NotFound: There is no such run.
    """
    try:
        runs = [records.get_run(workspace, run_id) for run_id in _read(asked)]
    except Exception:
        page_frame.show_title("Runs", action="See all runs", to="runs")
        raise
    page_frame.show_title(f"{text.plural(len(runs), 'run')} compared")
    if st.button("All runs", type="tertiary", icon=":material/list:", key="run_all"):
        del st.query_params[PARAMETER]
        st.rerun()
    _show_accuracies(runs)
    if len(runs) == 2:
        show_pair(workspace, *runs)
        return
    _show_curves(workspace, runs)
    settings_table.show(runs, used_settings.list_settings(workspace, runs))
    split, recalls = class_moves.list_recalls(runs)
    classes_table.show_many(runs, split, recalls)
    for other in runs[1:]:
        flips.show(workspace, runs[0], other)


def show_pair(workspace: Workspace, first: Run, second: Run) -> None:
    """Draw two runs: what differs, what the accuracy did, which classes and images moved."""
    found = comparison.compare_runs(workspace, first.run_id, second.run_id)
    for line in comparison.summarise(found):
        st.markdown(errors.literal(line))
    if not found.is_repetition:
        _show_duel(workspace, first, second)
    ledger_panel.show(workspace, first, second)
    _show_curves(workspace, [first, second])
    settings_table.show([first, second], used_settings.list_settings(workspace, [first, second]))
    if found.environment:
        number = text.plural(len(found.environment), "difference")
        with st.expander(f"{number} of the environment"):
            st.dataframe(
                pd.DataFrame(
                    environment_words.list_rows(found.environment),
                    columns=["Ran on", run_text.title(first), run_text.title(second)],
                ),
                hide_index=True,
                height="content",
            )
    if found.metrics:
        metric = found.metrics[0]
        classes_table.show_pair(first, second, metric.split, metric.classes)
    flips.show(workspace, first, second)


def _show_duel(workspace: Workspace, first: Run, second: Run) -> None:
    """Whether the settings differ, and not these two runs alone."""
    key = [(run.run_id, run.status, run.best_epoch) for run in records.list_runs(workspace)]
    duel = _find_duel(workspace, str(workspace.folder), first.run_id, second.run_id, key)
    if duel is not None:
        duel_view.show(workspace, duel, key=KEY)


@st.cache_data(max_entries=8, show_spinner=False)
def _find_duel(
    _workspace: Workspace, folder: str, first: int, second: int, key: object
) -> Duel | None:
    """Looked for once, as long as no run changes: it reads what each answered of every image."""
    return duels.find(_workspace, first, second)


def _show_curves(workspace: Workspace, runs: Sequence[Run]) -> None:
    epochs = records.list_epochs(workspace, [run.run_id for run in runs])
    curves.show(runs, epochs, KEY)


def _show_accuracies(runs: Sequence[Run]) -> None:
    """A line a run: a door to it, its network and its accuracies."""
    for run in runs:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            gallery_links.show(run_text.title(run), "runs", {"run": str(run.run_id)})
            test = shown_accuracies.of_split(run, Split.TEST)
            words = f"{run_text.best(run)} on validation"
            if test is not None:
                mark = f" {run_text.MARK}" if test.note else ""
                words += f", {text.percent(test.value)}{mark} on test"
            st.markdown(f"{run_text.architecture(run)} :gray[· {words}]", width="content")


def _read(asked: str) -> list[int]:
    parts = asked.split(SEPARATOR)
    ids = [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 10]
    if len(ids) < len(parts) or len(set(ids)) != len(ids) or not 2 <= len(ids) <= MOST:
        raise InvalidInput(
            f"The address compares the runs {asked[:40]!r}.",
            next_step=f"Name two to {MOST} different runs: compare=1,2.",
        )
    return ids
