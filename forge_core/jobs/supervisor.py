"""The process that tends the jobs of one workspace on one machine: `python -m` this module.

It claims queued jobs, has the executor start each, ends those that shall end, and marks those
that are gone. It keeps nothing that another supervisor could not find again in the database and
in its record file, so it may be killed and started at any time.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

import filelock

from db.clock import utc_now
from db.enums import JobStatus
from db.failures import DATABASE_UNAVAILABLE
from db.records import Job
from forge_core.errors import Conflict, ForgeError, JobFailed
from forge_core.jobs import (
    executors,
    kinds,
    local_executor,
    lost,
    processes,
    queue,
    slots,
    supervision,
)
from forge_core.jobs.clusters import cluster, resuming
from forge_core.jobs.clusters.cluster import Cluster
from forge_core.jobs.clusters.resuming import NextTry
from forge_core.jobs.executors import CommandState, Executor, JobCommand, Standing
from forge_core.jobs.heartbeats import HeartbeatWatch
from forge_core.jobs.local_executor import LocalExecutor
from forge_core.jobs.processes import ProcessIdentity
from forge_core.jobs.slots import Slot
from forge_core.jobs.supervision import SupervisorRecord
from forge_core.jobs.warm_worker import WarmWorker
from forge_core.notices.sending import Sender
from forge_core.workspace import Workspace, open_workspace

TICK_SECONDS = 0.5
IDLE_SECONDS = 300.0
CANCEL_GRACE_SECONDS = 20.0
SILENT_SECONDS = 12.0
"""So long a job of another machine may give no sign of life; its worker gives one every 2 s."""
UNSTARTED_SECONDS = 8.0
"""So long a job that was claimed here, and that no process took, may have one that still starts."""
LEFTOVER_SECONDS = 5.0
"""Between the end of a job and SIGTERM to processes that stay, and from that to SIGKILL."""
ADOPTED_LEFTOVER_SECONDS = 1.0
"""The same for processes that an earlier supervisor had: they had their time already."""
LOCK_SECONDS = 15.0
WORKER = (sys.executable, "-P", "-m", "forge_core", "worker")
"""The command `forge worker`, also where the folder of scripts is not on the path."""
_log = logging.getLogger("forge.supervisor")


@dataclass
class SlotLease:
    """A slot's job: it holds the slot until every process of its group is gone."""

    job_id: int
    handle: str
    executor: Executor
    cluster: Cluster | None = None
    """Where it runs, if not on this machine."""
    next_try: NextTry | None = None
    """How its run goes on once it is over, where it was silent for too long."""
    is_adopted: bool = False
    final_since: float | None = None
    """Since when the row is final, while processes still keep the slot (monotonic seconds)."""


