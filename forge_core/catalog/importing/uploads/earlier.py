"""What an upload that was cut has brought: taken over when the same files are chosen again.

A browser forgets what it was sending when its tab is reloaded or closed. What had arrived lies
here, each file with the time of change that the browser told; a file of the same path, size and
time is the same file, and is not sent again.
"""

import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from forge_core import local_files
from forge_core.catalog.importing.entry_names import path_problem
from forge_core.catalog.importing.uploads import uploads
from forge_core.errors import NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

QUIET_SECONDS = 10.0
"""An upload to which nothing came for so long is not one that a browser is sending."""
_ADOPTED = "adopted.json"


@dataclass(frozen=True, kw_only=True)
class WantedFile:
    """A file that is about to be sent."""

    path: str
    size_bytes: int
    modified_ms: int
    """When it was changed last, milliseconds since 1970."""


@dataclass(frozen=True, kw_only=True)
class CutUpload:
    """An upload that nobody is sending any more."""

    upload_id: str
    name: str
    """What it is called: its one folder or file."""
    num_here: int
    num_asked: int
    """How many files were to come."""


def list_unfinished(workspace: Workspace, actor: Actor, *, besides: str = "") -> list[str]:
    """Ids of a person's uploads that are not finished, the newest first."""
    found = []
    for folder in _folders(uploads.root_of(workspace)):
        try:
            uploads.find_folder(workspace, actor, folder.name)
            if folder.name != besides and not (folder / "finished").exists():
                found.append((folder.stat().st_mtime, folder.name))
        except (NotFound, OSError, ValueError):
            continue  # another's, or removed meanwhile
    return [name for _, name in sorted(found, reverse=True)]


def find_cut(workspace: Workspace, actor: Actor) -> CutUpload | None:
    """The newest upload of a person that was cut and can be gone on with; None without."""
    for upload_id in list_unfinished(workspace, actor):
        folder = uploads.root_of(workspace) / upload_id
        try:
            num_asked = int(json.loads((folder / uploads.ASKED).read_bytes()))
            num_here = uploads.tally_of(folder).num_files
            if num_here and _is_quiet(folder):
                name = uploads.source_of(folder / "files")
                return CutUpload(
                    upload_id=upload_id, name=name, num_here=num_here, num_asked=num_asked
                )
        except (OSError, ValueError):
            continue
    return None


def adopt(
    workspace: Workspace, actor: Actor, upload_id: str, wanted: Sequence[WantedFile]
) -> dict[str, int]:
    """Put into an upload what earlier ones of this person have of its files already.

    Whole files are there under a second name, so that an earlier upload which another tab still
    sends is not disturbed; the beginning of a file is taken only from one that nobody sends.

    Returns:
        By path how many bytes are here; only of files of which there are any.

    Raises:
        NotFound: There is no such upload of this person (any more).
        InvalidInput: It is more than the operator allows.
    """
    folder = uploads.find_folder(workspace, actor, upload_id)
    root = uploads.root_of(workspace)
    others = [root / each for each in list_unfinished(workspace, actor, besides=upload_id)]
    quiet = {other for other in others if _is_quiet(other)}
    arrived: dict[str, int] = {}
    used: set[str] = set()
    for file in wanted:
        relative = file.path.replace("\\", "/")
        if path_problem(relative) is not None:
            continue
        target = folder / "files" / relative
        for other in others:
            source = other / "files" / relative
            size_bytes = _size_of_same(source, file)
            is_whole = size_bytes == file.size_bytes
            if size_bytes is None or not (is_whole or other in quiet) or target.exists():
                continue
            uploads.count_in(workspace, folder, 1, size_bytes)
            local_files.make_folder(target.parent)
            if is_whole:
                _link(source, target)
            else:
                source.rename(target)
            arrived[file.path] = size_bytes
            used.add(other.name)
            break
    _note_adopted(folder, used)
    return arrived


def remove_adopted(workspace: Workspace, actor: Actor, upload_id: str) -> None:
    """Remove the uploads whose files a finished one has taken over, unless they are being sent."""
    folder = uploads.find_folder(workspace, actor, upload_id)
    unfinished = set(list_unfinished(workspace, actor, besides=upload_id))
    for name in _adopted(folder):
        if name in unfinished and _is_quiet(uploads.root_of(workspace) / name):
            uploads.remove_folder(uploads.root_of(workspace) / name)


def _folders(root: Path) -> list[Path]:
    return [child for child in root.iterdir() if child.is_dir()] if root.is_dir() else []


def _is_quiet(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime >= QUIET_SECONDS
    except OSError:
        return False


def _size_of_same(source: Path, file: WantedFile) -> int | None:
    """Bytes that are there of this very file; None where it is another, or none."""
    try:
        found = source.stat()
    except (OSError, ValueError):
        return None
    is_same = found.st_mtime_ns // 10**6 == file.modified_ms and found.st_size <= file.size_bytes
    return found.st_size if is_same and source.is_file() else None


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a disk without hard links
        shutil.copy2(source, target)


def _adopted(folder: Path) -> set[str]:
    try:
        return set(json.loads((folder / _ADOPTED).read_bytes()))
    except (OSError, ValueError):
        return set()


def _note_adopted(folder: Path, used: set[str]) -> None:
    if used:
        names = sorted(used | _adopted(folder))
        local_files.replace(folder / _ADOPTED, json.dumps(names).encode())
