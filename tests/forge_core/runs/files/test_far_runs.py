"""Runs below a root that is no folder of this machine: train, use, resume, remove, back up."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from db.enums import RunStatus
from db.session import Database
from forge_core.backup import making, restoring
from forge_core.cli import doctor_command
from forge_core.errors import CheckpointRejected, NotFound, StorageUnavailable
from forge_core.file_hashes import hash_file
from forge_core.predictions import evaluation, scoring
from forge_core.run_store import MARKER, RunStore
from forge_core.runs import logs, records, removal
from forge_core.runs.files import checkpoints
from forge_core.runs.live.reporter import TrainReporter
from forge_core.runs.starting import launch
from forge_core.settings import Settings
from forge_core.storage import AssetStore
from forge_core.workspace import Workspace, open_workspace, run_store_of
from tests import arrange
from tests.arrange import ACTOR
from tests.forge_core.handlers import running

FILES = [
    "best.safetensors",
    "first_batch.json",
    "last.safetensors",
    "state.pt",
    "validation.json",
]


def settings_of(folder: Path, root: str) -> Settings:
    return Settings(
        _env_file=None,
        workspace=folder,
        runs_root=root,
        user="tester",
        score_after_training=False,
    )


@pytest.fixture
def root() -> str:
    """The URL of a root in memory, which no other test uses."""
    return f"memory://runs-{uuid.uuid4().hex[:8]}/team"


@pytest.fixture
def far(tmp_path: Path, root: str, no_supervisor: None) -> Iterator[Workspace]:
    """A workspace of drawn images whose runs are in memory."""
    opened = open_workspace(settings_of(tmp_path / "far", root))
    arrange.make_catalog(opened, tmp_path / "drawn", train=8, val=3, test=2)
    yield opened
    opened.database.dispose()


def run_job(workspace: Workspace, run_id: int) -> None:
    running.run_here(workspace, running.train_job(workspace, run_id).job_id)


def train_run(workspace: Workspace, epochs: int = 2) -> int:
    run_id = running.start(workspace, scratch_epochs=epochs).run_id
    run_job(workspace, run_id)
    done = records.get_run(workspace, run_id)
    assert done.status == "succeeded", done.message
    return run_id


def stored(root: str) -> list[str]:
    files, base = fsspec.core.url_to_fs(root)
    return sorted(path.removeprefix(f"{base}/") for path in files.find(base))


def working(workspace: Workspace) -> list[Path]:
    return sorted((workspace.folder / "working").rglob("*"))


def interrupt_after(monkeypatch: pytest.MonkeyPatch, epoch: int) -> None:
    """The process of the next training dies as soon as an epoch is recorded."""
    plain = TrainReporter.on_epoch

    def on_epoch(self: TrainReporter, metrics) -> None:
        plain(self, metrics)
        if metrics.epoch == epoch:
            raise KeyboardInterrupt

    monkeypatch.setattr(TrainReporter, "on_epoch", on_epoch)


def test_train_and_use__a_run_in_memory(far: Workspace, root: str) -> None:
    run_id = train_run(far)
    assert stored(root) == [f"run-1/{name}" for name in [MARKER, *FILES]]
    assert not (far.folder / "runs").exists()
    assert working(far) == []
    assert [run.run_id for run in records.list_usable_runs(far)] == [run_id]
    path = checkpoints.checkpoint_path(far, run_id)
    recorded = checkpoints.find_checkpoint(far, run_id)
    assert path == far.cache_folder / "checkpoints" / recorded.content_hash / "best.safetensors"
    assert hash_file(path) == recorded.content_hash
    report = evaluation.measure_run(far, run_id, "val", device="cpu").report
    assert report.num_images == 9
    assert scoring.score_run(far, run_id, device="cpu").num_scored == 39
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_cache_may_be_deleted_at_any_time(far: Workspace) -> None:
    run_id = train_run(far, epochs=1)
    before = checkpoints.checkpoint_path(far, run_id).read_bytes()
    shutil.rmtree(far.cache_folder / "checkpoints")
    assert checkpoints.checkpoint_path(far, run_id).read_bytes() == before


@pytest.mark.parametrize("change", ["other bytes", "emptied", "gone"])
def test_a_stored_file_that_is_not_the_recorded_one_is_refused(far: Workspace, change: str) -> None:
    run_id = train_run(far, epochs=1)
    shutil.rmtree(far.cache_folder / "checkpoints")
    files, key = far.runs.files, "run-1/best.safetensors"
    data = files.read(key)
    if change == "gone":
        files.remove(key)
        with pytest.raises(NotFound, match="not in the runs"):
            checkpoints.checkpoint_path(far, run_id)
        assert records.list_usable_runs(far) == []
        return
    files.write(key, b"" if change == "emptied" else data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(CheckpointRejected, match="is empty" if change == "emptied" else "other"):
        checkpoints.checkpoint_path(far, run_id)


def test_resume__on_this_machine_and_on_another(
    far: Workspace, root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train_run(far, epochs=3)
    for number, another in enumerate((False, True), 2):
        run_id = running.start(far, scratch_epochs=3).run_id
        with monkeypatch.context() as patch:
            interrupt_after(patch, 1)
            with pytest.raises(KeyboardInterrupt):
                run_job(far, run_id)
        with far.database.write() as uow:
            uow.runs.update_fields(run_id, status=RunStatus.INTERRUPTED)
            job = uow.jobs.find_latest_of_run(run_id, kind="train")
            uow.jobs.update_if(job.job_id, [job.status], status="interrupted")
        assert stored(f"{root}/run-{number}") == [MARKER, *FILES]
        if another:
            shutil.rmtree(far.folder / "working", ignore_errors=True)
            shutil.rmtree(far.cache_folder)
        launch.resume_run(far, run_id, actor=ACTOR)
        run_job(far, run_id)
        done = records.get_run(far, run_id)
        assert done.status == "succeeded", done.message
        epochs = records.list_epochs(far, [whole, run_id])
        assert [row.val_loss for row in epochs[run_id]] == [row.val_loss for row in epochs[whole]]


def test_resume__refuses_files_of_another_run(
    far: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_run(far, epochs=3)
    run_id = running.start(far, scratch_epochs=3, seed=1).run_id
    with monkeypatch.context() as patch:
        interrupt_after(patch, 1)
        with pytest.raises(KeyboardInterrupt):
            run_job(far, run_id)
    with far.database.write() as uow:
        uow.runs.update_fields(run_id, status=RunStatus.INTERRUPTED)
        job = uow.jobs.find_latest_of_run(run_id, kind="train")
        uow.jobs.update_if(job.job_id, [job.status], status="interrupted")
    files = far.runs.files
    files.write("run-2/best.safetensors", files.read("run-1/best.safetensors"))
    launch.resume_run(far, run_id, actor=ACTOR)
    run_job(far, run_id)
    failed = records.get_run(far, run_id)
    assert failed.status == "failed"
    assert "the best checkpoint of run 1" in failed.message


def test_remove_run__takes_what_is_stored(far: Workspace, root: str) -> None:
    run_id = train_run(far, epochs=1)
    announced = removal.removal_preview(far, run_id)
    deleted = removal.delete_run(far, run_id)
    assert deleted.freed_bytes == announced > 100_000
    assert stored(root) == []


def test_backup__is_restored_into_another_root(far: Workspace, tmp_path: Path, root: str) -> None:
    run_id = train_run(far, epochs=1)
    making.backup(far, tmp_path / "backup", with_bytes=True)
    for number, place in enumerate((f"{root}-restored", f"file://{tmp_path}/restored")):
        chosen = settings_of(tmp_path / f"new{number}", place)
        chosen.workspace_folder.mkdir()
        database = Database(chosen.resolved_database_url)
        store = AssetStore(chosen.resolved_asset_root)
        restoring.restore(database, store, run_store_of(chosen), tmp_path / "backup")
        database.dispose()
        restored = open_workspace(chosen)
        assert checkpoints.checkpoint_path(restored, run_id).read_bytes() == (
            checkpoints.checkpoint_path(far, run_id).read_bytes()
        )
        restored.database.dispose()


def test_a_file_url_is_that_folder_and_nothing_is_copied(
    tmp_path: Path, no_supervisor: None
) -> None:
    opened = open_workspace(settings_of(tmp_path / "near", f"file://{tmp_path}/elsewhere"))
    arrange.make_catalog(opened, tmp_path / "drawn", train=8, val=3, test=0)
    run_id = train_run(opened, epochs=1)
    folder = tmp_path / "elsewhere" / "run-1"
    assert sorted(path.name for path in folder.iterdir()) == [MARKER, *FILES]
    assert checkpoints.checkpoint_path(opened, run_id) == folder / "best.safetensors"
    assert not (opened.folder / "working").exists()
    assert not (opened.cache_folder / "checkpoints").exists()
    opened.database.dispose()


def test_logs__are_read_where_this_machine_has_none(far: Workspace) -> None:
    run_id = running.start(far, scratch_epochs=1).run_id
    job_id = running.train_job(far, run_id).job_id
    log = far.logs_folder / f"job-{job_id}.log"
    log.write_text("run 1 on a processor\n")
    run_job(far, run_id)
    log.unlink()
    assert logs.log_tail(far, run_id) == "run 1 on a processor"


def test_a_root_that_does_not_take_the_files_fails_the_run_in_words(
    far: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = running.start(far, scratch_epochs=2).run_id

    def refuse(*_: object) -> None:
        raise StorageUnavailable("The runs root cannot be written: it does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(AssetStore, "upload", refuse)
        run_job(far, run_id)
    failed = records.get_run(far, run_id)
    assert (failed.status, "does not answer" in failed.message) == ("failed", True)
    assert (far.folder / "working" / "run-1" / "state.pt").exists()
    launch.resume_run(far, run_id, actor=ACTOR)
    run_job(far, run_id)
    assert records.get_run(far, run_id).status == "succeeded"
    assert working(far) == []


def test_bring_in__takes_what_another_machine_has_put_since(tmp_path: Path, root: str) -> None:
    here, there = (
        RunStore(root, working=tmp_path / name, copies=tmp_path / "copies")
        for name in ("here", "there")
    )
    for store, text in ((here, "one"), (there, "two!")):
        store.bring_in("run-1")
        (store.working_folder("run-1") / "state.pt").write_text(text)
        store.publish("run-1", ["state.pt"])
    (here.working_folder("run-1") / "state.pt").write_text("one, and more that was not put")
    here.bring_in("run-1")
    assert (here.working_folder("run-1") / "state.pt").read_text() == "two!"
    (there.working_folder("run-1") / "state.pt").write_text("newer than what is put")
    there.bring_in("run-1")
    assert (there.working_folder("run-1") / "state.pt").read_text() == "newer than what is put"


def test_doctor__writes_into_the_root_and_compares_the_checkpoints(far: Workspace) -> None:
    train_run(far, epochs=1)
    (root,) = doctor_command._runs(far.settings)
    assert (root.check, root.state) == ("runs root", "ok")
    (found,) = doctor_command._checkpoints(far.settings)
    assert (found.state, found.found) == ("ok", "2, each as it was written")
    far.runs.files.write("run-1/last.safetensors", b"")
    (found,) = doctor_command._checkpoints(far.settings)
    assert (found.state, found.found) == ("fail", "last of run 1 is empty")


def test_a_root_of_an_unknown_kind_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="The runs root nowhere://x") as caught:
        open_workspace(settings_of(tmp_path / "w", "nowhere://x"))
    assert "FORGE_RUNS_ROOT" in caught.value.next_step
