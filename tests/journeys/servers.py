"""A real server process of the app, on a free port of this machine, in a workspace of its own."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, Response

from forge_core.cli import web_command
from forge_core.workspace import Workspace

START_SECONDS = 90
STOP_SECONDS = 15


@dataclass
class ForgeServer:
    """The app as a person runs it. `stop` and `start` may be used in the middle of a test."""

    workspace: Workspace
    port: int
    log_path: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def is_running(self) -> bool:
        """Whether its process is there."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it and wait until it answers.

        Seen once in some hundred starts on a busy machine, cause unknown: it listens and never
        answers. Then the stacks of its threads are warned of, and it is started once more.
        """
        if self._start_once():
            return
        stacks = self._stacks()
        warnings.warn(f"a server hung while it started:\n{stacks}", stacklevel=2)
        if not self._start_once():
            self.stop()
            raise AssertionError(f"the server did not answer in {START_SECONDS} s:\n{self.log}")

    def _start_once(self) -> bool:
        variables = web_command.server_environment(os.environ)
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(  # what `forge web` becomes
                web_command.server_command(self.port),
                cwd=self.log_path.parent,
                env=variables | self._settings() | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended by itself:\n{self.log}")
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2):
                    return True
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        return False

    def _stacks(self) -> str:
        """End the process by a signal that makes it write where each thread stands."""
        assert self.process is not None
        self.process.send_signal(signal.SIGABRT)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        self.stop(kill=True)
        return self.log

    def stop(self, *, kill: bool = False) -> None:
        if self.process is None:
            return
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(STOP_SECONDS)
        self.process = None

    def _settings(self) -> dict[str, str]:
        return {
            "FORGE_WORKSPACE": str(self.workspace.folder),
            "FORGE_DATABASE_URL": self.workspace.settings.database_url,
            "FORGE_USER": self.workspace.settings.user or "anna",
            "OMP_NUM_THREADS": "2",
            "MALLOC_ARENA_MAX": "2",  # as `forge web` starts it: without it freed memory stays
            "PYTHONUNBUFFERED": "1",
            "PYTHONFAULTHANDLER": "1",
        }


def visit(page: Page, url: str) -> Response | None:
    """Go to an address; the test then waits for what it looks at.

    Not for the browser's load event: that also waits for every picture that the page began to
    draw, which on a busy machine once took more than half a minute.
    """
    return page.goto(url, wait_until="commit", timeout=60_000)


@contextmanager
def running_server(
    workspace: Workspace, log_folder: Path, **environment: str
) -> Iterator[ForgeServer]:
    """A started server; it is stopped at the end, whatever happens."""
    server = ForgeServer(workspace, free_port(), log_folder / "server.log", dict(environment))
    try:
        server.start()
        yield server
    finally:
        server.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
