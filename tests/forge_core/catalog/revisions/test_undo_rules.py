"""What may be undone: whatever changed something; in passing, the newest change of one's own."""

from pathlib import Path

import pytest

from db.records import Asset
from forge_core.catalog.editing import classes, label_edits, review_flags
from forge_core.catalog.revisions import history, undo_rules
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.arrange import class_id, list_all, make_unsplit

ANNA, BO = Actor("anna"), Actor("bo")


@pytest.fixture
def assets(sqlite_workspace: Workspace, tmp_path: Path) -> list[Asset]:
    """12 drawn images, imported by somebody else."""
    make_unsplit(sqlite_workspace, tmp_path / "drawn")
    return list_all(sqlite_workspace)


def newest_own(workspace: Workspace, actor: Actor) -> int | None:
    found = undo_rules.find_newest_own(workspace, actor)
    return None if found is None else found.revision_id


def test_newest_own__is_of_this_person_and_of_images(
    sqlite_workspace: Workspace, assets: list[Asset]
) -> None:
    assert newest_own(sqlite_workspace, ANNA) is None
    square = class_id(sqlite_workspace, "square")
    first = label_edits.relabel(sqlite_workspace, [assets[0].asset_id], square, actor=ANNA)
    review_flags.flag(sqlite_workspace, [assets[1].asset_id], actor=BO)
    classes.create_class(sqlite_workspace, "wave", actor=ANNA)
    assert newest_own(sqlite_workspace, ANNA) == first.revision_id


def test_newest_own__what_was_taken_back_does_not_count_until_it_is_put_back_again(
    sqlite_workspace: Workspace, assets: list[Asset]
) -> None:
    first = label_edits.remove_assets(sqlite_workspace, [assets[0].asset_id], actor=ANNA)
    second = label_edits.remove_assets(sqlite_workspace, [assets[1].asset_id], actor=ANNA)
    assert second.revision_id is not None
    undo = history.undo(sqlite_workspace, second.revision_id, actor=BO)
    assert newest_own(sqlite_workspace, ANNA) == first.revision_id
    assert undo.revision_id is not None
    history.undo(sqlite_workspace, undo.revision_id, actor=BO)
    assert newest_own(sqlite_workspace, ANNA) == second.revision_id


def test_something_to_undo__images_and_classes_that_changed_but_no_new_class(
    sqlite_workspace: Workspace, assets: list[Asset]
) -> None:
    classes.create_class(sqlite_workspace, "wave", actor=ANNA)
    classes.rename_class(sqlite_workspace, class_id(sqlite_workspace, "wave"), "swell", actor=ANNA)
    found = {r.kind: r for r in history.list_revisions(sqlite_workspace)}
    assert {kind for kind in found if undo_rules.has_something_to_undo(found[kind])} == {
        "import",
        "rename_class",
    }


def test_undo_operation__of_one_that_changed_nothing_does_nothing(
    sqlite_workspace: Workspace, assets: list[Asset]
) -> None:
    before = history.latest_revision_id(sqlite_workspace)
    result = history.undo_operation(
        sqlite_workspace, "never-applied", actor=ANNA, operation_id="operation-2"
    )
    assert (result.status, result.revision_id) == ("nothing", None)
    assert history.latest_revision_id(sqlite_workspace) == before
