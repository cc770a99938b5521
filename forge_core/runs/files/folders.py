"""Whose a run's folder is; several workspaces may keep their runs below one root.

A folder carries a marker with the id of its workspace and the number of its run. One of another
workspace is never written, removed or read as ours: our run of that number gets a folder with our
id in its name. Folders from before there were markers are adopted once, when they prove to be
ours.
"""

from pathlib import Path

from db.records import Run
from db.run_records import CheckpointFile
from forge_core.errors import Conflict, ForgeError
from forge_core.file_hashes import known_hash
from forge_core.run_store import Owner
from forge_core.workspace import Workspace


def claim(workspace: Workspace, run: Run) -> str:
    """Name of the folder that the run writes into; it is marked as the run's.

    Raises:
        Conflict: The folder holds another run, or all names are taken.
        StorageUnavailable: The runs root cannot be written.
    """
    ours = _owner(workspace, run.run_id)
    held = _find_own_name(workspace, ours)
    if held is not None:
        return held
    for name in _names(ours):
        owner = workspace.runs.find_owner(name)
        if owner is None and (_is_free(workspace, name) or is_proven(workspace, run, name)):
            owner = workspace.runs.mark(name, ours)
        if owner is not None and _is_same(owner, ours):
            return name
        if owner is not None and owner.workspace_id == ours.workspace_id:
            raise of_another(name, owner, ours)
    raise Conflict(
        f"The folder of run {run.run_id} in the runs root is taken, and so is the other name that "
        "it could have.",
        next_step=f"Move {' and '.join(_names(ours))} in {workspace.runs.root} elsewhere.",
    )


def find(workspace: Workspace, run: Run) -> str | None:
    """Name of the run's folder, when there is one and it is the run's; it is adopted if need be."""
    ours = _owner(workspace, run.run_id)
    held = _find_own_name(workspace, ours)
    if held is not None:
        return held
    for name in _names(ours):
        is_there = not _is_free(workspace, name) and workspace.runs.find_owner(name) is None
        if is_there and is_proven(workspace, run, name):
            adopt(workspace, run.run_id, name)
            return name
    return None


def find_stranger(workspace: Workspace, run_id: int) -> str:
    """A sentence about the folder of that number that is not the run's; empty without one."""
    ours = _owner(workspace, run_id)
    name, _ = _names(ours)
    owner = workspace.runs.find_owner(name)
    if owner is not None and not _is_same(owner, ours):
        return of_another(name, owner, ours).message
    return ""


def check_readable(workspace: Workspace, run_id: int, name: str) -> bool:
    """Whether a folder carries the run's marker; False when it carries none.

    Raises:
        Conflict: It carries that of another run or workspace.
    """
    ours = _owner(workspace, run_id)
    owner = workspace.runs.find_owner(name)
    if owner is not None and not _is_same(owner, ours):
        raise of_another(name, owner, ours)
    return owner is not None


def is_foreign(workspace: Workspace, name: str) -> bool:
    """Whether a folder below the runs root carries the marker of another workspace."""
    owner = workspace.runs.find_owner(name)
    return owner is not None and owner.workspace_id != workspace.id


def adopt(workspace: Workspace, run_id: int, name: str) -> None:
    """Mark a folder that has proven to be the run's; one that cannot be written stays as it is."""
    try:
        workspace.runs.mark(name, _owner(workspace, run_id))
    except (ForgeError, OSError):
        return


def is_proven(workspace: Workspace, run: Run, name: str) -> bool:
    """Whether a folder without a marker is the run's.

    It is where a checkpoint in it has the recorded hash, and where a run that has begun finds it
    inside of the workspace's own folder, in which no other workspace writes by itself.
    """
    with workspace.database.read() as uow:
        recorded = uow.checkpoints.list_of_run(run.run_id)
    if _is_inside(workspace) and (recorded or run.started_at is not None):
        return True
    return any(
        found.file_path.startswith(f"{name}/") and _is_recorded(workspace, found)
        for found in recorded
    )


def of_another(name: str, owner: Owner, ours: Owner) -> Conflict:
    """What to raise for a folder with this marker."""
    if not owner.workspace_id:
        whose = "has a marker that cannot be read, so it cannot be said whose it is"
        step = f"Put the marker back, or move {name} out of the runs root."
    elif owner.workspace_id == ours.workspace_id:
        whose = f"holds run {owner.run_id} of this workspace, not run {ours.run_id}"
        step = "If folders were renamed, give them their names back."
    else:
        whose = (
            f"belongs to run {owner.run_id} of the workspace {owner.workspace_name!r} "
            f"({owner.workspace_id}), not to this one ({ours.workspace_id})"
        )
        step = "Give each workspace a FORGE_RUNS_ROOT of its own, or put our own folder back."
    return Conflict(f"The folder {name} in the runs root {whose}.", next_step=step)


def _owner(workspace: Workspace, run_id: int) -> Owner:
    return Owner(workspace_id=workspace.id, workspace_name=workspace.name, run_id=run_id)


def _names(ours: Owner) -> tuple[str, str]:
    """Names that the run's folder may have, the usual one first."""
    return f"run-{ours.run_id}", f"run-{ours.run_id}-{ours.workspace_id}"


def _find_own_name(workspace: Workspace, ours: Owner) -> str | None:
    """The name under which a folder carries the run's marker: the longer one once it is in use."""
    for name in reversed(_names(ours)):
        owner = workspace.runs.find_owner(name)
        if owner is not None and _is_same(owner, ours):
            return name
    return None


def _is_same(owner: Owner, ours: Owner) -> bool:
    return (owner.workspace_id, owner.run_id) == (ours.workspace_id, ours.run_id)


def _is_free(workspace: Workspace, name: str) -> bool:
    return not workspace.runs.list_files(name)


def _is_inside(workspace: Workspace) -> bool:
    root = workspace.runs.local_root()
    return root is not None and root.resolve().is_relative_to(workspace.folder)


def _is_recorded(workspace: Workspace, found: CheckpointFile) -> bool:
    try:
        path: Path = workspace.runs.local_copy(found.file_path, found.content_hash)
        return known_hash(path) == found.content_hash
    except FileNotFoundError:
        return False
