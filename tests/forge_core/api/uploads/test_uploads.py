"""Files that come in batches: what arrives, what is refused, and what a cut leaves."""

import errno
import io
import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from forge_core.api import endpoints
from forge_core.api.uploads import MAX_PARTS_BYTES
from forge_core.catalog.importing import import_plan, import_requests
from forge_core.catalog.importing.uploads import left_behind, upload_plan, uploads
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests import arrange
from tests.forge_core.api.conftest import ACTOR

LATER = 2 * left_behind.STALE_SECONDS


def begin(browser: TestClient, num_files: int = 1, size_bytes: int = 1) -> str:
    answer = browser.post("/uploads", json={"num_files": num_files, "size_bytes": size_bytes})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["upload_id"])


def frame(parts: Sequence[tuple[str, int, bytes]]) -> bytes:
    listed = [{"path": path, "offset": at, "size": len(data)} for path, at, data in parts]
    text = json.dumps(listed).encode()
    return len(text).to_bytes(4, "big") + text + b"".join(data for _, _, data in parts)


def send(browser: TestClient, upload_id: str, *parts: tuple[str, int, bytes]):
    return browser.post(f"/uploads/{upload_id}/parts", content=frame(parts))


def finish(browser: TestClient, upload_id: str, unreadable: Sequence[str] = ()):
    return browser.post(f"/uploads/{upload_id}/finish", json={"unreadable": list(unreadable)})


def files_of(folder: Path) -> list[tuple[str, int, bytes]]:
    return [
        (f"{folder.name}/{path.relative_to(folder).as_posix()}", 0, path.read_bytes())
        for path in sorted(folder.rglob("*.png"))
    ]


def cached(workspace: Workspace) -> list[Path]:
    """Every file of uploads and stagings that is left."""
    folders = (workspace.cache_folder / name for name in ("uploads", "staging"))
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def workspace(sqlite_workspace: Workspace) -> Workspace:
    """On SQLite alone: uploads are files, and imports are tested on both databases."""
    return sqlite_workspace


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    """Six drawn images of three classes."""
    return arrange.draw_folder(tmp_path / "shapes", per_class=2)


def test_folder__in_two_batches_becomes_a_plan_named_after_it(workspace, browser, shapes):
    files = files_of(shapes)
    upload_id = begin(browser, len(files), 1000)
    assert send(browser, upload_id, *files[:4]).json() == {"refused": []}
    assert send(browser, upload_id, *files[4:]).json() == {"refused": []}
    assert finish(browser, upload_id).json() == {"num_files": 6}
    plan = upload_plan.prepare(workspace, upload_id, actor=ACTOR)
    assert plan.source_dataset == "shapes"
    assert plan.classes == {"circle": 2, "square": 2, "stripe": 2}
    assert plan.staging_folder is not None
    assert {path.read_bytes() for path in plan.folder.rglob("*.png")} == {d for _, _, d in files}
    assert not any((workspace.cache_folder / "uploads").iterdir())
    import_plan.discard(plan)
    assert cached(workspace) == []


def test_archive__that_comes_in_pieces_is_unpacked(workspace, browser, shapes):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        for path, _, data in files_of(shapes):
            target.writestr(path, data)
    data = archive.getvalue()
    upload_id = begin(browser)
    for at in range(0, len(data), 500):
        assert send(browser, upload_id, ("a.zip", at, data[at : at + 500])).status_code == 200
    finish(browser, upload_id)
    plan = upload_plan.prepare(workspace, upload_id, actor=ACTOR)
    assert (plan.source_dataset, plan.num_images) == ("a", 6)
    import_plan.discard(plan)
    assert cached(workspace) == []


