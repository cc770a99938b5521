"""Several workspaces keep their runs below one root, and none touches those of another."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

import pytest

from db.enums import RunStatus
from db.session import Database
from forge_core.backup import making, restoring
from forge_core.errors import Conflict
from forge_core.jobs import supervision
from forge_core.run_store import MARKER
from forge_core.runs import records, removal
from forge_core.runs.files import checkpoints, folders
from forge_core.runs.starting import launch
from forge_core.settings import Settings
from forge_core.storage import AssetStore
from forge_core.workspace import Workspace, open_workspace, run_store_of
from tests import arrange
from tests.arrange import ACTOR
from tests.forge_core.handlers import running


@dataclass(frozen=True)
class Pair:
    """Two workspaces with one runs root, each with a trained run 1."""

    first: Workspace
    second: Workspace
    root: Path


def open_in(folder: Path, name: str) -> Workspace:
    settings = Settings(
        _env_file=None, workspace=folder / name, runs_root=str(folder / "root"), user="tester"
    )
    return open_workspace(settings)


def train(workspace: Workspace, seed: int = 0) -> int:
    """Train a run of one epoch, in this process."""
    with mock.patch.object(supervision, "ensure_supervisor"):
        run_id = running.start(workspace, scratch_epochs=1, seed=seed).run_id
        running.run_here(workspace, running.train_job(workspace, run_id).job_id)
    done = records.get_run(workspace, run_id)
    assert done.status == "succeeded", done.message
    return run_id


@pytest.fixture(scope="module")
def trained_pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of such a pair; only to copy."""
    folder = tmp_path_factory.mktemp("pair")
    for seed, name in enumerate(("cats", "dogs")):  # of one seed, their files may be equal
        workspace = open_in(folder, name)
        arrange.make_catalog(workspace, folder / "drawn", train=8, val=3, test=0)
        assert train(workspace, seed) == 1
        workspace.database.dispose()
    return folder


@pytest.fixture
def pair(trained_pair: Path, tmp_path: Path) -> Iterator[Pair]:
    folder = shutil.copytree(trained_pair, tmp_path / "pair")
    first, second = open_in(folder, "cats"), open_in(folder, "dogs")
    yield Pair(first, second, folder / "root")
    first.database.dispose()
    second.database.dispose()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def make_old(folder: Path) -> None:
    """A folder as it was before there were markers."""
    (folder / MARKER).unlink()


def test_both_train_run_1_and_each_uses_its_own(pair: Pair) -> None:
    of_first = checkpoints.checkpoint_path(pair.first, 1)
    of_second = checkpoints.checkpoint_path(pair.second, 1)
    assert of_first.parent == pair.root / "run-1"
    assert of_second.parent == pair.root / f"run-1-{pair.second.id}"
    assert pair.first.id != pair.second.id
    assert json.loads((of_second.parent / MARKER).read_text()) == {
        "workspace_id": pair.second.id,
        "workspace_name": "dogs",
        "run_id": 1,
    }
    assert [run.run_id for run in records.list_usable_runs(pair.second)] == [1]


def test_deleting_a_run_leaves_that_of_the_other(pair: Pair) -> None:
    before = contents(pair.root / "run-1")
    announced = removal.removal_preview(pair.second, 1)
    deleted = removal.delete_run(pair.second, 1)
    assert (deleted.freed_bytes, deleted.left) == (announced, "")
    assert [path.name for path in pair.root.iterdir()] == ["run-1"]
    assert contents(pair.root / "run-1") == before
    assert checkpoints.checkpoint_path(pair.first, 1).is_file()


def test_a_second_run_has_the_plain_name_where_it_is_free(pair: Pair) -> None:
    assert train(pair.second) == 2
    assert checkpoints.checkpoint_path(pair.second, 2).parent == pair.root / "run-2"
    assert train(pair.first) == 2
    assert checkpoints.checkpoint_path(pair.first, 2).parent.name == f"run-2-{pair.first.id}"


def test_an_old_folder_is_adopted_once_by_whom_it_proves_to_be_of(pair: Pair) -> None:
    shutil.rmtree(pair.root / f"run-1-{pair.second.id}")
    make_old(pair.root / "run-1")
    with pair.second.database.write() as uow:  # as an older version had recorded it
        for file in uow.checkpoints.list_of_run(1):
            path = file.file_path.replace(f"run-1-{pair.second.id}", "run-1")
            uow.checkpoints.add(replace(file, file_path=path))
    run = records.get_run(pair.second, 1)
    assert folders.find(pair.second, run) is None, "the bytes are not those that it recorded"
    assert folders.claim(pair.second, run) == f"run-1-{pair.second.id}"
    assert folders.find(pair.first, records.get_run(pair.first, 1)) == "run-1"
    assert folders.check_readable(pair.first, 1, "run-1"), "marked from now on"
    with pytest.raises(Conflict, match=f"'cats' .{pair.first.id}., not to this one"):
        checkpoints.checkpoint_path(pair.second, 1)
    assert records.list_usable_runs(pair.second) == []


