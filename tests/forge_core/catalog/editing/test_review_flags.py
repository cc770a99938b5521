"""Flags with notes: set, changed, taken away, undone."""

import uuid

import pytest

from db.records import AssetFilter
from forge_core.catalog.editing import review_flags
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from tests import arrange


@pytest.fixture
def assets(workspace, tmp_path):
    arrange.make_unsplit(workspace, tmp_path / "drawn")
    return arrange.list_all(workspace)


def test_flag__is_one_revision_with_the_note_and_is_found_again(workspace, assets):
    ids = [asset.asset_id for asset in assets[:2]]
    result = review_flags.flag(workspace, ids, actor=Actor("ann"), note=" a fox or a wolf? ")
    assert result.status == "applied"
    flagged = AssetFilter(review="flagged")
    assert set(asset_list.list_ids(workspace, flagged)) == set(ids)
    assert asset_list.get_asset(workspace, ids[0]).review_note == "a fox or a wolf?"
    (entry,) = [e for e in history.asset_history(workspace, ids[0]) if e.kind == "flag"]
    assert (entry.author, entry.message) == ("ann", "a fox or a wolf?")


def test_flag__again_replaces_the_note_and_the_same_changes_nothing(workspace, assets):
    ids = [assets[0].asset_id]
    review_flags.flag(workspace, ids, actor=Actor("ann"), note="blurry")
    assert review_flags.flag(workspace, ids, actor=Actor("ben"), note="blurry").status == "nothing"
    review_flags.flag(workspace, ids, actor=Actor("ben"), note="dark")
    assert asset_list.get_asset(workspace, ids[0]).review_note == "dark"


def test_unflag__and_undo_of_it(workspace, assets):
    ids = [assets[0].asset_id]
    review_flags.flag(workspace, ids, actor=Actor("ann"))
    taken = review_flags.unflag(workspace, ids, actor=Actor("ben"))
    assert asset_list.get_asset(workspace, ids[0]).review_state is None
    assert taken.revision_id is not None
    history.undo(workspace, taken.revision_id, actor=Actor("ben"))
    assert asset_list.get_asset(workspace, ids[0]).review_state == "flagged"


def test_flag__refuses_a_novel_and_names_what_is_gone(workspace, assets):
    with pytest.raises(InvalidInput, match="1,001 characters"):
        review_flags.flag(workspace, [assets[0].asset_id], actor=Actor("ann"), note="x" * 1001)
    with pytest.raises(InvalidInput, match="0 images"):
        review_flags.flag(workspace, [], actor=Actor("ann"))
    stranger = uuid.uuid4()
    result = review_flags.flag(workspace, [stranger], actor=Actor("ann"))
    assert [conflict.asset_id for conflict in result.conflicts] == [stranger]
