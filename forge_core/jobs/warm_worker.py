"""A process that waits for the next job with PyTorch imported, so that a run begins at once.

Importing takes seconds on a small machine, which a person who pressed Start would wait for. The
local executor keeps one `WarmWorker` while nothing trains. It gets its job by a line on its
standard input and ends when that is closed, so it never outlives its supervisor.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from forge_core import local_files

ARGUMENT = "--warm"
_SOURCES = ("forge_core", "db")
_log = logging.getLogger("forge.supervisor")


@dataclass(frozen=True)
class Assignment:
    """What a warm process is told to do."""

    arguments: list[str]
    """Those of the command line that follow the worker's own."""
    log_path: str
    """Absolute; gets what it prints from now on."""


class WarmWorker:
    """At most one process that waits.

    Args:
        command: The worker's command line; it understands `ARGUMENT`.
        log_path: Gets what the process prints before it has a job.
    """

    def __init__(self, command: Sequence[str], log_path: Path) -> None:
        self._command = list(command)
        self._log_path = log_path
        self._child: subprocess.Popen[bytes] | None = None
        self._environment: Mapping[str, str] = {}
        self._code = 0
        self._is_useless = False

    def prepare(self, environment: Mapping[str, str]) -> None:
        """Have a process that waits, with these variables; returns before it is ready."""
        if self._is_useless:
            return
        if self._child is not None and self._child.poll() is not None:
            _log.warning("the warm process ended with %d; none is kept", self._child.returncode)
            self._is_useless = True  # what ended it would end the next one, again and again
            self.drop()
            return
        if self._child is not None and self._environment == environment:
            return
        self.drop()
        self._environment = dict(environment)
        self._code = _newest_code()
        try:
            with local_files.open_private(self._log_path, "ab") as log:
                self._child = subprocess.Popen(
                    [*self._command, ARGUMENT],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    env=self._environment,
                )
        except OSError as error:
            _log.warning("no warm process can be started: %s", error)
            self._is_useless = True

    def assign(
        self, command: Sequence[str], environment: Mapping[str, str], log_path: Path
    ) -> subprocess.Popen[bytes] | None:
        """Let the waiting process do what a command line would; None where none would do it right.

        Args:
            command: The worker's own command line and what follows it.
            environment: Of the process that would be started.
            log_path: Absolute; gets what it prints from now on.
        """
        child, own = self._child, len(self._command)
        if child is None or child.poll() is not None or self._environment != environment:
            return None
        if list(command[:own]) != self._command:
            return None
        if self._code != _newest_code():  # another version of ours was installed meanwhile
            self.drop()
            return None
        assignment = Assignment(list(command[own:]), str(log_path))
        assert child.stdin is not None
        try:
            child.stdin.write(json.dumps(asdict(assignment)).encode() + b"\n")
            child.stdin.close()
        except OSError:  # it died just now
            return None
        self._child = None
        return child

    def drop(self) -> None:
        """Let the waiting process go."""
        child, self._child = self._child, None
        if child is None:
            return
        assert child.stdin is not None
        child.stdin.close()
        child.terminate()
        child.wait()


def wait(arguments: Sequence[str], *, prepare: Callable[[], object]) -> list[str] | None:
    """In the warm process: import what jobs need, wait, and give the worker's real arguments.

    Args:
        arguments: Of the command line; without `ARGUMENT` they are given back.
        prepare: Imports what takes so long.

    Returns:
        None when there will be no job: the supervisor has gone.
    """
    if ARGUMENT not in arguments:
        return list(arguments)
    prepare()
    line = sys.stdin.buffer.readline()
    if not line:
        return None
    assignment = Assignment(**json.loads(line))
    with (
        local_files.open_private(assignment.log_path, "ab") as log,
        Path(os.devnull).open("rb") as nothing,
    ):
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    return assignment.arguments


def _newest_code() -> int:
    """When our code was last changed: a process that waits has the code of its start."""
    root = Path(__file__).parents[2]
    files = (path for folder in _SOURCES for path in (root / folder).rglob("*.py"))
    return max(path.stat().st_mtime_ns for path in files)