def test_an_old_folder_is_adopted_when_its_checkpoint_is_used(pair: Pair) -> None:
    make_old(pair.root / "run-1")
    assert checkpoints.checkpoint_path(pair.first, 1).is_file()
    owner = pair.first.runs.find_owner("run-1")
    assert owner is not None
    assert (owner.workspace_id, owner.run_id) == (pair.first.id, 1)


def test_a_folder_that_another_workspace_has_marked_is_left_alone(pair: Pair) -> None:
    folder = pair.root / "run-1"
    own = pair.root / f"run-1-{pair.second.id}"
    shutil.copy(own / MARKER, folder / MARKER)  # the folder was put there by somebody else
    before = contents(folder)
    with pytest.raises(Conflict, match=f"'dogs' .{pair.second.id}.") as caught:
        checkpoints.checkpoint_path(pair.first, 1)
    assert "FORGE_RUNS_ROOT" in caught.value.next_step
    with pair.first.database.write() as uow:
        uow.runs.update_fields(1, status=RunStatus.INTERRUPTED)
    with pytest.raises(Conflict, match=r"state.pt.* 'dogs'"):
        launch.resume_run(pair.first, 1, actor=ACTOR)
    manifest = making.backup(pair.first, pair.root.parent / "backup", with_bytes=True)
    assert not (pair.root.parent / "backup" / "runs").exists()
    assert manifest.num_missing == 0
    deleted = removal.delete_run(pair.first, 1)
    assert "belongs to run 1 of the workspace 'dogs'" in deleted.left
    assert contents(folder) == before


@pytest.mark.parametrize("marker", [b"", b"[]", b"\xff\xfe", b'{"run_id": 1}'])
def test_a_marker_that_cannot_be_read_is_nobodys(pair: Pair, marker: bytes) -> None:
    (pair.root / "run-1" / MARKER).write_bytes(marker)
    with pytest.raises(Conflict, match="it cannot be said whose it is"):
        checkpoints.checkpoint_path(pair.first, 1)
    run = records.get_run(pair.first, 1)
    assert folders.claim(pair.first, run) == f"run-1-{pair.first.id}"


def test_folders_of_one_workspace_that_were_swapped_are_said(pair: Pair) -> None:
    assert train(pair.second) == 2
    one, two = pair.root / f"run-1-{pair.second.id}", pair.root / "run-2"
    one.rename(pair.root / "aside")
    two.rename(one)
    (pair.root / "aside").rename(two)
    with pytest.raises(Conflict, match="holds run 2 of this workspace, not run 1") as caught:
        checkpoints.checkpoint_path(pair.second, 1)
    assert "give them their names back" in caught.value.next_step
    with pytest.raises(Conflict, match="holds run 1 of this workspace, not run 2"):
        folders.claim(pair.second, records.get_run(pair.second, 2))


def test_a_new_run_never_writes_into_what_was_there(sqlite_workspace: Workspace) -> None:
    old = sqlite_workspace.folder / "runs" / "run-1"  # of a database that is gone
    old.mkdir()
    (old / "best.safetensors").write_bytes(b"somebody's weights")
    with sqlite_workspace.database.write() as uow:
        run_id = uow.runs.add(
            name="",
            status=RunStatus.QUEUED,
            author="",
            config={},
            revision_id=0,
            class_names=[],
            label_ids=[],
        )
    run = records.get_run(sqlite_workspace, run_id)
    assert folders.claim(sqlite_workspace, run) == f"run-1-{sqlite_workspace.id}"
    assert contents(old) == {"best.safetensors": b"somebody's weights"}


def test_restore__puts_nothing_into_the_folder_of_another_workspace(
    pair: Pair, tmp_path: Path
) -> None:
    alone = open_workspace(Settings(_env_file=None, workspace=tmp_path / "alone"))
    shutil.copytree(pair.root / "run-1", alone.folder / "runs" / "run-1")
    (alone.folder / "runs" / "run-1" / MARKER).unlink()
    (alone.folder / "runs" / "run-1" / "more.txt").write_bytes(b"more")
    making.backup(alone, tmp_path / "backup", with_bytes=True)
    before = contents(pair.root / "run-1")
    chosen = Settings(_env_file=None, workspace=tmp_path / "new", runs_root=str(pair.root))
    chosen.workspace_folder.mkdir()
    database = Database(chosen.resolved_database_url)
    store = AssetStore(chosen.resolved_asset_root)
    with pytest.raises(Conflict, match="belongs to run 1 of the workspace 'cats'"):
        restoring.restore(database, store, run_store_of(chosen), tmp_path / "backup")
    assert contents(pair.root / "run-1") == before
    database.dispose()
    alone.database.dispose()
