"""Imports meet killed processes, full disks, changing files and each other; nothing is lost."""

import os
import random
import resource
import shutil
import threading
import time
from pathlib import Path

import pytest

from db.records import AssetFilter
from forge_core import local_files
from forge_core import workspace as workspace_room
from forge_core.catalog.importing import import_plan, reader_processes, run_import
from forge_core.catalog.importing.placement import Placement
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.errors import ForgeError, InvalidInput, StorageUnavailable
from forge_core.imaging import hashing
from forge_core.progress import Cancelled, Progress
from forge_core.settings import Settings
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, draw_folder, draw_image, import_folder, list_all
from tests.called import begin
from tests.databases import killable

KILLS = int(os.environ.get("FORGE_TEST_KILLS", "3"))


def reopened(workspace: Workspace) -> Workspace:
    workspace.database.dispose()
    return workspace_room.open_workspace(workspace.settings)


def assert_whole(workspace: Workspace, number: int) -> None:
    """The catalog holds all of the images or none, each with its bytes, in whole revisions."""
    assets = list_all(workspace)
    assert len(assets) in (0, number)
    for asset in assets:
        assert hashing.content_hash(workspace.store.read(asset.file_path)) == asset.content_hash
    assert asset_list.totals(workspace).images == len(assets)
    revisions = history.list_revisions(workspace)
    assert sum(revision.num_changes for revision in revisions) == len(assets)


@pytest.mark.process
def test_import__killed_at_random_moments_can_be_run_again(
    workspace: Workspace, tmp_path: Path
) -> None:
    folder = draw_folder(tmp_path / "shapes", per_class=40)
    moments = random.Random(7)
    for number in range(KILLS):
        log = tmp_path / f"log-{number}"
        child = begin(log, killable.import_slowly, folder)
        after = moments.randint(0, 15)  # lines of progress: there are 15 chunks
        while child.poll() is None and len(log.read_text().splitlines()) <= after:
            time.sleep(0.001)
        assert log.read_text().startswith("ready"), log.read_text()
        time.sleep(moments.random() * 0.02)
        child.kill()
        child.wait()
        workspace = reopened(workspace)
        assert_whole(workspace, 120)
    report = import_folder(workspace, folder)
    assert report.added + report.already_present == 120
    assert report.skipped == []
    assert_whole(workspace, 120)
    names = {path.name for path in (workspace.store.local_root() or tmp_path).rglob("*.*")}
    assert len(names) == 120, "what killed imports left was used, and nothing half is there"


def test_import__two_of_the_same_folder_at_once_add_it_once(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_import, "CHUNK_FILES", 4)
    folder = draw_folder(tmp_path / "shapes", per_class=20)
    reports: list[run_import.ImportReport] = []

    def run() -> None:
        reports.append(import_folder(workspace, folder))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.added for report in reports) == [0, 0, 60]
    assert all(report.added + report.already_present == 60 for report in reports)
    assert_whole(workspace, 60)
    assert len(list(workspace.store.list_keys())) == 60


def test_import__cancelled_leaves_what_another_import_named(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_import, "CHUNK_FILES", 4)
    folder = draw_folder(tmp_path / "shapes")
    plan = import_plan.prepare(workspace, folder)
    asked = 0

    def another_import_finishes_and_then_cancel() -> bool:
        nonlocal asked
        asked += 1
        if asked == 4:  # all files of the first import are stored by now
            assert import_folder(workspace, folder).added == 12
            return True
        return False

    with pytest.raises(Cancelled):
        run_import.run_import(
            workspace,
            plan,
            actor=ACTOR,
            progress=Progress(should_stop=another_import_finishes_and_then_cancel),
        )
    assert_whole(workspace, 12)
    assert len(list_all(workspace)) == 12


