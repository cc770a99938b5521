"""The process that tends the jobs of one workspace on one machine: `python -m` this module.

It claims queued jobs, starts each as a process group of its own, ends those that shall end,
and marks those that are gone. It keeps nothing that another supervisor could not find again
in the database and in its record file, so it may be killed and started at any time.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType

import filelock

from db.boxes import JobError
from db.clock import utc_now
from db.enums import JobStatus
from db.failures import DATABASE_UNAVAILABLE
from db.records import Job
from forge_core import local_files
from forge_core.errors import ForgeError
from forge_core.jobs import local_executor, lost, processes, queue, slots, spares
from forge_core.jobs.local_executor import SupervisorRecord
from forge_core.jobs.processes import ProcessIdentity
from forge_core.jobs.slots import Slot
from forge_core.workspace import Workspace, open_workspace

TICK_SECONDS = 0.5
IDLE_SECONDS = 300.0
CANCEL_GRACE_SECONDS = 20.0
STALE_SECONDS = 15.0
LOCK_SECONDS = 15.0
WORKER_MODULE = "forge_core.handlers.worker"
_log = logging.getLogger("forge.supervisor")


@dataclass
class _Held:
    """A slot's job: it holds the slot until every process of its group is gone."""

    job_id: int
    leader: ProcessIdentity
    child: subprocess.Popen[bytes] | None = None
    terminate_at: float | None = None
    """When the group was told to stop (monotonic seconds)."""
    final_since: float | None = None
    """Since when the row is final, while processes still keep the slot."""


