"""Files that come through the browser, a few at a time, until an import plan takes them over.

An upload is a folder of the cache, for its owner alone: `files/` holds what has arrived, each file
as long as its bytes that are here, so that one that was cut is continued where it ended.
"""

import errno
import json
import os
import re
import shutil
import threading
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from forge_core import disk_space, local_files
from forge_core.catalog.importing.entry_names import path_problem
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.catalog.importing.uploads import left_behind
from forge_core.errors import Conflict, DiskFull, InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

SPARE_BYTES = 64 * 2**20
"""Room of the disk that an upload leaves to everybody else."""
ASKED = "asked.json"
"""In an upload's folder: how many files were to come."""
_UPLOAD_ID = re.compile(r"[0-9a-f]{32}")
_NO_NAME = (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.ENOTDIR, errno.EISDIR)
_tallies: dict[str, "Tally"] = {}
_lock = threading.Lock()


class NoRoom(DiskFull):
    """The disk of the cache is full; what has arrived stays, and can be continued."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Bytes of one file, and where in it they belong."""

    path: str
    offset: int
    data: memoryview
    modified_ms: int | None = None
    """When the file was changed last, as the browser says."""


@dataclass
class Tally:
    """What an upload holds, counted while it grows."""

    num_files: int
    size_bytes: int


def begin(workspace: Workspace, actor: Actor, *, num_files: int, size_bytes: int) -> str:
    """Make room for files that are about to come; returns the id that the next calls name.

    Uploads that nobody has continued for a day are removed on the way.

    Args:
        workspace: The workspace.
        actor: Who sends them; nobody else can continue the upload.
        num_files: How many will come.
        size_bytes: Sum of their sizes.

    Raises:
        InvalidInput: That is more than the operator allows.
        NoRoom: The disk has not that much room.
    """
    left_behind.remove_stale(workspace, root_of(workspace))
    _check_limits(workspace, num_files, size_bytes)
    folder = root_of(workspace)
    _make(folder)
    free_bytes = shutil.disk_usage(folder).free - SPARE_BYTES
    if size_bytes > free_bytes:
        raise _no_room(size_bytes, max(0, free_bytes))
    upload_id = uuid.uuid4().hex
    _make(folder / upload_id / "files")
    local_files.replace(folder / upload_id / ASKED, json.dumps(num_files).encode())
    local_files.replace(folder / upload_id / "owner.json", json.dumps(actor.name).encode())
    return upload_id


def store(
    workspace: Workspace, actor: Actor, upload_id: str, parts: Iterable[Part]
) -> list[ImportProblem]:
    """Write parts of files; the same part may come again. Returns what cannot be taken, and why.

    Raises:
        NotFound: There is no such upload of this person (any more).
        Conflict: It is finished, or a part begins behind the end of what has arrived.
        InvalidInput: More came than the operator allows.
        NoRoom: The disk is full.
    """
    folder = find_folder(workspace, actor, upload_id)
    if (folder / "finished").exists():
        raise Conflict("This upload is finished; it takes no more files.")
    refused = []
    for part in parts:
        try:
            problem = _write(workspace, folder, part)
        except OSError as error:
            if disk_space.is_full(error):
                free_bytes = shutil.disk_usage(folder).free
                raise _no_room(len(part.data), free_bytes) from error
            raise
        if problem is not None:
            refused.append(problem)
    _note(folder, refused)
    os.utime(folder)
    return refused


def arrived(
    workspace: Workspace, actor: Actor, upload_id: str, paths: Sequence[str]
) -> dict[str, int]:
    """How many bytes of each of these files are here, 0 where none are.

    Raises:
        NotFound: There is no such upload of this person (any more).
    """
    files = find_folder(workspace, actor, upload_id) / "files"
    return {path: _size_of(files, path) for path in paths}


def finish(
    workspace: Workspace, actor: Actor, upload_id: str, unreadable: Iterable[str] = ()
) -> int:
    """All has come: returns the number of files. Finishing twice is the same as once.

    Args:
        workspace: The workspace.
        actor: Who sent them.
        upload_id: From `begin`.
        unreadable: Paths of files that the browser could not read.

    Raises:
        NotFound: There is no such upload of this person (any more).
    """
    folder = find_folder(workspace, actor, upload_id)
    if not (folder / "finished").exists():
        shown = [printable(path) for path in unreadable]
        _note(
            folder,
            [
                ImportProblem(path, "unreadable", f"“{path}” could not be read by the browser.")
                for path in shown
            ],
        )
        local_files.replace(folder / "finished", b"")
    return tally_of(folder).num_files


def cancel(workspace: Workspace, actor: Actor, upload_id: str) -> None:
    """Remove an upload and all that has arrived of it; one that is gone is no error."""
    try:
        folder = find_folder(workspace, actor, upload_id)
    except NotFound:
        return
    remove_folder(folder)


def take(
    workspace: Workspace, actor: Actor, upload_id: str, folder: Path
) -> tuple[ImportProblem, ...]:
    """Move the files of a finished upload to a folder that does not exist yet, and forget it.

    Returns:
        What was left out on the way, each with the reason, once.

    Raises:
        NotFound: There is no such upload of this person (any more).
        Conflict: It is not finished.
    """
    upload = find_folder(workspace, actor, upload_id)
    if not (upload / "finished").exists():
        raise Conflict("This upload is not finished.", next_step="Wait until all files are here.")
    _make(folder.parent)
    (upload / "files").rename(folder)
    problems = _noted(upload)
    remove_folder(upload)
    return problems


