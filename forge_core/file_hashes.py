"""The hash by which a file is known, read once as long as the file looks untouched."""

import hashlib
import time
from collections import OrderedDict
from pathlib import Path
from threading import Lock

KEPT_HASHES = 256
SETTLED_SECONDS = 2.0
"""A file that was changed later than this may be changed again without a trace in its times."""


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class HashMemory:
    """Hashes of files that this process has read, each as long as the file looks untouched.

    A file is known by its path, inode, size and both of its times: of the last write, which
    programs can set, and of the last change, which they cannot.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._hashes: OrderedDict[tuple[object, ...], str] = OrderedDict()

    def hash_of(self, path: Path) -> str:
        """SHA-256 of a file's bytes in hex, read again only when it looks changed.

        Raises:
            OSError: It is not there, or cannot be read.
        """
        before = _state(path)
        with self._lock:
            found = self._hashes.get(before)
            if found is not None:
                self._hashes.move_to_end(before)
                return found
        found = hash_file(path)
        after = path.stat()
        is_settled = time.time() - max(after.st_mtime, after.st_ctime) > SETTLED_SECONDS
        if is_settled and _state(path) == before:
            with self._lock:
                self._hashes[before] = found
                if len(self._hashes) > KEPT_HASHES:
                    self._hashes.popitem(last=False)
        return found


def _state(path: Path) -> tuple[object, ...]:
    found = path.stat()
    return (
        path.absolute(),
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )


_MEMORY = HashMemory()


def known_hash(path: Path) -> str:
    """As `hash_file`, by the memory of this process.

    Raises:
        OSError: It is not there, or cannot be read.
    """
    return _MEMORY.hash_of(path)
