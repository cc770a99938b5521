"""Slices of the catalog for persons: who gets what, and what is left of it."""

from pathlib import Path

import pytest

from db.records import Asset, AssetFilter
from db.repositories import assignments as repository
from forge_core.catalog.editing import assignments, label_edits
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, list_all, make_unsplit


@pytest.fixture
def assets(workspace: Workspace, tmp_path: Path) -> list[Asset]:
    """12 drawn images, 4 of each of 3 classes; oldest first."""
    make_unsplit(workspace, tmp_path / "drawn")
    return list_all(workspace)


def ids_of(workspace: Workspace, person: str) -> list:
    return asset_list.list_ids(workspace, AssetFilter(assigned=person))


def test_assign__divides_in_turn_as_the_preview_said(
    workspace: Workspace, assets: list[Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "SLICE", 5)  # turns go on from slice to slice
    before = history.latest_revision_id(workspace)
    where = AssetFilter(text="_00")
    persons = ["Ana", " Ben  Ünal ", "Cem", "Dora", "Ege"]
    promised = assignments.preview(workspace, where, persons)
    assert [(share.person, share.num_images) for share in promised] == [
        ("Ana", 3),
        ("Ben Ünal", 3),
        ("Cem", 2),
        ("Dora", 2),
        ("Ege", 2),
    ]
    assert assignments.assign(workspace, where, persons, actor=ACTOR) == promised
    ids = [asset.asset_id for asset in assets]
    assert ids_of(workspace, "Ben Ünal") == ids[1::5]
    assert ids_of(workspace, "none") == []
    assert history.latest_revision_id(workspace) == before  # no fact about an image
    assert list_all(workspace) == assets
    # and again: the same images and persons are divided the same way
    assert assignments.assign(workspace, where, persons, actor=Actor("another")) == promised
    assert ids_of(workspace, "Ben Ünal") == ids[1::5]


def test_assign__what_somebody_has_to_others(
    workspace: Workspace, assets: list[Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "SLICE", 2)  # the filter changes while it is gone through
    assignments.assign(workspace, AssetFilter(), ["Ana"], actor=ACTOR)
    shares = assignments.assign(workspace, AssetFilter(assigned="Ana"), ["Ben", "Ana"], actor=ACTOR)
    assert [share.num_images for share in shares] == [6, 6]
    assert ids_of(workspace, "Ben") == [asset.asset_id for asset in assets[::2]]
    shares = assignments.assign(workspace, AssetFilter(assigned="none"), ["Cem"], actor=ACTOR)
    assert [share.num_images for share in shares] == [0]
    assert assignments.unassign(workspace, AssetFilter(assigned="Ben")) == 6
    assert assignments.unassign(workspace, AssetFilter(assigned="Ben")) == 0
    shares = assignments.assign(workspace, AssetFilter(assigned="none"), ["Cem"], actor=ACTOR)
    assert [share.num_images for share in shares] == [6]
    assert assignments.list_people(workspace) == ["Ana", "Cem", ACTOR.name]


def test_counts__say_what_is_left__without_what_was_removed(
    workspace: Workspace, assets: list[Asset]
) -> None:
    ids = [asset.asset_id for asset in assets]
    label_edits.relabel(workspace, ids[:6], None, actor=ACTOR)
    assignments.assign(workspace, AssetFilter(), ["zoe", "Ana"], actor=ACTOR)
    removed = label_edits.remove_assets(workspace, [ids[0], ids[1], ids[11]], actor=ACTOR)
    counts = [
        (c.person, c.num_images, c.num_unlabelled) for c in assignments.list_counts(workspace)
    ]
    assert counts == [("Ana", 4, 2), ("zoe", 5, 2)]
    assert removed.revision_id is not None
    history.undo(workspace, removed.revision_id, actor=ACTOR)
    counts = [
        (c.person, c.num_images, c.num_unlabelled) for c in assignments.list_counts(workspace)
    ]
    assert counts == [("Ana", 6, 3), ("zoe", 6, 3)]  # who had them has them again


@pytest.mark.parametrize("persons", [[], [""], ["  "], ["none"], ["x" * 129], ["a\0b"]])
def test_assign__refuses_names_that_are_none(
    sqlite_workspace: Workspace, persons: list[str]
) -> None:
    with pytest.raises(InvalidInput):
        assignments.preview(sqlite_workspace, AssetFilter(), persons)
    with pytest.raises(InvalidInput):
        assignments.assign(sqlite_workspace, AssetFilter(), persons, actor=ACTOR)


def test_assign__refuses_a_filter_that_cannot_be(sqlite_workspace: Workspace) -> None:
    with pytest.raises(InvalidInput):
        assignments.assign(sqlite_workspace, AssetFilter(disagrees=True), ["Ana"], actor=ACTOR)
    with pytest.raises(NotFound):
        assignments.unassign(sqlite_workspace, AssetFilter(run=9, disagrees=True))
    with pytest.raises(InvalidInput, match="name has 0 characters"):
        assignments.assign(sqlite_workspace, AssetFilter(), ["Ana"], actor=Actor(" "))
