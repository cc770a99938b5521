"""A disk that is full: the run is paused in words, nothing saved is lost, and it goes on later."""

import errno
import io
import logging
import os
import sqlite3
from unittest import mock

import pytest
import torch
from safetensors import SafetensorError
from sqlalchemy.exc import OperationalError

from db.enums import CheckpointKind, JobStatus, RunStatus
from db.repositories.metrics import MetricRepository
from db.repositories.run_series import RunSeriesRepository
from forge_core import file_hashes
from forge_core.jobs import context, queue, supervision
from forge_core.models.checkpoints import checkpoint
from forge_core.runs import pauses, records, scoring_requests
from forge_core.runs.files import checkpoints
from forge_core.runs.live import step_series
from forge_core.runs.starting import launch
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests.arrange import ACTOR, make_catalog
from tests.forge_core.handlers import full_disk
from tests.forge_core.handlers.running import run_here, start, train_job
from tests.forge_core.handlers.test_train_ends import losses_and_weights

FULL = {"ENOSPC": errno.ENOSPC, "EDQUOT": errno.EDQUOT}


IMAGES = {"train": 8, "val": 3, "test": 0}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Losses and weights of a run of the same images that always had room."""
    folder = tmp_path_factory.mktemp("whole")
    settings = Settings(_env_file=None, workspace=folder / "workspace", user="tester")
    workspace = open_workspace(settings)
    make_catalog(workspace, folder / "drawn", **IMAGES)
    with mock.patch.object(supervision, "ensure_supervisor"):
        run_id = start(workspace).run_id
        assert run_here(workspace, train_job(workspace, run_id).job_id) == 0
    found = losses_and_weights(workspace, run_id)
    workspace.database.dispose()
    return found


@pytest.fixture
def trainable(sqlite_workspace: Workspace, tmp_path, no_supervisor) -> Workspace:
    make_catalog(sqlite_workspace, tmp_path / "drawn", **IMAGES)
    return sqlite_workspace


def recorded(workspace: Workspace, run_id: int) -> dict[CheckpointKind, int]:
    """The epochs of the run's checkpoints, each of which is the file that is there."""
    found = checkpoints.list_recorded(workspace, run_id)
    for each in found:
        path = checkpoints.checkpoint_path(workspace, run_id, each.kind)
        assert file_hashes.hash_file(path) == each.content_hash
        assert checkpoint.load_checkpoint(path).card.epoch == each.epoch
    return {each.kind: each.epoch for each in found}


def goes_on_to_the_end(workspace: Workspace, run_id: int, whole) -> None:
    """With room again, the run ends with the numbers of one that always had room."""
    launch.resume_run(workspace, run_id, actor=ACTOR)
    assert run_here(workspace, train_job(workspace, run_id).job_id) == 0
    losses, weights = losses_and_weights(workspace, run_id)
    expected, right = whole
    assert losses == expected
    assert all(torch.equal(weights[name], right[name]) for name in right)


def paused_run(workspace: Workspace, number: int, start_of_name: str) -> int:
    """A run whose disk has no room for files of such names once its first epoch is recorded."""
    run_id = start(workspace).run_id

    def is_meant(name: str) -> bool:
        is_one = name.startswith(start_of_name)
        return is_one and bool(records.run_progress(workspace, run_id).epochs)

    with full_disk.full_for(number, is_meant) as refused:
        assert run_here(workspace, train_job(workspace, run_id).job_id) == 0
    assert len(refused) == 1
    run = records.get_run(workspace, run_id)
    assert run.status == RunStatus.INTERRUPTED
    assert pauses.is_paused(workspace, run)
    folder = checkpoints.checkpoint_path(workspace, run_id, "last").parent
    assert not list(folder.glob("*.partial"))
    return run_id


@pytest.mark.parametrize("name", ["last.safetensors", "best.safetensors"])
@pytest.mark.parametrize("number", FULL.values(), ids=FULL)
def test_no_room_for_a_checkpoint__those_of_the_epoch_before_stay(trainable, whole, number, name):
    run_id = paused_run(trainable, number, name)
    message = records.get_run(trainable, run_id).message
    if number == errno.ENOSPC:
        assert message.startswith("The disk of the runs is full: ")
        assert " MB needed, " in message
        assert message.endswith(" free. Free some and resume.")
    else:
        assert message.startswith("The quota on the disk of the runs is used up: ")
        assert message.endswith(" MB needed. Free some and resume.")
    known = recorded(trainable, run_id)
    assert known == {CheckpointKind.LAST: 1, CheckpointKind.BEST: 1}
    goes_on_to_the_end(trainable, run_id, whole)


@pytest.mark.parametrize("number", FULL.values(), ids=FULL)
def test_no_room_for_the_state__the_finished_epoch_is_known(trainable, whole, number):
    run_id = paused_run(trainable, number, "state.pt")
    assert recorded(trainable, run_id)[CheckpointKind.LAST] == 2
    assert [row.epoch for row in records.run_progress(trainable, run_id).epochs] == [1, 2]
    assert "disk of the runs" in records.get_run(trainable, run_id).message
    goes_on_to_the_end(trainable, run_id, whole)


