"""A job without a process is told so also while nobody tends it; one that may have one is not."""

import os
from typing import Any

import pytest

from db.enums import JobStatus
from db.records import Job
from forge_core.jobs import executors, lost, processes, queue, supervision, supervisor, tending
from forge_core.jobs.local_executor import handle_of
from forge_core.jobs.processes import ProcessIdentity
from forge_core.jobs.supervision import SupervisorRecord
from forge_core.workspace import Workspace
from tests.forge_core.jobs.submitting import queue_only
from tests.forge_core.jobs.supervisor_entry import ONE_CPU

GONE = {"pid": 1, "pid_started": "0"}
"""Nobody's: the first process of the machine did not start at this moment."""


def own() -> ProcessIdentity:
    identity = processes.identify(os.getpid())
    assert identity is not None
    return identity


def run_here(workspace: Workspace, **values: Any) -> Job:
    """A running job of this machine, as its row is."""
    job = queue_only(workspace, "wait")
    with workspace.database.write() as uow:
        given = {"status": JobStatus.RUNNING, "host": supervision.host_name(), **values}
        uow.jobs.update_if(job.job_id, (JobStatus.QUEUED,), **given)
    return queue.get_job(workspace, job.job_id)


def write_record(
    workspace: Workspace, supervisor_: ProcessIdentity, held: ProcessIdentity | None = None
) -> None:
    slots = {} if held is None else {"cpu": (1, held)}
    supervision.write_record(workspace, SupervisorRecord(supervisor_, "", slots))


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Command lines of this machine."""
    running: list[list[str]] = []
    monkeypatch.setattr(processes, "list_commands", lambda: running)
    return running


def test_abandoned__jobs_without_a_process_end_before_a_new_supervisor_is_there(
    workspace: Workspace, commands: list[list[str]]
) -> None:
    killed = run_here(workspace, **GONE)
    unstarted = run_here(workspace)
    living = run_here(workspace, pid=own().pid, pid_started=own().started)
    there = run_here(workspace, executor="ray", **GONE)
    elsewhere = run_here(workspace, host="elsewhere", **GONE)
    begins = run_here(workspace)
    commands.append(
        ["python", "worker", "--job", str(begins.job_id), "--workspace-id", workspace.id]
    )
    write_record(workspace, ProcessIdentity(1, "0"))
    lost.mark_abandoned(workspace, queue.list_active_jobs(workspace))
    ended = {job.job_id: job.error for job in queue.list_latest_jobs(workspace) if job.error}
    assert {number: error.detail for number, error in ended.items()} == {
        killed.job_id: "its process is gone",
        unstarted.job_id: lost.NEVER_STARTED,
    }
    assert lost.WITHOUT_A_WORD in ended[killed.job_id].message
    assert [job.job_id for job in queue.list_active_jobs(workspace)] == [
        each.job_id for each in (living, there, elsewhere, begins)
    ]


def test_abandoned__a_supervisor_that_lives_judges_by_what_it_alone_knows(
    sqlite_workspace: Workspace,
) -> None:
    job = run_here(sqlite_workspace, **GONE)
    write_record(sqlite_workspace, own())
    lost.mark_abandoned(sqlite_workspace, [job])
    assert queue.get_job(sqlite_workspace, job.job_id).status == JobStatus.RUNNING


def test_unstarted__is_told_at_once_unless_a_waiting_process_may_have_taken_it(
    sqlite_workspace: Workspace, commands: list[list[str]]
) -> None:
    job = run_here(sqlite_workspace)
    look = supervisor.Supervisor(sqlite_workspace, available=ONE_CPU).tick
    commands.append(["python", "-m", "forge_core", "worker", "--warm"])
    look()
    assert queue.get_job(sqlite_workspace, job.job_id).status == JobStatus.RUNNING
    commands.clear()
    look()
    ended = queue.get_job(sqlite_workspace, job.job_id)
    assert ended.status == JobStatus.INTERRUPTED
    assert ended.error is not None
    assert ended.error.detail == lost.NEVER_STARTED


def test_leftovers__of_a_supervisor_that_died_are_work_for_the_next(
    sqlite_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where every job is over: nobody else would ever end them."""
    asked = []
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda _, **how: asked.append(how))
    write_record(sqlite_workspace, own(), held=own())
    tending.tend(sqlite_workspace)
    write_record(sqlite_workspace, ProcessIdentity(1, "0"), held=ProcessIdentity(1, "0"))
    tending.tend(sqlite_workspace)
    assert asked == []
    monkeypatch.setattr(processes, "is_group_alive", lambda leader: leader == own())
    write_record(sqlite_workspace, ProcessIdentity(1, "0"), held=own())
    tending.tend(sqlite_workspace)
    assert asked == [{"replace": False}]


def test_leftovers__have_had_their_time_when_a_supervisor_adopts_them(
    sqlite_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Standing:
        """Knows a command whose first process is gone and whose child stays."""

        name = executors.LOCAL

        def __init__(self) -> None:
            self.graces: list[float] = []

        def adopt(self) -> list[str]:
            return [handle_of(1, own())]

        def state(self, handle: str) -> executors.Standing:
            return executors.Standing(state=executors.CommandState.ENDING)

        def cancel(self, handle: str, *, grace_seconds: float) -> None:
            self.graces.append(grace_seconds)

    write_record(sqlite_workspace, ProcessIdentity(1, "0"), held=own())
    standing = Standing()
    tending_ = supervisor.Supervisor(sqlite_workspace, executor=standing, available=ONE_CPU)  # type: ignore[arg-type]
    tending_._adopt()
    tending_.tick()
    assert standing.graces == [supervisor.ADOPTED_LEFTOVER_SECONDS]
