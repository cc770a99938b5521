"""What happens to a run when its process is killed, and when the web server is restarted."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.enums import RunStatus
from db.records import Job
from forge_core.jobs import processes, queue
from forge_core.jobs.processes import ProcessIdentity
from forge_core.people.actor import Actor
from forge_core.runs import logs, records
from forge_core.runs.starting import launch
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace
from tests import arrange, ending
from tests.journeys.servers import ForgeServer, visit
from tests.journeys.test_train_journey import wait_for_points

pytestmark = pytest.mark.browser

LONG = TrainConfig(
    architecture="forge_cnn", input_size=16, batch_size=8, scratch_epochs=2_000, device="cpu"
)
SHOWN_WITHIN_SECONDS = 15
WAIT_SECONDS = 180


@pytest.fixture
def workspace_with_run(sqlite_workspace: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    """A run that would go on for long, after its first epochs; it is ended at the end."""
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=16, val=4, test=0)
    launch.start_run(sqlite_workspace, LONG, actor=Actor("tester"))
    wait_for_epoch(sqlite_workspace, 2)
    yield sqlite_workspace
    job = latest_job(sqlite_workspace)
    queue.request_cancel(sqlite_workspace, job.job_id)
    queue.wait_until_finished(sqlite_workspace, job.job_id, timeout_seconds=WAIT_SECONDS)
    ending.end_jobs(sqlite_workspace)


def latest_job(workspace: Workspace) -> Job:
    job_id = records.run_progress(workspace, 1).job_id
    assert job_id is not None
    return queue.get_job(workspace, job_id)


def identity_of(job: Job) -> ProcessIdentity:
    assert job.pid is not None
    assert job.pid_started is not None
    return ProcessIdentity(job.pid, job.pid_started)


def wait_for_epoch(workspace: Workspace, at_least: int) -> int:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        epochs = records.run_progress(workspace, 1).epochs
        if epochs and epochs[-1].epoch >= at_least:
            return epochs[-1].epoch
        time.sleep(0.2)
    raise AssertionError(f"epoch {at_least} was not reached:\n{logs.log_tail(workspace, 1)}")


def test_killed_process__is_shown_within_15_seconds_and_resumes(
    workspace_with_run: Workspace, forge_server: Callable[..., ForgeServer], browser_page: Page
):
    workspace, page = workspace_with_run, browser_page
    server = forge_server(workspace)
    visit(page, f"{server.url}/runs?run=1")
    expect(page.get_by_role("button", name="Stop and keep the best")).to_be_visible(timeout=60_000)
    wait_for_points(page, 2)
    page.evaluate("window.isTheSamePage = true")
    job = latest_job(workspace)

    os.kill(identity_of(job).pid, signal.SIGKILL)
    expect(page.get_by_text("its process ended without a word")).to_be_visible(
        timeout=1_000 * SHOWN_WITHIN_SECONDS
    )
    assert page.evaluate("window.isTheSamePage") is True
    assert records.get_run(workspace, 1).status == RunStatus.INTERRUPTED
    expect(page.get_by_text("Last checkpoint: epoch")).to_be_visible()
    page.get_by_role("button", name="See log").click()
    expect(page.get_by_test_id("stCode").first).to_contain_text("val_accuracy")

    reached = records.run_progress(workspace, 1).epochs[-1].epoch
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Stop and keep the best")).to_be_visible(timeout=30_000)
    wait_for_epoch(workspace, reached + 2)
    epochs = [epoch.epoch for epoch in records.run_progress(workspace, 1).epochs]
    assert epochs == list(range(1, len(epochs) + 1))
    assert wait_for_points(page, reached + 2) > reached
    assert latest_job(workspace).job_id != job.job_id


def test_restarted_server__the_run_goes_on(
    workspace_with_run: Workspace,
    forge_server: Callable[..., ForgeServer],
    browser_page: Page,
):
    workspace, page = workspace_with_run, browser_page
    server = forge_server(workspace)
    visit(page, f"{server.url}/runs?run=1")
    shown = wait_for_points(page, 2)
    process = identity_of(latest_job(workspace))

    page.goto("about:blank")  # an open page would rightly complain about the lost server
    server.stop()
    reached = wait_for_epoch(workspace, shown + 2)
    assert processes.is_alive(process)
    server.start()
    visit(page, f"{server.url}/runs?run=1")
    assert wait_for_points(page, reached + 1) > reached
    expect(page.get_by_role("button", name="Stop and keep the best")).to_be_visible()
    assert processes.is_alive(process)
    assert identity_of(latest_job(workspace)) == process
