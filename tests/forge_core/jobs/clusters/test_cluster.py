"""Trainings on a cluster: what is refused, what its workers are given, and how the row stands."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from db.enums import JobStatus, RunStatus
from db.records import Job
from forge_core.errors import InvalidInput
from forge_core.jobs import queue, supervision, supervisor
from forge_core.jobs.clusters import cluster, ray_executor, sharing
from forge_core.jobs.supervisor import Supervisor
from forge_core.runs import records, removal
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests.forge_core.jobs.clusters import ray_head
from tests.forge_core.jobs.clusters.ray_head import RayHead
from tests.forge_core.jobs.submitting import ACTOR
from tests.forge_core.jobs.supervisor_entry import ONE_CPU
from tests.forge_core.jobs.test_supervisor import Noting


@pytest.fixture
def head(monkeypatch: pytest.MonkeyPatch) -> Iterator[RayHead]:
    monkeypatch.setattr(ray_executor, "SEEN_SECONDS", 0.0)
    with ray_head.started() as made:
        yield made


@pytest.fixture
def opened(head: RayHead, tmp_path: Path) -> Iterator[Workspace]:
    settings = Settings(
        _env_file=None,
        workspace=tmp_path / "workspace",
        user="tester",
        executor="ray",
        ray_address=head.address,
        cluster_gpus=1,
    )
    made = open_workspace(settings)
    yield made
    made.database.dispose()


def tending(workspace: Workspace) -> Supervisor:
    return Supervisor(workspace, executor=Noting(workspace), available=ONE_CPU, grace_seconds=60)


def queue_training(workspace: Workspace, **payload: object) -> Job:
    with workspace.database.write() as uow:
        return queue.add_in(uow, "train", "a run", payload, actor=ACTOR)


def test_a_training_goes_to_the_cluster_and_its_log_comes_back(
    head: RayHead, opened: Workspace
) -> None:
    job, supervising = queue_training(opened), tending(opened)
    supervising.tick()
    waiting = queue.get_job(opened, job.job_id)
    assert (waiting.status, waiting.executor) == (JobStatus.RUNNING, "ray")
    assert waiting.handle == f"{job.job_id}:forge-{opened.id}-{job.job_id}"
    (asked,) = head.jobs.values()
    assert asked["entrypoint"].endswith(
        f"worker --job {job.job_id} --workspace-id {opened.id} --device cuda:0"
    )
    assert asked["entrypoint_num_gpus"] == 1
    head.stand("RUNNING", logs="epoch 1\n")
    supervising.tick()
    queue.finish(opened, waiting, JobStatus.SUCCEEDED, result={})
    head.stand("SUCCEEDED", logs="epoch 1\nepoch 2\n")
    assert not supervising.tick()
    assert (opened.logs_folder / waiting.log_path).read_text() == "epoch 1\nepoch 2\n"


def test_a_training_that_waits_there_is_no_dead_one(
    head: RayHead, opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "STALE_SECONDS", -1.0)
    job = queue_training(opened)
    supervising = tending(opened)
    supervising.tick()
    before = queue.get_job(opened, job.job_id).heartbeat_at
    supervising.tick()
    waiting = queue.get_job(opened, job.job_id)
    assert waiting.status == JobStatus.RUNNING
    assert waiting.heartbeat_at is not None
    assert before is not None
    assert waiting.heartbeat_at > before  # for supervisors of other machines


@pytest.mark.parametrize("lost", ["node", "silence"])
def test_a_training_whose_node_is_gone_is_interrupted(
    head: RayHead, opened: Workspace, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queue_training(opened)
    supervising = tending(opened)
    supervising.tick()
    with opened.database.write() as uow:
        uow.jobs.update_if(job.job_id, (JobStatus.RUNNING,), pid=7, pid_started="1")
    if lost == "node":
        head.stand("FAILED", message="its node died")
    else:
        head.stand("RUNNING")
        monkeypatch.setattr(cluster, "STALE_SECONDS", -1.0)
    supervising.tick()
    ended = queue.get_job(opened, job.job_id)
    assert ended.status == JobStatus.INTERRUPTED
    assert ended.error is not None
    assert "node" in ended.error.detail


def test_a_supervisor_that_comes_back_finds_its_trainings_there(
    head: RayHead, opened: Workspace
) -> None:
    job = queue_training(opened)
    tending(opened).tick()
    with opened.database.write() as uow:  # as if it had died before it could write that
        uow.jobs.update_if(job.job_id, (JobStatus.RUNNING,), handle=None)
    again = tending(opened)
    again.tick()
    assert queue.get_job(opened, job.job_id).status == JobStatus.RUNNING
    head.stand("STOPPED")
    with opened.database.write() as uow:
        uow.jobs.update_if(job.job_id, (JobStatus.RUNNING,), end_requested="cancel")
    again.tick()
    assert queue.get_job(opened, job.job_id).status == JobStatus.CANCELLED


def test_all_other_jobs_run_here_and_a_full_cluster_lets_wait(
    head: RayHead, opened: Workspace
) -> None:
    with opened.database.write() as uow:
        queue.add_in(uow, "measure", "a look", {}, actor=ACTOR)
    for _ in range(5):
        queue_training(opened, device="cpu")
    noting = Noting(opened)
    supervisor.Supervisor(opened, executor=noting, available=ONE_CPU).tick()
    assert len(noting.given) == 1
    assert len(head.jobs) == opened.settings.cluster_jobs == 4
    assert {job["entrypoint_num_gpus"] for job in head.jobs.values()} == {0}


def test_a_head_that_does_not_answer_ends_the_job_in_words(opened: Workspace) -> None:
    job = queue_training(opened)
    supervising = tending(opened)
    assert supervising._cluster is not None
    supervising._cluster.executor = ray_executor.RayExecutor(
        "http://127.0.0.1:9", token="", workspace_id=opened.id
    )
    supervising.tick()
    ended = queue.get_job(opened, job.job_id)
    assert ended.status == JobStatus.FAILED
    assert ended.error is not None
    assert ended.error.message == "The Ray cluster at http://127.0.0.1:9 does not answer."


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"executor": "cloud"}, "'cloud' is not known"),
        ({"executor": "slurm"}, "FORGE_SLURM_OPTIONS does not say how long"),
        ({"executor": "slurm", "slurm_options": "time=60"}, "SQLite: set FORGE_DATABASE_URL"),
        ({"executor": "ray"}, "no address of a Ray head"),
        ({"executor": "ray", "ray_address": "ray://head:10001"}, "no address of a Ray head"),
        ({"executor": "ray", "ray_address": "http://head:8265"}, "SQLite: set FORGE_DATABASE_URL"),
    ],
)
def test_check__what_no_cluster_can_use_is_refused(
    tmp_path: Path, settings: dict[str, str], words: str
) -> None:
    made = open_workspace(Settings(_env_file=None, workspace=tmp_path / "w", **settings))  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match=words):
        supervision.ensure_supervisor(made)
    made.database.dispose()


def test_worker_environment__of_another_machine_has_its_own_folder_and_no_secret_of_ours(
    opened: Workspace,
) -> None:
    own = {
        **supervision.job_environment(opened),
        "FORGE_RAY_TOKEN": "secret",
        "AWS_ACCESS_KEY_ID": "key",
        "MAIL_PASSWORD": "secret",
    }
    there = sharing.worker_environment(opened, own, shares_files=False)
    assert there["FORGE_WORKSPACE"] == f"~/.cache/vision-forge/{opened.id}"
    assert there["FORGE_DATABASE_URL"] == own["FORGE_DATABASE_URL"]
    assert there["AWS_ACCESS_KEY_ID"] == "key"
    left_out = {"FORGE_EXECUTOR", "FORGE_CACHE_ROOT", "PATH", "PYTHONPATH", "MAIL_PASSWORD"}
    assert not {*left_out, "FORGE_RAY_TOKEN"} & there.keys()
    here = sharing.worker_environment(opened, own, shares_files=True)
    assert here["FORGE_WORKSPACE"] == str(opened.folder)
    assert here["PYTHONPATH"] == own["PYTHONPATH"]
    assert "FORGE_RAY_TOKEN" not in here


def queue_run(workspace: Workspace) -> Job:
    with workspace.database.write() as uow:
        run_id = uow.runs.add(
            name="",
            status=RunStatus.QUEUED,
            author="ann",
            config={"pretrained": False, "scratch_epochs": 3},
            revision_id=0,
            class_names=[],
            label_ids=[],
        )
        return queue.add_in(uow, "train", "a run", {"run_id": run_id}, actor=ACTOR, run_id=run_id)


@pytest.mark.parametrize(
    ("says", "goes_on"),
    [
        ({"status": "FAILED", "message": "its node died"}, True),
        ({"status": "FAILED", "driver_exit_code": 1}, False),
        ({"status": "STOPPED"}, False),
    ],
)
def test_a_run_whose_node_was_lost_goes_on_as_often_as_it_may(
    head: RayHead, opened: Workspace, says: dict[str, Any], goes_on: bool
) -> None:
    opened.settings.cluster_resumes = 1
    job, supervising = queue_run(opened), tending(opened)
    supervising.tick()
    head.stand(**says)
    supervising.tick()  # finds it over
    assert queue.get_job(opened, job.job_id).status == JobStatus.INTERRUPTED
    assert job.run_id is not None
    run = records.get_run(opened, job.run_id)
    if not goes_on:
        assert run.status == RunStatus.INTERRUPTED
        return
    assert "It goes on by itself, 1 of at most 1 times." in run.message
    supervising.tick()
    supervising.tick()
    again = records.find_job(opened, job.run_id)
    assert again is not None
    assert (again.job_id, again.status) == (job.job_id + 1, JobStatus.RUNNING)
    assert again.payload["try"] == 1
    assert again.payload["message"] == run.message
    head.jobs[f"forge-{opened.id}-{again.job_id}"].update(says)
    supervising.tick()
    ended = records.get_run(opened, job.run_id)
    assert ended.status == RunStatus.INTERRUPTED
    assert "goes on by itself" not in ended.message


def test_a_run_whose_node_is_silent_goes_on_once_the_cluster_says_that_it_is_over(
    head: RayHead, opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then its worker may still write the files of the run."""
    monkeypatch.setattr(cluster, "STALE_SECONDS", -1.0)
    opened.settings.cluster_resumes = 3
    job, supervising = queue_run(opened), tending(opened)
    supervising.tick()
    with opened.database.write() as uow:
        uow.jobs.update_if(job.job_id, (JobStatus.RUNNING,), pid=7, pid_started="1")
    head.stand("RUNNING")
    supervising.tick()
    assert job.run_id is not None
    silent = records.get_run(opened, job.run_id)
    assert silent.status == RunStatus.INTERRUPTED
    assert silent.message.endswith("once the cluster says that this process is over.")
    head.stand("STOPPED")
    supervising.tick()
    run = records.get_run(opened, job.run_id)
    assert run.status == RunStatus.QUEUED
    assert run.message.endswith("checkpoint yet. It goes on by itself, 1 of at most 3 times.")


def test_a_removed_run_takes_along_what_slurm_left_of_it(opened: Workspace) -> None:
    job = queue_run(opened)
    assert job.run_id is not None
    queue.request_cancel(opened, job.job_id)
    folder = cluster.slurm_folder(opened, job.job_id)
    folder.mkdir(parents=True)
    (folder / "777_0_log.out").write_text("epoch 1\n")
    assert removal.removal_preview(opened, job.run_id) == 8
    assert removal.delete_run(opened, job.run_id).freed_bytes == 8
    assert not folder.exists()
