"""Every released schema stays openable: a workspace of its time is upgraded, and then used.

What is in the dumps, and how they were made, says the script beside them.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from db import dumping, migrate
from db.boxes import JobError
from db.enums import EndRequest, JobStatus, RevisionKind, RunStatus
from db.models import Base
from db.records import AssetFilter
from db.run_records import SeriesPoint
from db.session import Database
from forge_core.catalog.editing import assignments, classes
from forge_core.catalog.listing import asset_list, preferences, saved_views
from forge_core.catalog.revisions import history
from forge_core.catalog.splits import duplicates
from forge_core.errors import Conflict
from forge_core.jobs import kinds, queue, request_keys, supervision
from forge_core.people.actor import Actor
from forge_core.runs import pauses, records, scoring_requests
from forge_core.runs.files import folders
from forge_core.runs.starting import launch, saved_presets
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace

RELEASED = Path(__file__).parent / "released"
VERSIONS = sorted({path.name.split(".")[0] for path in RELEASED.glob("*.sql")})
RUNS = {
    "finished": (RunStatus.SUCCEEDED, EndRequest.NONE),
    "failed": (RunStatus.FAILED, EndRequest.NONE),
    "paused in its third epoch": (RunStatus.INTERRUPTED, EndRequest.PAUSE),
    "paused while it waited": (RunStatus.INTERRUPTED, EndRequest.PAUSE),
    "cancelled while it waited": (RunStatus.CANCELLED, EndRequest.CANCEL),
    "asked to pause when the machine went off": (RunStatus.QUEUED, EndRequest.PAUSE),
    "asked to cancel when the machine went off": (RunStatus.QUEUED, EndRequest.CANCEL),
    "waits": (RunStatus.QUEUED, EndRequest.NONE),
}


def load(database: Database, version: str) -> None:
    """Fill an empty database with the dump of a released schema."""
    kind = "sqlite" if database.is_sqlite else "postgres"
    dump = (RELEASED / f"{version}.{kind}.sql").read_text(encoding="utf-8")
    if database.is_sqlite:
        assert database.url.database is not None
        with sqlite3.connect(database.url.database) as connection:
            connection.executescript(dump)
        connection.close()
    else:
        url = database.url.set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
            connection.execute(dump)  # type: ignore[call-overload]  # several statements at once


@pytest.fixture(params=VERSIONS)
def old(request: pytest.FixtureRequest, empty: Database) -> Database:
    """A database of a released schema, with what was in it then."""
    load(empty, request.param)
    assert migrate.current_version(empty.engine) == request.param.removeprefix("v")
    return empty


@pytest.fixture
def upgraded(old: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """The workspace of that database, upgraded; its jobs wait, for nobody runs them."""
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda *_, **__: None)
    old.upgrade()
    url = old.url.render_as_string(hide_password=False)
    workspace = open_workspace(
        Settings(_env_file=None, workspace=tmp_path / "workspace", database_url=url, user="ana")
    )
    yield workspace
    workspace.database.dispose()


def test_the_oldest_released_schema_is_there() -> None:
    assert VERSIONS[0] == "v0004"


def test_upgrade__builds_what_a_new_database_has(old: Database) -> None:
    old.upgrade()
    with old.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)
    assert [d for d in differences if getattr(d[1], "name", "") != dumping.BOOKKEEPING] == []


def test_the_catalog_is_as_it_was(upgraded: Workspace) -> None:
    page = asset_list.list_assets(upgraded, AssetFilter(), sort="oldest", limit=200)
    with upgraded.database.read() as uow:
        assert len(page.assets) == len(uow.assets.list_all()) == 42
    totals = asset_list.totals(upgraded)
    assert (totals.images, totals.unlabelled, totals.augmented) == (36, 3, 6)
    names = [label.name for label in classes.list_classes(upgraded, with_retired=True)]
    assert names == ["disc", "square", "stripe", "ring", "odd"]
    flagged = asset_list.list_assets(
        upgraded, AssetFilter(review="flagged"), sort="oldest", limit=9
    )
    assert [asset.review_note for asset in flagged.assets] == ["cut off?"]
    assert {a.group_key for a in page.assets if a.group_key} == {"patient 7"}
    assert duplicates.list_groups(upgraded)
    with upgraded.database.read() as uow:
        assert uow.label_votes.list_authors() == ["ana", "ben"]
        assert uow.label_votes.count() == 2


def test_history_goes_on(upgraded: Workspace) -> None:
    revisions = history.list_revisions(upgraded, limit=100)
    assert {RevisionKind.IMPORT, RevisionKind.UNDO, RevisionKind.MERGE_CLASS} <= {
        revision.kind for revision in revisions
    }
    before_all = history.as_of(upgraded, 1, split="train")
    assert len(before_all) == 18
    assert {asset.label_name for asset in before_all} == {"circle", "square", "stripe"}
    relabelled = next(r for r in revisions if r.message == "looked twice")
    undone = history.undo(upgraded, relabelled.revision_id, actor=Actor("ana"))
    assert (undone.status, undone.num_changed) == ("applied", 1)
    merged = next(r for r in revisions if r.kind == RevisionKind.MERGE_CLASS)
    assert history.undo(upgraded, merged.revision_id, actor=Actor("ana")).status == "applied"
    assert "ring" in [label.name for label in classes.list_classes(upgraded)]


def test_runs_are_listed_with_what_they_came_to(upgraded: Workspace) -> None:
    listed = {run.name: run for run in records.list_runs(upgraded)}
    assert {name: run.status for name, run in listed.items()} == {
        name: status for name, (status, _) in RUNS.items()
    }
    finished = listed["finished"]
    progress = records.run_progress(upgraded, finished.run_id)
    assert [epoch.epoch for epoch in progress.epochs] == [1, 2, 3]
    assert finished.best_val_accuracy == max(epoch.val_accuracy for epoch in progress.epochs)
    assert set(finished.report or {}) == {"val", "test"}
    assert finished.environment is not None
    assert (finished.environment.commit, finished.environment.left_out) == ("ff23663", ())
    with upgraded.database.read() as uow:
        kinds = [checkpoint.kind for checkpoint in uow.checkpoints.list_of_run(finished.run_id)]
    assert kinds == ["best", "last"]
    assert {a.split_type for a in launch.run_assets(upgraded, finished.run_id, "val")} == {"val"}
    failed = records.find_job(upgraded, listed["failed"].run_id)
    assert failed is not None
    assert isinstance(failed.error, JobError)
    assert (failed.error.message, bool(failed.error.next_step)) == (listed["failed"].message, True)


def test_predictions_still_answer(upgraded: Workspace) -> None:
    state = scoring_requests.scoring_state(upgraded, 1)
    assert (state.counts.num_images, state.num_to_score) == (42, 0)
    disagreeing = AssetFilter(run=1, disagrees=True)
    found = asset_list.list_assets(upgraded, disagreeing, sort="most_confident", limit=100)
    assert len(found.assets) == state.counts.num_disagreeing


def test_how_jobs_were_to_end_is_a_column_now(upgraded: Workspace) -> None:
    jobs = {run.name: records.find_job(upgraded, run.run_id) for run in records.list_runs(upgraded)}
    assert {name: job and job.end_requested for name, job in jobs.items()} == {
        name: asked for name, (_, asked) in RUNS.items()
    }
    assert not any("pause" in job.payload for job in queue.list_latest_jobs(upgraded))
    assert {job.executor for job in queue.list_latest_jobs(upgraded)} == {"local"}


def test_a_paused_run_goes_on(upgraded: Workspace) -> None:
    by_name = {run.name: run for run in records.list_runs(upgraded)}
    paused = by_name["paused in its third epoch"]
    assert pauses.is_paused(upgraded, paused)
    assert paused.message.startswith("Paused in epoch 3, step ")
    assert pauses.is_paused(upgraded, by_name["paused while it waited"])
    assert not pauses.is_paused(upgraded, by_name["cancelled while it waited"])
    with pytest.raises(Conflict, match=f"Run {paused.run_id} cannot go on: state.pt"):
        launch.resume_run(upgraded, paused.run_id, actor=Actor("ana"))  # only its row was kept
    folder = upgraded.folder / "runs" / folders.claim(upgraded, paused)
    (folder / launch.STATE_FILE).write_bytes(b"as it was left")
    job = launch.resume_run(upgraded, paused.run_id, actor=Actor("ana"))
    assert (job.status, job.end_requested) == (JobStatus.QUEUED, EndRequest.NONE)
    assert not pauses.is_paused(upgraded, records.get_run(upgraded, paused.run_id))
    with pytest.raises(Conflict):
        launch.resume_run(upgraded, by_name["finished"].run_id, actor=Actor("ana"))
    waits = by_name["waits"]
    assert pauses.pause_run(upgraded, waits.run_id).status == RunStatus.INTERRUPTED


def test_what_people_keep_is_theirs(upgraded: Workspace) -> None:
    assert [view.name for view in saved_views.list_views(upgraded)] == ["to label"]
    assert preferences.find(upgraded, "gallery", actor=Actor("ben")) == {
        "keys": {"undo": ["q"]},
        "size": 160,
    }
    assert saved_presets.find_preset(upgraded, "gentle").based_on == "natural"
    assert assignments.list_persons(upgraded) == ["ana", "ben"]


def test_what_is_new_can_be_written(upgraded: Workspace) -> None:
    with upgraded.database.write() as uow:
        uow.series.add(1, {"train_loss": [SeriesPoint(1, 2.0)]})
        assert uow.series.list_after(1, "train_loss") == [(1, 2.0)]
        assert uow.decisions.count_standing("label right") == 0
        assert uow.identity.find() == upgraded.id != ""


@pytest.mark.parametrize(
    ("kind", "payload", "asked"),
    [
        (
            kinds.RATE_SEARCH.name,
            '{"config": {"seed": 1}, "revision_id": 3, "like": {"b": 1.0, "a": [0.5]}}',
            {"a": [0.5], "b": 1},
        ),
        (
            kinds.CHECK_AUGMENTATION.name,
            '{"run_id": 2, "parameters": {"blur": 0.0}}',
            {"run_id": 2, "parameters": {"blur": 0}},
        ),
        (
            kinds.SCORE.name,
            '{"run_id": 2, "split": null, "only_new": false, "after": "x"}',
            {"run_id": 2, "split": None, "only_new": False},
        ),
        (kinds.EVALUATE.name, '{"run_id": 2, "split": "val", "kind": "best"}', None),
    ],
)
def test_upgrade__jobs_of_earlier_versions_are_found_as_well(
    empty: Database, kind: str, payload: str, asked: dict | None
) -> None:
    migrate.upgrade(empty.engine, "0005")
    given = ":payload" if empty.is_sqlite else "CAST(:payload AS JSONB)"
    with empty.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO jobs (kind, title, payload, status, author) "
                f"VALUES (:kind, 'A job', {given}, 'succeeded', 'ana')"
            ).bindparams(kind=kind, payload=payload)
        )
    empty.upgrade()
    with empty.read() as uow:
        found = uow.jobs.find_latest(kind)
        assert found is not None
        if asked is None:
            assert found.request_key is None
        else:
            assert found.request_key == request_keys.make_key(asked)
            assert uow.jobs.find_latest(kind, request_key=found.request_key) == found
