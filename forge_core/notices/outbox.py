"""Which notices there are: written in the transaction of the end that they tell."""

from collections.abc import Sequence

from db.boxes import JobError
from db.enums import Channel, EndRequest, JobStatus, NoticeState
from db.records import Job
from db.run_records import Notice
from db.unit_of_work import UnitOfWork
from forge_core.settings import Settings
from forge_core.workspace import Workspace

DISK_FULL = "DiskFull"
"""Kind of the error of a job that no person paused, but a full disk."""


def list_channels(settings: Settings) -> list[Channel]:
    """The channels beside the page that the settings name."""
    found = []
    if settings.notice_webhook:
        found.append(Channel.WEBHOOK)
    if settings.notice_mail_to and settings.smtp_host:
        found.append(Channel.MAIL)
    return found


def add_in(uow: UnitOfWork, settings: Settings, job_id: int, host: str) -> None:
    """Write the notices of a job that has just ended, unless a person asked for that end.

    Args:
        uow: Of the transaction that wrote the end.
        settings: Name the channels.
        job_id: The job.
        host: This machine, whose supervisor shall send them.
    """
    job = uow.jobs.find(job_id)
    if job is None or _was_asked_for(job):
        return
    uow.notices.add(job_id, Channel.PAGE, NoticeState.SENT, host)  # pages look by themselves
    for channel in list_channels(settings):
        uow.notices.add(job_id, channel, NoticeState.WAITING, host)


def list_waiting(workspace: Workspace, host: str) -> list[Notice]:
    """What this machine shall send, oldest first."""
    with workspace.database.read() as uow:
        return uow.notices.list_waiting(host)


def list_of_page(workspace: Workspace, *, after: int, limit: int = 5) -> Sequence[Notice]:
    """What pages tell by desktop notices, with a higher number than `after`, oldest first."""
    with workspace.database.read() as uow:
        return uow.notices.list_of_channel(Channel.PAGE, after=after, limit=limit)


def list_latest(workspace: Workspace, channel: Channel, *, limit: int = 5) -> list[Notice]:
    """The newest notices of a channel, newest first."""
    with workspace.database.read() as uow:
        return uow.notices.list_of_channel(channel, limit=limit)[::-1]


def _was_asked_for(job: Job) -> bool:
    if job.status == JobStatus.CANCELLED:
        return True
    is_pause = job.status == JobStatus.INTERRUPTED and job.end_requested == EndRequest.PAUSE
    return is_pause and (job.error or JobError()).kind != DISK_FULL
