"""A real server process of the app, on a free port of this machine, in a workspace of its own."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, Response

from forge_core.workspace import Workspace

PROJECT = Path(__file__).parents[2]
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

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "app.py"]
        options = ["--server.port", str(self.port), "--server.headless", "true"]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                command + options,
                cwd=PROJECT,
                env=os.environ | self._settings() | self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended by itself:\n{self.log}")
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        self.stop()
        raise AssertionError(f"the server did not answer in {START_SECONDS} s:\n{self.log}")

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
            "PYTHONUNBUFFERED": "1",
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
