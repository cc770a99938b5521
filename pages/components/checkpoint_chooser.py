"""Which checkpoint answers: the one in use, or the best, unless another one is asked for."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from PIL import Image

from db.records import Run
from forge_core import file_hashes
from forge_core.errors import NotFound
from forge_core.inference.predictor import Predictor
from forge_core.registry import in_use
from forge_core.registry.in_use import InUse
from forge_core.runs.files import checkpoints
from forge_core.runs.listing import shown_accuracies
from forge_core.workspace import Workspace
from pages.components.frame import workspace_address
from pages.components.words import glossary, run_text

KIND_WORDS = {
    "calibrated": "Calibrated",
    "best": "Best weights",
    "last": "Last weights",
}
KEPT_PREDICTORS = 3
MOST_OTHERS = 3
RUN_KEY = "predict_run"


@dataclass(frozen=True)
class ChosenCheckpoint:
    """A run's checkpoint."""

    run: Run
    kind: str
    why: str = ""
    """Why it is the one, in words; empty where that was not asked."""


def choose(workspace: Workspace, usable: list[Run]) -> ChosenCheckpoint:
    """Draw the choice; the address (`?run=12&kind=last`) holds it, else what is in use answers.

    Raises:
        NotFound: The address names a run without a checkpoint.
    """
    by_id = {run.run_id: run for run in usable}
    asked = st.query_params.get("run", "")
    wanted = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None
    if asked and wanted not in by_id:
        raise NotFound(
            f"There is no checkpoint of run {asked[:20]}.",
            next_step="Choose another run in the list of runs.",
        )
    used = in_use.find(workspace, usable)
    ids = list(by_id)
    first = used.run_id if wanted is None else wanted
    run_id = st.selectbox(
        "Checkpoint",
        ids,
        index=ids.index(first),
        format_func=lambda number: run_text.choice(by_id[number]),
        key=f"{RUN_KEY}_{first}",
        width=520,
        help=glossary.SENTENCES["checkpoint"],
    )
    chosen = by_id[run_id or first]
    kind = _choose_kind(workspace, chosen.run_id, used)
    if run_id != first:
        workspace_address.put({"run": run_id})
        st.rerun()
    checkpoints.find_checkpoint(workspace, chosen.run_id, kind)  # without it nothing is asked for
    return ChosenCheckpoint(chosen, kind, _why(usable, used, chosen.run_id, kind))


def _choose_kind(workspace: Workspace, run_id: int, used: InUse) -> str:
    """Which weights of the run; a calibrated copy before the others, where there is one."""
    there = {str(each.kind) for each in checkpoints.list_recorded(workspace, run_id)}
    kinds = [kind for kind in KIND_WORDS if kind in there or kind != "calibrated"]
    usual = used.kind if run_id == used.run_id else in_use.preferred_kind(workspace, run_id)
    asked = st.query_params.get("kind")
    kind = st.segmented_control(
        "Weights",
        kinds,
        format_func=KIND_WORDS.__getitem__,
        default=asked if asked in kinds else str(usual),
        required=True,
        key="predict_kind" if len(kinds) == 2 else f"predict_kind_{run_id}",
        help="Calibrated ones say accepted, not sure or unfamiliar; best are those of the epoch "
        "with the best validation accuracy, last those of the last epoch.",
    )
    if kind != (asked if asked in kinds else usual):
        st.query_params["kind"] = kind
    return str(kind)


def _why(usable: list[Run], used: InUse, run_id: int, kind: str) -> str:
    """Why this checkpoint answers, and which others there are, in a line."""
    others = sorted(
        (run for run in usable if run.run_id != run_id),
        key=shown_accuracies.rank_of,
        reverse=True,
    )
    if (run_id, kind) != (used.run_id, used.kind):
        reason = "chosen by you"
    elif used.alias:
        reason = f"in use as {used.alias}"
    elif others:
        reason = "the best by validation"
    else:
        reason = "the only run"
    named = [f"run {run.run_id} {run_text.best(run)}" for run in others[:MOST_OTHERS]]
    more = len(others) - len(named)
    named += [f"{more:,} more"] if more else []
    return reason + (f"; others: {', '.join(named)}" if named else "")


def choose_other(
    workspace: Workspace, usable: list[Run], chosen: ChosenCheckpoint
) -> ChosenCheckpoint | None:
    """Draw the choice of a second run, to be seen beside the first; None where none is wanted."""
    others = {run.run_id: run for run in usable if run.run_id != chosen.run.run_id}
    if not others:
        return None
    run_id = st.selectbox(
        "Beside it",
        list(others),
        index=None,
        format_func=lambda number: run_text.choice(others[number]),
        placeholder="one checkpoint alone",
        key=f"predict_other_{chosen.run.run_id}",
        width=320,
    )
    if run_id is None:
        return None
    return ChosenCheckpoint(others[run_id], str(in_use.preferred_kind(workspace, run_id)))


def load(workspace: Workspace, chosen: ChosenCheckpoint) -> Predictor:
    """The network of the checkpoint, loaded once for the bytes of its file.

    Raises:
        NotFound: The run has no such checkpoint, or the file is gone.
        Conflict: The folder is that of another run or workspace.
        CheckpointRejected: The file is not the recorded one, or predicts otherwise here.
    """
    path = checkpoints.checkpoint_path(workspace, chosen.run.run_id, chosen.kind)
    return _load(file_hashes.known_hash(path), path)


@st.cache_resource(max_entries=KEPT_PREDICTORS, show_spinner=False)
def _load(content_hash: str, _path: Path) -> Predictor:
    predictor = Predictor.load(_path)
    side = predictor.card.eval_transform.crop
    # The first pass through a network sets much up; no picture shall pay for that.
    predictor.logits([Image.new("RGB", (side, side))])
    return predictor
