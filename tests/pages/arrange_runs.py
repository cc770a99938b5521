"""Runs in any state, without training one."""

from db.clock import utc_now
from db.enums import JobStatus, RunStatus
from db.records import Run
from forge_core.jobs import processes, queue, supervision
from forge_core.people.actor import Actor
from forge_core.runs import records
from forge_core.runs.starting import launch
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace

CONFIG = TrainConfig(architecture="forge_cnn", input_size=16, scratch_epochs=9, device="cpu")


def add_run(workspace: Workspace, status: RunStatus, *, message: str = "", pid: int = 0) -> Run:
    """A run in this state with its job; a running job belongs to the process `pid`."""
    check = launch.check_data(workspace)
    identity = processes.identify(pid) if pid else None
    with workspace.database.write() as uow:
        run_id = uow.runs.add(
            name="",
            status=status,
            author="tester",
            config=CONFIG.to_dict(),
            revision_id=check.revision_id,
            class_names=check.class_names,
            label_ids=check.label_ids,
            message=message,
            started_at=None if status == RunStatus.QUEUED else uow.jobs.now(),
        )
        job = queue.add_in(
            uow, "train", f"Run {run_id}", {"run_id": run_id}, actor=Actor("tester"), run_id=run_id
        )
        values = {"status": JobStatus(status)}
        if identity is not None:
            values |= {
                "host": supervision.host_name(),
                "pid": identity.pid,
                "pid_started": identity.started,
                "heartbeat_at": utc_now(),
                "progress": {
                    "stage": "scratch",
                    "epoch": 2,
                    "step": 1,
                    "steps": 4,
                    "images_per_second": 120.5,
                    "eta_seconds": 70,
                },
            }
        uow.jobs.update_if(job.job_id, (JobStatus.QUEUED,), **values)
    return records.get_run(workspace, run_id)
