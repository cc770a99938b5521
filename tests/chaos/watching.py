"""What the page says of each run, once a second, beside what the process table says."""

import contextlib
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psutil

from db.enums import JobStatus, RunStatus
from db.failures import DATABASE_UNAVAILABLE
from forge_core.api import addresses, endpoints
from forge_core.jobs import processes, queue
from forge_core.jobs.processes import ProcessIdentity
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.chaos.worker_entry import FOLDER, MODULE
from tests.forge_core.jobs.supervising import wait_for

ALLOWED_SECONDS = 15
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
            if processes.is_group_alive(identity):
                found.setdefault(job_id, []).append(identity)
            else:
                self._gone.add(identity)  # no later process is of that group
        return found

    def _list_started(self) -> Iterator[tuple[ProcessIdentity, int]]:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                words = process.cmdline()
                if MODULE in words and self._workspace_id in words:
                    identity = processes.identify(process.pid)
                    if identity is not None:
                        yield identity, int(words[words.index("--job") + 1])


@dataclass
class Watch:
    """Samples of all runs, and what was wrong in them.

    A sample is what the route of the run's page answers. Seconds in which the web app does not
    answer show nothing to anybody, and are counted apart.
    """

    workspace: Workspace
    port: int
    runs: list[int]
    num_samples: int = 0
    num_unanswered: int = 0
    errors: list[str] = field(default_factory=list)
    longest_seconds: int = 0
    """For so many samples in a row the page and the process table differed in the same way."""
    second_ends: list[str] = field(default_factory=list)
    ends: dict[int, JobStatus] = field(default_factory=dict)
    """The final state of each job, as it was first seen."""
    _differing: dict[int, tuple[tuple[str, bool], int]] = field(default_factory=dict)
    _runs_of_jobs: dict[int, int] = field(default_factory=dict)
    _late: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.table = ProcessTable(self.workspace)
        self.token = endpoints.mint_token(self.workspace, Actor("watcher"), 4 * 3600)

    def wait_for_web(self) -> None:
        """Return once the page answers."""

        def answers() -> bool:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)
            with contextlib.closing(connection), contextlib.suppress(OSError, ConnectionError):
                return bool(self._ask(connection, self.runs[0]))
            return False

        wait_for(answers, seconds=90, what="the web app answers")

    def sample(self) -> None:
        """Look once at every run."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)
        try:
            said = {run_id: self._ask(connection, run_id) for run_id in self.runs}
            alive = {self.run_of_job(job_id) for job_id in self.table.list_alive()}
        except (OSError, http.client.HTTPException, *DATABASE_UNAVAILABLE):
            self.num_unanswered += len(self.runs)
            return
        finally:
            connection.close()
        for run_id, state in said.items():
            self.num_samples += 1
            now = (state, run_id in alive)
            is_right = now[1] == (state == RunStatus.RUNNING)
            before, seconds = self._differing.get(run_id, (now, 0))
            seconds = 0 if is_right else (seconds if now == before else 0) + 1
            self._differing[run_id] = (now, seconds)
            self.longest_seconds = max(self.longest_seconds, seconds)
            self._late.append(seconds)
            if seconds > ALLOWED_SECONDS:
                there = "has" if run_id in alive else "has no"
                at = f"{datetime.now(UTC):%H:%M:%S}"
                self.errors.append(f"{at}: run {run_id} is said to be {state} and {there} process")
        self.look_at_ends()

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
        late = sorted(seconds for seconds in self._late if seconds)
        return {
            "samples": self.num_samples,
            "unanswered": self.num_unanswered,
            "errors": len(self.errors),
            "differing": len(late),
            "longest_seconds": self.longest_seconds,
            "jobs": len(self.ends),
            "second_ends": len(self.second_ends),
        }

    def run_of_job(self, job_id: int) -> int:
        if job_id not in self._runs_of_jobs:
            run_id = queue.get_job(self.workspace, job_id).run_id
            assert run_id is not None
            self._runs_of_jobs[job_id] = run_id
        return self._runs_of_jobs[job_id]

    def _ask(self, connection: http.client.HTTPConnection, run_id: int) -> str:
        path = f"{addresses.root(self.workspace.id)}/runs/{run_id}/metrics"
        connection.request("GET", path, headers={endpoints.TOKEN_HEADER: self.token})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise OSError(f"{answer.status}: {body[:200]!r}")
        return str(json.loads(body)["state"])