def test_no_room__safetensors_says_it_in_words_only(trainable, whole, monkeypatch):
    def refuse(*_: object) -> None:
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    run_id = start(trainable).run_id
    monkeypatch.setattr(checkpoint, "save_file", refuse)
    assert run_here(trainable, train_job(trainable, run_id).job_id) == 0
    run = records.get_run(trainable, run_id)
    assert pauses.is_paused(trainable, run)
    assert run.message.startswith("The disk of the runs is full: ")
    assert recorded(trainable, run_id) == {}
    monkeypatch.undo()
    goes_on_to_the_end(trainable, run_id, whole)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EDQUOT, "is full"),
        (errno.EROFS, "takes no more: Read-only file system"),
    ],
    ids=["ENOSPC", "EDQUOT", "EROFS"],
)
def test_no_room_for_decoded_pixels__the_run_says_so_and_decodes_again(
    trainable, whole, number, why, caplog
):
    run_id = start(trainable).run_id
    caplog.set_level("INFO")
    with full_disk.full_for(number, lambda name: name.endswith(".pixels")) as refused:
        assert run_here(trainable, train_job(trainable, run_id).job_id) == 0
    assert refused
    said = f"The disk of the decoded images {why}; some are decoded again in every epoch"
    assert said in caplog.text, "the log of the run"
    assert records.get_run(trainable, run_id).status == RunStatus.SUCCEEDED
    assert losses_and_weights(trainable, run_id)[0] == whole[0]


@pytest.mark.parametrize("number", FULL.values(), ids=FULL)
def test_no_room_for_probabilities__scoring_is_interrupted_and_goes_on(
    finished, no_supervisor, number
):
    job = scoring_requests.submit_scoring(finished, 1, actor=ACTOR)
    with full_disk.full_for(number, lambda name: True) as refused:
        assert run_here(finished, job.job_id) == 0
    assert refused
    ended = queue.get_job(finished, job.job_id)
    assert ended.status == JobStatus.INTERRUPTED
    assert "on the disk of the cache" in ended.error.message or (
        ended.error.message.startswith("The disk of the cache is full: ")
    )
    assert ended.error.message.endswith("Free some and start it again.")
    again = scoring_requests.submit_scoring(finished, 1, actor=ACTOR)
    assert run_here(finished, again.job_id) == 0
    assert queue.get_job(finished, again.job_id).result["num_scored"] > 0


def test_no_room_in_the_database_for_the_curve__it_is_written_later(trainable, monkeypatch):
    add, refused = RunSeriesRepository.add, []

    def refuse_first(self, run_id, named):
        if not refused:
            refused.append(run_id)
            raise OperationalError("", {}, sqlite3.OperationalError("database or disk is full"))
        add(self, run_id, named)

    monkeypatch.setattr(RunSeriesRepository, "add", refuse_first)
    monkeypatch.setattr(context.time, "sleep", lambda seconds: None)
    run_id = start(trainable).run_id
    assert run_here(trainable, train_job(trainable, run_id).job_id) == 0
    assert refused
    assert records.get_run(trainable, run_id).status == RunStatus.SUCCEEDED
    points, _ = step_series.list_points(trainable, run_id, after_step=0, limit=1000)
    assert points


def test_no_room_in_the_database_for_an_epoch__the_run_is_paused(trainable, whole, monkeypatch):
    def refuse(*_: object) -> None:
        raise OperationalError("", {}, sqlite3.OperationalError("database or disk is full"))

    run_id = start(trainable).run_id
    with monkeypatch.context() as patched:
        patched.setattr(MetricRepository, "add", refuse)
        patched.setattr(context.time, "sleep", lambda seconds: None)
        clock = iter(range(0, 10**9, 400))  # so long nobody waits for room
        patched.setattr(context.time, "monotonic", lambda: float(next(clock)))
        assert run_here(trainable, train_job(trainable, run_id).job_id) == 0
    run = records.get_run(trainable, run_id)
    assert pauses.is_paused(trainable, run)
    assert run.message == ("The disk of the database is full, or it fails. Free some and resume.")
    goes_on_to_the_end(trainable, run_id, whole)


def test_no_room_for_the_log__the_run_goes_on(trainable, capsys):
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    handler = logging.StreamHandler(Full())
    logging.getLogger().addHandler(handler)
    try:
        run_id = start(trainable).run_id
        assert run_here(trainable, train_job(trainable, run_id).job_id) == 0
    finally:
        logging.getLogger().removeHandler(handler)
    assert records.get_run(trainable, run_id).status == RunStatus.SUCCEEDED


def test_cancelled_while_there_is_no_room__it_is_cancelled(trainable):
    run_id = start(trainable).run_id

    def is_meant(name: str) -> bool:
        if name.startswith("last.safetensors"):
            launch.cancel_run(trainable, run_id)
            return True
        return False

    with full_disk.full_for(errno.ENOSPC, is_meant):
        assert run_here(trainable, train_job(trainable, run_id).job_id) == 0
    assert records.get_run(trainable, run_id).status == RunStatus.CANCELLED


def test_resume__names_the_files_that_changed_and_goes_on_when_they_are_back(trainable, whole):
    run_id = paused_run(trainable, errno.ENOSPC, "state.pt")
    gone, other = [
        trainable.store.local_path(asset.file_path)
        for asset in launch.run_assets(trainable, run_id, "train")[:2]
    ]
    before = [path.read_bytes() for path in (gone, other)]
    gone.unlink()
    other.write_bytes(before[0])
    launch.resume_run(trainable, run_id, actor=ACTOR)
    assert run_here(trainable, train_job(trainable, run_id).job_id) == 1
    run = records.get_run(trainable, run_id)
    assert run.status == RunStatus.FAILED
    for path in (gone, other):
        assert path.name in run.message
    assert run.message.endswith("Put these two files back and resume, or start anew.")
    for path, data in zip((gone, other), before, strict=True):
        path.write_bytes(data)
    goes_on_to_the_end(trainable, run_id, whole)
