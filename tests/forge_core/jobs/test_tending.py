"""Whoever looks starts no process; whoever lives long sees that waiting jobs are tended.

And says which have lost their process, while nobody tends them.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from db.enums import JobStatus, RunStatus
from db.records import Job
from forge_core.errors import JobFailed
from forge_core.jobs import executors, lost, processes, queue, supervision, supervisor, tending
from forge_core.jobs.local_executor import LocalExecutor, handle_of
from forge_core.jobs.processes import ProcessIdentity
from forge_core.jobs.supervision import SupervisorRecord
from forge_core.people.actor import Actor
from forge_core.runs import records
from forge_core.workspace import Workspace
from tests.forge_core.jobs.submitting import queue_only
from tests.forge_core.jobs.supervisor_entry import ONE_CPU


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Each time that a supervisor was asked for."""
    heard: list[dict[str, Any]] = []
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda _, **how: heard.append(how))
    return heard


def queue_job(workspace: Workspace) -> Job:
    """A job that waits, as the row stands after the machine was off."""
    with workspace.database.write() as uow:
        return queue.add_in(uow, "import", "Import 3 images", {}, actor=Actor("ada"))


def test_looking_at_unfinished_work_asks_for_no_supervisor(
    sqlite_workspace: Workspace, asked: list[dict[str, Any]]
) -> None:
    job = queue_job(sqlite_workspace)
    with sqlite_workspace.database.write() as uow:
        run_id = uow.runs.add(
            name="",
            status=RunStatus.QUEUED,
            author="ada",
            config={"pretrained": False, "scratch_epochs": 3},
            revision_id=0,
            class_names=[],
            label_ids=[],
        )
    assert [each.job_id for each in queue.list_active_jobs(sqlite_workspace)] == [job.job_id]
    assert records.run_progress(sqlite_workspace, run_id).status == RunStatus.QUEUED
    assert asked == []


def test_tend__asks_for_one_only_where_work_is_unfinished(
    sqlite_workspace: Workspace, asked: list[dict[str, Any]]
) -> None:
    tending.tend(sqlite_workspace)
    assert asked == []
    job = queue_job(sqlite_workspace)
    tending.tend(sqlite_workspace)
    assert asked == [{"replace": False}]  # and lets one with other settings be
    queue.request_cancel(sqlite_workspace, job.job_id)
    tending.tend(sqlite_workspace)
    assert len(asked) == 1


def test_kept_up__a_job_that_waited_while_the_machine_was_off_is_tended_at_once(
    sqlite_workspace: Workspace, asked: list[dict[str, Any]]
) -> None:
    queue_job(sqlite_workspace)

    async def serve() -> None:
        async with tending.kept_up(sqlite_workspace):
            await until(lambda: bool(asked))

    with start_blocking_portal() as portal:
        portal.call(serve)


@pytest.mark.slow
def test_kept_up__goes_on_when_one_look_fails(
    sqlite_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_job(sqlite_workspace)
    looks = 0

    def refuse(_: Workspace, **how: Any) -> None:
        nonlocal looks
        looks += 1
        raise JobFailed("No memory for another process.")

    monkeypatch.setattr(supervision, "ensure_supervisor", refuse)
    monkeypatch.setattr(tending, "LOOK_SECONDS", 0.01)

    async def serve() -> None:
        async with tending.kept_up(sqlite_workspace):
            await until(lambda: looks > 2)

    with start_blocking_portal() as portal:
        portal.call(serve)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def test_every_few_seconds__looks_once_in_that_time(
    sqlite_workspace: Workspace, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_job(sqlite_workspace)
    now = 100.0
    monkeypatch.setattr(tending.time, "monotonic", lambda: now)
    look = tending.every_few_seconds(sqlite_workspace)
    look()
    look()
    assert len(asked) == 1
    now += tending.LOOK_SECONDS
    look()
    assert len(asked) == 2


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


def test_a_run_is_shown_as_running_from_the_start_of_its_process(
    sqlite_workspace: Workspace,
) -> None:
    """It imports its libraries for seconds, on a busy machine half a minute, before it acts."""

    class Starting(LocalExecutor):
        def submit(self, command: executors.JobCommand) -> str:
            return handle_of(command.job_id, own())

    with sqlite_workspace.database.write() as uow:
        run_id = uow.runs.add(
            name="",
            status=RunStatus.QUEUED,
            author="ada",
            config={"pretrained": False, "scratch_epochs": 3},
            revision_id=0,
            class_names=[],
            label_ids=[],
        )
        queue.add_in(uow, "train", "a run", {}, actor=Actor("ada"), run_id=run_id)
    executor = Starting(sqlite_workspace)
    supervisor.Supervisor(sqlite_workspace, executor=executor, available=ONE_CPU).tick()
    told = records.run_progress(sqlite_workspace, run_id)
    assert (told.status, told.message) == (RunStatus.RUNNING, "Starting.")