def test_cut__what_has_arrived_is_told_and_the_same_part_may_come_again(workspace, browser):
    upload_id = begin(browser)
    send(browser, upload_id, ("a.png", 0, b"0123"), ("b.png", 0, b"b"))
    send(browser, upload_id, ("a.png", 2, b"2345"))
    paths = ["a.png", "b.png", "never.png", "../../owner.json"]
    answer = browser.post(f"/uploads/{upload_id}/arrived", json={"paths": paths})
    assert answer.json() == {
        "arrived": {"a.png": 6, "b.png": 1, "never.png": 0, "../../owner.json": 0}
    }
    behind = send(browser, upload_id, ("a.png", 7, b"7"))
    assert behind.status_code == 409
    assert "has 6 bytes here" in behind.json()["message"]
    stored = workspace.cache_folder / "uploads" / upload_id / "files"
    assert (stored / "a.png").read_bytes() == b"012345"
    assert finish(browser, upload_id).json() == finish(browser, upload_id).json()
    assert send(browser, upload_id, ("c.png", 0, b"c")).status_code == 409


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../../../outside.png", "outside"),
        ("/etc/outside.png", "outside"),
        ("C:\\outside.png", "outside"),
        ("a//b.png", "bad_name"),
        ("", "bad_name"),
        ("line\nbreak.png", "bad_name"),
        (f"{'x' * 300}.png", "bad_name"),
        ("taken/below.png", "bad_name"),
    ],
)
def test_names__that_cannot_be_taken_are_reported_and_harm_no_other(
    workspace, browser, shapes, path, reason
):
    upload_id = begin(browser)
    parts = [*files_of(shapes), ("taken", 0, b"a file"), (path, 0, b"x")]
    refused = send(browser, upload_id, *parts).json()["refused"]
    assert [problem["reason"] for problem in refused] == [reason]
    send(browser, upload_id, (path, 0, b"x"))  # the same again is told once
    finish(browser, upload_id, unreadable=["shapes/gone.png"])
    assert not [path for path in cached(workspace) if "outside" in path.name]
    plan = upload_plan.prepare(workspace, upload_id, actor=ACTOR)
    assert plan.num_images == 6
    assert [problem.reason for problem in plan.problems][:2] == [reason, "unreadable"]
    import_plan.discard(plan)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xff\xff\xff[]",
        b"\x00\x00\x00\x02[]rest",
        b"\x00\x00\x00\x02{}",
        frame([("a.png", 0, b"four")])[:-1],
        frame([("a.png", -1, b"four")]),
        frame([("a\0.png", 0, b"four")]),
    ],
)
def test_parts__that_are_not_laid_out_so_are_refused_whole(workspace, browser, body):
    upload_id = begin(browser)
    assert browser.post(f"/uploads/{upload_id}/parts", content=body).status_code == 400
    assert not any((workspace.cache_folder / "uploads" / upload_id / "files").iterdir())


def test_parts__larger_than_a_request_may_be_are_refused(browser):
    upload_id = begin(browser)
    assert send(browser, upload_id, ("a", 0, bytes(MAX_PARTS_BYTES))).status_code == 413


def test_access__needs_a_write_token_and_nobody_else_goes_on(workspace, browser, shapes):
    upload_id = begin(browser)
    token = browser.headers.pop(endpoints.TOKEN_HEADER)
    assert browser.post("/uploads", json={"num_files": 1, "size_bytes": 1}).status_code == 401
    assert send(browser, upload_id, ("a.png", 0, b"a")).status_code == 401
    browser.headers[endpoints.TOKEN_HEADER] = endpoints.mint_token(workspace, Actor("mallory"))
    assert send(browser, upload_id, ("a.png", 0, b"a")).status_code == 404
    assert finish(browser, upload_id).status_code == 404
    browser.post(f"/uploads/{upload_id}/cancel", json={})
    browser.headers[endpoints.TOKEN_HEADER] = token
    assert send(browser, upload_id, *files_of(shapes)).status_code == 200
    finish(browser, upload_id)
    with pytest.raises(NotFound):
        upload_plan.prepare(workspace, upload_id, actor=Actor("mallory"))
    with pytest.raises(InvalidInput, match="not the id"):
        upload_plan.prepare(workspace, "../imports", actor=ACTOR)
    upload_plan.prepare(workspace, upload_id, actor=ACTOR)


