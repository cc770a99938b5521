"""The whole loop speaks to nobody: no name is looked up, nothing leaves the machine.

What runs in this process is watched by a hook of the interpreter. An import reads TIFF, and files
by the thousand, in processes of their own; a supervisor starts a process for each job. These get
the same hook through the environment: the readers here, supervisor and worker in `test_train`. Not
looked at: the page's server (journeys run it), several processes that train one run together (they
meet on the loopback), and clusters.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from forge_core.serving import http
from forge_core.serving.service import Service
from forge_core.workspace import Workspace
from tests import arrange
from tests.forge_core.cli.commands import forge
from tests.forge_core.handlers import running
from tests.forge_core.serving.loopback import sitecustomize

_watched: list[list[object]] = []
"""Of each test that watches what it saw; a hook of the interpreter cannot be taken away again."""


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    stranger = sitecustomize.find_stranger(event, arguments) if _watched else None
    if stranger is not None:
        _watched[-1].append(stranger)


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


def test_import_train_evaluate_and_predict__connect_to_nobody(
    strangers: list[object],
    watched_processes: Callable[[], list[str]],
    no_supervisor: None,
    sqlite_workspace: Workspace,
    tmp_path: Path,
) -> None:
    where = ["-w", sqlite_workspace.folder]
    folder = tmp_path / "images"
    for split, number in (("train", 6), ("val", 2)):
        for name in ("circle", "square"):
            (folder / split / name).mkdir(parents=True)
            for seed in range(number):
                path = folder / split / name / f"{seed}.{'png' if seed else 'tiff'}"
                arrange.draw_image(name, 100 * number + seed).save(path)
    assert forge("import", folder, *where).exit_code == 0
    assert len(arrange.list_all(sqlite_workspace)) == 16
    assert any("reader_processes" in line for line in watched_processes())
    run = running.start(sqlite_workspace, scratch_epochs=1)
    running.run_here(sqlite_workspace, running.train_job(sqlite_workspace, run.run_id).job_id)
    told = forge("evaluate", run.run_id, "--split", "val", *where)
    assert told.exit_code == 0, told.stderr
    told = forge("predict", run.run_id, folder / "val" / "circle" / "1.png", *where)
    assert told.exit_code == 0, told.stderr
    assert strangers == []