def test_import__that_used_files_of_a_cancelled_one_says_which_are_gone(
    sqlite_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = draw_folder(tmp_path / "shapes")
    left = sqlite_workspace.store.local_root()
    assert left is not None
    shutil.copytree(folder, left / "shapes")  # as another import that still runs has stored them
    write = run_import._Import.write

    def write_after_the_other_was_cancelled(running, operation):
        (left / "shapes" / "circle" / "circle_0001.png").unlink()
        return write(running, operation)

    monkeypatch.setattr(run_import._Import, "write", write_after_the_other_was_cancelled)
    report = import_folder(sqlite_workspace, folder)
    assert report.added == 11
    assert [(p.path, p.reason) for p in report.skipped] == [("circle/circle_0001.png", "changed")]
    monkeypatch.undo()
    assert import_folder(sqlite_workspace, folder).added == 1


@pytest.mark.parametrize("placement", [Placement.COPY, Placement.LINK])
def test_import__of_files_that_change_while_they_are_imported(
    sqlite_workspace: Workspace, tmp_path: Path, placement: Placement
) -> None:
    folder = draw_folder(tmp_path / "shapes", per_class=60)
    plan = import_plan.prepare(sqlite_workspace, folder)
    stop = threading.Event()
    names = sorted((folder / "square").iterdir())

    def scribble() -> None:
        seed = 0
        while not stop.is_set():
            seed += 1
            path = names[seed % 60]
            if seed % 7 == 0:
                path.unlink(missing_ok=True)
            else:
                draw_image("square", 10_000 + seed).save(path)

    thread = threading.Thread(target=scribble)
    thread.start()
    try:
        report = run_import.run_import(sqlite_workspace, plan, actor=ACTOR, placement=placement)
    finally:
        stop.set()
        thread.join()
    assert report.added + len(report.skipped) == 180
    assert report.added >= 120
    assert {problem.path.split("/")[0] for problem in report.skipped} <= {"square"}
    if placement is Placement.COPY:
        assert_whole(sqlite_workspace, report.added)


def test_import__on_a_full_disk_says_so_and_leaves_nothing(
    sqlite_workspace: Workspace, tmp_path: Path
) -> None:
    folder = draw_folder(tmp_path / "shapes")
    big = folder / "circle" / "big.png"
    draw_image("circle", 5, size=700).save(big, compress_level=0)
    plan = import_plan.prepare(sqlite_workspace, folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert big.stat().st_size > 1_000_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(StorageUnavailable, match="larger than this process may write"):
            run_import.run_import(sqlite_workspace, plan, actor=ACTOR)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert_whole(sqlite_workspace, 0)
    assert list(sqlite_workspace.store.list_keys()) == []
    assert import_folder(sqlite_workspace, folder).added == 13


@pytest.mark.parametrize("error_number", [28, 122], ids=["ENOSPC", "EDQUOT"])
def test_import__no_space_for_the_bytes_is_told_with_a_next_step(
    sqlite_workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error_number: int,
) -> None:
    folder = draw_folder(tmp_path / "shapes")
    add = local_files.add
    stored: list[str] = []

    def add_until_full(path: str, data: bytes) -> bool:
        if len(stored) == 5:
            raise OSError(error_number, os.strerror(error_number))
        stored.append(path)
        return add(path, data)

    monkeypatch.setattr(local_files, "add", add_until_full)
    with pytest.raises(StorageUnavailable, match="the disk is full") as caught:
        import_folder(sqlite_workspace, folder)
    assert "Free some space" in caught.value.next_step
    assert list(sqlite_workspace.store.list_keys()) == []
    assert_whole(sqlite_workspace, 0)


def test_import__in_place_keeps_files_where_they_are(sqlite_workspace: Workspace) -> None:
    root = sqlite_workspace.store.local_root()
    assert root is not None
    plan = import_plan.prepare(sqlite_workspace, draw_folder(root / "camera"))
    report = run_import.run_import(
        sqlite_workspace, plan, actor=ACTOR, placement=Placement.IN_PLACE
    )
    assert report.added == 12
    assert all(asset.file_path.startswith("camera/") for asset in list_all(sqlite_workspace))


def test_import__in_place_of_a_folder_elsewhere_explains_the_choice(
    sqlite_workspace: Workspace, tmp_path: Path
) -> None:
    plan = import_plan.prepare(sqlite_workspace, draw_folder(tmp_path / "shapes"))
    with pytest.raises(InvalidInput, match="does not lie under the asset root") as caught:
        run_import.run_import(sqlite_workspace, plan, actor=ACTOR, placement=Placement.IN_PLACE)
    assert "copy them in" in caught.value.next_step
    assert "FORGE_ASSET_ROOT" in caught.value.next_step


def test_import__linked_files_share_their_bytes_and_outlive_the_original(
    sqlite_workspace: Workspace, tmp_path: Path
) -> None:
    folder = draw_folder(tmp_path / "shapes")
    plan = import_plan.prepare(sqlite_workspace, folder)
    run_import.run_import(sqlite_workspace, plan, actor=ACTOR, placement=Placement.LINK)
    asset = list_all(sqlite_workspace)[0]
    path = sqlite_workspace.store.local_path(asset.file_path)
    assert path is not None
    assert path.stat().st_nlink == 2
    shutil.rmtree(folder)
    assert_whole(sqlite_workspace, 12)


def test_import__a_changed_file_in_place_of_an_image_is_not_taken_for_it(
    sqlite_workspace: Workspace,
) -> None:
    root = sqlite_workspace.store.local_root()
    assert root is not None
    folder = draw_folder(root / "camera")
    import_folder(sqlite_workspace, folder)
    draw_image("circle", 77).save(folder / "circle" / "circle_0001.png")
    report = import_folder(sqlite_workspace, folder)
    assert (report.added, report.already_present) == (0, 11)
    (problem,) = report.skipped
    assert problem.reason == "changed"
    assert "changed after its import" in problem.message


def test_import__in_processes_gives_the_same_catalog(
    sqlite_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = draw_folder(tmp_path / "shapes")
    (folder / "circle" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    first = import_folder(sqlite_workspace, folder)
    other = workspace_room.open_workspace(Settings(workspace=tmp_path / "other", _env_file=None))
    monkeypatch.setattr(reader_processes, "MIN_FILES", 1)
    second = import_folder(other, folder)
    assert (second.added, second.skipped) == (first.added, first.skipped)

    def facts(workspace: Workspace) -> set[tuple[object, ...]]:
        return {
            (a.file_path, a.content_hash, a.perceptual_hash, a.width, a.height, a.mime)
            for a in list_all(workspace)
        }

    assert facts(other) == facts(sqlite_workspace)
    assert_whole(other, 12)
    other.database.dispose()


def test_import__a_file_that_crashes_its_decoder_is_left_out_alone(
    sqlite_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = draw_folder(tmp_path / "shapes")
    monkeypatch.setattr(reader_processes, "MIN_FILES", 1)
    ask = reader_processes._Processes._ask

    def ask_and_crash(self, process, files):
        if any(file.path.endswith("square_0006.png") for file in files):
            process.kill()
            process.wait()
        return ask(self, process, files)

    monkeypatch.setattr(reader_processes._Processes, "_ask", ask_and_crash)
    report = import_folder(sqlite_workspace, folder)
    assert report.added == 11
    assert [(p.path, p.reason) for p in report.skipped] == [("square/square_0006.png", "damaged")]


def test_import__of_thousands_stays_in_little_memory(
    sqlite_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for the transaction waits on disk: no chunk is kept in a list."""
    monkeypatch.setattr(run_import, "CHUNK_FILES", 10)
    most = 0
    spooled = run_import._Import._take

    def take(running, outcomes, placers):
        nonlocal most
        most = max(most, len(outcomes))
        spooled(running, outcomes, placers)
        held = [value for value in vars(running).values() if isinstance(value, list)]
        assert all(len(value) <= 20 for value in held)

    monkeypatch.setattr(run_import._Import, "_take", take)
    import_folder(sqlite_workspace, draw_folder(tmp_path / "shapes", per_class=100))
    assert most == 10
    assert asset_list.totals(sqlite_workspace).images == 300
    assert history.latest_revision_id(sqlite_workspace) == 1
    with sqlite_workspace.database.read() as uow:
        assert uow.assets.count_matching(AssetFilter()) == 300


def test_errors_of_storage_are_errors_that_a_person_may_read() -> None:
    assert issubclass(StorageUnavailable, ForgeError)
    assert issubclass(StorageUnavailable, OSError)
