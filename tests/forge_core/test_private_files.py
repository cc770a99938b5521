"""What lies in a workspace is for its owner alone: folders 0700, files 0600, whatever the umask.

What jobs, the web server and their processes write is looked at in `tests/test_wheel.py`.
"""

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.records import AssetFilter
from forge_core import local_files, workspace
from forge_core.backup import making
from forge_core.catalog.export import exports, kept_exports
from forge_core.catalog.importing import import_requests
from forge_core.catalog.importing.uploads import upload_plan
from forge_core.demo import downloads
from forge_core.settings import Settings
from forge_core.workspace import Workspace
from tests import arrange


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """Whatever does not say for whom it is would be for everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Workspace]:
    made = workspace.open_workspace(Settings(workspace=tmp_path / "a" / "w", _env_file=None))
    yield made
    made.database.dispose()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def rights(folder: Path) -> dict[str, int]:
    return {path.relative_to(folder).as_posix(): mode(path) for path in folder.rglob("*")}


def open_to_others(folder: Path) -> dict[str, str]:
    return {name: oct(found) for name, found in rights(folder).items() if found & 0o077}


def test_open__lets_nobody_else_in(opened: Workspace) -> None:
    opened.store.add("one/picture.jpg", b"first")
    opened.store.write("two/picture.jpg", b"second")
    opened.secret("hmac")
    found = rights(opened.folder)
    assert {"forge.db", "forge.db-wal", "forge.db-shm", "logs", "runs", "cache"} <= set(found)
    assert {"assets/one/picture.jpg", "assets/two/picture.jpg", "secrets/hmac"} <= set(found)
    assert open_to_others(opened.folder) == {}
    assert mode(opened.folder) == 0o700


def test_open__leaves_the_rights_that_an_operator_gave(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    folder.mkdir()
    folder.chmod(0o750)
    made = workspace.open_workspace(Settings(workspace=folder, _env_file=None))
    made.database.dispose()
    assert mode(folder) == 0o750
    assert mode(folder / "forge.db") == 0o600


def test_imports_exports_and_backups__let_nobody_else_in(opened: Workspace, tmp_path: Path) -> None:
    arrange.make_catalog(opened, tmp_path / "drawn", train=2, val=1, test=1)
    picture = next((tmp_path / "drawn" / "train" / "circle").iterdir()).read_bytes()
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("cats/a.png", picture)
    for files in ([("cats/b.png", picture)], [("cats.zip", zipped.getvalue())]):
        plan = upload_plan.prepare_files(opened, files, source_dataset="camera")
        import_requests.save(opened, plan)
    image = arrange.draw_image("circle", 1)
    downloads.write_rows(opened.cache_folder / "demo" / "some", [(image, "circle", "train")])
    for name in ("csv", "folders"):
        kept_exports.make_export(opened, AssetFilter(), name)
    making.backup(opened, tmp_path / "backup", with_bytes=True)

    written = set(rights(opened.folder))
    assert any(name.startswith("cache/staging/") and name.endswith(".png") for name in written)
    assert any(name.startswith("cache/exports/") for name in written)
    assert any(name.startswith("cache/thumbnails") for name in written)
    assert any(name.startswith("imports/") for name in written)
    assert open_to_others(opened.folder) == {}
    assert "manifest.json" in rights(tmp_path / "backup")
    assert open_to_others(tmp_path / "backup") == {}
    assert mode(tmp_path / "backup") == 0o700


def test_export__to_a_place_of_a_person_is_as_their_umask_says(
    opened: Workspace, tmp_path: Path
) -> None:
    arrange.make_catalog(opened, tmp_path / "drawn", train=2, val=1, test=1)
    os.umask(0o022)
    exports.export(opened, tmp_path / "labels.csv", format_name="csv")
    assert mode(tmp_path / "labels.csv") == 0o644


def test_make_folder__makes_those_above_it_and_can_be_repeated(tmp_path: Path) -> None:
    for _ in range(2):
        local_files.make_folder(tmp_path / "one" / "two" / "three")
    assert rights(tmp_path) == dict.fromkeys(("one", "one/two", "one/two/three"), 0o700)


def test_make_folder__where_a_file_is_fails(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        local_files.make_folder(tmp_path / "file")
    with pytest.raises(NotADirectoryError):
        local_files.make_folder(tmp_path / "file" / "below")


def test_replace__leaves_the_old_file_when_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "file"
    local_files.replace(target, b"old")

    def no_room(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", no_room)
    with pytest.raises(OSError, match="No space"):
        local_files.replace(target, b"new", flushed=True)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