class Supervisor:
    """Tends the jobs of this machine.

    Args:
        workspace: The workspace.
        worker: The worker's command line, which `--job ID --workspace-id ID` follows.
        executor: Runs the commands; None makes that of this machine.
        available: Slots of this machine; None looks for them.
        grace_seconds: Between SIGTERM and SIGKILL.
        idle_seconds: Ends itself after so long without anything to tend.
        keeps_warm: Keep a process ready while nothing trains; see `warm_worker`.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        worker: Sequence[str] = WORKER,
        executor: LocalExecutor | None = None,
        available: Sequence[Slot] | None = None,
        grace_seconds: float = CANCEL_GRACE_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        keeps_warm: bool = False,
    ) -> None:
        self._workspace = workspace
        self._worker = worker
        self._slots = list(slots.list_slots() if available is None else available)
        self._grace_seconds = grace_seconds
        self._heartbeats = HeartbeatWatch()
        self._idle_seconds = idle_seconds
        self._environment = supervision.job_environment(workspace)
        self._host = supervision.host_name()
        self._leases: dict[str, SlotLease] = {}
        warm = WarmWorker(worker, workspace.logs_folder / "supervisor.log") if keeps_warm else None
        self._executor = executor or LocalExecutor(workspace, warm=warm)
        self._cluster = cluster.of_settings(workspace, self._environment)
        self._sender = Sender(workspace, self._host)
        self._stopping = threading.Event()
        self._idle_since = time.monotonic()

    def stop(self) -> None:
        """End the loop after the current tick; jobs run on."""
        self._stopping.set()

    def run(self) -> None:
        """Tend jobs until stopped, idle for long, or the workspace's folder is gone."""
        self._adopt()
        self._write_record()
        self._sender.start()
        _log.info("tending %s on %s", self._workspace.folder, self._host)
        while not self._stopping.is_set() and self._workspace.folder.is_dir():
            try:
                is_busy = self.tick()
            except DATABASE_UNAVAILABLE as error:  # it comes back, and jobs are still there
                _log.warning("the database does not answer: %s", error)
                is_busy = True
            if is_busy or self._sender.is_busy:
                self._idle_since = time.monotonic()
            elif time.monotonic() - self._idle_since > self._idle_seconds and self._may_leave():
                break
            self._keep_warm()
            self._stopping.wait(TICK_SECONDS)
        self._sender.stop()
        self._executor.close()
        _log.info("leaving; %d jobs run on", len(self._leases))

    def tick(self) -> bool:
        """Look once at everything; says whether there is anything to tend."""
        with self._workspace.database.read() as uow:
            jobs = uow.jobs.list_by_status(queue.ACTIVE)
        running = [job for job in jobs if job.status == JobStatus.RUNNING]
        silent_seconds = self._heartbeats.look(running)
        for job in running:
            self._look_after(job, silent_seconds=silent_seconds[job.job_id])
        self._free_slots({job.job_id for job in running})
        for job in jobs:
            if job.status == JobStatus.QUEUED:
                self._start(job)
        return bool(jobs or self._leases)

    # A running job: is it alive, shall it end?

    def _look_after(self, job: Job, *, silent_seconds: float) -> None:
        if job.host != self._host:
            # Of another machine we see only whether its heartbeat changes.
            if silent_seconds > SILENT_SECONDS and lost.mark_lost(
                self._workspace, job, detail=f"no sign of life from {job.host}"
            ):
                _log.warning("job %d of %s has no heartbeat", job.job_id, job.host)
            return
        lease = next((each for each in self._leases.values() if each.job_id == job.job_id), None)
        if lease is None:
            lease = self._adopt_job(job)
        if lease is None:
            # Claimed by a supervisor that died before it could start or note the process.
            may_come = silent_seconds <= UNSTARTED_SECONDS
            if not (may_come and lost.may_have_process(self._workspace, job)):
                lost.mark_lost(self._workspace, job, detail=lost.NEVER_STARTED)
            return
        # Here the process itself is the truth, whatever its heartbeat.
        standing = lease.executor.state(lease.handle)
        if standing.state not in (CommandState.RUNNING, CommandState.QUEUED):
            self._mark_lost(job, lease, standing)
        elif lease.cluster and lease.cluster.follow(
            job, lease.handle, standing.state, silent_seconds=silent_seconds
        ):
            gone = Standing(state=CommandState.LOST, detail="no sign of life from its node")
            lease.next_try = resuming.find_next_try(self._workspace, job, gone)
            later = resuming.LATER if lease.next_try else ""
            lost.mark_lost(self._workspace, job, detail=gone.detail, after=later)
            _log.warning("job %d %s: %s", job.job_id, lease.handle, gone.detail)
            self._cancel(lease, self._grace_seconds)
        elif job.is_ending():
            self._cancel(lease, self._grace_seconds)

    def _mark_lost(self, job: Job, lease: SlotLease, standing: Standing) -> None:
        why = lost.why_it_ended(lease.executor, lease.handle, standing)
        again = resuming.find_next_try(self._workspace, job, standing) if lease.cluster else None
        if lost.mark_lost(self._workspace, job, why=why, detail=standing.detail, next_try=again):
            _log.warning("job %d %s is gone: %s", job.job_id, lease.handle, standing.detail)

    def _cancel(self, lease: SlotLease, grace_seconds: float) -> None:
        lease.executor.cancel(lease.handle, grace_seconds=grace_seconds)

    def _free_slots(self, running: set[int]) -> None:
        freed = []
        for name, lease in self._leases.items():
            state = lease.executor.state(lease.handle).state
            most = ADOPTED_LEFTOVER_SECONDS if lease.is_adopted else LEFTOVER_SECONDS
            patience = min(self._grace_seconds, most)
            if state.is_over():
                freed.append(name)
                if lease.cluster:
                    lease.cluster.leave(lease.handle, is_told=lease.job_id not in running)
                if lease.next_try:
                    resuming.begin(self._workspace, lease.job_id, lease.next_try)
            elif state == CommandState.ENDING:
                self._cancel(lease, patience)  # what a dead leader left behind
            elif lease.job_id not in running:
                lease.final_since = lease.final_since or time.monotonic()
                if time.monotonic() - lease.final_since > patience:
                    self._cancel(lease, patience)  # it said that it is done, and does not go
        for name in freed:
            _log.info("job %d: its processes are gone, %s is free", self._leases[name].job_id, name)
            del self._leases[name]
        if freed:
            self._write_record()

    # A queued job

    def _start(self, job: Job) -> None:
        remote = self._cluster if self._cluster is not None and self._cluster.takes(job) else None
        slot = (
            remote.find_slot(self._leases)
            if remote
            else slots.find_slot(job, self._slots, self._leases)
        )
        if slot is None:
            return
        executor = remote.executor if remote else self._executor
        log_path = executors.log_name(job.job_id)
        try:
            if not queue.claim(self._workspace, job, executor=executor.name, log_path=log_path):
                return  # another supervisor took it, or it was cancelled
        except Conflict as error:
            _log.error("%s Leaving; whoever needs a supervisor starts a new one", error.message)
            self.stop()
            return
        try:
            given = remote.command(job) if remote else self._command(job, slot)
            handle = executor.submit(given)
        except (OSError, JobFailed) as error:
            _log.warning("job %d cannot be started: %s", job.job_id, error)
            lost.mark_unstarted(self._workspace, job, error)
            return
        lease = SlotLease(job.job_id, handle, executor, remote)
        standing = executor.state(handle)
        if standing.state.is_over():  # it died at once
            self._mark_lost(job, lease, standing)
            return
        self._leases[slot.name] = lease
        self._write_record()
        process: dict[str, Any] = {}
        if remote is None:  # of another machine's process only the machine knows
            leader = local_executor.leader_of(handle)
            process = {"pid": leader.pid, "pid_started": leader.started}
        with self._workspace.database.write() as uow:
            values = {"handle": handle, "heartbeat_at": utc_now(), **process}
            if uow.jobs.update_if(job.job_id, (JobStatus.RUNNING,), **values) and not remote:
                queue.mark_begun_in(uow, job)
        _log.info("job %d (%s) runs in %s as %s", job.job_id, job.kind, slot.name, handle)

    def _command(self, job: Job, slot: Slot) -> JobCommand:
        arguments = [*self._worker, "--job", str(job.job_id)]
        arguments += ["--workspace-id", self._workspace.id]
        if slot.device:
            arguments += ["--device", slot.device]
        return JobCommand(
            job_id=job.job_id,
            arguments=arguments,
            environment={**self._environment, **slot.environment},
            is_warm=kinds.find(job.kind).is_warm,
        )

    def _keep_warm(self) -> None:
        """Have a process ready for the training that starts next, while none runs."""
        slot = slots.find_next_training_slot(self._slots, self._leases)
        if slot is not None and self._cluster is None:
            self._executor.prepare({**self._environment, **slot.environment})

    # What an earlier supervisor left

    def _adopt(self) -> None:
        alive = set(self._executor.adopt())
        record = supervision.read_record(self._workspace)
        for name, (job_id, leader) in (record.held if record else {}).items():
            handle = local_executor.handle_of(job_id, leader)
            if handle in alive:
                _log.info("job %d pid %d is adopted", job_id, leader.pid)
                is_known = slots.is_known(name, self._slots)
                name = name if is_known else f"{name}-adopted"
                self._leases[name] = SlotLease(job_id, handle, self._executor, is_adopted=True)

    def _adopt_job(self, job: Job) -> SlotLease | None:
        """A job of ours that no record names: the record was lost, or written too late.

        None where it was never started. Those of the cluster are in no record.
        """
        remote = self._cluster
        if remote is not None and job.executor == remote.executor.name:
            handle, slot = remote.find_handle(job), remote.find_slot(self._leases)
            lease = handle and SlotLease(job.job_id, handle, remote.executor, remote)
        elif job.executor != self._executor.name or job.pid is None or job.pid_started is None:
            lease = None
        else:
            leader = ProcessIdentity(job.pid, job.pid_started)
            handle = local_executor.handle_of(job.job_id, leader)
            slot = slots.find_slot(job, self._slots, self._leases)
            lease = SlotLease(job.job_id, handle, self._executor)
        if not lease:
            return None
        self._leases[slot.name if slot else f"adopted-{job.job_id}"] = lease
        self._write_record()
        return lease

    # Coming and going

    def _may_leave(self) -> bool:
        """Whether nothing was queued while we said that we leave; see `ensure_supervisor`.

        The record goes first: whoever queues a job after that starts a new supervisor, and
        what was queued before that is seen here.
        """
        supervision.remove_record(self._workspace)
        with self._workspace.database.read() as uow:
            if uow.jobs.list_by_status(queue.ACTIVE):
                self._write_record()
                return False
        return True

    def _write_record(self) -> None:
        identity = processes.identify(os.getpid())
        assert identity is not None, "we are alive"
        held = {
            name: (lease.job_id, local_executor.leader_of(lease.handle))
            for name, lease in self._leases.items()
            if lease.cluster is None  # the rows of others have their handles
        }
        fingerprint = supervision.fingerprint_of(self._environment)
        supervision.write_record(self._workspace, SupervisorRecord(identity, fingerprint, held))


def serve(supervisor: Supervisor, workspace: Workspace) -> None:
    """Run the supervisor under its lock and signals; returns at once when another one runs."""
    processes.restore_default_signals()

    def _stop(number: int, frame: FrameType | None) -> None:
        supervisor.stop()

    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    lock = supervision.lock_of(workspace)
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            lock.acquire(timeout=0.2)
            break
        except filelock.Timeout:
            # The other one may be leaving: then it has no record any more, and we wait for it.
            if supervision.find_supervisor(workspace) is not None or time.monotonic() > deadline:
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
        keeps_warm = workspace.settings.keep_spare_worker
        serve(Supervisor(workspace, keeps_warm=keeps_warm), workspace)
    except ForgeError as error:
        _log.error("%s %s", error.message, error.next_step)
        sys.exit(1)


if __name__ == "__main__":
    main()
