"""Files that were moved, renamed, changed or lost are found, named and repaired; labels stay."""

import shutil
from pathlib import Path

import pytest

from forge_core.catalog.files import moved_files, verification
from forge_core.catalog.importing import import_plan
from forge_core.catalog.revisions import history
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.imaging import hashing
from forge_core.people.actor import Actor
from forge_core.progress import Progress
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, draw_folder, draw_image, import_folder, list_all, make_unsplit


@pytest.fixture
def root(workspace: Workspace, tmp_path: Path) -> Path:
    """The asset root of a catalog of 12 labelled images."""
    make_unsplit(workspace, tmp_path / "shapes")
    found = workspace.store.local_root()
    assert found is not None
    return found


def labels(workspace: Workspace) -> dict[str, str | None]:
    """Labels by content hash."""
    return {asset.content_hash: asset.label_name for asset in list_all(workspace)}


def assert_whole(workspace: Workspace) -> None:
    for asset in list_all(workspace):
        assert hashing.content_hash(workspace.store.read(asset.file_path)) == asset.content_hash
    assert verification.verify(workspace, full=True).is_whole


def test_relink__follows_a_renamed_folder_and_keeps_every_label(
    workspace: Workspace, root: Path
) -> None:
    before = labels(workspace)
    ids = {asset.asset_id for asset in list_all(workspace)}
    (root / "shapes").rename(root / "photos of 2026")
    assert verification.verify(workspace).num_missing == 12
    looked = moved_files.relink(workspace, actor=Actor("ada"), dry_run=True)
    assert (looked.num_lost, looked.num_moved, looked.revision_id) == (12, 12, None)
    assert history.latest_revision_id(workspace) == 1
    report = moved_files.relink(workspace, actor=Actor("ada"))
    assert (report.num_moved, report.num_unfound, report.num_ambiguous) == (12, 0, 0)
    assert labels(workspace) == before
    assert {asset.asset_id for asset in list_all(workspace)} == ids
    assert all(asset.file_path.startswith("photos of 2026/") for asset in list_all(workspace))
    revision = history.list_revisions(workspace)[0]
    assert (revision.kind, revision.author, revision.num_changes) == ("relink", "ada", 12)
    assert_whole(workspace)
    again = moved_files.relink(workspace, actor=Actor("ada"))
    assert (again.num_lost, again.revision_id) == (0, None)


def test_relink__is_undone_with_one_step(workspace: Workspace, root: Path) -> None:
    paths = {asset.asset_id: asset.file_path for asset in list_all(workspace)}
    (root / "shapes").rename(root / "moved")
    report = moved_files.relink(workspace, actor=ACTOR)
    assert report.revision_id is not None
    (root / "moved").rename(root / "shapes")
    history.undo(workspace, report.revision_id, actor=ACTOR)
    assert {asset.asset_id: asset.file_path for asset in list_all(workspace)} == paths
    assert_whole(workspace)


def test_relink__untangles_files_that_changed_places(workspace: Workspace, root: Path) -> None:
    one, two, three = (root / "shapes" / "circle" / f"circle_000{n}.png" for n in (1, 2, 3))
    spare = root / "spare"
    one.rename(spare)
    two.rename(one)
    three.rename(two)
    spare.rename(three)
    before = labels(workspace)
    report = moved_files.relink(workspace, actor=ACTOR, full=True)
    assert (report.num_lost, report.num_moved) == (3, 3)
    assert labels(workspace) == before
    assert_whole(workspace)


def test_relink__looks_only_in_the_folder_that_is_named(workspace: Workspace, root: Path) -> None:
    (root / "shapes" / "circle").rename(root / "round")
    (root / "shapes" / "square").rename(root / "angular")
    report = moved_files.relink(workspace, root / "round", actor=ACTOR)
    assert (report.num_lost, report.num_moved, report.num_unfound) == (8, 4, 4)
    assert len(report.unfound) == 4
    assert all("/square/" in key for key in report.unfound)


def test_relink__copies_files_back_from_a_folder_elsewhere(
    workspace: Workspace, root: Path, tmp_path: Path
) -> None:
    shutil.copytree(root / "shapes", tmp_path / "backup" / "deep")
    shutil.rmtree(root / "shapes" / "circle")
    draw_image("square", 500).save(root / "shapes" / "square" / "square_0005.png")
    revision = history.latest_revision_id(workspace)
    looked = moved_files.relink(
        workspace, tmp_path / "backup", actor=ACTOR, dry_run=True, full=True
    )
    assert (looked.num_lost, looked.num_copied_back) == (5, 5)
    assert not verification.verify(workspace).is_whole
    report = moved_files.relink(workspace, tmp_path / "backup", actor=ACTOR, full=True)
    assert (report.num_copied_back, report.num_unfound) == (5, 0)
    assert history.latest_revision_id(workspace) == revision
    assert_whole(workspace)
    orphaned = verification.verify(workspace).orphaned
    assert len(orphaned) == 1, "the bytes that were in its place are kept beside it"
    assert orphaned[0].startswith("shapes/square/square_0005-")


