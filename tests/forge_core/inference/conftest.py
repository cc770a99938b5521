"""A small checkpoint to predict with, and real service processes."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import httpx2 as httpx
import pytest
import torch
from PIL import Image

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.models import checkpoint
from forge_core.models.forge_cnn import ForgeCNN
from forge_core.models.model_card import ModelCard


@pytest.fixture(scope="session")
def checkpoint_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ForgeCNN that tells red, green and blue pictures apart."""
    torch.manual_seed(0)
    transform = EvalTransform(resize=20, crop=16)
    model = ForgeCNN(3, input_size=16)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    labels = torch.arange(24) % 3
    for _ in range(12):
        pixels = torch.randint(0, 90, (24, 3, 20, 20))
        pixels[torch.arange(24), labels] += 150
        inputs = transform.finish(pixels.to(torch.uint8))
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
    card = ModelCard(
        architecture="forge_cnn",
        class_names=("red", "green", "blue"),
        label_ids=(1, 2, 3),
        eval_transform=transform,
        run_id=12,
    )
    path = tmp_path_factory.mktemp("checkpoint") / "best.safetensors"
    checkpoint.save_checkpoint(path, model, card)
    return path


@pytest.fixture
def make_png() -> Callable[..., bytes]:
    """Make the bytes of a one-coloured PNG."""

    def make(color: str, size: tuple[int, int] = (30, 20)) -> bytes:
        buffer = BytesIO()
        Image.new("RGB", size, color).save(buffer, "PNG")
        return buffer.getvalue()

    return make


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
