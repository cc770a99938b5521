"""A run's checkpoint is the file that the database recorded, or it is not used.

The recorded hash is compared on every use; a process reads a file that looks untouched only once.
"""

import json
import time
from pathlib import Path

from db.enums import CheckpointKind
from db.run_records import CheckpointFile
from forge_core.errors import CheckpointRejected, NotFound
from forge_core.file_hashes import known_hash
from forge_core.runs import records
from forge_core.runs.files import folders
from forge_core.workspace import Workspace

RECORD_SECONDS = 5.0
"""So long a running training may take between writing a checkpoint and recording it."""
ASKED_AGAIN_SECONDS = 0.1
MAX_HEADER_BYTES = 32 * 2**20


def list_recorded(workspace: Workspace, run_id: int) -> list[CheckpointFile]:
    """What the database knows of a run's checkpoints, whether or not the files are there."""
    with workspace.database.read() as uow:
        return uow.checkpoints.list_of_run(run_id)


def find_best_hash(workspace: Workspace, run_id: int) -> str | None:
    """Hash of the file of the run's best checkpoint; None while it has none."""
    found = list_recorded(workspace, run_id)
    return next((each.content_hash for each in found if each.kind == CheckpointKind.BEST), None)


def find_checkpoint(
    workspace: Workspace, run_id: int, kind: str = CheckpointKind.BEST
) -> CheckpointFile:
    """A run's checkpoint, `best` or `last`, whose file is there; its bytes are not looked at.

    Raises:
        NotFound: There is no such run, it has no checkpoint yet, or the file is gone.
        Conflict: The folder is that of another run or workspace.
    """
    found = _recorded(workspace, run_id, kind)
    name, _, _ = found.file_path.partition("/")
    folders.check_readable(workspace, run_id, name)
    if not workspace.runs.exists(found.file_path):
        raise _gone(found)
    return found


def checkpoint_path(workspace: Workspace, run_id: int, kind: str = CheckpointKind.BEST) -> Path:
    """A file of this machine with the bytes of the run's checkpoint as they were recorded.

    Raises:
        NotFound: There is no such run, it has no checkpoint yet, or the file is gone.
        Conflict: The folder is that of another run or workspace.
        CheckpointRejected: The file is another one than was recorded; it says which.
    """
    until = time.monotonic() + RECORD_SECONDS
    while True:
        found = _recorded(workspace, run_id, kind)
        name, _, _ = found.file_path.partition("/")
        is_marked = folders.check_readable(workspace, run_id, name)
        try:
            path = workspace.runs.local_copy(found.file_path, found.content_hash)
            is_recorded = known_hash(path) == found.content_hash
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise _gone(found) from None
        if is_recorded:
            if not is_marked:
                folders.adopt(workspace, run_id, name)
            return path
        # A training that runs replaces the file a moment before it records that.
        is_running = not records.get_run(workspace, run_id).status.is_finished()
        if not is_running or time.monotonic() > until:
            raise _mismatch(workspace, found, path)
        time.sleep(ASKED_AGAIN_SECONDS)


def check_resumable(workspace: Workspace, run_id: int, folder: Path) -> list[Path]:
    """Compare what a run goes on from with what was recorded.

    Args:
        workspace: The workspace.
        run_id: The run.
        folder: Where its files lie on this machine.

    Returns:
        Files that say they are of the very next epoch of this run, which ended before it recorded
        them: to be proven by loading them.

    Raises:
        NotFound: A recorded checkpoint is gone.
        CheckpointRejected: Another file is in its place.
    """
    recorded = [
        found
        for found in list_recorded(workspace, run_id)
        if found.kind != CheckpointKind.CALIBRATED  # no training goes on from it
    ]
    done = max((found.epoch for found in recorded), default=0)
    unrecorded = []
    for found in recorded:
        path = folder / Path(found.file_path).name
        if not path.is_file():
            raise _gone(found)
        if known_hash(path) == found.content_hash:
            continue
        if describe_file(path) != (run_id, done + 1):
            raise _mismatch(workspace, found, path)
        unrecorded.append(path)
    return unrecorded


