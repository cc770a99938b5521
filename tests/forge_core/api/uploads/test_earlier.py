"""Files that an upload brought before its tab was reloaded are not sent again."""

import os
import time

import pytest
from starlette.testclient import TestClient

from forge_core.catalog.importing.uploads import earlier, upload_plan, uploads
from forge_core.catalog.importing.uploads.earlier import WantedFile
from forge_core.catalog.importing.uploads.uploads import Part
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.forge_core.api.conftest import ACTOR

CHANGED = 1_700_000_000_123
LATER = 2 * earlier.QUIET_SECONDS


@pytest.fixture
def workspace(sqlite_workspace: Workspace) -> Workspace:
    """On SQLite alone: uploads are files."""
    return sqlite_workspace


def sent(path: str, data: bytes, modified_ms: int = CHANGED) -> Part:
    return Part(path=path, offset=0, data=memoryview(data), modified_ms=modified_ms)


def wanted(path: str, size_bytes: int, modified_ms: int = CHANGED) -> dict[str, object]:
    return {"path": path, "size": size_bytes, "modified": modified_ms}


def leave(workspace: Workspace, upload_id: str) -> None:
    """As if nothing had come for a while."""
    past = time.time() - LATER
    os.utime(uploads.root_of(workspace) / upload_id, (past, past))


@pytest.fixture
def cut(workspace: Workspace) -> str:
    """An upload of five files of which three came, one of them in part; its tab is gone."""
    upload_id = uploads.begin(workspace, ACTOR, num_files=5, size_bytes=100)
    parts = [sent("a/1.png", b"one"), sent("a/2.png", b"two"), sent("a/big.png", b"begin")]
    assert uploads.store(workspace, ACTOR, upload_id, parts) == []
    leave(workspace, upload_id)
    return upload_id


def test_the_same_folder_again__only_the_rest_is_sent(
    workspace: Workspace, browser: TestClient, cut: str
) -> None:
    told = earlier.find_cut(workspace, ACTOR)
    assert told is not None
    assert (told.upload_id, told.name, told.num_here, told.num_asked) == (cut, "a", 3, 5)
    begun = browser.post("/uploads", json={"num_files": 5, "size_bytes": 100}).json()
    assert begun["has_earlier"]
    upload_id = begun["upload_id"]
    files = [
        wanted("a/1.png", 3),
        wanted("a/2.png", 3, CHANGED + 1),  # changed since
        wanted("a/3.png", 5),  # never came
        wanted("a/big.png", 9),  # its end is missing
        wanted("../owner.json", 7),
    ]
    answer = browser.post(f"/uploads/{upload_id}/adopt", json={"files": files})
    assert answer.json() == {"arrived": {"a/1.png": 3, "a/big.png": 5}}
    rest = [
        sent("a/2.png", b"TWO", CHANGED + 1),
        sent("a/3.png", b"three"),
        Part(path="a/big.png", offset=5, data=memoryview(b" end"), modified_ms=CHANGED),
    ]
    assert uploads.store(workspace, ACTOR, upload_id, rest) == []
    answer = browser.post(f"/uploads/{upload_id}/finish", json={"unreadable": []})
    assert answer.json() == {"num_files": 4}
    assert earlier.find_cut(workspace, ACTOR) is None, "what was taken over is removed"
    plan = upload_plan.prepare(workspace, upload_id, actor=ACTOR)
    found = {path.name: path.read_bytes() for path in plan.folder.rglob("*.png")}
    expected = {"1.png": b"one", "2.png": b"TWO", "3.png": b"three", "big.png": b"begin end"}
    assert found == expected


def test_an_upload_that_another_tab_still_sends__keeps_its_files_and_is_not_told_of(
    workspace: Workspace, cut: str
) -> None:
    (uploads.root_of(workspace) / cut).touch()
    assert earlier.find_cut(workspace, ACTOR) is None
    upload_id = uploads.begin(workspace, ACTOR, num_files=2, size_bytes=12)
    files = [
        WantedFile(path="a/1.png", size_bytes=3, modified_ms=CHANGED),
        WantedFile(path="a/big.png", size_bytes=9, modified_ms=CHANGED),
    ]
    assert earlier.adopt(workspace, ACTOR, upload_id, files) == {"a/1.png": 3}
    uploads.finish(workspace, ACTOR, upload_id)
    earlier.remove_adopted(workspace, ACTOR, upload_id)
    paths = ["a/1.png", "a/2.png", "a/big.png"]
    assert uploads.arrived(workspace, ACTOR, cut, paths) == dict(zip(paths, (3, 3, 5), strict=True))


def test_what_another_person_sent__is_nobody_elses(workspace: Workspace, cut: str) -> None:
    other = Actor("bob")
    assert earlier.find_cut(workspace, other) is None
    upload_id = uploads.begin(workspace, other, num_files=1, size_bytes=3)
    files = [WantedFile(path="a/1.png", size_bytes=3, modified_ms=CHANGED)]
    assert earlier.adopt(workspace, other, upload_id, files) == {}


@pytest.mark.parametrize(
    "files", [1, [1], [{"path": 1, "size": 1, "modified": 1}], [{"path": "a", "size": -1}]]
)
def test_adopt__what_names_no_files_is_refused(browser: TestClient, files: object) -> None:
    begun = browser.post("/uploads", json={"num_files": 1, "size_bytes": 1}).json()
    answer = browser.post(f"/uploads/{begun['upload_id']}/adopt", json={"files": files})
    assert answer.status_code == 400, answer.text


def test_has_earlier__only_where_something_is_unfinished(browser: TestClient) -> None:
    asked = {"num_files": 1, "size_bytes": 1}
    told = [browser.post("/uploads", json=asked).json()["has_earlier"] for _ in range(2)]
    assert told == [False, True]
