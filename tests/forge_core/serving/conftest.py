"""Services in this process, and real service processes."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from forge_core.imaging.decode import DecodeLimits
from forge_core.serving import http, loading
from forge_core.serving.engines import Engine
from forge_core.serving.options import ServiceOptions
from forge_core.serving.service import Service


@pytest.fixture(scope="session")
def engine(checkpoint_path: Path) -> Engine:
    """The small checkpoint, loaded once; no test changes it."""
    return loading.load(checkpoint_path, "cpu")


@pytest.fixture
def open_service(checkpoint_path: Path, engine: Engine) -> Callable[..., Service]:
    """Make a service with these options; it loads nothing anew."""

    def open_(**options: Any) -> Service:
        return Service(lambda: checkpoint_path, lambda _: engine, ServiceOptions(**options))

    return open_


@pytest.fixture
def client(open_service: Callable[..., Service]) -> Iterator[TestClient]:
    """A service that reads images of up to 250,000 pixels and bodies of up to 200,000 bytes."""
    service = open_service(limits=DecodeLimits(max_pixels=250_000), body_bytes=200_000)
    with TestClient(http.create_app(service)) as running:
        yield running


@pytest.fixture
def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
    return port


@pytest.fixture
def started() -> list[subprocess.Popen[bytes]]:
    """The processes that `run_service` has started, newest last."""
    return []


@pytest.fixture
def run_service(
    free_port: int, tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> Iterator[Callable[..., str]]:
    """Start a service process that listens on `free_port`; it is stopped after the test."""
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
