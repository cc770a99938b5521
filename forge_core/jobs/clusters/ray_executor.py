"""The executor of a Ray cluster, through the Ray Jobs REST API of its head.

Plain HTTP: neither the web app nor the supervisor needs Ray, or the version of Ray that the cluster
has. A head that does not answer tells nothing about its jobs: they stand as they were last seen,
and the heartbeat of each worker in the database tells the truth.
"""

import json
import logging
import shlex
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from forge_core.errors import JobFailed
from forge_core.jobs.executors import (
    LOG_BYTES,
    CommandState,
    JobCommand,
    Standing,
    job_of,
)

ANSWER_SECONDS = 20.0
SEEN_SECONDS = 1.0
"""So long an answer about a job is taken as it was."""
PAUSE_SECONDS = 10.0
"""So long a head that did not answer is not asked about jobs again."""
STATES = {
    "PENDING": CommandState.QUEUED,
    "RUNNING": CommandState.RUNNING,
    "SUCCEEDED": CommandState.SUCCEEDED,
    "FAILED": CommandState.FAILED,
    "STOPPED": CommandState.CANCELLED,
}
_log = logging.getLogger("forge.supervisor")


class RayExecutor:
    """Runs commands as jobs of a Ray cluster.

    Args:
        address: Of the head's dashboard, as `http://head:8265`.
        token: Of the cluster; empty where it asks for none.
        workspace_id: Tells our jobs from those of others.
    """

    name = "ray"

    def __init__(self, address: str, *, token: str, workspace_id: str) -> None:
        self._address = address.rstrip("/")
        self._token = token
        self._prefix = f"forge-{workspace_id}-"
        self._seen: dict[str, tuple[float, Standing]] = {}
        """When a job was last asked about (monotonic seconds), and how it stood."""
        self._asked_at: dict[str, float] = {}
        """When a command was first asked to end."""
        self._silent_until = 0.0

    def submit(self, command: JobCommand) -> str:
        """Start a command and return its handle; see `Executor`.

        Raises:
            JobFailed: The cluster does not take it.
        """
        # A job that is resumed is another job, so the number is used once.
        submission_id = f"{self._prefix}{command.job_id}"
        try:
            self._ask(
                "POST",
                "/api/jobs/",
                {
                    "entrypoint": shlex.join(command.arguments),
                    "submission_id": submission_id,
                    "runtime_env": {"env_vars": dict(command.environment)},
                    "metadata": {"vision_forge_job": str(command.job_id)},
                    "entrypoint_num_cpus": command.processors,
                    "entrypoint_num_gpus": command.gpus,
                },
            )
        except urllib.error.HTTPError as error:
            raise JobFailed(
                f"The Ray cluster at {self._address} did not take the job.",
                next_step="Check FORGE_RAY_TOKEN."
                if error.code in (401, 403)
                else "Its answer is in the details.",
                detail=f"{error.code}: {_body_of(error)}",
            ) from error
        except OSError as error:
            raise JobFailed(
                f"The Ray cluster at {self._address} does not answer.",
                next_step="Start it or correct FORGE_RAY_ADDRESS, then start the job again.",
                detail=str(error),
            ) from error
        return f"{command.job_id}:{submission_id}"

    def state(self, handle: str) -> Standing:
        """How it stands now, or stood when the head last answered; see `Executor`."""
        now = time.monotonic()
        seen_at, last = self._seen.get(handle, (0.0, Standing(state=CommandState.QUEUED)))
        if last.state.is_over() or now - seen_at < SEEN_SECONDS or now < self._silent_until:
            return last
        try:
            last = _standing_of(self._ask("GET", f"/api/jobs/{_submission_of(handle)}"))
        except urllib.error.HTTPError as error:
            if error.code == 404:  # it was deleted, or the head was started anew
                last = Standing(state=CommandState.LOST, detail="the cluster does not know it")
            else:
                self._note_silence(error)
        except OSError as error:
            self._note_silence(error)
        self._seen[handle] = now, last
        return last

    def logs(self, handle: str, offset: int) -> tuple[str, int]:
        """What it printed; see `Executor`. Empty while the head does not answer."""
        if time.monotonic() < self._silent_until:
            return "", offset
        try:
            told = self._ask("GET", f"/api/jobs/{_submission_of(handle)}/logs")
        except urllib.error.HTTPError:  # before it has begun there is none
            return "", offset
        except OSError as error:
            self._note_silence(error)
            return "", offset
        data = str(told.get("logs") or "").encode()[offset : offset + LOG_BYTES]
        text = data.decode("utf-8", errors="ignore")  # a character that is cut comes next time
        return text, offset + len(text.encode())

    def cancel(self, handle: str, *, grace_seconds: float) -> None:
        """Ask it to end; see `Executor`.

        A worker reads in its job's row that it shall end, so the cluster is told only when it has
        not ended after the grace, or has not begun. Ray then sends SIGTERM, and SIGKILL.
        """
        first = self._asked_at.setdefault(handle, time.monotonic())
        is_waiting = self.state(handle).state == CommandState.QUEUED
        if not is_waiting and time.monotonic() - first <= grace_seconds:
            return
        try:
            self._ask("POST", f"/api/jobs/{_submission_of(handle)}/stop")
            _log.info("job %d: Ray was asked to stop it", job_of(handle))
        except OSError as error:
            self._note_silence(error)

    def adopt(self) -> list[str]:
        """Those of the supervisor before us; see `Executor`."""
        try:
            told = self._ask("GET", "/api/jobs/")
        except OSError as error:
            self._note_silence(error)
            return []
        found = []
        for job in told:
            submission_id = str(job.get("submission_id") or "")
            number = submission_id.removeprefix(self._prefix)
            is_ours = submission_id.startswith(self._prefix) and number.isdecimal()
            if is_ours and not _standing_of(job).state.is_over():
                found.append(f"{number}:{submission_id}")
        return found

    def _ask(self, method: str, path: str, values: Mapping[str, Any] | None = None) -> Any:
        """The answer of the head as JSON.

        Raises:
            urllib.error.HTTPError: It refuses.
            OSError: It does not answer, or not in JSON.
        """
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if values is None else json.dumps(values).encode()
        request = urllib.request.Request(
            f"{self._address}{path}", data=data, headers=headers, method=method
        )
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            text = answer.read()
        try:
            return json.loads(text)
        except ValueError as error:
            raise OSError(f"no JSON from {self._address}{path}") from error

    def _note_silence(self, error: OSError) -> None:
        _log.warning("the Ray cluster at %s does not answer: %s", self._address, error)
        self._silent_until = time.monotonic() + PAUSE_SECONDS


def _submission_of(handle: str) -> str:
    return handle.partition(":")[2]


def _standing_of(job: Mapping[str, Any]) -> Standing:
    state = STATES.get(str(job.get("status")), CommandState.RUNNING)
    detail = str(job.get("message") or "") if state.is_over() else ""
    return Standing(state=state, detail=detail, exit_status=job.get("driver_exit_code"))


def _body_of(error: urllib.error.HTTPError) -> str:
    lines = error.read(LOG_BYTES).decode("utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else str(error.reason)
