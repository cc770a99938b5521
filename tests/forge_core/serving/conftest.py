"""Real service processes."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2 as httpx
import pytest


@pytest.fixture
def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
    return port


@pytest.fixture
def run_service(free_port: int, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start a service process that listens on `free_port`; it is stopped after the test."""
    started: list[subprocess.Popen[bytes]] = []
    log = tmp_path / "service.log"

    def run(command: list[str], **options: object) -> str:
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, **options)  # type: ignore[call-overload]
        started.append(process)
        url = f"http://127.0.0.1:{free_port}"
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if process.poll() is not None:
                pytest.fail(f"the service ended with {process.returncode}:\n{log.read_text()}")
            try:
                if httpx.get(f"{url}/health", timeout=2, trust_env=False).json()["status"] == "ok":
                    return url
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        pytest.fail(f"the service was not healthy in time:\n{log.read_text()}")

    yield run
    for process in started:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