class Supervisor:
    """Tends the jobs of this machine.

    Args:
        workspace: The workspace.
        worker_module: Run with `-m` and the job's number for every job.
        available: Slots of this machine; None looks for them.
        grace_seconds: Between SIGTERM and SIGKILL.
        idle_seconds: Ends itself after so long without anything to tend.
        keeps_spare: Keep a process ready while nothing trains; see `spares`.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        worker_module: str = WORKER_MODULE,
        available: Sequence[Slot] | None = None,
        grace_seconds: float = CANCEL_GRACE_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        keeps_spare: bool = False,
    ) -> None:
        self._workspace = workspace
        self._worker_module = worker_module
        self._slots = list(slots.list_slots() if available is None else available)
        self._grace_seconds = grace_seconds
        self._idle_seconds = idle_seconds
        self._environment = local_executor.job_environment(workspace)
        self._host = local_executor.host_name()
        self._held: dict[str, _Held] = {}
        self._keeps_spare = keeps_spare
        self._spare = spares.Spare(worker_module, workspace.logs_folder / "supervisor.log")
        self._stopping = threading.Event()
        self._idle_since = time.monotonic()

    def stop(self) -> None:
        """End the loop after the current tick; jobs run on."""
        self._stopping.set()

    def run(self) -> None:
        """Tend jobs until stopped, idle for long, or the workspace's folder is gone."""
        self._adopt()
        self._write_record()
        _log.info("tending %s on %s", self._workspace.folder, self._host)
        while not self._stopping.is_set() and self._workspace.folder.is_dir():
            try:
                is_busy = self.tick()
            except DATABASE_UNAVAILABLE as error:  # it comes back, and jobs are still there
                _log.warning("the database does not answer: %s", error)
                is_busy = True
            if is_busy:
                self._idle_since = time.monotonic()
            elif time.monotonic() - self._idle_since > self._idle_seconds and self._may_leave():
                break
            self._keep_spare()
            self._stopping.wait(TICK_SECONDS)
        self._spare.drop()
        _log.info("leaving; %d jobs run on", len(self._held))

    def tick(self) -> bool:
        """Look once at everything; says whether there is anything to tend."""
        with self._workspace.database.read() as uow:
            jobs = uow.jobs.list_by_status(queue.ACTIVE)
            stale = {job.job_id for job in uow.jobs.list_stale(older_than_seconds=STALE_SECONDS)}
        running = [job for job in jobs if job.status == JobStatus.RUNNING]
        for job in running:
            self._look_after(job, is_stale=job.job_id in stale)
        self._free_slots({job.job_id for job in running})
        for job in jobs:
            if job.status == JobStatus.QUEUED:
                self._start(job)
        return bool(jobs or self._held)

    # A running job: is it alive, shall it end?

    def _look_after(self, job: Job, *, is_stale: bool) -> None:
        if job.host != self._host:
            # Of another machine we see only the heartbeat, by the database's clock.
            if is_stale and lost.mark_lost(
                self._workspace, job, detail=f"no sign of life from {job.host}"
            ):
                _log.warning("job %d of %s has no heartbeat", job.job_id, job.host)
            return
        held = next((h for h in self._held.values() if h.job_id == job.job_id), None)
        if held is None:
            if job.pid is None or job.pid_started is None:
                # Claimed by a supervisor that died before it could start the process.
                if is_stale:
                    lost.mark_lost(self._workspace, job, detail="it was never started")
                return
            held = self._adopt_job(job, ProcessIdentity(job.pid, job.pid_started))
        # Here the process itself is the truth: a machine that slept has old heartbeats.
        if not processes.is_alive(held.leader):
            detail = _how_it_ended(held.child)
            if lost.mark_lost(self._workspace, job, detail=detail):
                _log.warning("job %d pid %d is gone: %s", job.job_id, held.leader.pid, detail)
        elif job.is_ending():
            self._ask_to_stop(held)

    def _ask_to_stop(self, held: _Held) -> None:
        if held.terminate_at is None:
            held.terminate_at = time.monotonic()
            _log.info("job %d: SIGTERM", held.job_id)
            processes.signal_group(held.leader, signal.SIGTERM)
        elif time.monotonic() - held.terminate_at > self._grace_seconds:
            _log.warning("job %d did not stop: SIGKILL", held.job_id)
            processes.signal_group(held.leader, signal.SIGKILL)

    def _free_slots(self, running: set[int]) -> None:
        freed = []
        for name, held in self._held.items():
            if held.child is not None:
                held.child.poll()  # takes the exit status, so that no zombie stays
            if not processes.is_group_alive(held.leader):
                freed.append(name)
            elif not processes.is_alive(held.leader):
                self._ask_to_stop(held)  # what a dead leader left behind
            elif held.job_id not in running:
                held.final_since = held.final_since or time.monotonic()
                if time.monotonic() - held.final_since > self._grace_seconds:
                    self._ask_to_stop(held)  # it said that it is done, and does not go
        for name in freed:
            _log.info("job %d: its processes are gone, %s is free", self._held[name].job_id, name)
            del self._held[name]
        if freed:
            self._write_record()

    # A queued job

    def _start(self, job: Job) -> None:
        slot = slots.find_slot(job, self._slots, set(self._held))
        if slot is None:
            return
        log_name = f"job-{job.job_id}.log"
        with self._workspace.database.write() as uow:
            is_ours = uow.jobs.update_if(
                job.job_id,
                (JobStatus.QUEUED,),
                status=JobStatus.RUNNING,
                host=self._host,
                log_path=log_name,
                started_at=utc_now(),
                heartbeat_at=utc_now(),
            )
        if not is_ours:  # another supervisor took it, or it was cancelled
            return
        try:
            child = self._spawn(job, slot, log_name)
        except OSError as error:
            _log.warning("job %d cannot be started: %s", job.job_id, error)
            failure = JobError(
                message="The job's process could not be started.",
                next_step="Check free memory and disk, then start it again.",
                detail=str(error),
            )
            queue.finish(self._workspace, job, JobStatus.FAILED, error=failure)
            return
        leader = processes.identify(child.pid)
        if leader is None:  # it died at once
            lost.mark_lost(self._workspace, job, detail=_how_it_ended(child))
            return
        self._held[slot.name] = _Held(job.job_id, leader, child)
        self._write_record()
        with self._workspace.database.write() as uow:
            uow.jobs.update_if(
                job.job_id, (JobStatus.RUNNING,), pid=leader.pid, pid_started=leader.started
            )
        _log.info("job %d (%s) runs in %s as pid %d", job.job_id, job.kind, slot.name, leader.pid)

    def _spawn(self, job: Job, slot: Slot, log_name: str) -> subprocess.Popen[bytes]:
        environment = {**self._environment, **slot.environment}
        log_path = self._workspace.logs_folder / log_name
        if job.kind in spares.SERVED_KINDS:
            order = spares.Order(job.job_id, slot.device, str(log_path))
            child = self._spare.give(order, environment)
            if child is not None:
                return child
        command = [sys.executable, "-P", "-m", self._worker_module, str(job.job_id)]
        if slot.device:
            command += ["--device", slot.device]
        with local_files.open_private(log_path, "ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # its own group, so that all of it can be ended
                env=environment,
            )

    def _keep_spare(self) -> None:
        """Have a process ready for the training slot that is free next, unless one is taken."""
        places = [slot for slot in self._slots if slot.kind == "training"]
        taken = {place for name in self._held for place in name.split(slots.JOINT)}
        if self._keeps_spare and places and not any(slot.name in taken for slot in places):
            self._spare.prepare({**self._environment, **places[0].environment})

    # What an earlier supervisor left

    def _adopt(self) -> None:
        record = local_executor.read_record(self._workspace)
        known = {slot.name for slot in self._slots}
        for name, (job_id, leader) in (record.held if record else {}).items():
            if processes.is_group_alive(leader):
                _log.info("job %d pid %d is adopted", job_id, leader.pid)
                is_known = known.issuperset(name.split(slots.JOINT))
                self._held[name if is_known else f"{name}-adopted"] = _Held(job_id, leader)

    def _adopt_job(self, job: Job, leader: ProcessIdentity) -> _Held:
        """A job of ours that no record names: the record was lost, or written too late."""
        held = _Held(job.job_id, leader)
        slot = slots.find_slot(job, self._slots, set(self._held))
        self._held[slot.name if slot else f"adopted-{job.job_id}"] = held
        return held

    # Coming and going

    def _may_leave(self) -> bool:
        """Whether nothing was queued while we said that we leave; see `ensure_supervisor`.

        The record goes first: whoever queues a job after that starts a new supervisor, and
        what was queued before that is seen here.
        """
        local_executor.remove_record(self._workspace)
        with self._workspace.database.read() as uow:
            if uow.jobs.list_by_status(queue.ACTIVE):
                self._write_record()
                return False
        return True

    def _write_record(self) -> None:
        identity = processes.identify(os.getpid())
        assert identity is not None, "we are alive"
        held = {name: (held.job_id, held.leader) for name, held in self._held.items()}
        fingerprint = local_executor.fingerprint_of(self._environment)
        local_executor.write_record(self._workspace, SupervisorRecord(identity, fingerprint, held))


