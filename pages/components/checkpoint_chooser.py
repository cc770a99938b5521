"""Which checkpoint answers: the best of the newest run, unless another one is asked for."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from PIL import Image

from db.records import Run
from forge_core import file_hashes
from forge_core.errors import NotFound
from forge_core.inference.predictor import Predictor
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace
from pages.components.frame import workspace_address
from pages.components.words import glossary, run_text

KIND_WORDS = {"best": "Best weights", "last": "Last weights"}
KINDS = tuple(KIND_WORDS)
KEPT_PREDICTORS = 3
RUN_KEY = "predict_run"


@dataclass(frozen=True)
class ChosenCheckpoint:
    """A run's checkpoint."""

    run: Run
    kind: str


def choose(workspace: Workspace, usable: list[Run]) -> ChosenCheckpoint:
    """Draw the choice; the address (`?run=12&kind=last`) holds it.

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
    ids = list(by_id)
    run_id = st.selectbox(
        "Checkpoint",
        ids,
        index=ids.index(wanted) if wanted is not None else 0,
        format_func=lambda number: run_text.choice(by_id[number]),
        key=f"{RUN_KEY}_{wanted}",
        width=520,
        help=glossary.SENTENCES["checkpoint"],
    )
    kind = st.segmented_control(
        "Weights",
        KINDS,
        format_func=KIND_WORDS.__getitem__,
        default=st.query_params["kind"] if st.query_params.get("kind") in KINDS else "best",
        required=True,
        key="predict_kind",
        help="Those of the epoch with the best validation accuracy, or those of the last epoch.",
    )
    if run_id != (wanted if wanted is not None else ids[0]):
        workspace_address.put({"run": run_id})
        st.rerun()
    if kind != st.query_params.get("kind", "best"):
        st.query_params["kind"] = kind
    chosen = by_id[run_id or ids[0]]
    checkpoints.find_checkpoint(workspace, chosen.run_id, kind)  # without it nothing is asked for
    return ChosenCheckpoint(chosen, kind)


def load(workspace: Workspace, chosen: ChosenCheckpoint) -> Predictor:
    """The network of the checkpoint, loaded once for the bytes of its file.

    Raises:
        NotFound: The run has no such checkpoint, or the file is gone.
        Conflict: The folder is that of another run or workspace.
        CheckpointRejected: The file is not the recorded one, or predicts otherwise here.
    """
    path = checkpoints.checkpoint_path(workspace, chosen.run.run_id, chosen.kind)
    return _load(file_hashes.known_hash(path), path)


@st.cache_resource(max_entries=KEPT_PREDICTORS, show_spinner="Loading the network")
def _load(content_hash: str, _path: Path) -> Predictor:
    predictor = Predictor.load(_path)
    side = predictor.card.eval_transform.crop
    # The first pass through a network sets much up; no picture shall pay for that.
    predictor.logits([Image.new("RGB", (side, side))])
    return predictor
