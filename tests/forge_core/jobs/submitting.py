"""Queue jobs of the tests, and wait for them."""

from forge_core.jobs import queue
from forge_core.people.actor import Actor

ACTOR = Actor("tester")


def submit(workspace, kind="wait", **payload):
    return queue.submit(workspace, kind, f"a {kind} job", payload, actor=ACTOR)


def finished(workspace, job, seconds=40.0):
    return queue.wait_until_finished(workspace, job.job_id, timeout_seconds=seconds)


def let_go(workspace):
    """End the jobs that wait."""
    (workspace.folder / "go").touch()


def queue_only(workspace, kind, **payload):
    with workspace.database.write() as uow:
        return queue.add_in(uow, kind, f"a {kind} job", payload, actor=ACTOR)
