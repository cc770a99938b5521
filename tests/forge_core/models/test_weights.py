"""Pretrained weights: from the cache, or a clear word within seconds."""

import hashlib
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from forge_core.errors import InvalidInput, WeightsUnavailable
from forge_core.models import weights
from forge_core.models.networks import construction
from tests.forge_core.cli.commands import forge, forge_json

CONTENT = b"weights" * 1_000
NAME = f"net-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"


class _Files(BaseHTTPRequestHandler):
    """Answers /good with the content, /short with half of it, anything else with 404."""

    def do_GET(self) -> None:
        if self.path not in ("/good", "/short"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT if self.path == "/good" else CONTENT[: len(CONTENT) // 2])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Files) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


@pytest.fixture
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty torch cache, and a proxy at which nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def cached(shared_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A torch cache that holds MobileNetV2's weights and no others."""
    home = shared_data("torch_home")
    monkeypatch.setenv("TORCH_HOME", str(home))
    return home


def test_download__appears_complete(server: str, tmp_path: Path) -> None:
    weights.download(f"{server}/good", tmp_path / "new" / NAME)
    assert (tmp_path / "new" / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("path", ["/short", "/absent"])
def test_download__leaves_nothing_when_it_fails(server: str, tmp_path: Path, path: str) -> None:
    with pytest.raises((OSError, ValueError)):
        weights.download(server + path, tmp_path / NAME)
    assert list(tmp_path.iterdir()) == []


def test_download__refuses_bytes_of_another_hash(server: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="hash"):
        weights.download(f"{server}/good", tmp_path / "net-00000000.pth")
    assert list(tmp_path.iterdir()) == []


def test_download__gives_up_on_a_silent_server(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(OSError):
            weights.download(
                f"http://127.0.0.1:{silent.getsockname()[1]}/good",
                tmp_path / NAME,
                connect_seconds=0.3,
            )
        assert time.monotonic() - started < 5
    assert list(tmp_path.iterdir()) == []


def test_build_model__says_which_weights_are_missing_without_a_network(no_network: Path) -> None:
    started = time.monotonic()
    with pytest.raises(WeightsUnavailable) as caught:
        construction.build_model("efficientnet_b2", 10, pretrained=True, input_size=288)
    assert time.monotonic() - started < weights.CONNECT_SECONDS + 2
    assert caught.value.message == (
        "The ImageNet weights of efficientnet_b2 are not in the local cache and could not be "
        "downloaded."
    )
    assert caught.value.next_step == (
        "Connect to the network, or train efficientnet_b2 from scratch (needs far more images)."
    )
    assert [path for path in no_network.rglob("*") if path.is_file()] == []


def test_build_model__names_what_is_cached_instead(
    shared_data: Callable[[str], Path], no_network: Path
) -> None:
    shutil.copytree(shared_data("torch_home"), no_network, dirs_exist_ok=True)
    with pytest.raises(WeightsUnavailable) as caught:
        construction.build_model("efficientnet_b2", 10, pretrained=True, input_size=288)
    assert caught.value.next_step == (
        "Train mobilenet_v2 (cached), or efficientnet_b2 from scratch (needs far more images)."
    )


def test_cached_architectures__empty_cache_holds_none(no_network: Path) -> None:
    assert weights.cached_architectures() == []
    assert not weights.are_cached("resnet18")
    assert not weights.are_cached("forge_cnn")


def test_cached_architectures__finds_torchvisions_file(cached: Path) -> None:
    assert weights.cached_architectures() == ["mobilenet_v2"]
    assert weights.are_cached("mobilenet_v2")


def test_load_weights__refuses_a_damaged_cached_file(no_network: Path) -> None:
    damaged = no_network / "hub" / "checkpoints" / "mobilenet_v2-b0353104.pth"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"half a file")
    with pytest.raises(WeightsUnavailable, match="damaged"):
        weights.load_weights("mobilenet_v2")


def test_load_weights__forge_cnn_has_none() -> None:
    with pytest.raises(InvalidInput, match="no pretrained weights"):
        weights.load_weights("forge_cnn")


def test_add_file__is_known_by_its_hash_and_taken_where_training_looks(
    no_network: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = weights._url_of
    monkeypatch.setattr(
        weights,
        "_url_of",
        lambda found: f"https://weights/{NAME}" if found.name == "resnet18" else url(found),
    )
    given, other = tmp_path / "from-a-stick.bin", tmp_path / NAME
    given.write_bytes(CONTENT)
    other.write_bytes(b"something else")
    added = weights.add_file(given)
    assert (added.architecture, added.path.name, added.is_here) == ("resnet18", NAME, True)
    assert added.path.read_bytes() == CONTENT
    assert [each.architecture for each in weights.list_files() if each.is_here] == ["resnet18"]
    with pytest.raises(InvalidInput, match="weights of no network"):
        weights.add_file(other)
    listed = forge_json("weights", "list")
    assert [each["path"] for each in listed] == [str(added.path)]
    assert "mobilenet_v2" in forge("weights", "list", "--all").stdout
    assert forge("weights", "add", tmp_path / "missing").exit_code == 1
