"""Files that came through the browser's upload, on Import and on the gallery.

How they come is shown by tests/javascript/upload.test.js and tests/journeys.
"""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from forge_core.catalog.importing.uploads import uploads
from forge_core.catalog.importing.uploads.uploads import Part
from forge_core.catalog.listing import asset_list
from forge_core.jobs import queue
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from pages.components.importing.upload import upload
from pages.components.importing.upload.upload import Told
from tests import arrange, ending
from tests.pages.test_import_export_page import PAGE, PATH, run_import
from tests.pages.visiting import primary, visit, words

pytestmark = pytest.mark.process


@pytest.fixture
def workspace(sqlite_workspace: Workspace) -> Iterator[Workspace]:
    """Jobs run for real here; their supervisor ends with the test."""
    yield sqlite_workspace
    ending.end_jobs(sqlite_workspace)


def files_of(folder: Path) -> list[tuple[str, bytes]]:
    return [
        (f"{folder.name}/{path.relative_to(folder).as_posix()}", path.read_bytes())
        for path in sorted(folder.rglob("*.png"))
    ]


@pytest.fixture
def drop(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Send files as the browser does, and let the page hear of it once."""
    actor = Actor.of_process(workspace)

    def send(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
        size_bytes = sum(len(data) for _, data in files)
        upload_id = uploads.begin(workspace, actor, num_files=len(files), size_bytes=size_bytes)
        parts = [Part(path=path, offset=0, data=memoryview(data)) for path, data in files]
        assert uploads.store(workspace, actor, upload_id, parts) == []
        uploads.finish(workspace, actor, upload_id)
        say(app, Told(is_begun=True))
        return say(app, Told(upload_id=upload_id))

    def say(app: AppTest, told: Told) -> AppTest:
        said = [told]
        with monkeypatch.context() as patch:
            patch.setattr(upload, "show", lambda **_: said.pop() if said else Told())
            return app.run()

    return send


def test_dropped_folder__is_looked_at_once_and_named_after_itself(
    workspace: Workspace, tmp_path: Path, drop: Callable[..., AppTest]
):
    folder = arrange.draw_folder(tmp_path / "shapes", per_class=2)
    app = drop(visit(PAGE), *files_of(folder))
    assert "6 images · 3 classes" in words(app)
    assert app.text_input[-1].value == "shapes"
    staged = list((workspace.cache_folder / "staging").iterdir())
    app.run()
    assert list((workspace.cache_folder / "staging").iterdir()) == staged


def test_dropped_folder__another_way_or_another_drop_lets_it_go(
    workspace: Workspace, tmp_path: Path, drop: Callable[..., AppTest]
):
    first = arrange.draw_folder(tmp_path / "shapes", per_class=2)
    second = arrange.draw_folder(tmp_path / "others", per_class=1)
    app = drop(drop(visit(PAGE), *files_of(first)), *files_of(second))
    assert "3 images · 3 classes" in words(app)
    assert len(list((workspace.cache_folder / "staging").iterdir())) == 1
    app.segmented_control(key="from").set_value(PATH)
    app.run()
    assert primary(app).disabled
    assert list((workspace.cache_folder / "staging").iterdir()) == []


def test_dropped_archive__is_imported_under_the_edited_source_name(
    workspace: Workspace, drawn: Path, drop: Callable[..., AppTest]
):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        for path in sorted(drawn.rglob("*.png")):
            target.write(path, path.relative_to(drawn))
    app = drop(visit(PAGE), ("shapes.zip", archive.getvalue()))
    assert app.text_input[-1].value == "shapes"
    app.text_input[-1].input("shapes by hand")
    app.run()
    primary(app).click()
    app.run()
    job = queue.list_latest_jobs(workspace)[0]
    queue.wait_until_finished(workspace, job.job_id, timeout_seconds=60)
    assert asset_list.list_sources(workspace) == [("shapes by hand", 12)]


def test_dropped_archive__a_broken_one_is_an_error(
    workspace: Workspace, drop: Callable[..., AppTest]
):
    app = drop(visit(PAGE), ("broken.zip", b"PK\x03\x04 and then nothing"))
    assert len(app.error) == 1
    assert primary(app).disabled


def test_gallery__what_is_dropped_there_is_shown_on_import(
    workspace: Workspace, tmp_path: Path, drop: Callable[..., AppTest]
):
    folder = arrange.draw_folder(tmp_path / "shapes", per_class=2)
    app = drop(visit("data/gallery.py"), *files_of(folder))
    assert "6 images · 3 classes" in words(app)
    assert primary(app).label == "Import 6 images"


def test_finished__the_report_leaves_when_another_import_begins(
    workspace: Workspace, drawn: Path, drop: Callable[..., AppTest]
):
    run_import(workspace, drawn)
    app = visit(PAGE)
    assert "12 images added" in words(app)
    app = drop(app, ("broken.zip", b"PK\x03\x04 and then nothing"))
    assert len(app.error) == 1
    assert "12 images added" not in words(app)
    app.run()
    assert "12 images added" not in words(app)
