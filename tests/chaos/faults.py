"""What is done to the processes of a workspace while its jobs run."""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psutil
import psycopg

from db.failures import DATABASE_UNAVAILABLE
from forge_core.errors import ForgeError
from forge_core.jobs import queue, supervision
from forge_core.workspace import Workspace
from tests.chaos import shifted_clock
from tests.chaos.watching import ProcessTable

WEB = "tests.chaos.web_entry"
HALT_SECONDS = (2.0, 10.0)
AWAY_SECONDS = (1.0, 6.0)
SLEEP_SECONDS = (8.0, 20.0)
MOST_HOURS = 1.0
LONGEST_AWAY_SECONDS = 60.0


@dataclass
class Faults:
    """Kills, halts, a clock that jumps and a machine that sleeps, each at a moment by chance."""

    workspace: Workspace
    port: int
    postgres: Any = None
    """The embedded server, where it is one that may be killed."""
    seed: int = 16
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.web: subprocess.Popen[bytes] | None = None
        self._away: set[str] = set()
        """What was killed and is not back yet: it is not killed, nor brought back, twice."""
        self._timers: list[threading.Timer] = []
        self._table = ProcessTable(self.workspace)

    def one(self) -> None:
        """Do one of them."""
        known: list[Callable[[], None]] = [
            self.kill_worker,
            self.kill_worker,
            self.halt_worker,
            self.kill_supervisor,
            self.kill_supervisor_and_worker,
            self.halt_supervisor,
            self.kill_web,
            self.halt_web,
            self.end_by_person,
            self.sleep,
            self.kill_postgres if self.postgres is not None else self.lock_database,
        ]
        if self.postgres is None:
            known += [self.move_clock, self.move_clock]
        chosen = self.random.choice(known)
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            self.note(chosen.__name__)
            chosen()
            self.done[chosen.__name__] += 1

    def note(self, what: str) -> None:
        """Write into a log what was done when, beside those of the processes."""
        with (self.workspace.logs_folder / "faults.log").open("a") as log:
            log.write(f"{datetime.now(UTC):%H:%M:%S.%f} {what}\n")

    # The processes

    def start_web(self) -> None:
        log_path = self.workspace.logs_folder / "web.log"
        with log_path.open("ab") as log:
            self.web = subprocess.Popen(
                [sys.executable, "-m", WEB, str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=supervision.job_environment(self.workspace),
            )

    def kill_web(self) -> None:
        assert self.web is not None
        self.web.kill()
        self.web.wait()
        self._bring_back("web", self.start_web)

    def halt_web(self) -> None:
        assert self.web is not None
        self._halt([self.web.pid], HALT_SECONDS)

    def kill_worker(self) -> None:
        workers = self._workers()
        if workers:
            os.kill(self.random.choice(workers), signal.SIGKILL)

    def halt_worker(self) -> None:
        workers = self._workers()
        if workers:
            self._halt([self.random.choice(workers)], (3.0, 30.0))

    def kill_supervisor(self) -> None:
        found = supervision.find_supervisor(self.workspace)
        if found is not None:
            os.kill(found.pid, signal.SIGKILL)

    def kill_supervisor_and_worker(self) -> None:
        self.kill_supervisor()
        self.kill_worker()

    def halt_supervisor(self) -> None:
        """Nobody lets it go on but the product itself."""
        found = supervision.find_supervisor(self.workspace)
        if found is not None:
            os.kill(found.pid, signal.SIGSTOP)

    def sleep(self) -> None:
        """As where a laptop is closed: nothing runs, and the database's clock goes on."""
        found = supervision.find_supervisor(self.workspace)
        pids = [*self._workers(), *([found.pid] if found else []), *self._postgres_pids()]
        if self.web is not None:
            pids.append(self.web.pid)
        self._halt(pids, SLEEP_SECONDS)

    def end_by_person(self) -> None:
        ask = self.random.choice([queue.request_cancel, queue.request_pause])
        with contextlib.suppress(ForgeError, *DATABASE_UNAVAILABLE):
            active = queue.list_active_jobs(self.workspace)
            if active:
                ask(self.workspace, self.random.choice(active).job_id)

    # The database

    def move_clock(self) -> None:
        shifted_clock.set_offset(
            self.workspace.folder, self.random.choice([-MOST_HOURS, 0.0, MOST_HOURS])
        )

    def lock_database(self) -> None:
        """Another program writes for a long time."""
        path = str(self.workspace.database.url.database)
        writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        with contextlib.suppress(sqlite3.OperationalError):
            writer.execute("BEGIN IMMEDIATE")

        def leave() -> None:
            writer.close()

        self._later(HALT_SECONDS, leave)

    def kill_postgres(self) -> None:
        for pid in self._postgres_pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._bring_back("postgres", self.start_postgres)

    def start_postgres(self) -> None:
        """Until it answers: one that was killed and not buried yet passes for one that runs."""
        end = time.monotonic() + LONGEST_AWAY_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(Exception):  # until the memory of the killed one is free
                self.postgres.ensure_postgres_running()
                with psycopg.connect(self.postgres.get_uri(), connect_timeout=5):
                    return
            time.sleep(0.5)
        self.note("postgres did not come back")

    # The end

    def stop(self) -> None:
        """No more faults, and what they took away comes back."""
        for timer in self._timers:
            timer.join()

    def _postgres_pids(self) -> list[int]:
        if self.postgres is None:
            return []
        try:
            leader = psutil.Process(self.postgres.get_pid())
            return [leader.pid, *(child.pid for child in leader.children(recursive=True))]
        except psutil.NoSuchProcess:
            return []

    def _workers(self) -> list[int]:
        return [identity.pid for found in self._table.list_alive().values() for identity in found]

    def _halt(self, pids: list[int], seconds: tuple[float, float]) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

        def wake() -> None:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

        self._later(seconds, wake)

    def _bring_back(self, name: str, start: Callable[[], None]) -> None:
        if name in self._away:
            return
        self._away.add(name)

        def come() -> None:
            self._away.discard(name)
            start()

        self._later(AWAY_SECONDS, come)

    def _later(self, seconds: tuple[float, float], work: Callable[[], None]) -> None:
        timer = threading.Timer(self.random.uniform(*seconds), work)
        timer.start()
        self._timers.append(timer)
