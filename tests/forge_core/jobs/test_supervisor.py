"""The supervisor itself: started once, replaced, killed and come back; jobs run on meanwhile."""

import os
import shutil
import signal
import threading
import time
from datetime import timedelta

import pytest

from db.enums import JobStatus
from forge_core.errors import Conflict, InvalidInput
from forge_core.handlers import worker
from forge_core.jobs import (
    executors,
    heartbeats,
    processes,
    queue,
    supervision,
    supervisor,
    tending,
)
from forge_core.jobs.local_executor import LocalExecutor
from forge_core.settings import Settings
from forge_core.workspace import open_workspace
from tests.forge_core.jobs.submitting import ACTOR, finished, let_go, queue_only, submit
from tests.forge_core.jobs.supervising import Supervising, leader_of, wait_for, wait_running
from tests.forge_core.jobs.supervisor_entry import ONE_CPU


def test_claim__two_supervisors_start_every_job_once(workspace, monkeypatch):
    """Both see the same queued jobs at the same moment; the conditional update decides."""
    started = []
    lock = threading.Lock()

    class Refusing(LocalExecutor):
        def submit(self, command):
            with lock:
                started.append(command.job_id)
            raise OSError("not started in this test")

    with workspace.database.write() as uow:
        for number in range(12):
            queue.add_in(uow, "wait", f"job {number}", {}, actor=ACTOR)
    racers = [
        supervisor.Supervisor(workspace, executor=Refusing(workspace), available=ONE_CPU)
        for _ in range(2)
    ]
    barrier = threading.Barrier(len(racers))

    def race(racer):
        barrier.wait()
        while racer.tick():
            pass

    threads = [threading.Thread(target=race, args=(racer,)) for racer in racers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(started) == list(range(1, 13))
    jobs = queue.list_latest_jobs(workspace)
    assert {job.status for job in jobs} == {JobStatus.FAILED}
    assert jobs[0].error.message == "The job's process could not be started."


class Noting(LocalExecutor):
    """Starts nothing, and keeps the command lines that it was given."""

    def __init__(self, workspace):
        super().__init__(workspace)
        self.given = []

    def submit(self, command):
        self.given.append(list(command.arguments))
        raise OSError("not started in this test")


def test_claim__names_the_workspace_on_the_command_line(sqlite_workspace):
    job = queue_only(sqlite_workspace, "wait")
    noting = Noting(sqlite_workspace)
    supervisor.Supervisor(
        sqlite_workspace, worker=["worker"], executor=noting, available=ONE_CPU
    ).tick()
    assert noting.given == [
        ["worker", "--job", str(job.job_id), "--workspace-id", sqlite_workspace.id]
    ]


def test_claim__of_a_job_of_another_workspace_is_refused_and_the_supervisor_leaves(
    workspace, caplog
):
    """As where a backup was restored into the database that it tends."""
    noting = Noting(workspace)
    tending = supervisor.Supervisor(workspace, executor=noting, available=ONE_CPU)
    with workspace.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE catalog_state SET workspace_id = '4f1c'")
    job = queue_only(workspace, "wait")
    tending.run()  # it ends
    assert noting.given == []
    assert queue.get_job(workspace, job.job_id).status == JobStatus.QUEUED
    assert f"Job {job.job_id} is of the workspace 4f1c and we tend {workspace.id}" in caplog.text


@pytest.mark.parametrize("given", ["right", "none"])
def test_worker__runs_a_job_of_its_own_workspace(sqlite_workspace, monkeypatch, given):
    job = queue_only(sqlite_workspace, "wait")
    with sqlite_workspace.database.write() as uow:
        uow.jobs.update_if(job.job_id, [JobStatus.QUEUED], status=JobStatus.RUNNING)
    monkeypatch.setattr(worker, "open_workspace", lambda: sqlite_workspace)
    opened = worker._open(job.job_id, sqlite_workspace.id if given == "right" else "")
    taken = worker._take(opened, job.job_id)
    assert taken is not None
    assert taken.pid == queue.get_job(sqlite_workspace, job.job_id).pid == os.getpid()


def test_worker__of_another_workspace_refuses_and_its_job_says_why(sqlite_workspace, monkeypatch):
    """Its own environment decides what it opens, so only its log can tell whoever started it."""
    job = queue_only(sqlite_workspace, "wait")
    monkeypatch.setattr(worker, "open_workspace", lambda: sqlite_workspace)
    with pytest.raises(Conflict) as caught:
        worker._open(job.job_id, "4f1c")
    said = f"{executors.REFUSAL}{caught.value.message} {caught.value.next_step}"

    class Refused(Noting):
        def submit(self, command):
            return f"{command.job_id}:1:"

        def state(self, handle):
            return executors.Standing(
                state=executors.CommandState.FAILED,
                detail="exit status 4",
                exit_status=executors.REFUSED_STATUS,
            )

        def logs(self, handle, offset):
            lines = f"INFO importing\n2026-11-30 ERROR {said}\n"
            return lines[offset:], len(lines)

    tending = supervisor.Supervisor(
        sqlite_workspace, executor=Refused(sqlite_workspace), available=ONE_CPU
    )
    tending.tick()
    ended = queue.get_job(sqlite_workspace, job.job_id)
    assert ended.status == JobStatus.INTERRUPTED
    assert ": its process refused to begin. Job 1 is of the workspace 4f1c" in ended.error.message
    assert f"names {sqlite_workspace.id} in {sqlite_workspace.folder}" in ended.error.message
    assert "Give the worker the FORGE_ variables of its supervisor." in ended.error.message


def test_second_supervisor_leaves_at_once(sqlite_supervising):
    first = sqlite_supervising.start()
    second = sqlite_supervising.spawn()
    assert second.wait(timeout=10) == 0
    assert first.poll() is None
    assert supervision.find_supervisor(sqlite_supervising.workspace).pid == first.pid


def test_supervisor_killed_and_restarted__job_runs_on_and_is_adopted(supervising):
    workspace = supervising.workspace
    first = supervising.start()
    job = wait_running(workspace, submit(workspace))
    supervising.kill(first)
    assert processes.is_alive(leader_of(job))
    supervising.start()
    time.sleep(0.5)  # a few looks of the new one
    now = queue.get_job(workspace, job.job_id)
    assert (now.status, now.pid) == (JobStatus.RUNNING, job.pid)
    let_go(workspace)
    ended = finished(workspace, job)
    assert ended.status == JobStatus.SUCCEEDED
    assert ended.result == {"waited": True}


def test_supervisor_and_worker_killed__next_supervisor_marks_the_job(sqlite_supervising):
    workspace = sqlite_supervising.workspace
    first = sqlite_supervising.start()
    job = wait_running(workspace, submit(workspace))
    sqlite_supervising.kill(first)
    os.kill(job.pid, signal.SIGKILL)
    sqlite_supervising.start()
    ended = finished(workspace, job, seconds=15)
    assert ended.status == JobStatus.INTERRUPTED


def run_elsewhere(workspace, **values):
    """A running job as another machine, or a supervisor that died, has left it."""
    job = queue_only(workspace, "wait")
    running = {"status": JobStatus.RUNNING, "host": "elsewhere", "pid": 1, "pid_started": "1"}
    beat(workspace, job, (JobStatus.QUEUED,), **{**running, **values})
    return job


def beat(workspace, job, statuses=(JobStatus.RUNNING,), *, hours=0, **values):
    """A sign of life, from a clock that is so many hours off."""
    with workspace.database.write() as uow:
        at = uow.jobs.now() + timedelta(hours=hours)
        uow.jobs.update_if(job.job_id, statuses, heartbeat_at=at, **values)


def test_silent_job_of_another_host_is_marked__whatever_any_clock_says(workspace, monkeypatch):
    """Two beat by a clock that jumps an hour to and fro; one that beat in the future is dead."""
    late, early, dead = (run_elsewhere(workspace) for _ in range(3))
    beat(workspace, dead, hours=1)
    tending = supervisor.Supervisor(workspace, available=ONE_CPU)
    clock = 1000.0
    monkeypatch.setattr(heartbeats.time, "monotonic", lambda: clock)
    for look in range(14):
        beat(workspace, late, hours=-1 if look % 2 else -2)
        beat(workspace, early, hours=1 if look % 2 else 0)
        tending.tick()
        is_over = queue.get_job(workspace, dead.job_id).status.is_finished()
        assert is_over == (look > supervisor.SILENT_SECONDS)
        clock += 1.0
    ended = queue.get_job(workspace, dead.job_id)
    assert ended.status == JobStatus.INTERRUPTED
    assert ended.error.detail == "no sign of life from elsewhere"
    for job in (late, early):
        assert queue.get_job(workspace, job.job_id).status == JobStatus.RUNNING


def test_silence__a_pause_in_which_nobody_looked_is_not_counted(sqlite_workspace, monkeypatch):
    """As where this machine slept for an hour, or the database was away: the others could not
    write either."""
    job = run_elsewhere(sqlite_workspace)
    tending = supervisor.Supervisor(sqlite_workspace, available=ONE_CPU)
    clock = 1000.0
    monkeypatch.setattr(heartbeats.time, "monotonic", lambda: clock)
    for _ in range(6):
        tending.tick()
        clock += 3600.0
    assert queue.get_job(sqlite_workspace, job.job_id).status == JobStatus.RUNNING


def test_job_that_was_claimed_but_never_started_is_marked(sqlite_workspace, monkeypatch):
    job = run_elsewhere(sqlite_workspace, host=supervision.host_name(), pid=None, pid_started=None)
    beat(sqlite_workspace, job, hours=1)
    tending = supervisor.Supervisor(sqlite_workspace, available=ONE_CPU)
    clock = 1000.0
    monkeypatch.setattr(heartbeats.time, "monotonic", lambda: clock)
    for _ in range(10):
        tending.tick()
        clock += 1.0
    ended = queue.get_job(sqlite_workspace, job.job_id)
    assert (ended.status, ended.error.detail) == (JobStatus.INTERRUPTED, "it was never started")


def test_halted_supervisor__goes_on_when_it_is_needed(sqlite_supervising):
    workspace = sqlite_supervising.workspace
    child = sqlite_supervising.start()
    os.kill(child.pid, signal.SIGSTOP)
    identity = processes.identify(child.pid)
    wait_for(lambda: processes.is_halted(identity), what="it is halted")
    queue_only(workspace, "wait")
    tending.tend(workspace)
    wait_for(lambda: not processes.is_halted(identity), what="it goes on")
    assert supervision.find_supervisor(workspace) == identity


def test_ensure_supervisor__starts_one_that_runs_jobs_and_outlives_the_call(
    sqlite_supervising, started_anew
):
    workspace = sqlite_supervising.workspace
    for _ in range(3):
        supervision.ensure_supervisor(workspace, module="tests.forge_core.jobs.supervisor_entry")
    wait_for(lambda: supervision.find_supervisor(workspace), what="supervisor started")
    let_go(workspace)
    job = finished(workspace, submit(workspace))
    assert job.status == JobStatus.SUCCEEDED
    identity = supervision.find_supervisor(workspace)
    assert os.getsid(identity.pid) == identity.pid  # a session of its own


def test_ensure_supervisor__other_settings_replace_it_and_jobs_run_on(
    sqlite_supervising, monkeypatch
):
    workspace = sqlite_supervising.workspace
    first = sqlite_supervising.start()
    job = wait_running(workspace, submit(workspace))
    monkeypatch.setenv("TORCH_HOME", str(workspace.folder / "weights"))
    supervision.ensure_supervisor(workspace, module="tests.forge_core.jobs.supervisor_entry")
    first.wait(timeout=5)
    wait_for(lambda: supervision.find_supervisor(workspace), what="the new one is there")
    assert supervision.find_supervisor(workspace).pid != first.pid
    environment = finished(workspace, submit(workspace, "tell_environment"))
    assert environment.result["torch_home"] == str(workspace.folder / "weights")
    let_go(workspace)
    assert finished(workspace, job).status == JobStatus.SUCCEEDED


def test_ensure_supervisor__starts_one_however_often_it_is_asked_while_that_one_starts(
    sqlite_supervising, monkeypatch
):
    """Also where the record of one that was stopped lies about: asked five times a second, new
    ones kept each other from starting until the machine stood still."""
    workspace = sqlite_supervising.workspace
    first = sqlite_supervising.start()
    first.terminate()
    first.wait(timeout=10)
    assert supervision.read_record(workspace) is not None
    started = []
    start = supervision._start

    def start_a_slow_one(*arguments):
        started.append(start(workspace, "tests.forge_core.jobs.slow_entry", *arguments[2:]))
        return started[-1]

    monkeypatch.setattr(supervision, "_start", start_a_slow_one)
    for _ in range(20):
        supervision.ensure_supervisor(workspace)
    assert len(started) == 1
    wait_for(
        lambda: supervision.find_supervisor(workspace), what="the one that was started is there"
    )
    assert supervision.find_supervisor(workspace).pid == started[0].pid
    supervision.ensure_supervisor(workspace)
    assert len(started) == 1
    started[0].kill()
    wait_for(lambda: started[0].poll() is not None, what="it is gone")
    supervision.ensure_supervisor(workspace)
    assert len(started) == 2


def test_ensure_supervisor__unknown_executor_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("FORGE_EXECUTOR", "cloud")
    workspace = open_workspace(Settings(_env_file=None))
    with pytest.raises(InvalidInput, match="'cloud'"):
        supervision.ensure_supervisor(workspace)
    workspace.database.dispose()


def test_supervisor_leaves_when_idle_and_comes_back_for_the_next_job(sqlite_supervising):
    workspace = sqlite_supervising.workspace
    child = sqlite_supervising.start("0.3")
    assert child.wait(timeout=10) == 0
    assert supervision.find_supervisor(workspace) is None
    let_go(workspace)
    job = queue_only(workspace, "wait")
    supervision.ensure_supervisor(workspace, module="tests.forge_core.jobs.supervisor_entry")
    assert finished(workspace, job).status == JobStatus.SUCCEEDED


@pytest.mark.process
def test_workspace_that_is_removed__supervisor_and_worker_leave(tmp_path):
    workspace = open_workspace(Settings(_env_file=None, workspace=tmp_path / "short-lived"))
    control = Supervising(workspace)
    child = control.start()
    job = wait_running(workspace, submit(workspace))
    shutil.rmtree(workspace.folder)
    try:
        assert child.wait(timeout=20) == 0
        wait_for(lambda: not processes.is_alive(leader_of(job)), what="the worker leaves")
    finally:
        child.kill()
        processes.signal_group(leader_of(job), signal.SIGKILL)
        workspace.database.dispose()
