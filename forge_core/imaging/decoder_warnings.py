"""What decoders warn of while a file is read: kept with the file instead of on the terminal.

Pillow warns through Python's `warnings`, libtiff prints to the process's own standard error. The
first is told apart by thread; the second only where a process reads one file at a time.
"""

import os
import re
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

MAX_KEPT = 5
MAX_CHARACTERS = 200
_local = threading.local()


@contextmanager
def collected(printed: "PrintedLines | None" = None) -> Iterator[list[str]]:
    """Sentences that decoders say in this thread, each once, at most `MAX_KEPT`.

    Args:
        printed: What the process prints, where this thread is the only one that decodes.
    """
    _install()
    found: list[str] = []
    before, _local.found = getattr(_local, "found", None), found
    try:
        yield found
    finally:
        _local.found = before
        for line in printed.take() if printed is not None else ():
            _keep(found, line)


class PrintedLines:
    """What C libraries print to standard error, which goes into a file of no name from now on."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the process
        os.dup2(self._file.fileno(), 2)

    def take(self) -> list[str]:
        """The lines since the last call."""
        handle = self._file.fileno()
        size = os.fstat(handle).st_size
        if not size:
            return []
        data = os.pread(handle, min(size, 2**16), 0)
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        return data.decode("utf-8", errors="replace").splitlines()


def _keep(found: list[str], text: str) -> None:
    words = re.sub(r"\s+", " ", text).strip()[:MAX_CHARACTERS]
    if words and words not in found and len(found) < MAX_KEPT:
        found.append(words)


def _install() -> None:
    """Let warnings that are raised in a thread which collects go there, all others as before."""
    before = warnings.showwarning
    if isinstance(before, _Hook):  # others put their own in its place, for a time
        return
    warnings.showwarning = _Hook(before)
    # Python would tell each only once a process; we want it with every file.
    warnings.filterwarnings("always", module=r"PIL\.")


class _Hook:
    """What Python shows a warning with."""

    def __init__(self, show: Callable[..., None]) -> None:
        self._show = show

    def __call__(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        found = getattr(_local, "found", None)
        if found is None:
            self._show(message, category, filename, lineno, file, line)
        else:
            _keep(found, str(message))
