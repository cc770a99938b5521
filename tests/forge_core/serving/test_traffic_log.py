"""The log of traffic: what is kept of an answer, its bounds, and that it is never in the way."""

import errno
import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from forge_core import local_files
from forge_core.errors import InvalidInput
from forge_core.imaging.decode import DEFAULT_LIMITS
from forge_core.inference.predictor import Predictor
from forge_core.serving import http
from forge_core.serving.options import ServiceOptions
from forge_core.serving.service import Service
from forge_core.serving.traffic import parts, rows
from forge_core.serving.traffic.rows import LoggedAnswer, LoggedCheckpoint

MakePng = Callable[..., bytes]
OpenService = Callable[..., Service]


def ask(client: TestClient, *files: bytes) -> list[dict[str, Any]]:
    sent = [("file", (f"{place}.png", data)) for place, data in enumerate(files)]
    answer = client.post("/predict", params={"top_k": 1}, files=sent)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["predictions"]
    return found


def read(folder: Path) -> list[LoggedCheckpoint | LoggedAnswer]:
    lines = [line for part in parts.list_parts(folder) for line in part.open("rb")]
    return [rows.read_line(line) for line in lines]


def test_an_answer_is_logged__with_its_embedding_and_without_the_picture(
    open_service: OpenService, make_png: MakePng, tmp_path: Path, checkpoint_path: Path
) -> None:
    data = make_png((200, 20, 20))
    with TestClient(http.create_app(open_service(traffic_log=str(tmp_path / "log")))) as client:
        (told,) = ask(client, data)
        assert client.get("/model").json()["traffic_log"] == {"pictures": "no"}
    assert "embedding" not in told
    checkpoint, answer = read(tmp_path / "log")
    assert isinstance(checkpoint, LoggedCheckpoint)
    assert isinstance(answer, LoggedAnswer)
    assert checkpoint.class_names == ("red", "green", "blue")
    assert (checkpoint.run_id, checkpoint.sha256) == (12, answer.checkpoint_sha256)
    assert answer.image_sha256 == hashlib.sha256(data).hexdigest()
    best = told["probabilities"][0]
    assert (answer.label_name, answer.confidence) == (
        best["label_name"], pytest.approx(best["probability"], abs=1e-6),
    )  # fmt: skip
    assert len(answer.probabilities) == 3
    assert answer.probabilities.sum() == pytest.approx(1, abs=2e-3)
    predictor = Predictor.load(checkpoint_path, "cpu")
    prepared = predictor.prepare(data, DEFAULT_LIMITS)
    features = predictor.answer_with_features([prepared], 1)[1][0]  # type: ignore[list-item]
    np.testing.assert_allclose(answer.embedding, features.numpy(), rtol=2e-3, atol=1e-3)
    assert not list((tmp_path / "log").glob("*.pictures"))
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0


def test_pictures_are_kept__where_that_is_allowed(
    open_service: OpenService, make_png: MakePng, tmp_path: Path
) -> None:
    data = make_png((20, 200, 20))
    service = open_service(traffic_log=str(tmp_path), traffic_log_pictures="yes")
    with TestClient(http.create_app(service)) as client:
        ask(client, data, data)
    (part,) = parts.list_parts(tmp_path)
    (picture,) = parts.pictures_of(part).iterdir()
    assert picture.read_bytes() == data
    assert picture.name == hashlib.sha256(data).hexdigest()
    assert [each.has_picture for each in read(tmp_path) if isinstance(each, LoggedAnswer)] == [
        True, True,
    ]  # fmt: skip


def test_a_full_disk__fails_no_answer_and_is_counted_and_said(
    open_service: OpenService,
    make_png: MakePng,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(local_files, "open_private", refuse)
    service = open_service(traffic_log=str(tmp_path))
    with (
        caplog.at_level(logging.ERROR),
        TestClient(http.create_app(service)) as client,
    ):
        ask(client, make_png((20, 20, 200)), make_png((20, 200, 20)))
    assert 'forge_traffic_rows_total{result="failed"} 2.0' in service.metrics.text().decode()
    assert caplog.text.count("No space left on device; answers go on") == 1
    assert read(tmp_path) == []


def test_what_the_log_cannot_keep_up_with__is_dropped_and_counted(
    open_service: OpenService, tmp_path: Path
) -> None:
    service = open_service(traffic_log=str(tmp_path))
    assert service.traffic is not None  # not started: nothing is taken out of its queue
    served = service.model.engine.served
    for _ in range(5):
        service.traffic.show("r", bytes(20 * 2**20), None, served)  # type: ignore[arg-type]
    assert 'forge_traffic_rows_total{result="dropped"} 2.0' in service.metrics.text().decode()


def test_the_log_stays_within_its_bounds__oldest_parts_go_with_their_pictures(
    tmp_path: Path,
) -> None:
    made = []
    for place in range(3):
        part = parts.new_path(tmp_path)
        part.write_bytes(bytes(100))
        parts.pictures_of(part).mkdir()
        (parts.pictures_of(part) / "x").write_bytes(bytes(900))
        os.utime(part, (place, place) if place == 1 else None)
        made.append(part)
    assert parts.remove_beyond(tmp_path, 2_000) == 2_000
    assert parts.list_parts(tmp_path) == made[1:]
    parts.remove_old(tmp_path, 30)  # the second was last written to in 1970
    assert parts.list_parts(tmp_path) == made[2:]
    assert [path.name for path in tmp_path.glob("*.pictures")] == [
        parts.pictures_of(made[2]).name,
    ]  # fmt: skip


def test_a_torn_line_is_no_answer() -> None:
    with pytest.raises(ValueError, match="Unterminated"):
        rows.read_line(b'{"time": "2026-11-30T10:0')
    with pytest.raises(ValueError, match="no line of a log"):
        rows.read_line(b'["a"]')


def test_a_folder_that_cannot_be_used_ends_the_start(
    open_service: OpenService, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="cannot be written"):
        open_service(traffic_log=str(tmp_path / "file"))
    with pytest.raises(InvalidInput, match="TRAFFIC_LOG_PICTURES"):
        ServiceOptions(traffic_log_pictures="maybe")
