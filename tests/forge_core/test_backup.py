"""Backups hold whole revisions while writers work, and give everything back on either database."""

import gzip
import itertools
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import select

from db import dumping, migrate
from db.enums import RunStatus
from db.models import Assignment, Prediction, SavedViewRow, UserPreference
from db.session import Database
from forge_core import workspace as workspace_room
from forge_core.backup import archive, making, restoring
from forge_core.catalog.editing import label_edits
from forge_core.catalog.files import verification
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.catalog.splits import split_plan
from forge_core.catalog.splits.split_plan import SplitRatios
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.settings import Settings
from forge_core.storage import AssetStore
from forge_core.workspace import Workspace
from tests.arrange import (
    ACTOR,
    draw_folder,
    draw_image,
    import_folder,
    list_all,
    make_unsplit,
    relabel_one,
)
from tests.chance import ASKED
from tests.databases import on_postgres

NUM_BACKUPS = 4 if ASKED else 2


@pytest.fixture
def lived_in(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A catalog with labels, splits, a removed image, an undo, files of a run, and work."""
    return lived(workspace, tmp_path)


@pytest.fixture
def sqlite_lived_in(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    """The same on SQLite, for what only the files of a backup decide."""
    return lived(sqlite_workspace, tmp_path)


def lived(workspace: Workspace, tmp_path: Path) -> Workspace:
    make_unsplit(workspace, tmp_path / "shapes")
    assets = list_all(workspace)
    relabel_one(workspace, assets[0], "square")
    plan = split_plan.plan_split(workspace, SplitRatios(train=50, val=25, test=25), seed=1)
    result = split_plan.apply_split(workspace, plan, actor=ACTOR)
    assert result.revision_id is not None
    history.undo(workspace, result.revision_id, actor=ACTOR)
    label_edits.remove_assets(workspace, [assets[1].asset_id], actor=ACTOR)
    with workspace.database.write() as uow:
        run_id = uow.runs.add(
            status=RunStatus.SUCCEEDED.value,
            author=ACTOR.name,
            config={},
            revision_id=1,
            class_names=["circle"],
            label_ids=[1],
        )
        uow.session.add_all(
            [
                Prediction(
                    run_id=run_id,
                    asset_id=assets[0].asset_id,
                    label_id=1,
                    confidence=0.1 + 0.2,  # a number that text must not round
                    margin=0.25,
                    entropy=0.5,
                    label_quality=0.125,
                    given_label_id=2,
                    revision_id=4,
                ),
                UserPreference(author=ACTOR.name, name="gallery", value={"size": 128, "ü": [None]}),
                SavedViewRow(name="to do", query={"label": "none"}, author=ACTOR.name),
                Assignment(asset_id=assets[0].asset_id, person="Ana", assigned_by=ACTOR.name),
                Assignment(asset_id=assets[1].asset_id, person="Ben", assigned_by=ACTOR.name),
            ]
        )
    run = workspace.folder / "runs" / "1"
    run.mkdir()
    (run / "best.safetensors").write_bytes(b"weights")
    return workspace


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without anything, of either kind."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'restored' / 'forge.db'}")
    else:
        database = Database(request.getfixturevalue("other_postgres"))
    yield database
    database.dispose()


@pytest.fixture
def other_postgres(postgres_server: sqlalchemy.URL) -> Iterator[str]:
    """A second, empty Postgres database."""
    with on_postgres.made(postgres_server) as url:
        yield url.render_as_string(hide_password=False)


def restore(source: Path, database: Database, folder: Path) -> Workspace:
    url = database.url.render_as_string(hide_password=False)
    settings = Settings(_env_file=None, workspace=folder, database_url=url)
    store, runs = AssetStore(str(folder / "assets")), workspace_room.run_store_of(settings)
    restoring.restore(database, store, runs, source)
    return workspace_room.open_workspace(settings)


def summaries(database: Database) -> dict[str, str]:
    with dumping.snapshot(database) as view:
        return {name: archive.summary(view, name).checksum for name in view.tables}


def test_backup__is_restored_into_either_database_with_nothing_lost(
    lived_in: Workspace, empty: Database, tmp_path: Path
) -> None:
    manifest = making.backup(lived_in, tmp_path / "backup", with_bytes=True)
    assert (manifest.revision_id, manifest.num_missing) == (5, 0)
    assert manifest.num_files == 12  # 11 living images and a checkpoint
    assert manifest.tables["vision_assets"].num_rows == 12
    assert archive.check(tmp_path / "backup") == manifest
    restored = restore(tmp_path / "backup", empty, tmp_path / "restored")
    assert summaries(restored.database) == summaries(lived_in.database)
    assert list_all(restored) == list_all(lived_in)
    assert verification.verify(restored, full=True).is_whole
    assert (restored.folder / "runs" / "1" / "best.safetensors").read_bytes() == b"weights"
    for revision in range(6):
        assert history.as_of(restored, revision) == history.as_of(lived_in, revision)
    with restored.database.read() as uow:
        opinion = uow.session.scalars(select(Prediction)).one()
        assert (opinion.confidence, opinion.given_label_id, opinion.revision_id) == (
            0.1 + 0.2,
            2,
            4,
        )
        assert uow.session.scalars(select(UserPreference.value)).one() == {"size": 128, "ü": [None]}
        assert uow.session.scalars(select(SavedViewRow.query)).one() == {"label": "none"}
        assert len(uow.session.scalars(select(Assignment)).all()) == 2
    # and work goes on: numbers of rows continue behind those that were restored
    draw_image("circle", 900).save(tmp_path / "shapes" / "circle" / "new.png")
    draw_folder(tmp_path / "shapes", classes=["cross"], per_class=1)
    assert import_folder(restored, tmp_path / "shapes").added >= 2
    history.undo(restored, 5, actor=ACTOR)
    restored.database.dispose()


@pytest.mark.slow
def test_backup__taken_while_writers_work_holds_whole_revisions(
    workspace: Workspace, tmp_path: Path
) -> None:
    make_unsplit(workspace, tmp_path / "shapes", per_class=20)
    asset_ids = [asset.asset_id for asset in list_all(workspace)]
    stop = threading.Event()
    errors: list[BaseException] = []
    written = itertools.count()

    def relabel_all(offset: int) -> None:
        splits = itertools.cycle(["train", "val", "test", None][offset:])
        try:
            while not stop.is_set():
                label_edits.set_split(
                    workspace, asset_ids, next(splits), actor=Actor(f"writer {offset}")
                )
                next(written)
        except BaseException as error:
            errors.append(error)

    writers = [threading.Thread(target=relabel_all, args=(offset,)) for offset in range(3)]
    for writer in writers:
        writer.start()
    try:
        manifests = [making.backup(workspace, tmp_path / f"backup{n}") for n in range(NUM_BACKUPS)]
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert errors == []
    assert next(written) > 4
    assert manifests[-1].revision_id > manifests[0].revision_id
    for number, manifest in enumerate(manifests):
        folder = tmp_path / f"restored{number}"
        database = Database(f"sqlite:///{folder / 'forge.db'}")
        restored = restore(tmp_path / f"backup{number}", database, folder)
        assert history.latest_revision_id(restored) == manifest.revision_id
        with restored.database.read() as uow:
            revisions = uow.revisions.list_latest(limit=100_000)
            for revision in revisions:
                assert revision.num_changes == len(uow.revisions.list_changes(revision.revision_id))
            assert sorted(r.revision_id for r in revisions) == [*range(1, manifest.revision_id + 1)]
            assert uow.counts.list_all() == uow.counts.list_recounted()
        splits = {asset.split_type for asset in list_all(restored)}
        assert len(splits) == 1, "every writer sets all images at once"
        as_of_newest = history.as_of(restored, manifest.revision_id)
        assert {asset.split_type for asset in as_of_newest} == splits
        restored.database.dispose()
        database.dispose()


def test_backup__names_files_that_are_missing(lived_in: Workspace, tmp_path: Path) -> None:
    asset = list_all(lived_in)[0]
    lived_in.store.remove(asset.file_path)
    manifest = making.backup(lived_in, tmp_path / "backup", with_bytes=True)
    assert (manifest.num_missing, manifest.missing) == (1, [asset.file_path])


def test_backup__never_overwrites_and_leaves_nothing_half(
    sqlite_lived_in: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.backup(sqlite_lived_in, tmp_path / "backup")
    with pytest.raises(Conflict, match="There is something at"):
        making.backup(sqlite_lived_in, tmp_path / "backup")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making, "_write_table", full)
    with pytest.raises(OSError, match="No space"):
        making.backup(sqlite_lived_in, tmp_path / "other")
    assert [path.name for path in tmp_path.glob("*other*")] == []


def test_restore__refuses_a_database_that_holds_something(
    lived_in: Workspace, tmp_path: Path
) -> None:
    making.backup(lived_in, tmp_path / "backup")
    before = summaries(lived_in.database)
    with pytest.raises(Conflict, match="holds something already"):
        restoring.restore(lived_in.database, lived_in.store, lived_in.runs, tmp_path / "backup")
    assert summaries(lived_in.database) == before


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["row changed", "row lost", "cut off", "file changed"])
def test_restore__refuses_a_damaged_backup_and_writes_nothing(
    sqlite_lived_in: Workspace, empty: Database, tmp_path: Path, damage: str
) -> None:
    backup = tmp_path / "backup"
    making.backup(sqlite_lived_in, backup, with_bytes=True)
    table = backup / "tables" / "vision_assets.jsonl.gz"
    rows = gzip.decompress(table.read_bytes()).splitlines(keepends=True)
    if damage == "row changed":
        table.write_bytes(gzip.compress(b"".join(rows).replace(b"circle", b"square")))
    elif damage == "row lost":
        table.write_bytes(gzip.compress(b"".join(rows[1:])))
    elif damage == "cut off":
        table.write_bytes(table.read_bytes()[:-40])
    else:
        next((backup / "assets").rglob("*.png")).write_bytes(b"other bytes")
    with pytest.raises(InvalidInput, match="damaged"):
        restore(backup, empty, tmp_path / "restored")
    with dumping.loading(empty) as target:
        assert target.list_filled() == []


def test_restore__of_what_is_no_backup_or_newer_says_so(
    sqlite_lived_in: Workspace, empty: Database, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match="There is no backup"):
        restore(tmp_path, empty, tmp_path / "restored")
    making.backup(sqlite_lived_in, tmp_path / "backup")
    manifest = tmp_path / "backup" / archive.MANIFEST
    values = json.loads(manifest.read_text()) | {"schema_version": "9999"}
    manifest.write_text(json.dumps(values))
    with pytest.raises(InvalidInput, match="does not know"):
        restore(tmp_path / "backup", empty, tmp_path / "restored")
    manifest.write_text("{")
    with pytest.raises(InvalidInput, match="cannot be read"):
        restore(tmp_path / "backup", empty, tmp_path / "restored")


def test_restore__of_an_older_schema_is_upgraded(tmp_path: Path) -> None:
    old = Database(f"sqlite:///{tmp_path / 'old.db'}")
    migrate.upgrade(old.engine, "0001")
    with old.engine.execution_options(forge_writes=True).begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO label_classes (name, color, description) VALUES ('cat', '#112233', '')"
        )
    (tmp_path / "backup" / "tables").mkdir(parents=True)
    with dumping.snapshot(old) as view:
        tables = {
            name: making._write_table(
                view, name, archive.table_path(tmp_path / "backup", name), lambda *_: None
            )
            for name in view.tables
        }
    manifest = archive.Manifest(
        format=1,
        made_at="2026-01-01T00:00:00+00:00",
        schema_version="0001",
        revision_id=0,
        tables=tables,
        with_bytes=False,
    )
    making.write_manifest(tmp_path / "backup", manifest)
    new = Database(f"sqlite:///{tmp_path / 'restored' / 'forge.db'}")
    restored = restore(tmp_path / "backup", new, tmp_path / "restored")
    assert restored.database.is_current()
    with restored.database.read() as uow:
        assert [label.name for label in uow.labels.list_all()] == ["cat"]
    for database in (old, new, restored.database):
        database.dispose()


def test_copy__between_databases_has_equal_checksums(lived_in: Workspace, empty: Database) -> None:
    tables = restoring.copy_database(lived_in.database, empty)
    assert tables["vision_assets"].num_rows == 12
    assert summaries(empty) == summaries(lived_in.database)
    with pytest.raises(Conflict, match="holds something already"):
        restoring.copy_database(lived_in.database, empty)


def test_backup__without_bytes_is_small_and_says_so(lived_in: Workspace, tmp_path: Path) -> None:
    manifest = making.backup(lived_in, tmp_path / "backup")
    assert (manifest.with_bytes, manifest.num_files) == (False, 0)
    assert not (tmp_path / "backup" / "assets").exists()
    assert asset_list.totals(lived_in).images == 11
    shutil.rmtree(tmp_path / "backup")
