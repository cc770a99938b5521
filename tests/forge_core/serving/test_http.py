"""The service: healthy only when proven, clear answers for any request, nothing of the catalog."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from starlette.testclient import TestClient

from forge_core.imaging.decode import DecodeLimits
from forge_core.inference.prediction import Prediction
from forge_core.inference.predictor import Predictor
from forge_core.models.checkpoints import checkpoint, proof
from forge_core.serving import http

MakePng = Callable[..., bytes]

# Makes everything that the service must do without unimportable, then runs it as a person would.
WITHOUT_THE_REST = """
import sys
sys.modules.update(dict.fromkeys({blocked}))
from forge_core.serving import http
http.main(sys.argv[1:])
"""
BLOCKED = {"sqlalchemy", "streamlit", "pandas", "alembic", "psycopg", "pydantic_settings", "db"}


def wait_until_loaded(client: TestClient) -> httpx.Response:
    """The first answer of /health that does not say "loading"."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = client.get("/health")
        if answer.json()["status"] != "loading":
            return answer
        time.sleep(0.02)
    raise AssertionError("the service is still loading")


@pytest.fixture
def client(checkpoint_path: Path) -> Iterator[TestClient]:
    app = http.create_app(
        checkpoint_path, "cpu", limits=DecodeLimits(max_pixels=250_000), max_body_bytes=200_000
    )
    with TestClient(app) as running:
        wait_until_loaded(running)
        yield running


def post(client: TestClient, *files: tuple[str, bytes], **options: Any) -> httpx.Response:
    return client.post("/predict", files=[("file", file) for file in files], **options)


def test_health__says_what_is_served(client: TestClient, checkpoint_path: Path) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "ok"
    assert body["architecture"] == "forge_cnn"
    assert body["classes"] == ["red", "green", "blue"]
    assert body["run_id"] == 12
    assert body["checkpoint_sha256"] == checkpoint.load_checkpoint(checkpoint_path).sha256
    assert body["golden"]["passed"] is True
    assert body["golden"]["argmax_equal"] is True
    assert body["golden"]["max_relative_difference"] <= 1e-3
    assert body["versions"]["torch"] == torch.__version__
    assert body["versions"]["device"] == "cpu"
    assert body["golden"]["pixels_equal"] is True
    assert body["note"] == ""
    assert set(body["versions"]) >= {"torch", "torchvision", "pillow", "cuda", "cudnn"}


def test_health__is_503_before_the_network_is_loaded(
    checkpoint_path: Path, make_png: MakePng
) -> None:
    starting = TestClient(http.create_app(checkpoint_path))  # its start has not run yet
    answer = starting.get("/health")
    assert (answer.status_code, answer.json()) == (503, {"status": "loading"})
    answer = post(starting, ("a.png", make_png("red")))
    assert answer.status_code == 503
    assert answer.json()["error"]["found"] == "The network is not ready."


def test_health__is_503_when_golden_predictions_fail(
    checkpoint_path: Path, tmp_path: Path, make_png: MakePng
) -> None:
    altered = tmp_path / "altered.safetensors"
    tensors = {name: tensor.clone() for name, tensor in load_file(checkpoint_path).items()}
    tensors["model.head.3.bias"][0] += 5
    with safe_open(checkpoint_path, framework="pt") as file:
        metadata = file.metadata()
    save_file(tensors, altered, metadata | proof.seal(metadata[checkpoint.CARD_KEY], tensors))
    with TestClient(http.create_app(altered, "cpu")) as running:
        answer = wait_until_loaded(running)
        assert answer.status_code == 503
        assert answer.json()["status"] == "failed"
        assert "does not answer here as it did when it was saved" in answer.json()["error"]["found"]
        assert post(running, ("a.png", make_png("red"))).status_code == 503


@pytest.mark.parametrize("device", ["cpu", "cuda:99"])
def test_health__is_503_when_nothing_can_be_loaded(tmp_path: Path, device: str) -> None:
    with TestClient(http.create_app(tmp_path / "absent.safetensors", device)) as running:
        answer = wait_until_loaded(running)
    assert answer.status_code == 503
    assert answer.json()["error"]["next_step"]


