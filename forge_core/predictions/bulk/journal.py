"""What a long pass has done until now, so that it goes on after an interruption. No torch.

The rows lie beside the results in `NAME.partial`, and in `NAME.progress` how many of its bytes
count and what they are of. What a process that died has written behind that is cut off.
"""

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from forge_core import local_files
from forge_core.errors import Conflict, DiskFull, InvalidInput, StorageUnavailable
from forge_core.predictions.bulk.sources import SourceFile

_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, kw_only=True)
class Done:
    """How far a pass is."""

    num_rows: int = 0
    num_failed: int = 0
    size_bytes: int = 0
    """Of the journal."""
    names: str = ""
    """SHA-256 of the names of the rows."""


class Journal:
    """The rows of one pass; made by `open_journal`."""

    def __init__(self, file: BinaryIO, out: Path, identity: Mapping[str, Any], done: Done) -> None:
        self._file = file
        self._out = out
        self._identity = dict(identity)
        self._names = hashlib.sha256()
        self.done = done

    def skip_done(self, files: Iterator[SourceFile]) -> None:
        """Take those from the files whose rows are there.

        Raises:
            Conflict: They are others than were looked at then.
        """
        for file in islice(files, self.done.num_rows):
            self._add_name(file.name)
        if self.done.num_rows and self._names.hexdigest() != self.done.names:
            raise Conflict(
                f"The first {self.done.num_rows:,} files are not those of the pass that was "
                "interrupted: some were added, removed or renamed since.",
                next_step="Begin again with --anew.",
            )

    def add(self, data: bytes, names: list[str], *, num_failed: int) -> None:
        """Add a block of rows; when this returns they outlive a power cut.

        Raises:
            DiskFull: There is no room; what was added before counts.
            StorageUnavailable: It cannot be written.
        """
        for name in names:
            self._add_name(name)
        try:
            self._file.write(data)
            self._file.flush()
            os.fsync(self._file.fileno())
            self.done = Done(
                num_rows=self.done.num_rows + len(names),
                num_failed=self.done.num_failed + num_failed,
                size_bytes=self._file.tell(),
                names=self._names.hexdigest(),
            )
            document = {"identity": self._identity, "done": asdict(self.done)}
            local_files.replace(progress_path(self._out), json.dumps(document).encode())
        except OSError as error:
            raise _not_written(self._out, error) from error

    def close(self) -> None:
        """Let another process go on with it."""
        self._file.close()

    def forget(self) -> None:
        """The results are there."""
        progress_path(self._out).unlink(missing_ok=True)

    def _add_name(self, name: str) -> None:
        self._names.update(name.encode() + b"\0")


def open_journal(out: Path, identity: Mapping[str, Any], *, anew: bool) -> Journal:
    """The journal of a pass: as it was left, or an empty one.

    Args:
        out: Where the results shall be.
        identity: What the pass is of: source, checkpoint, options.
        anew: Begin again, whatever is there.

    Raises:
        Conflict: There are results; or another process is at it; or what was left is of another
            source, checkpoint or other options.
        InvalidInput: The folder is not there.
        StorageUnavailable: It cannot be written.
    """
    if not out.parent.is_dir():
        raise InvalidInput(f"There is no folder {out.parent} for the results.")
    if out.exists() and not anew:
        raise Conflict(
            f"{out} is there already.", next_step="Name another file, or begin again with --anew."
        )
    try:
        file = partial_path(out).open("a+b")
    except OSError as error:
        raise _not_written(out, error) from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(f"Another process writes {out} just now.") from error
        done = Done() if anew else _read_done(out, identity)
        size_bytes = os.fstat(file.fileno()).st_size
        if size_bytes < done.size_bytes:
            raise Conflict(
                f"{partial_path(out).name} is shorter than it was when the pass was interrupted.",
                next_step="Begin again with --anew.",
            )
        file.truncate(done.size_bytes)
        file.seek(0, os.SEEK_END)
    except BaseException:
        file.close()
        raise
    return Journal(file, out, identity, done)


def partial_path(out: Path) -> Path:
    """Where the rows lie until all are there."""
    return out.with_name(f"{out.name}.partial")


def progress_path(out: Path) -> Path:
    """Where it is said how many of them count."""
    return out.with_name(f"{out.name}.progress")


def _read_done(out: Path, identity: Mapping[str, Any]) -> Done:
    try:
        document = json.loads(progress_path(out).read_bytes())
        kept, done = document["identity"], Done(**document["done"])
    except FileNotFoundError:
        return Done()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Conflict(
            f"{progress_path(out).name} cannot be read.", next_step="Begin again with --anew."
        ) from error
    differing = [name for name in identity if kept.get(name) != identity[name]]
    if differing:
        told = "; ".join(f"{name}: {kept.get(name)}, now {identity[name]}" for name in differing)
        raise Conflict(
            f"A pass of {done.num_rows:,} rows lies beside {out.name} that was of something else "
            f"({told}).",
            next_step="Give the same as then, name another file, or begin again with --anew.",
        )
    return done


def _not_written(out: Path, error: OSError) -> StorageUnavailable:
    if error.errno in _FULL:
        return DiskFull(
            f"The disk is full, so {out.name} cannot be gone on with. What is done is kept.",
            next_step="Make room, then give the same command.",
        )
    return StorageUnavailable(f"{out} cannot be written: {error.strerror}.")
