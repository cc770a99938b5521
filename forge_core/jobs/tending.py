"""That jobs which wait are tended: by whoever lives long, never by whoever only looks.

A supervisor is started when a job is queued or asked to end. It may die after that, and a machine
that was switched off has none; then the web app, and a command that waits for its own run, start
another one within seconds, and say themselves until it is there which jobs have lost their process.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable

from db.failures import DATABASE_UNAVAILABLE
from forge_core.errors import ForgeError
from forge_core.jobs import lost, queue, supervision
from forge_core.notices import outbox
from forge_core.workspace import Workspace

LOOK_SECONDS = 2.0
_log = logging.getLogger("forge.jobs")


def tend(workspace: Workspace) -> None:
    """Start a supervisor when there is unfinished work or untold news, and none; else only look.

    Unfinished are also processes of jobs that have ended and that a supervisor was to end.

    Raises:
        InvalidInput: The executor of the settings is not known.
        JobFailed: The process cannot be started.
    """
    active = queue.list_active_jobs(workspace)
    lost.mark_abandoned(workspace, active)
    is_needed = active or outbox.list_waiting(workspace, supervision.host_name())
    if is_needed or supervision.has_leftovers(workspace):
        supervision.ensure_supervisor(workspace, replace=False)


def every_few_seconds(workspace: Workspace) -> Callable[[], None]:
    """`tend` for a loop that turns more often than it needs to look."""
    last = float("-inf")

    def look() -> None:
        nonlocal last
        if time.monotonic() - last >= LOOK_SECONDS:
            last = time.monotonic()
            tend(workspace)

    return look


@contextlib.asynccontextmanager
async def kept_up(workspace: Workspace) -> AsyncIterator[None]:
    """Tend the workspace's jobs from now to the end of the block, in a thread of its own."""
    task = asyncio.create_task(_keep_up(workspace))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _keep_up(workspace: Workspace) -> None:
    while True:
        try:
            await asyncio.to_thread(tend, workspace)
        except (ForgeError, *DATABASE_UNAVAILABLE) as error:  # the pages go on, and it may pass
            _log.warning("jobs could not be tended: %s", error)
        await asyncio.sleep(LOOK_SECONDS)
