"""Whoever looks starts no process; whoever lives long sees that waiting jobs are tended."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from db.enums import RunStatus
from db.records import Job
from forge_core.errors import JobFailed
from forge_core.jobs import queue, supervision, tending
from forge_core.people.actor import Actor
from forge_core.runs import records
from forge_core.workspace import Workspace


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
