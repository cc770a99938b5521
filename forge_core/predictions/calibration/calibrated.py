"""A copy of a run's checkpoint whose card carries the temperature that was fitted on val.

The run's own file stays as it was recorded: what was measured with it stays true of it.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

from db.enums import CheckpointKind
from forge_core.errors import NotFound
from forge_core.models.checkpoints import checkpoint
from forge_core.predictions import kept_evaluations
from forge_core.predictions.kept_evaluations import KeptTemperature
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace


def find_temperature(
    workspace: Workspace, run_id: int, kind: str = CheckpointKind.BEST
) -> KeptTemperature:
    """The temperature of a run's checkpoint; see `kept_evaluations.find_temperature`.

    Raises:
        NotFound: There is no such run or checkpoint, or no temperature was fitted.
    """
    file = checkpoints.find_checkpoint(workspace, run_id, kind)
    found = kept_evaluations.find_temperature(workspace, run_id, file.content_hash)
    if found is not None:
        return found
    raise NotFound(
        f"No temperature was fitted for the {kind} weights of run {run_id}.",
        next_step=f"Evaluate it on val first: forge evaluate {run_id} --split val. It takes at "
        "least 30 images that the run was not trained on.",
    )


def write_calibrated(
    workspace: Workspace, run_id: int, target: Path, kind: str = CheckpointKind.BEST
) -> float:
    """Write the copy; it is proven as every checkpoint is. Returns the temperature.

    Raises:
        NotFound: There is no such run or checkpoint, or no temperature was fitted.
        CheckpointRejected: The checkpoint does not predict here as it did when it was saved.
        OSError: The file cannot be written.
    """
    temperature = find_temperature(workspace, run_id, kind)
    loaded = checkpoint.load_checkpoint(checkpoints.checkpoint_path(workspace, run_id, kind))
    card = replace(loaded.card, temperature=temperature.value)
    checkpoint.save_checkpoint(target, loaded.model, card)
    return temperature.value


def read_calibrated(workspace: Workspace, run_id: int, kind: str = CheckpointKind.BEST) -> bytes:
    """The bytes of the copy; see `write_calibrated`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calibrated.safetensors"
        write_calibrated(workspace, run_id, path, kind)
        return path.read_bytes()
