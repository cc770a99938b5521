"""Every state that a database can be in: told in words at the start and by `forge doctor`."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from db import migrate
from db.session import driver_url
from db.soundness import health
from db.soundness.health import Condition
from forge_core import workspace as workspace_room
from forge_core.database_health import DatabaseUnusable
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests.forge_core.cli.commands import forge, forge_json


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def write_garbage(path: Path) -> None:
    path.write_bytes(b"no database at all\n" * 500)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwrite_pages(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(bytes(data))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def make_newer(path: Path) -> None:
    change(path, "UPDATE alembic_version SET version_num = '9999'")


def drop_a_table(path: Path) -> None:
    change(path, "DROP TABLE label_votes")


def become_foreign(path: Path) -> None:
    path.unlink()
    change(path, "CREATE TABLE customers (id INTEGER)")


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


HARMS = {
    Condition.NO_DATABASE: [write_garbage, become_a_folder],
    Condition.DAMAGED: [truncate, overwrite_pages],
    Condition.EMPTY: [empty],
    Condition.MISSING: [Path.unlink],
    Condition.NEWER: [make_newer],
    Condition.INCOMPLETE: [drop_a_table],
    Condition.FOREIGN: [become_foreign],
}
CASES = [(harm, condition) for condition, harms in HARMS.items() for harm in harms]


@pytest.fixture
def used(sqlite_workspace: Workspace) -> Workspace:
    """A workspace that was closed after pages were open in it."""
    sqlite_workspace.secret("identity")
    with sqlite_workspace.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    sqlite_workspace.database.dispose()
    workspace_room._open.cache_clear()
    for beside in ("forge.db-wal", "forge.db-shm"):
        (sqlite_workspace.folder / beside).unlink(missing_ok=True)
    return sqlite_workspace


@pytest.mark.parametrize(("harm", "condition"), CASES)
def test_a_used_workspace__tells_its_database_in_words_and_makes_no_other(
    used: Workspace, harm: Callable[[Path], None], condition: Condition
):
    path = used.folder / "forge.db"
    harm(path)
    url = driver_url(used.settings.resolved_database_url)
    assert health.examine(url, thoroughly=True).condition == condition
    before = path.read_bytes() if path.is_file() else None
    started = forge("init", "-w", used.folder)
    assert started.exit_code == 1, started.stdout
    assert len(started.stderr) > 40
    assert (path.read_bytes() if path.is_file() else None) == before
    found = forge("doctor", "-w", used.folder)
    assert found.exit_code == 1
    assert "fail  database" in found.stdout


def test_a_good_database__is_good(used: Workspace):
    url = driver_url(used.settings.resolved_database_url)
    assert health.examine(url, thoroughly=True) == health.Health(
        Condition.GOOD, migrate.head_version()
    )


def test_an_older_database__is_brought_up_to_date(used: Workspace):
    script = Path(__file__).parents[1] / "db" / "released" / "v0004.sqlite.sql"
    (used.folder / "forge.db").unlink()
    with closing(sqlite3.connect(used.folder / "forge.db")) as connection:
        connection.executescript(script.read_text("utf-8"))
    url = driver_url(used.settings.resolved_database_url)
    assert health.examine(url).condition == Condition.OLDER
    assert open_workspace(used.settings).database.is_current()


def test_thumbnails__tell_that_there_was_a_catalog(used: Workspace):
    """Images were imported by commands alone: no page was given a key, and nothing was trained."""
    shutil.rmtree(used.folder / "secrets")
    (used.folder / "forge.db").unlink()
    (used.folder / "cache" / "thumbnails" / "64").mkdir(parents=True)
    with pytest.raises(DatabaseUnusable):
        open_workspace(used.settings)
    assert not (used.folder / "forge.db").exists()


def test_a_new_workspace__is_made(tmp_path: Path):
    opened = open_workspace(Settings(_env_file=None, workspace=tmp_path / "new"))
    assert opened.database.is_current()


@pytest.mark.parametrize("harm", [empty, Path.unlink])
def test_init_anew__begins_with_an_empty_catalog(used: Workspace, harm: Callable[[Path], None]):
    harm(used.folder / "forge.db")
    assert forge_json("init", "--anew", "-w", used.folder)["images"] == 0


def test_init_anew__leaves_what_is_there(used: Workspace):
    refused = forge("init", "--anew", "-w", used.folder)
    assert refused.exit_code == 1
    assert "There is a database already" in refused.stderr


def test_no_server__is_told_without_the_password(tmp_path: Path):
    settings = Settings(
        _env_file=None,
        workspace=tmp_path / "w",
        database_url="postgresql://anna:secret@127.0.0.1:9/none",
    )
    with pytest.raises(DatabaseUnusable) as refused:
        open_workspace(settings)
    assert "does not answer" in refused.value.message
    assert "secret" not in str(refused.value)


def findings(used: Workspace) -> dict[str, tuple[str, str]]:
    answer = forge("doctor", "-w", used.folder, "--json")
    found = json.loads(answer.stdout)["findings"]
    return {each["check"]: (each["state"], each["found"]) for each in found}


def test_doctor__a_short_secret(used: Workspace):
    (used.folder / "secrets" / "identity").write_bytes(b"short")
    assert findings(used)["secrets"][0] == "warn"


def test_doctor__a_folder_that_cannot_be_written(used: Workspace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORGE_CACHE_ROOT", "/proc")
    state, words = findings(used)["folders"]
    assert state == "fail"
    assert "/proc cannot be written" in words