def test_predict__one_file(client: TestClient, make_png: MakePng) -> None:
    answer = post(client, ("leaf.png", make_png("lime", (30, 20))))
    assert answer.status_code == 200
    (prediction,) = answer.json()["predictions"]
    assert prediction["filename"] == "leaf.png"
    assert (prediction["width"], prediction["height"]) == (30, 20)
    assert prediction["latency_ms"] > 0
    assert [set(entry) for entry in prediction["probabilities"]] == [
        {"label_name", "probability"}
    ] * 3
    assert prediction["probabilities"][0]["label_name"] == "green"


def test_predict__equals_the_predictor(
    client: TestClient, checkpoint_path: Path, make_png: MakePng
) -> None:
    data = make_png("teal", (33, 47))
    served = post(client, ("a.png", data)).json()["predictions"][0]["probabilities"]
    answer = Predictor.load(checkpoint_path, "cpu").predict(data)
    assert isinstance(answer, Prediction)
    assert [entry["probability"] for entry in served] == pytest.approx(
        [entry.probability for entry in answer.probabilities], abs=1e-6
    )


def test_predict__several_files_with_a_bad_one(client: TestClient, make_png: MakePng) -> None:
    answer = post(client, ("a.png", make_png("red")), ("b.txt", b"text"), ("c", make_png("blue")))
    assert answer.status_code == 200
    first, second, third = answer.json()["predictions"]
    assert first["probabilities"][0]["label_name"] == "red"
    assert second["error"]["reason"] == "not_an_image"
    assert third["probabilities"][0]["label_name"] == "blue"


def test_predict__top_k(client: TestClient, make_png: MakePng) -> None:
    answer = post(client, ("a.png", make_png("red")), params={"top_k": 1})
    assert len(answer.json()["predictions"][0]["probabilities"]) == 1
    assert post(client, ("a.png", make_png("red")), params={"top_k": 0}).status_code == 422
    assert post(client, ("a.png", make_png("red")), params={"top_k": "x"}).status_code == 422


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "empty"), (b"text", "not_an_image"), (None, "too_many_pixels")]
)
def test_predict__a_bad_image_is_a_clear_422(
    client: TestClient, make_png: MakePng, data: bytes | None, reason: str
) -> None:
    answer = post(client, ("x.png", make_png("red", (600, 600)) if data is None else data))
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["asked"] == "a prediction for x.png"
    assert error["found"]
    assert error["next_step"]
    assert error["reason"] == reason


def test_predict__a_body_over_the_limit_is_413(client: TestClient) -> None:
    answer = post(client, ("big.png", bytes(200_001)))
    assert answer.status_code == 413
    assert "200,000 bytes" in answer.json()["error"]["found"]


def test_predict__a_body_of_unknown_length_is_counted(client: TestClient) -> None:
    sent = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(50):
            sent += 10_000
            yield bytes(10_000)

    answer = client.post(
        "/predict", content=chunks(), headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert answer.status_code == 413
    assert sent > 200_000


@pytest.mark.parametrize(
    ("request_options", "status"),
    [
        ({}, 422),
        ({"content": b"raw bytes"}, 422),
        ({"files": {"picture": ("a.png", b"x")}}, 422),
        ({"data": {"file": "text, not a file"}}, 422),
        (
            {"content": b"--b\r\n", "headers": {"content-type": "multipart/form-data"}},
            400,
        ),
        ({"files": [("file", (f"{n}.png", b"x")) for n in range(http.MAX_FILES + 1)]}, 400),
    ],
)
def test_predict__a_form_without_files_is_explained(
    client: TestClient, request_options: dict[str, Any], status: int
) -> None:
    answer = client.post("/predict", **request_options)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"asked", "found", "next_step"}
    assert "multipart/form-data" in answer.json()["error"]["next_step"]


def test_info__says_how_to_ask(client: TestClient) -> None:
    assert "POST /predict" in client.get("/").json()["predict"]


@pytest.mark.process
def test_main__runs_without_database_pages_and_settings(
    checkpoint_path: Path,
    make_png: MakePng,
    free_port: int,
    run_service: Callable[..., str],
) -> None:
    program = WITHOUT_THE_REST.format(blocked=BLOCKED)
    options = ["--checkpoint", str(checkpoint_path), "--port", str(free_port), "--device", "cpu"]
    url = run_service([sys.executable, "-c", program, *options], cwd=Path(__file__).parents[3])
    answer = httpx.post(
        f"{url}/predict", files={"file": ("a.png", make_png("blue"))}, trust_env=False, timeout=60
    )
    assert answer.json()["predictions"][0]["probabilities"][0]["label_name"] == "blue"