def test_relink__reports_several_files_that_could_be_meant(
    workspace: Workspace, root: Path
) -> None:
    lost = root / "shapes" / "circle" / "circle_0001.png"
    shutil.copy(lost, root / "a.png")
    shutil.copy(lost, root / "b.png")
    lost.unlink()
    report = moved_files.relink(workspace, actor=ACTOR)
    assert (report.num_lost, report.num_moved, report.num_ambiguous) == (1, 0, 1)
    assert report.ambiguous == {"shapes/circle/circle_0001.png": ["a.png", "b.png"]}
    (root / "a.png").rename(root / "circle_0001.png")  # one is more like the old path
    assert moved_files.relink(workspace, actor=ACTOR).num_moved == 1
    assert_whole(workspace)


def test_relink__refuses_folders_that_make_no_sense(workspace: Workspace, root: Path) -> None:
    with pytest.raises(NotFound, match="There is no folder"):
        moved_files.relink(workspace, root / "absent", actor=ACTOR)
    with pytest.raises(InvalidInput, match="holds the asset root itself"):
        moved_files.relink(workspace, root.parent, actor=ACTOR)


def test_verify__names_missing_changed_and_orphaned_files(workspace: Workspace, root: Path) -> None:
    assert verification.verify(workspace).is_whole
    circle = root / "shapes" / "circle"
    (circle / "circle_0001.png").unlink()
    (circle / "circle_0002.png").write_bytes(b"shorter")
    draw_image("stripe", 900).save(root / "new.png")
    seen: list[tuple[int, int]] = []
    report = verification.verify(
        workspace, full=True, progress=Progress(lambda now: seen.append((now.done, now.total)))
    )
    assert report.missing == ["shapes/circle/circle_0001.png"]
    assert report.changed == ["shapes/circle/circle_0002.png"]
    assert report.orphaned == ["new.png"]
    assert (report.num_images, report.num_files, report.num_read) == (12, 12, 10)
    assert (report.num_missing, report.num_changed, report.num_orphaned) == (1, 1, 1)
    assert seen[-1] == (10, 10)
    assert not report.is_whole


def test_verify__quick_reads_only_what_was_written_since(workspace: Workspace, root: Path) -> None:
    import os
    import time

    path = root / "shapes" / "circle" / "circle_0001.png"
    data = bytearray(path.read_bytes())
    data[-20] ^= 255
    path.write_bytes(data)
    os.utime(path, (time.time() + 60, time.time() + 60))
    report = verification.verify(workspace)
    assert (report.num_read, report.changed) == (1, ["shapes/circle/circle_0001.png"])
    os.utime(path, (1, 1))  # a change that hides its time is found by reading everything
    assert verification.verify(workspace).is_whole
    assert verification.verify(workspace, full=True).num_changed == 1


def test_repair__removes_missing_images_until_undo(workspace: Workspace, root: Path) -> None:
    shutil.rmtree(root / "shapes" / "circle")
    result = verification.remove_missing(workspace, actor=ACTOR)
    assert (result.status, result.num_changed) == ("applied", 4)
    assert len(list_all(workspace)) == 8
    assert verification.verify(workspace).is_whole
    assert verification.remove_missing(workspace, actor=ACTOR).status == "nothing"
    assert result.revision_id is not None
    history.undo(workspace, result.revision_id, actor=ACTOR)
    assert len(list_all(workspace)) == 12


def test_repair__does_not_empty_the_catalog_because_a_disk_is_not_mounted(
    workspace: Workspace, root: Path
) -> None:
    root.rename(root.with_name("unmounted"))
    with pytest.raises(Conflict, match="not mounted"):
        verification.remove_missing(workspace, actor=ACTOR)
    assert len(list_all(workspace)) == 12
    assert verification.remove_missing(workspace, actor=ACTOR, force=True).num_changed == 12


def test_repair__takes_orphans_in_without_labels(workspace: Workspace, root: Path) -> None:
    draw_image("stripe", 900).save(root / "new.png")
    (root / "notes.txt").write_text("no image")
    report = verification.import_orphans(workspace, actor=ACTOR)
    assert report.added == 1
    assert [problem.path for problem in report.skipped] == ["notes.txt"]
    new = next(asset for asset in list_all(workspace) if asset.file_path == "new.png")
    assert (new.label_name, new.split_type, new.source_dataset) == (None, None, "orphans")
    assert verification.verify(workspace).orphaned == ["notes.txt"]


def test_repair__of_a_root_without_orphans_says_so(workspace: Workspace, root: Path) -> None:
    with pytest.raises(InvalidInput, match="is in the catalog"):
        verification.import_orphans(workspace, actor=ACTOR)


def test_verify__lists_what_a_killed_import_left_and_the_next_import_uses(
    sqlite_workspace: Workspace, tmp_path: Path
) -> None:
    folder = draw_folder(tmp_path / "shapes")
    left = sqlite_workspace.store.local_root()
    assert left is not None
    shutil.copytree(folder, left / "shapes")
    assert verification.verify(sqlite_workspace).num_orphaned == 12
    assert import_folder(sqlite_workspace, folder).added == 12
    report = verification.verify(sqlite_workspace)
    assert (report.num_orphaned, report.num_files, report.is_whole) == (0, 12, True)
    assert import_plan.prepare(sqlite_workspace, folder).num_images == 12
