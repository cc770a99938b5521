"""What the page says of each run, once a second, beside what the process table says.

How it is judged. Asked is what the page asks, by a thread that waits for nothing else: not for a
fault, not for a lock. While the web app is gone, halted or asleep a page gets no answer and shows
the last one; nobody is told anything then, so such a second is counted apart, and it neither
lengthens nor ends a difference. Everything else counts: whoever is gone has to be noticed in
15 seconds in which the web app answered, whatever else was killed meanwhile.
"""

import contextlib
import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psutil

from db.enums import JobStatus, RunStatus
from db.failures import DATABASE_UNAVAILABLE
from forge_core.api import addresses, endpoints
from forge_core.jobs import processes, queue, supervision
from forge_core.jobs.processes import ProcessIdentity
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.chaos.worker_entry import FOLDER, MODULE
from tests.forge_core.jobs.supervising import wait_for

ALLOWED_SECONDS = 15.0
ANSWER_SECONDS = 3.0
NEW_SECONDS = 30.0
"""So young a process may still become another program."""
MANY = 100_000


class ProcessTable:
    """Which jobs have a living process, without asking the database.

    A worker is known by its command line from the moment that it is started, and by the file that
    it leaves, since those that are forked for the suite have no command line of their own.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._folder = workspace.folder / FOLDER
        self._workspace_id = workspace.id
        self._gone: set[ProcessIdentity] = set()
        self._known: dict[ProcessIdentity, int] = {}

    def list_alive(self) -> dict[int, list[ProcessIdentity]]:
        """The leaders of the process groups that live, by the number of their job."""
        for path in self._folder.glob("*.json"):
            identity = ProcessIdentity(**json.loads(path.read_text()))
            self._known[identity] = int(path.name.partition("-")[0])
        self._known |= dict(self._list_started())
        found: dict[int, list[ProcessIdentity]] = {}
        for identity, job_id in self._known.items():
            if identity in self._gone:
                continue
            if processes.is_alive(identity) or processes.is_group_alive(identity):
                found.setdefault(job_id, []).append(identity)
            else:
                self._gone.add(identity)  # no later process is of that group
        return found

    def _list_started(self) -> Iterator[tuple[ProcessIdentity, int]]:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if time.time() - process.create_time() > NEW_SECONDS:
                    continue
                words = process.cmdline()
                if MODULE in words and self._workspace_id in words:
                    identity = processes.identify(process.pid)
                    if identity is not None:
                        yield identity, int(words[words.index("--job") + 1])


@dataclass
class Difference:
    """What the page said of a run and whether it had a process, and for how long both stood so."""

    state: str
    has_process: bool
    seconds: float = 0.0


@dataclass
class Watch:
    """Samples of all runs, and what was wrong in them."""

    workspace: Workspace
    port: int
    runs: list[int]
    num_samples: int = 0
    num_unanswered: int = 0
    unanswered: Counter[str] = field(default_factory=Counter)
    """Looks without an answer, by what came instead."""
    num_differing: int = 0
    errors: list[str] = field(default_factory=list)
    longest_seconds: float = 0.0
    """For so long the page and the process table differed in the same way."""
    second_ends: list[str] = field(default_factory=list)
    ends: dict[int, JobStatus] = field(default_factory=dict)
    """The final state of each job, as it was first seen."""
    _differing: dict[int, Difference] = field(default_factory=dict)
    _runs_of_jobs: dict[int, int] = field(default_factory=dict)
    _answered_at: float | None = None
    """When the web app answered, if it did at the last look."""

    def __post_init__(self) -> None:
        self.table = ProcessTable(self.workspace)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample_each_second, name="watch", daemon=True)
        self.token = endpoints.mint_token(self.workspace, Actor("watcher"), 4 * 3600)

    def wait_for_web(self) -> None:
        """Return once the page answers."""

        def answers() -> bool:
            connection = self._connect()
            with contextlib.closing(connection), contextlib.suppress(OSError, ConnectionError):
                return bool(self._ask(connection, self.runs[0]))
            return False

        wait_for(answers, seconds=90, what="the web app answers")

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        """Look once a second until the end of the block, in a thread of its own."""
        self._thread.start()
        try:
            yield
        finally:
            self._done.set()
            self._thread.join()

    def _sample_each_second(self) -> None:
        next_at = time.monotonic()
        while not self._done.wait(max(0.0, next_at - time.monotonic())):
            next_at = max(next_at + 1.0, time.monotonic())
            self.sample()

    def sample(self) -> None:
        """Look once at every run."""
        connection = self._connect()
        try:
            said = {run_id: self._ask(connection, run_id) for run_id in self.runs}
            alive = {self.run_of_job(job_id) for job_id in self.table.list_alive()}
        except (OSError, http.client.HTTPException, *DATABASE_UNAVAILABLE) as error:
            self.num_unanswered += len(self.runs)
            self.unanswered[str(error)[:40] or type(error).__name__] += 1
            self._answered_at = None
            return
        finally:
            connection.close()
        now = time.monotonic()
        step = 0.0 if self._answered_at is None else now - self._answered_at
        self._answered_at = now
        for run_id, state in said.items():
            self.num_samples += 1
            self._judge(run_id, state, has_process=run_id in alive, step=step)

    def _judge(self, run_id: int, state: str, *, has_process: bool, step: float) -> None:
        if has_process == (state == RunStatus.RUNNING):
            self._differing.pop(run_id, None)
            return
        self.num_differing += 1
        before = self._differing.get(run_id)
        if before is None or (before.state, before.has_process) != (state, has_process):
            self._differing[run_id] = Difference(state, has_process)
            return
        before.seconds += step
        self.longest_seconds = max(self.longest_seconds, before.seconds)
        if before.seconds > ALLOWED_SECONDS:
            there = "has a" if has_process else "has no"
            supervisor = supervision.find_supervisor(self.workspace)
            self.errors.append(
                f"{datetime.now(UTC):%H:%M:%S}: run {run_id} is said to be {state} and {there} "
                f"process for {before.seconds:.0f} s; the supervisor is {supervisor}"
            )

    def look_at_ends(self) -> None:
        """Whether a finished job has another state by now, and each run that of its newest job."""
        try:
            jobs = queue.list_latest_jobs(self.workspace, limit=MANY)
        except DATABASE_UNAVAILABLE:
            return
        for job in jobs:
            if job.status.is_finished() and self.ends.setdefault(job.job_id, job.status) != (
                job.status
            ):
                self.second_ends.append(f"job {job.job_id}: {self.ends[job.job_id]}, {job.status}")

    def describe(self) -> dict[str, object]:
        """The figures."""
        return {
            "samples": self.num_samples,
            "unanswered": self.num_unanswered,
            "instead": dict(self.unanswered),
            "errors": len(self.errors),
            "differing": self.num_differing,
            "longest_seconds": round(self.longest_seconds, 1),
            "jobs": len(self.ends),
            "second_ends": len(self.second_ends),
        }

    def run_of_job(self, job_id: int) -> int:
        if job_id not in self._runs_of_jobs:
            run_id = queue.get_job(self.workspace, job_id).run_id
            assert run_id is not None
            self._runs_of_jobs[job_id] = run_id
        return self._runs_of_jobs[job_id]

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)

    def _ask(self, connection: http.client.HTTPConnection, run_id: int) -> str:
        path = f"{addresses.root(self.workspace.id)}/runs/{run_id}/metrics"
        connection.request("GET", path, headers={endpoints.TOKEN_HEADER: self.token})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise OSError(f"{answer.status}: {body[:200]!r}")
        return str(json.loads(body)["state"])
