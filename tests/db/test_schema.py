"""The schema: migrations equal the models, constraints refuse what must not be kept."""

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, UniqueConstraint, inspect, select, text
from sqlalchemy.exc import IntegrityError

from db import migrate
from db.models import (
    Assignment,
    AugmentationPresetRow,
    Base,
    Prediction,
    SavedViewRow,
    UserPreference,
)
from db.patches import AssetPatch
from db.session import Database
from forge_core.workspace import Workspace
from tests.db.arrange import make_asset


def test_migrations_build_what_the_models_say(workspace: Workspace) -> None:
    with workspace.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)
    assert [
        d for d in differences if d[0] != "remove_table" or d[1].name != "alembic_version"
    ] == []


def test_upgrade__twice_changes_nothing(workspace: Workspace) -> None:
    workspace.database.upgrade()
    assert workspace.database.is_current()


def test_upgrade__from_many_threads_at_once(tmp_path) -> None:
    databases = [Database(f"sqlite:///{tmp_path / 'fresh.db'}") for _ in range(4)]
    threads = [threading.Thread(target=database.upgrade) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(database.is_current() for database in databases)


def test_upgrade__of_the_second_schema_keeps_its_data(empty: Database) -> None:
    migrate.upgrade(empty.engine, "0002")
    asset = make_asset("a.png")
    with empty.write() as uow:
        uow.assets.add([asset])
        for statement in (
            "INSERT INTO label_classes (name, color, description) VALUES ('cat', '#112233', '')",
            "INSERT INTO training_runs (status, author, config, revision_id, class_names, "
            "label_ids) VALUES ('succeeded', 'ana', '{}', 1, '[]', '[]')",
        ):
            uow.session.execute(text(statement))
        uow.session.execute(
            text(
                "INSERT INTO predictions (run_id, asset_id, label_id, confidence, margin, entropy) "
                "SELECT 1, asset_id, 1, 0.9, 0.8, 0.1 FROM vision_assets"
            )
        )
    empty.upgrade()
    assert empty.is_current()
    with empty.read() as uow:
        kept = uow.session.scalars(select(Prediction)).one()
        assert (kept.asset_id, kept.confidence) == (asset.asset_id, 0.9)
        assert (kept.given_label_id, kept.revision_id) == (None, 0)
        for table in (UserPreference, SavedViewRow, Assignment, AugmentationPresetRow):
            assert uow.session.scalars(select(table)).all() == []


@pytest.mark.parametrize("table", ["saved_views", "assignments", "augmentation_presets"])
def test_what_people_keep_has_a_name(workspace: Workspace, table: str) -> None:
    asset = make_asset("a.png")
    with workspace.database.write() as uow:
        uow.assets.add([asset])
    nameless = {
        "saved_views": SavedViewRow(name="", query={}, author="ana"),
        "assignments": Assignment(asset_id=asset.asset_id, person="", assigned_by="ana"),
        "augmentation_presets": AugmentationPresetRow(
            name="", based_on="natural", parameters={}, author="ana"
        ),
    }
    with pytest.raises(IntegrityError, match="not_empty"), workspace.database.write() as uow:
        uow.session.add(nameless[table])


def test_every_constraint_is_named() -> None:
    for table in Base.metadata.tables.values():
        for constraint in table.constraints:
            if isinstance(constraint, CheckConstraint | UniqueConstraint):
                assert constraint.name, f"{table.name}: {constraint}"


def test_the_mission_columns_are_there(workspace: Workspace) -> None:
    columns = {c["name"] for c in inspect(workspace.database.engine).get_columns("vision_assets")}
    assert {
        "asset_id",
        "file_path",
        "label_id",
        "label_name",
        "split_type",
        "source_dataset",
        "is_augmented",
        "last_augmented_at",
        "created_at",
    } <= columns


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "C:/x.png", "s3://bucket/x.png", "../x.png", "a/../x.png", "a\\b.png", ""],
)
def test_the_database_itself_refuses_a_path_that_is_not_relative(
    workspace: Workspace, path: str
) -> None:
    with pytest.raises(IntegrityError), workspace.database.write() as uow:
        uow.assets.add([make_asset(path)])


@pytest.mark.parametrize("path", ["a.png", "a b/ü.png", "a..b/c..png", "100%/x_y.png", "x'y.png"])
def test_the_database_keeps_odd_but_relative_paths(workspace: Workspace, path: str) -> None:
    with workspace.database.write() as uow:
        uow.assets.add([make_asset(path)])
    with workspace.database.read() as uow:
        found = uow.assets.find_by_path(path)
    assert found is not None
    assert found.created_at.year >= 2025


@pytest.mark.parametrize(
    "values",
    [
        {"split_type": "valid"},
        {"label_name": "cat"},
        {"label_id": 99, "label_name": "cat"},
        {"width": 0},
    ],
)
def test_the_database_refuses_values_that_break_its_rules(
    workspace: Workspace, values: dict
) -> None:
    with pytest.raises(IntegrityError), workspace.database.write() as uow:
        uow.assets.add([make_asset("x.png", **values)])


def test_two_living_assets_cannot_share_a_path__but_a_removed_one_frees_it(
    workspace: Workspace,
) -> None:
    first = make_asset("x.png")
    with workspace.database.write() as uow:
        uow.assets.add([first])
    with pytest.raises(IntegrityError), workspace.database.write() as uow:
        uow.assets.add([make_asset("x.png")])
    with workspace.database.write() as uow:
        uow.assets.update_fields([first.asset_id], AssetPatch(is_deleted=True))
        uow.assets.add([make_asset("x.png")])


def test_a_transaction_that_raises_leaves_nothing(workspace: Workspace) -> None:
    with pytest.raises(IntegrityError), workspace.database.write() as uow:
        uow.assets.add([make_asset("x.png"), make_asset("/absolute.png")])
    with workspace.database.read() as uow:
        assert uow.assets.list_all() == []


def test_what_a_reader_writes_is_rolled_back(workspace: Workspace) -> None:
    with workspace.database.read() as uow:
        uow.assets.add([make_asset("x.png")])
    with workspace.database.read() as uow:
        assert uow.assets.list_all() == []


def test_sqlite_is_set_up_to_survive_a_power_cut(sqlite_workspace: Workspace) -> None:
    with sqlite_workspace.database.engine.connect() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert pragma == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "busy_timeout": 30_000,
        "foreign_keys": 1,
    }


def test_sqlite_waits_for_the_disk_again_after_a_commit_that_did_not(
    sqlite_workspace: Workspace,
) -> None:
    found = []
    for flushes in (True, False, True):
        with sqlite_workspace.database.write(flushes=flushes) as uow:
            found.append(uow.session.scalar(text("PRAGMA synchronous")))
    assert found == [2, 1, 2]  # FULL, NORMAL, FULL
