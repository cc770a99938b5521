"""A database file that is deleted or replaced while it is open: refused in words, nothing lost."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from db.failures import DatabaseReplaced
from forge_core.catalog.editing import classes
from forge_core.catalog.revisions import history
from forge_core.people.actor import Actor
from forge_core.workspace import DatabaseRefused, Workspace

ADA = Actor("ada")


def delete(path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def replace_by_a_copy(path: Path) -> None:
    shutil.copy(path, path.with_name("copy"))
    path.with_name("copy").replace(path)


def replace_by_garbage(path: Path) -> None:
    path.unlink()
    path.write_bytes(b"garbage" * 1000)


def move_away(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))


@pytest.fixture(params=[delete, replace_by_a_copy, replace_by_garbage, move_away])
def harm(request: pytest.FixtureRequest, sqlite_workspace: Workspace) -> Callable[[], None]:
    return lambda: request.param(sqlite_workspace.folder / "forge.db")


def test_every_read_and_write__is_refused_in_words(
    sqlite_workspace: Workspace, harm: Callable[[], None]
):
    classes.create_class(sqlite_workspace, "cat", actor=ADA)
    harm()
    with pytest.raises(DatabaseRefused, match="deleted or replaced while it was open"):
        classes.create_class(sqlite_workspace, "dog", actor=ADA)
    with pytest.raises(DatabaseRefused, match="restart Vision Forge"):
        classes.list_classes(sqlite_workspace)


def test_new_connections__make_no_empty_database_in_its_place(
    sqlite_workspace: Workspace, harm: Callable[[], None]
):
    path = sqlite_workspace.folder / "forge.db"
    harm()
    there = path.exists()
    sqlite_workspace.database.dispose()
    with pytest.raises(DatabaseRefused):
        classes.list_classes(sqlite_workspace)
    assert path.exists() == there


def test_a_write_under_way__is_not_acknowledged(
    sqlite_workspace: Workspace, harm: Callable[[], None]
):
    def write() -> None:
        with sqlite_workspace.database.write() as uow:
            uow.revisions.lock()
            harm()

    with pytest.raises(DatabaseRefused):
        write()


def test_put_back__it_is_used_again(sqlite_workspace: Workspace):
    path = sqlite_workspace.folder / "forge.db"
    move_away(path)
    with pytest.raises(DatabaseRefused):
        classes.list_classes(sqlite_workspace)
    path.with_name("elsewhere.db").rename(path)
    classes.create_class(sqlite_workspace, "cat", actor=ADA)
    assert history.latest_revision_id(sqlite_workspace) is not None


def test_the_cause__names_the_file_and_no_folder():
    assert str(DatabaseReplaced(Path("/secret/forge.db")).orig) == (
        "forge.db is not the file that was opened"
    )
