"""Who acts: where the name comes from, and the two places that check it."""

import pytest

from db.enums import RevisionKind
from forge_core import workspace
from forge_core.catalog.revisions.journal import Operation
from forge_core.errors import InvalidInput
from forge_core.jobs import queue
from forge_core.people.actor import MAX_NAME_CHARACTERS, Actor
from forge_core.settings import Settings
from forge_core.workspace import Workspace


def test_of_process__is_the_setting_or_the_login(
    sqlite_workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    assert Actor.of_process(sqlite_workspace) == Actor("tester")
    monkeypatch.setenv("LOGNAME", "curator")
    other = workspace.open_workspace(
        Settings(workspace=tmp_path / "other", user="", _env_file=None)
    )
    assert Actor.of_process(other) == Actor("curator")


@pytest.mark.parametrize("name", ["", "  ", "a" * (MAX_NAME_CHARACTERS + 1)])
def test_operations_and_jobs__refuse_an_actor_who_cannot_be_named(
    sqlite_workspace: Workspace, name: str
) -> None:
    with pytest.raises(InvalidInput, match="allowed are 1 to 128"):
        Operation.of(RevisionKind.RELABEL, actor=Actor(name))
    with (
        pytest.raises(InvalidInput, match="allowed are 1 to 128"),
        sqlite_workspace.database.write() as uow,
    ):
        queue.add_in(uow, "import", "Import", {}, actor=Actor(name))
    assert queue.list_latest_jobs(sqlite_workspace) == []


def test_operations_and_jobs__keep_the_name_without_the_spaces_around_it(
    sqlite_workspace: Workspace,
) -> None:
    assert Operation.of(RevisionKind.RELABEL, actor=Actor(" ada ")).actor == Actor("ada")
    with sqlite_workspace.database.write() as uow:
        job = queue.add_in(uow, "import", "Import", {}, actor=Actor(" ada "))
    assert job.author == "ada"
