"""A run that ends is told once for each channel; what fails is tried again, and given up."""

import pytest

from db.boxes import JobError
from db.enums import Channel, JobStatus, NoticeState
from db.records import Job
from db.run_records import Notice
from forge_core.errors import DiskFull
from forge_core.handlers import worker
from forge_core.jobs import kinds, lost, queue, supervision
from forge_core.jobs.context import JobContext
from forge_core.notices import channels, message, outbox, sending
from forge_core.notices.channels import NoticeFailed
from forge_core.notices.message import Message
from forge_core.notices.sending import Sender
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.forge_core.handlers.running import make_config

HOST = supervision.host_name()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """What the webhook was sent; both channels are set, and mails fail."""
    heard: list[Message] = []

    def refuse(*_: object) -> None:
        raise NoticeFailed("The mail server answered 550.", next_step="Check the sender.")

    monkeypatch.setitem(channels.SENDERS, Channel.WEBHOOK, lambda _, one: heard.append(one))
    monkeypatch.setitem(channels.SENDERS, Channel.MAIL, refuse)
    return heard


def run_in(workspace: Workspace, kind: str = kinds.TRAIN.name) -> Job:
    """A running job of a new run."""
    with workspace.database.write() as uow:
        run_id = uow.runs.add(
            name="night",
            status="queued",
            author="ana",
            config=make_config().to_dict(),
            revision_id=1,
            class_names=[],
            label_ids=[],
        )
        job = queue.add_in(uow, kind, "a job", {}, actor=Actor("ana"), run_id=run_id)
        uow.jobs.update_if(
            job.job_id,
            [JobStatus.QUEUED],
            status=JobStatus.RUNNING,
            started_at=uow.jobs.now(),
            log_path=f"job-{job.job_id}.log",
        )
    return queue.get_job(workspace, job.job_id)


def with_channels(workspace: Workspace) -> Workspace:
    workspace.settings.notice_webhook = "https://hooks.example/s3cret"
    workspace.settings.notice_mail_to = "ana@example.org"
    workspace.settings.smtp_host = "mail.example"
    workspace.settings.public_url = "https://forge.example/"
    return workspace


def notices_of(workspace: Workspace, job: Job) -> dict[Channel, Notice]:
    return {
        channel: notice
        for channel in Channel
        for notice in outbox.list_latest(workspace, channel)
        if notice.job_id == job.job_id
    }


def test_run_that_died__is_told_once_with_reason_place_and_log(workspace, told) -> None:
    job = run_in(with_channels(workspace))
    (workspace.logs_folder / job.log_path).write_text("epoch 3\nkilled")
    assert lost.mark_lost(workspace, job)
    assert not lost.mark_lost(workspace, job)
    sender = Sender(workspace, HOST)
    assert sender.look()  # the mail still waits
    sender.look()
    Sender(workspace, "elsewhere").look()
    (sent,) = told
    assert sent.title == f"Run {job.run_id} (night): interrupted"
    assert "its process ended without a word" in sent.lines[0]
    assert sent.lines[-1] == (
        f"https://forge.example/runs?run={job.run_id}&workspace={workspace.id}"
    )
    assert sent.log_tail == "epoch 3\nkilled"
    assert sent.key == f"{workspace.id}-{job.job_id}"
    found = notices_of(workspace, job)
    assert found[Channel.WEBHOOK].state == NoticeState.SENT
    assert found[Channel.MAIL].error == "The mail server answered 550. Check the sender."


def test_failing_channel__is_tried_again_with_longer_pauses_and_given_up(
    sqlite_workspace, told, monkeypatch
) -> None:
    job = run_in(with_channels(sqlite_workspace))
    queue.finish(sqlite_workspace, job, JobStatus.SUCCEEDED)
    clock = 1000.0
    monkeypatch.setattr(sending.time, "monotonic", lambda: clock)
    sender = Sender(sqlite_workspace, HOST)
    tried_at = []
    for _ in range(0, 1400, 10):
        before = notices_of(sqlite_workspace, job)[Channel.MAIL].num_attempts
        sender.look()
        if notices_of(sqlite_workspace, job)[Channel.MAIL].num_attempts > before:
            tried_at.append(clock - 1000.0)
        clock += 10.0
    assert tried_at == [0.0, 10.0, 70.0, 370.0, 1270.0]
    assert notices_of(sqlite_workspace, job)[Channel.MAIL].state == NoticeState.GIVEN_UP
    assert not sender.is_busy
    assert len(told) == 1


def test_two_senders__of_one_notice_send_it_once(workspace, told) -> None:
    job = run_in(with_channels(workspace))
    queue.finish(workspace, job, JobStatus.SUCCEEDED)
    (waiting,) = [
        each for each in outbox.list_waiting(workspace, HOST) if each.channel == Channel.WEBHOOK
    ]
    for sender in (Sender(workspace, HOST), Sender(workspace, HOST)):
        sender._try(waiting)  # both have read it before either took it
    assert len(told) == 1


@pytest.mark.parametrize("ask", [queue.request_cancel, queue.request_pause])
def test_end_that_a_person_asked_for__is_told_to_nobody(
    sqlite_workspace, no_supervisor, ask
) -> None:
    job = run_in(with_channels(sqlite_workspace))
    ask(sqlite_workspace, job.job_id)
    lost.mark_lost(sqlite_workspace, job)
    assert queue.get_job(sqlite_workspace, job.job_id).status.is_finished()
    assert notices_of(sqlite_workspace, job) == {}


def test_full_disk__pauses_a_run_and_is_told(sqlite_workspace) -> None:
    job = run_in(with_channels(sqlite_workspace))
    context = JobContext(sqlite_workspace, job)
    worker._end_full(context, DiskFull("The disk is full."), OSError())
    assert set(notices_of(sqlite_workspace, job)) == set(Channel)


def test_other_kinds_of_jobs__are_told_to_nobody(sqlite_workspace) -> None:
    job = run_in(with_channels(sqlite_workspace), kinds.SCORE.name)
    queue.finish(sqlite_workspace, job, JobStatus.FAILED, error=JobError(message="No."))
    assert notices_of(sqlite_workspace, job) == {}


def test_message_of_success__says_accuracy_and_duration_and_no_log(sqlite_workspace) -> None:
    job = run_in(sqlite_workspace)
    with sqlite_workspace.database.write() as uow:
        uow.runs.update_fields(job.run_id, best_val_accuracy=0.914)
    queue.finish(sqlite_workspace, job, JobStatus.SUCCEEDED)
    found = message.compose(sqlite_workspace, job.job_id)
    assert found.title == f"Run {job.run_id} (night): finished"
    assert found.lines == (
        "best validation accuracy 91.4 %, 0 s",
        f"forge runs show {job.run_id}",
    )
    assert (found.log_tail, found.facts["state"]) == ("", "succeeded")


def test_message_of_success__marks_an_accuracy_of_no_fair_sample(sqlite_workspace) -> None:
    job = run_in(sqlite_workspace)
    sample = {"num_images": 60, "num_chosen": 12, "is_weighted": False}
    with sqlite_workspace.database.write() as uow:
        uow.runs.update_fields(job.run_id, best_val_accuracy=0.914, val_sample=sample)
    found = message.compose(sqlite_workspace, job.job_id)
    assert "Biased: 12 of 60 images were chosen" in found.text
    assert found.facts["note"] in found.lines
