"""Jobs of the queue: they run, tell how far they are, are cancelled, killed and fail in words."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import event, text

from db.boxes import JobError, JobProgress
from db.enums import JobStatus
from forge_core.errors import NotFound
from forge_core.jobs import kinds, processes, queue, request_keys, supervision
from forge_core.workspace import Workspace
from tests import forking
from tests.arrange import ACTOR
from tests.forge_core.jobs.submitting import finished, queue_only, submit
from tests.forge_core.jobs.supervising import leader_of, wait_for, wait_running


def is_shared_among_sessions() -> bool:
    """Whether the kernel shares the processors among sessions before it looks at processes."""
    group = Path("/proc/self/autogroup")
    return group.exists() and bool(group.read_text())


def test_submit__job_runs_in_its_own_group_and_workspace(supervising, started_anew):
    workspace = supervising.workspace
    supervising.start()
    job = finished(workspace, submit(workspace, "tell_environment"))
    assert job.status == JobStatus.SUCCEEDED
    assert job.result == {
        "workspace": str(workspace.folder),
        "database": workspace.database.engine.dialect.name,
        "slot_device": "",
        "cuda": job.result["cuda"],
        "group_is_own": True,
        "sigint": job.result["sigint"],
        "torch_home": job.result["torch_home"],
        "torch": forking.is_used and job.result["torch"],  # a light job does not pay for it
        "pid": job.pid,
        "priority": job.result["priority"],
    }
    if not forking.is_used:  # every thread, and the session
        assert job.result["priority"] == {
            "niceness": [max(os.nice(0), kinds.ASKED_NICENESS)],
            "policy": [os.SCHED_BATCH] if sys.platform == "linux" else [],
            "session": [kinds.ASKED_NICENESS] if is_shared_among_sessions() else [],
        }
    assert job.error is None
    assert job.host == supervision.host_name()
    assert job.executor == "local"
    assert job.handle == f"{job.job_id}:{job.pid}:{job.pid_started}"
    assert job.started_at is not None
    assert job.finished_at >= job.started_at >= job.created_at
    assert "job 1 (tell_environment) begins" in (workspace.logs_folder / job.log_path).read_text()


def test_progress_and_heartbeat_are_written_while_a_job_runs(supervising):
    workspace = supervising.workspace
    supervising.start()
    job = wait_running(workspace, submit(workspace))
    assert job.status == JobStatus.RUNNING
    assert job.progress == JobProgress(fraction=0.5, message="waiting")
    wait_for(lambda: queue.get_job(workspace, job.job_id).heartbeat_at > job.heartbeat_at)
    assert [active.job_id for active in queue.list_active_jobs(workspace)] == [job.job_id]


def test_slots__one_training_and_two_light_jobs_at_a_time(sqlite_supervising):
    workspace = sqlite_supervising.workspace
    light = [queue_only(workspace, "wait") for _ in range(3)]
    training = [queue_only(workspace, "heavy") for _ in range(2)]
    sqlite_supervising.start()

    def running():
        return [
            job.job_id
            for job in queue.list_active_jobs(workspace)
            if job.status == JobStatus.RUNNING
        ]

    # Which jobs share the machine is decided at once, long before their processes are ready.
    first = [light[0].job_id, light[1].job_id, training[0].job_id]
    wait_for(lambda: running() == first, what="two light jobs and one training run")
    queue.request_cancel(workspace, light[0].job_id)
    wait_for(lambda: light[2].job_id in running(), what="the third light job gets the slot")
    queue.request_cancel(workspace, training[0].job_id)
    wait_for(lambda: training[1].job_id in running(), what="the second training gets the slot")


def test_cancel__queued_job_is_cancelled_at_once(workspace):
    job = queue_only(workspace, "wait")
    cancelled = queue.request_cancel(workspace, job.job_id)
    assert cancelled.status == JobStatus.CANCELLED
    assert cancelled.finished_at is not None
    assert queue.request_cancel(workspace, job.job_id) == cancelled


def test_cancel__running_job_stops_by_itself(supervising):
    workspace = supervising.workspace
    supervising.start()
    job = wait_running(workspace, submit(workspace))
    began = time.monotonic()
    queue.request_cancel(workspace, job.job_id)
    ended = finished(workspace, job, seconds=15)
    assert ended.status == JobStatus.CANCELLED
    assert time.monotonic() - began < 3
    assert ended.error.message == "Cancelled on request."
    wait_for(lambda: not processes.is_group_alive(leader_of(job)))


def test_cancel__job_that_does_not_listen_is_killed(tended):
    workspace = tended
    job = wait_running(workspace, submit(workspace, "wait_stubbornly"))
    queue.request_cancel(workspace, job.job_id)
    ended = finished(workspace, job, seconds=20)
    assert ended.status == JobStatus.CANCELLED
    assert not processes.is_alive(leader_of(job))


def test_kill_9_of_the_worker_shows_as_interrupted_within_three_seconds(supervising):
    workspace = supervising.workspace
    supervising.start()
    job = wait_running(workspace, submit(workspace))
    began = time.monotonic()
    os.kill(job.pid, signal.SIGKILL)
    ended = finished(workspace, job, seconds=20)
    assert time.monotonic() - began < 3
    assert ended.status == JobStatus.INTERRUPTED
    assert "its process ended without a word (killed, or out of memory)" in ended.error.message
    assert ended.error.next_step == "Start it again."
    assert ended.error.detail == "killed by SIGKILL"


def test_sigterm_from_the_system_shows_as_interrupted(tended):
    workspace = tended
    job = wait_running(workspace, submit(workspace))
    os.kill(job.pid, signal.SIGTERM)
    ended = finished(workspace, job, seconds=15)
    assert ended.status == JobStatus.INTERRUPTED
    assert "the system asked its process to end" in ended.error.message


def test_adopted_job__can_be_cancelled_and_its_death_is_seen(sqlite_supervising):
    workspace = sqlite_supervising.workspace
    first = sqlite_supervising.start()
    stubborn = wait_running(workspace, submit(workspace, "wait_stubbornly"))
    waiting = wait_running(workspace, submit(workspace))
    sqlite_supervising.kill(first)
    sqlite_supervising.start()
    queue.request_cancel(workspace, stubborn.job_id)
    os.kill(waiting.pid, signal.SIGKILL)
    assert finished(workspace, waiting, seconds=15).status == JobStatus.INTERRUPTED
    assert finished(workspace, stubborn, seconds=20).status == JobStatus.CANCELLED


def test_slot_is_free_only_when_the_whole_group_is_gone(tended):
    workspace = tended
    job = finished(workspace, submit(workspace, "leave_child"))
    assert job.status == JobStatus.SUCCEEDED
    assert supervision.read_record(workspace).held  # the row is final, the slot is still held
    assert processes.identify(job.result["child"]) is not None
    # What the leader left behind is ended: SIGTERM (ignored by it), then SIGKILL.
    wait_for(lambda: not supervision.read_record(workspace).held, what="slot free")
    assert processes.identify(job.result["child"]) is None


def test_crash__row_has_a_readable_error_and_log_the_traceback(tended):
    workspace = tended
    job = finished(workspace, submit(workspace, "crash"))
    assert job.status == JobStatus.FAILED
    assert "ZeroDivisionError" not in job.error.message
    assert "ZeroDivisionError: a number was divided by nought" in job.error.detail
    log = (workspace.logs_folder / job.log_path).read_text()
    assert "Traceback" in log
    assert "ZeroDivisionError" in log


def test_forge_error__row_has_message_next_step_and_detail(tended):
    workspace = tended
    job = finished(workspace, submit(workspace, "refuse"))
    assert job.status == JobStatus.FAILED
    assert job.error == JobError(
        message="4 images have no label.",
        next_step="Label them.",
        detail="ids 1 to 4",
        kind="InvalidInput",
    )
    assert "Traceback" not in (workspace.logs_folder / job.log_path).read_text()


def test_unknown_kind__fails_and_says_which_are_known(tended):
    workspace = tended
    job = finished(workspace, submit(workspace, "bake"))
    assert job.status == JobStatus.FAILED
    assert "'bake'" in job.error.message
    assert "train" in job.error.next_step


def test_finished_job_never_changes(workspace):
    job = queue_only(workspace, "wait")
    done = queue.request_cancel(workspace, job.job_id)
    assert not queue.finish(workspace, job, JobStatus.SUCCEEDED, result={"a": 1})
    assert queue.get_job(workspace, job.job_id) == done


def test_get_job__unknown_number(sqlite_workspace):
    with pytest.raises(NotFound, match="no job 7"):
        queue.get_job(sqlite_workspace, 7)


KIND = kinds.RATE_SEARCH.name
ASKED = {"batch_size": 8, "preset": "text", "crop": [0.5, 1.0], "more": {"has_warmup": True}}


def add(workspace: Workspace, asked: dict | None, *, kind: str = KIND) -> int:
    with workspace.database.write() as uow:
        return queue.add_in(uow, kind, "A job", {}, actor=ACTOR, asked=asked).job_id


def test_key__is_of_the_values_and_not_of_their_order_or_kind_of_number() -> None:
    key = request_keys.make_key(ASKED)
    assert len(key) == 64
    other = {"more": {"has_warmup": True}, "crop": (0.5, 1), "batch_size": 8.0, "preset": "text"}
    assert request_keys.make_key(other) == key
    for change in ({"batch_size": 9}, {"preset": None}, {"crop": [1, 0.5]}, {"more": {}}, {"x": 1}):
        assert request_keys.make_key(ASKED | change) != key


def test_find__the_newest_job_that_was_asked_the_same_question(workspace: Workspace) -> None:
    assert queue.find_latest_job(workspace, KIND, asked=ASKED) is None
    add(workspace, ASKED)
    wanted = add(workspace, dict(reversed(ASKED.items())))
    add(workspace, ASKED, kind=kinds.SCORE.name)
    newest = [add(workspace, ASKED | {"batch_size": number}) for number in range(100, 103)][-1]
    found = queue.find_latest_job(workspace, KIND, asked=ASKED)
    assert found is not None
    assert (found.job_id, found.status) == (wanted, JobStatus.QUEUED)
    assert queue.find_latest_job(workspace, KIND, asked={}) is None
    without = queue.find_latest_job(workspace, KIND)
    assert without is not None
    assert without.job_id == newest
    with workspace.database.write() as uow:
        uow.jobs.update_if(wanted, (JobStatus.QUEUED,), status=JobStatus.RUNNING)
        key = request_keys.make_key(ASKED)
        waiting = uow.jobs.find_latest(KIND, request_key=key, statuses=(JobStatus.QUEUED,))
    assert waiting is not None
    assert waiting.job_id == wanted - 1


def test_find__goes_by_an_index_and_takes_one_row(workspace: Workspace) -> None:
    """However many searches there were; nothing is read that was asked something else."""
    asked: list = []

    def keep(_connection, _cursor, statement, parameters, *_) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    add(workspace, ASKED)
    event.listen(workspace.database.engine, "before_cursor_execute", keep)
    queue.find_latest_job(workspace, KIND, asked=ASKED)
    event.remove(workspace.database.engine, "before_cursor_execute", keep)
    [(statement, parameters)] = asked
    assert "LIMIT" in statement
    explain = "EXPLAIN QUERY PLAN " if workspace.database.is_sqlite else "EXPLAIN "
    with workspace.database.engine.connect() as connection:
        if not workspace.database.is_sqlite:  # one row is read faster without an index
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_sort = off"))
        rows = connection.exec_driver_sql(explain + statement, parameters)
        plan = " ".join(str(row) for row in rows)
    assert "ix_jobs_request" in plan
    assert "TEMP B-TREE" not in plan