def describe_file(path: Path) -> tuple[int | str | None, int | None]:
    """Run and epoch that a checkpoint file says it is from; None for what it does not say.

    Without torch; nothing of it is believed but for a message.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length <= MAX_HEADER_BYTES:
                return None, None
            header = json.loads(file.read(length))
        card = json.loads(header["__metadata__"]["vision_forge_card"])
        run_id, epoch = card.get("run_id"), card.get("epoch")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None, None
    return (
        run_id if isinstance(run_id, int | str) else None,
        epoch if isinstance(epoch, int) else None,
    )


def _recorded(workspace: Workspace, run_id: int, kind: str) -> CheckpointFile:
    records.get_run(workspace, run_id)
    for found in list_recorded(workspace, run_id):
        if found.kind == kind:
            return found
    raise NotFound(
        f"Run {run_id} has no {kind} checkpoint.",
        next_step="Wait for its first epoch to end, or choose another run.",
    )


def _gone(found: CheckpointFile) -> NotFound:
    return NotFound(
        f"The {found.kind} checkpoint of run {found.run_id} is not in the runs folder any more.",
        next_step="Put the file back, or train again.",
        detail=found.file_path,
    )


def _mismatch(workspace: Workspace, found: CheckpointFile, path: Path) -> CheckpointRejected:
    """What to raise for a file with other bytes: which one it is, as far as that can be told."""
    size_bytes, content_hash = path.stat().st_size, known_hash(path)
    subject = f"The {found.kind} checkpoint of run {found.run_id}, {found.file_path},"
    step = "Put the run's own file back, or train again with its settings."
    if size_bytes == 0:
        words = "is empty"
    elif size_bytes < found.size_bytes and _is_cut_off(path, size_bytes):
        words = f"is cut off: it has {size_bytes:,} of {found.size_bytes:,} bytes"
    else:
        words, newer = _whose_it_is(workspace, found, path, content_hash)
        if newer:
            step = "Resume the run: it goes on from there, and records what is missing."
    return CheckpointRejected(
        f"{subject} {words}.",
        next_step=step,
        detail=f"SHA-256 {content_hash}, recorded is {found.content_hash}",
    )


def _whose_it_is(
    workspace: Workspace, found: CheckpointFile, path: Path, content_hash: str
) -> tuple[str, bool]:
    """Words, and whether it is a later epoch of the run that was not recorded any more."""
    with workspace.database.read() as uow:
        known = [file for kind in CheckpointKind for file in uow.checkpoints.list_of_kind(kind)]
    other = next((file for file in known if file.content_hash == content_hash), None)
    if other is not None:
        whose = f"the {other.kind} checkpoint of run {other.run_id}"
        return f"is another file than was recorded: {whose}", False
    run_id, epoch = describe_file(path)
    if run_id is None:
        return "has other bytes than were recorded, and does not say which run it is from", False
    said = f"run {run_id}" + ("" if epoch is None else f", epoch {epoch}")
    if run_id != found.run_id:
        return f"is another file than was recorded: it says that it is from {said}", False
    if epoch is not None and epoch > found.epoch:
        words = f"is of epoch {epoch}; the run ended before it recorded more than {found.epoch}"
        return words, True
    return f"has other bytes than were recorded, though it says that it is from {said}", False


def _is_cut_off(path: Path, size_bytes: int) -> bool:
    """Whether a file ends before its own header says: it is not another whole checkpoint."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length <= MAX_HEADER_BYTES:
                return size_bytes < 8
            header = json.loads(file.read(length))
        ends = [v["data_offsets"][1] for k, v in header.items() if k != "__metadata__"]
        return size_bytes < 8 + length + max(ends, default=0)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return True
