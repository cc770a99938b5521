"""A run's own folder at a place that others share, marked so that no other run gets into it."""

import json
from pathlib import Path

from forge_core import local_files
from forge_core.errors import Conflict
from forge_core.runs.tracking.facts import RunFacts

OWNER = ".vision-forge.json"


def claim(folder: Path, facts: RunFacts) -> bool:
    """Make the folder of a run, marked as its own; says whether it was there before.

    Raises:
        Conflict: It is somebody else's.
    """
    owner = {"workspace_id": facts.workspace_id, "run_id": facts.run.run_id}
    try:
        is_ours = json.loads((folder / OWNER).read_text("utf-8")) == owner
    except (OSError, ValueError):
        is_ours = not folder.exists() or not any(folder.iterdir())
        if is_ours:
            local_files.make_folder(folder)
            local_files.replace(folder / OWNER, json.dumps(owner).encode())
            return False
    if not is_ours:
        raise Conflict(
            f"{folder} holds something else than run {facts.run.run_id} of "
            f"{facts.workspace_name}, and stays as it is.",
            next_step="Name another folder.",
        )
    return True
