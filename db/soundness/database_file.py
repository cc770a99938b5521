"""The file of an embedded database has to stay the one that was opened.

A file that is deleted or replaced while it is open lives on without a name: SQLite goes on writing
into it, and everything is lost when the process ends. So its identity is compared at the borders
of each transaction, which costs two `stat` of some microseconds.
"""

import os
import threading
import weakref
from contextlib import suppress
from pathlib import Path

from db.failures import DatabaseReplaced

_O_PATH = getattr(os, "O_PATH", None)


class DatabaseFile:
    """The file at a path, as this process knows it. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._identity: tuple[int, int] | None = None
        self._lock = threading.Lock()

    def make(self) -> None:
        """Make the file, for its owner alone, unless it is there or was known already.

        Raises:
            DatabaseReplaced: It was known, and is another or none by now: a new one in its place
                would look like a catalog without images.
        """
        with self._lock:
            if self._identity is not None:
                self.check()
                return
            with suppress(OSError):  # it is there, or SQLite says why it cannot be
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            self._hold()
            self._identity = self._find()

    def check(self) -> None:
        """Compare the file at the path with the one that was opened.

        Raises:
            DatabaseReplaced: It is another file, or there is none.
        """
        if self._identity is not None and self._find() != self._identity:
            raise DatabaseReplaced(self.path)

    def _hold(self) -> None:
        """Keep the file's number from being given to another one, as long as this object lives.

        A handle with O_PATH takes no part in SQLite's locks; closing any other would end them.
        """
        if _O_PATH is not None:
            with suppress(OSError):
                weakref.finalize(self, os.close, os.open(self.path, _O_PATH))

    def _find(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
