"""What clients do to the sockets of a real service process, and how it ends."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx2 as httpx
import pytest

from forge_core.serving import http

# Makes everything that the service must do without unimportable, then runs it as a person would.
WITHOUT_THE_REST = """
import sys
sys.modules.update(dict.fromkeys({blocked}))
from forge_core.serving import http
http.main(sys.argv[1:])
"""
BLOCKED = {
    *("sqlalchemy", "streamlit", "pandas", "alembic", "psycopg", "pydantic_settings", "db"),
    *("fastapi", "pydantic"),
}
LIMITS = {
    "FORGE_SERVE_HEADER_SECONDS": "0.4",
    "FORGE_SERVE_HEADER_BYTES": "2000",
    "FORGE_SERVE_IDLE_SECONDS": "1.5",
    "FORGE_SERVE_CONNECTIONS": "8",
    "FORGE_SERVE_END_SECONDS": "5",
    "FORGE_MAX_IMAGE_PIXELS": "250000",
}
UPLOAD = (
    b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\n"
    b"Content-Length: 900\r\n\r\nbegin"
)


def exchange(port: int, data: bytes) -> tuple[bytes, float]:
    """What comes back until the other side closes, and the seconds that took."""
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65_536):
                received += part
    return received, time.monotonic() - started


def error_of(received: bytes) -> dict[str, str]:
    found: dict[str, str] = json.loads(received.partition(b"\r\n\r\n")[2])["error"]
    return found


@pytest.mark.process
def test_a_service_process__bounds_what_clients_do_and_ends_in_time(
    checkpoint_path: Path,
    make_png: Callable[..., bytes],
    free_port: int,
    run_service: Callable[..., str],
    started: list[subprocess.Popen[bytes]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in LIMITS.items():
        monkeypatch.setenv(name, value)
    program = WITHOUT_THE_REST.format(blocked=BLOCKED)
    options = ["--checkpoint", str(checkpoint_path), "--port", str(free_port), "--device", "cpu"]
    root = Path(__file__).parents[3]
    url = run_service([sys.executable, "-c", program, *options], cwd=root)

    def predict(size: tuple[int, int] = (30, 20)) -> httpx.Response:
        files = {"file": ("a.png", make_png("blue", size))}
        return httpx.post(f"{url}/predict", files=files, trust_env=False, timeout=60)

    answer = predict()
    assert answer.json()["predictions"][0]["probabilities"][0]["label_name"] == "blue"
    refused = predict((600, 600))  # the limits of the product hold here too
    assert refused.json()["error"]["reason"] == "too_many_pixels"

    slow, seconds = exchange(free_port, b"POST /predict HTTP/1.1\r\nHost: a\r\nX: unfinished")
    assert slow.startswith(b"HTTP/1.1 408")
    assert 0.3 < seconds < 4
    silent, seconds = exchange(free_port, b"")
    assert silent == b""
    assert 0.3 < seconds < 4
    large, _ = exchange(free_port, b"GET /health HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 300_000)
    assert large.startswith(b"HTTP/1.1 431")
    assert "2,000 bytes" in error_of(large)["found"]
    foreign, _ = exchange(free_port, b"\x16\x03\x01 no HTTP\r\n\r\n")
    assert foreign.startswith(b"HTTP/1.1 400")
    assert error_of(foreign)["next_step"]

    stalled: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: stalled.append(exchange(free_port, UPLOAD)[0]))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    statuses = sorted(received[9:12] for received in stalled)
    assert set(statuses) == {b"408", b"503"}, statuses
    assert statuses.count(b"408") <= 8
    assert predict().status_code == 200  # the stalled ones hold nothing

    with socket.create_connection(("127.0.0.1", free_port)) as leaving:
        leaving.sendall(UPLOAD)
    time.sleep(0.2)
    lines = [json.loads(line) for line in log_lines(tmp_path)]
    assert [line["status"] for line in lines if line.get("path") == "/predict"][-1] == 499
    assert not any("trace" in line for line in lines)

    ended: list[tuple[bytes, float]] = []
    uploading = threading.Thread(target=lambda: ended.append(exchange(free_port, UPLOAD)))
    uploading.start()
    time.sleep(0.3)
    asked_at = time.monotonic()
    started[-1].send_signal(signal.SIGTERM)
    assert started[-1].wait(10) == 0
    assert time.monotonic() - asked_at < 5
    uploading.join(10)
    assert ended[0][0].startswith(b"HTTP/1.1 503")
    assert error_of(ended[0][0])["found"] == "The service ends."


def test_a_wrong_checkpoint_or_port__ends_with_a_sentence(
    checkpoint_path: Path, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as ended:
        http.main(["--checkpoint", str(tmp_path / "absent.safetensors"), "--port", "0"])
    assert "There is no checkpoint absent.safetensors." in str(ended.value.code)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(SystemExit) as ended:
            http.main(["--checkpoint", str(checkpoint_path), "--port", port])
    assert f"Another program listens on port {port}" in str(ended.value.code)


def log_lines(folder: Path) -> list[str]:
    text = (folder / "service.log").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.startswith("{")]