def source_of(folder: Path) -> str:
    """What an upload is called: the one folder or file that it consists of."""
    inside = list(folder.iterdir())
    if len(inside) != 1:
        return "upload"
    (only,) = inside
    return only.name if only.is_dir() else only.name.split(".")[0] or "upload"


def root_of(workspace: Workspace) -> Path:
    """The folder of all uploads."""
    return workspace.cache_folder.resolve() / "uploads"


def _make(folder: Path) -> None:
    try:
        local_files.make_folder(folder)
    except OSError as error:
        if disk_space.is_full(error):
            raise _no_room(0, 0) from error
        raise


def find_folder(workspace: Workspace, actor: Actor, upload_id: str) -> Path:
    """The folder of an upload.

    Raises:
        NotFound: There is no such upload of this person (any more).
        InvalidInput: It is no id.
    """
    if not _UPLOAD_ID.fullmatch(upload_id):
        raise InvalidInput(f"{upload_id[:40]!r} is not the id of an upload.")
    folder = root_of(workspace) / upload_id
    try:
        owner = json.loads((folder / "owner.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        owner = None
    if owner != actor.name:
        raise NotFound(
            "What has been uploaded is not here any more.", next_step="Choose the files again."
        )
    return folder


def _write(workspace: Workspace, folder: Path, part: Part) -> ImportProblem | None:
    relative = part.path.replace("\\", "/")
    problem = path_problem(relative)
    if problem is not None:
        return problem
    files = folder / "files"
    known = _size_of(files, relative)
    if part.offset > known:
        raise Conflict(
            f"“{printable(part.path)}” has {known:,} bytes here; the next part must begin there."
        )
    target = files / relative
    try:
        is_new = not target.exists()
        grown = max(0, part.offset + len(part.data) - known)
        count_in(workspace, folder, int(is_new), grown)
        local_files.make_folder(target.parent)
        local_files.open_private(target, "ab").close()
        with target.open("r+b") as file:
            file.seek(part.offset)
            file.write(part.data)
        if part.modified_ms is not None:
            os.utime(target, ns=(part.modified_ms * 10**6, part.modified_ms * 10**6))
    except OSError as error:
        if error.errno not in _NO_NAME and not isinstance(error, FileExistsError):
            raise
        shown = printable(part.path)
        return ImportProblem(
            shown, "bad_name", f"“{shown}” has a name that cannot be kept here; rename it."
        )
    return None


def _size_of(files: Path, path: str) -> int:
    if path_problem(path.replace("\\", "/")) is not None:
        return 0
    try:
        return (files / path.replace("\\", "/")).stat().st_size
    except (OSError, ValueError):
        return 0


def count_in(workspace: Workspace, folder: Path, num_files: int, size_bytes: int) -> None:
    """Add to what an upload holds.

    Raises:
        InvalidInput: It is more than the operator allows.
    """
    tally = tally_of(folder)
    with _lock:
        _check_limits(workspace, tally.num_files + num_files, tally.size_bytes + size_bytes)
        tally.num_files += num_files
        tally.size_bytes += size_bytes


def tally_of(folder: Path) -> Tally:
    """Counted from the files once in each process, then kept along."""
    with _lock:
        tally = _tallies.get(folder.name)
        if tally is None:
            sizes = [size for _, size, _ in local_files.walk(str(folder / "files"))]
            tally = _tallies[folder.name] = Tally(len(sizes), sum(sizes))
        return tally


def _check_limits(workspace: Workspace, num_files: int, size_bytes: int) -> None:
    settings = workspace.settings
    if num_files > settings.max_archive_files:
        raise InvalidInput(
            f"More than {settings.max_archive_files:,} files cannot be uploaded at once.",
            next_step="Choose fewer, or raise FORGE_MAX_ARCHIVE_FILES.",
        )
    if size_bytes > settings.max_archive_bytes:
        most = disk_space.in_words(settings.max_archive_bytes)
        raise InvalidInput(
            f"More than {most} cannot be uploaded at once.",
            next_step="Choose fewer files, or raise FORGE_MAX_ARCHIVE_BYTES.",
        )


def _no_room(needed_bytes: int, free_bytes: int) -> NoRoom:
    return NoRoom(
        f"The disk of the uploads is full: {disk_space.in_words(needed_bytes)} needed, "
        f"{disk_space.in_words(free_bytes)} free.",
        next_step="Free some space, then resume.",
    )


def _note(folder: Path, problems: Sequence[ImportProblem]) -> None:
    if problems:
        lines = "".join(json.dumps(asdict(problem)) + "\n" for problem in problems)
        with local_files.open_private(folder / "problems.jsonl", "ab") as file:
            file.write(lines.encode())


def _noted(folder: Path) -> tuple[ImportProblem, ...]:
    try:
        text = (folder / "problems.jsonl").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    return tuple(dict.fromkeys(ImportProblem(**json.loads(line)) for line in text.splitlines()))


def remove_folder(folder: Path) -> None:
    """Remove an upload with all that it holds."""
    with _lock:
        _tallies.pop(folder.name, None)
    shutil.rmtree(folder, ignore_errors=True)
