"""What a run lets see of itself while it trains: its first images, and what it last answered."""

from db.records import Asset
from forge_core.errors import InvalidInput, NotFound
from forge_core.runs import records
from forge_core.runs.files import folders
from forge_core.training.glimpses.first_batch import FirstBatch
from forge_core.training.glimpses.last_validation import LastValidation
from forge_core.training.run_files import FIRST_BATCH_FILE, VALIDATION_FILE
from forge_core.workspace import Workspace


def find_validation(workspace: Workspace, run_id: int) -> LastValidation | None:
    """What the run's last full epoch answered on validation; None before the first.

    Raises:
        NotFound: There is no such run.
    """
    try:
        return LastValidation.from_json(_read(workspace, run_id, VALIDATION_FILE))
    except (NotFound, InvalidInput, ValueError, KeyError):
        return None


def find_first_batch(workspace: Workspace, run_id: int) -> FirstBatch | None:
    """The first images of the run's stage; None before its first step.

    Raises:
        NotFound: There is no such run.
    """
    try:
        return FirstBatch.from_json(_read(workspace, run_id, FIRST_BATCH_FILE))
    except (NotFound, ValueError, KeyError):
        return None


def find_assets(workspace: Workspace, found: LastValidation) -> dict[str, Asset]:
    """The images of the mistakes that are still in the catalog, by their path."""
    with workspace.database.read() as uow:
        assets = uow.assets.list_by_paths([mistake.source for mistake in found.mistakes])
    return {asset.file_path: asset for asset in assets}


def _read(workspace: Workspace, run_id: int, file_name: str) -> bytes:
    run = records.get_run(workspace, run_id)
    name = folders.find(workspace, run)
    if name is None:
        raise NotFound(f"Run {run_id} has no folder yet.")
    return workspace.runs.files.read(f"{name}/{file_name}")