def test_limits__of_the_operator_hold_for_what_is_said_and_for_what_comes(workspace, browser):
    object.__setattr__(workspace.settings, "max_archive_files", 2)
    object.__setattr__(workspace.settings, "max_archive_bytes", 100)
    for number, size in ((3, 1), (1, 101)):
        said = browser.post("/uploads", json={"num_files": number, "size_bytes": size})
        assert said.status_code == 400
        assert "at once" in said.json()["message"]
    upload_id = begin(browser)
    assert send(browser, upload_id, ("a", 0, b"a"), ("b", 0, b"b")).status_code == 200
    assert send(browser, upload_id, ("a", 0, b"again")).status_code == 200
    assert send(browser, upload_id, ("c", 0, b"c")).status_code == 400
    assert send(browser, upload_id, ("a", 5, bytes(100))).status_code == 400


def test_full_disk__is_told_in_words_before_and_while_files_come(workspace, browser, monkeypatch):
    object.__setattr__(workspace.settings, "max_archive_bytes", 2**70)
    before = browser.post("/uploads", json={"num_files": 1, "size_bytes": 2**60})
    assert before.status_code == 507
    assert "The disk of the uploads is full: 1,152,921,504.6 GB needed" in before.json()["message"]
    upload_id = begin(browser)
    send(browser, upload_id, ("a", 0, b"kept"))
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with monkeypatch.context() as patch:
        patch.setattr(uploads.local_files, "open_private", arrange_failure(full))
        during = send(browser, upload_id, ("b", 0, b"lost"))
    assert during.status_code == 507
    assert during.json()["next_step"] == "Free some space, then resume."
    assert send(browser, upload_id, ("b", 0, b"came")).status_code == 200


def arrange_failure(error: OSError):
    def fail(*_: object):
        raise error

    return fail


def test_unfinished__cannot_become_a_plan_and_cancel_removes_it(workspace, browser):
    upload_id = begin(browser)
    send(browser, upload_id, ("a.png", 0, b"a"))
    with pytest.raises(Conflict):
        upload_plan.prepare(workspace, upload_id, actor=ACTOR)
    for _ in range(2):
        assert browser.post(f"/uploads/{upload_id}/cancel", json={}).status_code == 200
    assert cached(workspace) == []
    assert send(browser, upload_id, ("a.png", 0, b"a")).status_code == 404


def test_nothing_found__is_refused_and_leaves_nothing(workspace, browser):
    upload_id = begin(browser)
    send(browser, upload_id, ("notes/a.txt", 0, b"a"))
    finish(browser, upload_id)
    with pytest.raises(InvalidInput, match="No image"):
        upload_plan.prepare(workspace, upload_id, actor=ACTOR)
    assert cached(workspace) == []


def test_stale__what_nobody_continues_goes_and_what_an_import_names_stays(
    workspace, browser, shapes
):
    plans = []
    for _ in range(2):
        upload_id = begin(browser)
        send(browser, upload_id, *files_of(shapes))
        finish(browser, upload_id)
        plans.append(upload_plan.prepare(workspace, upload_id, actor=ACTOR))
    import_requests.save(workspace, plans[0])
    left = begin(browser)
    now = (workspace.cache_folder / "uploads" / left).stat().st_mtime
    left_behind.remove_stale(workspace, workspace.cache_folder / "uploads", now=now + 60)
    assert plans[1].folder.exists()
    left_behind.remove_stale(workspace, workspace.cache_folder / "uploads", now=now + LATER)
    assert [plan.folder.exists() for plan in plans] == [True, False]
    assert send(browser, left, ("a.png", 0, b"a")).status_code == 404
