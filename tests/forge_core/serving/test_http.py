"""The service over HTTP: every way to send images, one shape of refusal, nothing of the catalog."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from forge_core.errors import CheckpointRejected, NotFound
from forge_core.inference.predictor import Predictor
from forge_core.models.checkpoints.golden_report import GoldenReport
from forge_core.serving import http, loading
from forge_core.serving.engines import Engine
from forge_core.serving.options import ServiceOptions
from forge_core.serving.service import Service

MakePng = Callable[..., bytes]
OpenService = Callable[..., Service]
PNGS = Path(__file__).parents[4] / "shared" / "data" / "bad_inputs" / "pillow_small_dev"


def post(client: TestClient, *files: tuple[str, bytes], **options: Any) -> httpx.Response:
    return client.post("/predict", files=[("file", file) for file in files], **options)


def as_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def best(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["probabilities"][0]["label_name"] for each in answer.json()["predictions"]]


def test_health_and_model__say_what_is_served(client: TestClient, engine: Engine) -> None:
    body = client.get("/health").json()
    assert body["status"] == "ok"
    assert body["architecture"] == "forge_cnn"
    assert body["run_id"] == 12
    assert body["checkpoint_sha256"] == engine.served.sha256
    assert body["golden"]["passed"] is True
    assert client.head("/health").status_code == 200
    told = client.get("/model").json()
    assert told["classes"] == ["red", "green", "blue"]
    assert told["card"]["eval_transform"]["crop"] == 16
    assert set(told["versions"]) >= {"torch", "torchvision", "pillow", "device"}


def test_ready__is_503_once_the_golden_predictions_do_not_hold_any_more(
    open_service: OpenService, make_png: MakePng, monkeypatch: pytest.MonkeyPatch, engine: Engine
) -> None:
    service = open_service()
    wrong = GoldenReport(0.5, argmax_equal=True, passed=False)
    with TestClient(http.create_app(service)) as client:
        assert client.get("/ready").status_code == 200
        with monkeypatch.context() as patched:
            patched.setattr(engine, "replay", lambda: wrong)
            assert client.portal is not None
            client.portal.call(service.model.prove)
        assert client.get("/health").status_code == 200
        for answer in (client.get("/ready"), post(client, ("a.png", make_png("red")))):
            assert answer.status_code == 503
            assert "as its checkpoint did when it was saved" in answer.json()["error"]["found"]
        assert "forge_golden_passed 0.0" in client.get("/metrics").text
        client.portal.call(service.model.prove)
        assert client.get("/ready").status_code == 200


def test_a_service_without_a_checkpoint_is_none(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"no")
    with pytest.raises(CheckpointRejected):
        Service(lambda: damaged, loading.load, ServiceOptions())
    with pytest.raises(NotFound):
        Service(lambda: tmp_path / "absent.safetensors", loading.load, ServiceOptions())


def test_predict__equals_the_predictor_and_says_where_it_comes_from(
    client: TestClient, checkpoint_path: Path, make_png: MakePng, engine: Engine
) -> None:
    data = make_png("teal", (33, 47))
    answer = post(client, ("a.png", data), headers={"X-Request-ID": "mine-1"})
    (served,) = answer.json()["predictions"]
    expected = Predictor.load(checkpoint_path, "cpu").predict(data)
    assert [entry["probability"] for entry in served["probabilities"]] == pytest.approx(
        [entry.probability for entry in expected.probabilities], abs=1e-6
    )
    assert (served["filename"], served["width"], served["height"]) == ("a.png", 33, 47)
    assert served["decision"] is None
    assert answer.json()["checkpoint_sha256"] == engine.served.sha256
    assert answer.headers["x-checkpoint-sha256"] == engine.served.sha256
    assert answer.headers["x-revision"] == "none"
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "mine-1"


def test_predict__takes_a_form_a_raw_body_and_json(client: TestClient, make_png: MakePng) -> None:
    red, blue = make_png("red"), make_png("blue")
    assert best(post(client, ("a.png", red), ("b.png", blue))) == ["red", "blue"]
    raw = client.post("/predict", content=blue, headers={"content-type": "image/png"})
    assert best(raw) == ["blue"]
    images = [as_base64(red), {"name": "b.png", "data": f"data:image/png;base64,{as_base64(blue)}"}]
    answer = client.post("/predict", json={"images": images, "top_k": 1})
    assert best(answer) == ["red", "blue"]
    second = answer.json()["predictions"][1]
    assert (second["filename"], len(second["probabilities"])) == ("b.png", 1)


def test_predict__several_files_with_a_bad_one(client: TestClient, make_png: MakePng) -> None:
    answer = post(client, ("a.png", make_png("red")), ("b.txt", b"text"), ("c", make_png("blue")))
    first, second, third = answer.json()["predictions"]
    assert first["probabilities"][0]["label_name"] == "red"
    assert second["error"]["reason"] == "not_an_image"
    assert third["probabilities"][0]["label_name"] == "blue"


def test_predict__top_k(client: TestClient, make_png: MakePng) -> None:
    answer = post(client, ("a.png", make_png("red")), params={"top_k": 1})
    assert len(answer.json()["predictions"][0]["probabilities"]) == 1
    for wrong in (0, 101, "x"):
        answer = post(client, ("a.png", make_png("red")), params={"top_k": wrong})
        assert answer.status_code == 422
        assert set(answer.json()["error"]) == {"asked", "found", "next_step", "request_id"}


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


def test_predict__bad_files_of_the_world_are_answered_or_refused_with_a_reason(
    client: TestClient,
) -> None:
    files = sorted(path for path in PNGS.rglob("*") if path.is_file())[::60]
    if not files:
        pytest.skip("the files of shared/data are not here")
    for path in files:
        answer = client.post("/predict", files={"file": (path.name, path.read_bytes()[:150_000])})
        assert answer.status_code in (200, 422), path.name
        assert answer.status_code == 200 or answer.json()["error"]["reason"], path.name


def test_predict__a_body_over_the_limit_is_413(client: TestClient) -> None:
    sent = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(50):
            sent += 10_000
            yield bytes(10_000)

    declared = post(client, ("big.png", bytes(200_001)))
    counted = client.post(
        "/predict", content=chunks(), headers={"content-type": "multipart/form-data; boundary=b"}
    )
    for answer in (declared, counted):
        assert answer.status_code == 413
        assert "200,000 bytes" in answer.json()["error"]["found"]
    assert sent > 200_000


@pytest.mark.parametrize(
    ("request_options", "status"),
    [
        ({}, 415),
        ({"content": b"raw bytes"}, 415),
        ({"files": {"picture": ("a.png", b"x")}}, 422),
        ({"data": {"file": "text, not a file"}}, 415),
        ({"content": b"--b\r\n", "headers": {"content-type": "multipart/form-data"}}, 400),
        ({"files": [("file", (f"{n}.png", b"x")) for n in range(65)]}, 400),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400),
        ({"json": {"images": []}}, 422),
        ({"json": ["images"]}, 422),
        ({"json": {"images": ["no base64!"]}}, 422),
        ({"json": {"images": [5]}}, 422),
        ({"json": {"images": ["AA=="] * 65}}, 422),
    ],
)
def test_predict__a_body_without_images_is_explained(
    client: TestClient, request_options: dict[str, Any], status: int
) -> None:
    answer = client.post("/predict", **request_options)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"asked", "found", "next_step", "request_id"}


def test_bodies__that_are_held_are_given_back(open_service: OpenService, make_png: MakePng) -> None:
    data = make_png("red", (60, 60))
    service = open_service(bodies_bytes=len(data) - 1)
    with TestClient(http.create_app(service)) as client:
        answer = client.post("/predict", content=data, headers={"content-type": "image/png"})
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "2"
        assert service.bodies.held_bytes == 0
        small = client.post("/predict", content=b"x", headers={"content-type": "image/png"})
        assert small.status_code == 422


def test_unknown_routes__get_the_same_shape(client: TestClient) -> None:
    for answer, status in ((client.get("/nothing"), 404), (client.get("/predict"), 405)):
        assert answer.status_code == status
        assert set(answer.json()["error"]) == {"asked", "found", "next_step", "request_id"}
    counted = client.get("/metrics").text
    assert 'forge_requests_total{route="other",status="404"} 1.0' in counted
    assert 'forge_requests_total{route="/predict",status="405"} 1.0' in counted


def test_what_nobody_foresaw__is_one_500_with_the_id_of_the_request(
    open_service: OpenService, monkeypatch: pytest.MonkeyPatch, make_png: MakePng, engine: Engine
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(engine, "answer", fail)
    with TestClient(http.create_app(open_service())) as client:
        answer = post(client, ("a.png", make_png("red")))
    assert answer.status_code == 500
    assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in answer.text


def test_descriptions__name_every_route_and_load_nothing_from_elsewhere(
    client: TestClient,
) -> None:
    document, page = client.get("/openapi.json").json(), client.get("/docs").text
    for endpoint in http.ENDPOINTS:
        if endpoint.path not in ("/", "/docs", "/openapi.json"):
            assert endpoint.method.lower() in document["paths"][endpoint.path]
            assert endpoint.path in page
    assert "http" not in page.replace("http-equiv", "")
    assert "POST /predict" in client.get("/").json()["predict"]


def test_cors__only_the_named_origins_may_read(open_service: OpenService) -> None:
    service = open_service(cors="https://shop.example")
    with TestClient(http.create_app(service)) as client:
        allowed = client.get("/health", headers={"origin": "https://shop.example"})
        other = client.get("/health", headers={"origin": "https://other.example"})
    assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-origin" not in other.headers
