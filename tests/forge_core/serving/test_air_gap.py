"""Predicting and serving speak to nobody: no name is looked up, nothing leaves the machine."""

import ipaddress
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from forge_core.serving import http
from forge_core.serving.service import Service
from tests.forge_core.cli.commands import forge

_watched: list[list[object]] = []
"""Of each test that watches what it saw; a hook of the interpreter cannot be taken away again."""


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _watched and event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        address = arguments[0 if event == "socket.getaddrinfo" else 1]
        host = address[0] if isinstance(address, tuple) else address
        if not _is_here(host):
            _watched[-1].append((event, address))


def _is_here(host: object) -> bool:
    if host in (None, "", "localhost") or isinstance(host, bytes):
        return True
    text = str(host)
    if text.startswith(("/", "\0")):  # a socket of this machine
        return True
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


sys.addaudithook(_watch)


@pytest.fixture
def strangers() -> Iterator[list[object]]:
    """Whatever was looked up or connected to outside this machine."""
    seen: list[object] = []
    _watched.append(seen)
    yield seen
    _watched.remove(seen)


def test_watch__sees_what_leaves_the_machine(strangers: list[object]) -> None:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.connect(("192.0.2.1", 9))  # a datagram socket: nothing is sent
    assert strangers == [("socket.connect", ("192.0.2.1", 9))]


def test_predict_and_serve__connect_to_nobody(
    strangers: list[object],
    checkpoint_path: Path,
    open_service: Callable[..., Service],
    make_png: Callable[..., bytes],
    tmp_path: Path,
) -> None:
    picture = tmp_path / "red.png"
    picture.write_bytes(make_png("red"))
    out = tmp_path / "out.csv"
    assert forge("predict", checkpoint_path, picture, "--device", "cpu").exit_code == 0
    told = forge("predict", checkpoint_path, tmp_path, "--out", out, "--device", "cpu")
    assert told.exit_code == 0, told.stderr
    with TestClient(http.create_app(open_service())) as client:
        for path in ("/health", "/ready", "/model", "/metrics"):
            assert client.get(path).status_code == 200, path
        answer = client.post(
            "/predict", content=picture.read_bytes(), headers={"Content-Type": "image/png"}
        )
    assert answer.status_code == 200, answer.text
    assert strangers == []
