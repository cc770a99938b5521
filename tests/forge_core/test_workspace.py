"""A workspace makes what it needs, keeps secrets private, and reads settings when asked."""

import hashlib
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from db.session import Database
from forge_core import settings, workspace
from forge_core.errors import InvalidInput
from forge_core.settings import Settings


def test_open__makes_folders_and_migrates_sqlite(tmp_path) -> None:
    opened = workspace.open_workspace(Settings(workspace=tmp_path / "w", _env_file=None))
    assert (tmp_path / "w" / "forge.db").exists()
    assert opened.database.is_current()
    for folder in (opened.folder / "runs", opened.cache_folder, opened.logs_folder):
        assert folder.is_dir()
    assert workspace.open_workspace(opened.settings) is opened


def test_open__on_an_unmigrated_postgres_says_what_to_do(postgres_server, tmp_path) -> None:
    url = postgres_server.render_as_string(hide_password=False)
    with pytest.raises(InvalidInput, match="forge db upgrade"):
        workspace.open_workspace(
            Settings(workspace=tmp_path / "w", database_url=url, _env_file=None)
        )
    assert not Database(url).is_current()  # and it was not migrated by surprise


def opened_from(folder: Path, opened: workspace.Workspace) -> workspace.Workspace:
    """The same database as another machine opens it: with a folder of its own."""
    url = opened.database.url.render_as_string(hide_password=False)
    return workspace.open_workspace(Settings(_env_file=None, workspace=folder, database_url=url))


def nameless(opened: workspace.Workspace) -> workspace.Workspace:
    """As an upgrade from a version without ids leaves it."""
    with opened.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE catalog_state SET workspace_id = NULL")
    return opened


def test_id__is_the_same_wherever_the_database_is_opened(
    workspace: workspace.Workspace, tmp_path: Path
) -> None:
    assert re.fullmatch("[0-9a-f]{12}", workspace.id)
    other = opened_from(tmp_path / "other", workspace)
    assert (other.id, other.folder == workspace.folder) == (workspace.id, False)
    other.database.dispose()


def test_id__of_a_workspace_without_one_is_made_when_it_is_opened_and_kept(
    workspace: workspace.Workspace, tmp_path: Path
) -> None:
    before = nameless(workspace).id
    first, second = (opened_from(tmp_path / name, workspace) for name in ("first", "second"))
    assert first.id == second.id != before
    with workspace.database.write() as uow:
        assert uow.identity.keep("another") == uow.identity.find() == first.id
    for other in (first, second):
        other.database.dispose()


def test_id__of_a_workspace_from_before_ids_is_the_name_that_browsers_keep_changes_under(
    sqlite_workspace: workspace.Workspace, tmp_path: Path
) -> None:
    (tmp_path / "older" / "secrets").mkdir(parents=True)
    (tmp_path / "older" / "secrets" / "identity").write_bytes(b"0" * 32)
    older = opened_from(tmp_path / "older", nameless(sqlite_workspace))
    assert older.id == hashlib.sha256(b"0" * 32).hexdigest()[:12]
    older.database.dispose()


def test_secret__is_made_once_and_private(sqlite_workspace: workspace.Workspace) -> None:
    first = sqlite_workspace.secret("hmac")
    assert len(first) == 32
    assert sqlite_workspace.secret("hmac") == first != sqlite_workspace.secret("cookie")
    path = sqlite_workspace.folder / "secrets" / "hmac"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {found.name for found in path.parent.iterdir()} == {"cookie", "hmac"}


@pytest.mark.parametrize("length", [0, 1, 31])
def test_secret__that_is_too_short_is_made_anew(
    sqlite_workspace: workspace.Workspace, length: int
) -> None:
    """As a power cut may leave it: with an empty key anybody could sign a token."""
    path = sqlite_workspace.folder / "secrets" / "hmac"
    path.parent.mkdir()
    path.write_bytes(b"a" * length)
    made = sqlite_workspace.secret("hmac")
    assert len(made) == 32
    assert sqlite_workspace.secret("hmac") == made == path.read_bytes()


def test_secret__that_is_longer_is_kept(sqlite_workspace: workspace.Workspace) -> None:
    path = sqlite_workspace.folder / "secrets" / "hmac"
    path.parent.mkdir()
    path.write_bytes(b"chosen by an operator, for all replicas")
    assert sqlite_workspace.secret("hmac") == b"chosen by an operator, for all replicas"


def test_secret__asked_for_by_many_at_once_is_one(sqlite_workspace: workspace.Workspace) -> None:
    path = sqlite_workspace.folder / "secrets" / "hmac"
    path.parent.mkdir()
    path.touch()
    with ThreadPoolExecutor(8) as askers:
        found = set(askers.map(sqlite_workspace.secret, ["hmac"] * 40))
    assert found == {path.read_bytes()}


def test_secret__is_on_the_disk_before_it_is_used(
    sqlite_workspace: workspace.Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = []
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda handle: flushed.append(_opened(handle)) or fsync(handle)
    )
    sqlite_workspace.secret("hmac")
    folder = sqlite_workspace.folder / "secrets"
    temporary, named = flushed  # first the bytes, then the name that they got
    assert temporary.parent == named == folder


def _opened(handle: int) -> Path:
    return Path(f"/proc/self/fd/{handle}").readlink()


def test_settings__are_read_when_asked(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("FORGE_WORKSPACE", str(tmp_path / "one"))
    assert settings.current().workspace_folder == tmp_path / "one"
    monkeypatch.setenv("FORGE_WORKSPACE", str(tmp_path / "two"))
    assert settings.current().workspace_folder == tmp_path / "two"
    monkeypatch.setenv("FORGE_RUNS_ROOT", str(tmp_path / "runs"))
    assert workspace.open_workspace().runs.local_root() == tmp_path / "runs"


def test_settings__are_read_again_where_something_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORGE_USER")
    assert settings.current().user == ""
    (tmp_path / ".env").write_text("FORGE_USER=ana\n")
    assert settings.current().user == "ana"
    (tmp_path / ".env").write_text("FORGE_USER=benno\n")
    assert settings.current().user == "benno"
    monkeypatch.setenv("forge_user", "cem")  # the environment goes before the file, in any case
    assert settings.current().user == "cem"
    monkeypatch.setenv("FORGE_WORKSPACE", "here")
    assert settings.current().workspace_folder == tmp_path / "here"
    (tmp_path / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "deeper")
    assert settings.current().workspace_folder == tmp_path / "deeper" / "here"
    elsewhere = settings.current().model_copy(update={"workspace": tmp_path / "there"})
    assert elsewhere.workspace_folder == tmp_path / "there"
    settings.current().user = "dora"
    assert settings.current().user == "cem"


def test_settings__a_copy_with_another_workspace_has_its_folder(tmp_path: Path):
    settings = Settings(_env_file=None, workspace=tmp_path / "a")
    assert settings.workspace_folder == tmp_path / "a"
    copied = settings.model_copy(update={"workspace": tmp_path / "b"})
    assert copied.resolved_asset_root == str(tmp_path / "b" / "assets")
    assert settings.workspace_folder == tmp_path / "a"