def _how_it_ended(child: subprocess.Popen[bytes] | None) -> str:
    if child is None:  # adopted: only its parent was told
        return "its process is gone"
    child.wait()
    if child.returncode < 0:
        return f"killed by {signal.Signals(-child.returncode).name}"
    return f"exit status {child.returncode}"


def serve(supervisor: Supervisor, workspace: Workspace) -> None:
    """Run the supervisor under its lock and signals; returns at once when another one runs."""
    processes.restore_default_signals()

    def _stop(number: int, frame: FrameType | None) -> None:
        supervisor.stop()

    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    lock = local_executor.lock_of(workspace)
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            lock.acquire(timeout=0.2)
            break
        except filelock.Timeout:
            # The other one may be leaving: then it has no record any more, and we wait for it.
            if local_executor.find_supervisor(workspace) is not None or time.monotonic() > deadline:
                _log.info("another supervisor tends %s", workspace.folder)
                return
    try:
        supervisor.run()
    finally:
        lock.release()


def main() -> None:
    """Entry of `python -m forge_core.jobs.supervisor`: the workspace comes from FORGE_*."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s"
    )
    try:
        workspace = open_workspace()
        keeps_spare = workspace.settings.keep_spare_worker
        serve(Supervisor(workspace, keeps_spare=keeps_spare), workspace)
    except ForgeError as error:
        _log.error("%s %s", error.message, error.next_step)
        sys.exit(1)


if __name__ == "__main__":
    main()
