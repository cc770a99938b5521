"""From one image on to the next that is wanted, in every order, both ways."""

import uuid
from collections.abc import Sequence

import pytest

from db.enums import RunStatus
from db.models import Prediction, TrainingRun
from db.records import Asset, AssetFilter
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import asset_list, neighbours
from forge_core.errors import InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests import arrange


@pytest.fixture
def assets(workspace: Workspace, tmp_path) -> list[Asset]:
    """12 images; numbers 2, 3 and 9, oldest first, have no label."""
    arrange.make_unsplit(workspace, tmp_path / "drawn")
    assets = arrange.list_all(workspace)
    ids = [assets[number].asset_id for number in (2, 3, 9)]
    label_edits.relabel(workspace, ids, None, actor=Actor("anna"))
    return arrange.list_all(workspace)


def walk(workspace: Workspace, listed: Sequence[Asset], sort: str, start: int, *, back: bool):
    """What a plain walk over the whole list would find: position and distance."""
    step = -1 if back else 1
    places = range(start + step, -1 if back else len(listed), step)
    return next(((p, abs(p - start)) for p in places if listed[p].label_id is None), None)


@pytest.mark.parametrize("sort", ["newest", "oldest", "path"])
@pytest.mark.parametrize("back", [False, True])
def test_near__is_what_a_walk_over_the_list_finds(workspace, assets, sort, back):
    listed = asset_list.list_assets(workspace, AssetFilter(), sort=sort).assets
    for start in range(-1 if not back else 0, len(listed) + (1 if back else 0)):
        origin = listed[start].asset_id if 0 <= start < len(listed) else None
        found = neighbours.find_near(
            workspace, AssetFilter(), wanted="unlabelled", sort=sort, start=origin, backwards=back
        )
        expected = walk(workspace, listed, sort, start, back=back)
        if expected is None:
            assert found is None
        else:
            position, distance = expected
            assert found == neighbours.Found(asset_id=listed[position].asset_id, distance=distance)


def test_near__counts_only_what_the_list_has(workspace, assets):
    where = AssetFilter(text="square")  # numbers 4 to 7, all with a label
    assert neighbours.find_near(workspace, where, wanted="unlabelled") is None
    newest = asset_list.list_assets(workspace, AssetFilter(label="none"), limit=1).assets[0]
    found = neighbours.find_near(
        workspace, AssetFilter(label="none"), wanted="unlabelled", start=newest.asset_id
    )
    assert found == neighbours.Found(asset_id=assets[3].asset_id, distance=1)
    labelled = AssetFilter(label=assets[0].label_id)
    assert neighbours.find_near(workspace, labelled, wanted="unlabelled") is None


def test_position__of_each_image_of_a_list_and_none_of_others(workspace, assets):
    where = AssetFilter(label="any")
    for sort in ("newest", "oldest", "path"):
        listed = asset_list.list_assets(workspace, where, sort=sort).assets
        for position, asset in enumerate(listed):
            assert neighbours.find_position(workspace, where, asset.asset_id, sort=sort) == position
        assert neighbours.find_position(workspace, where, assets[2].asset_id, sort=sort) is None
    assert neighbours.find_position(workspace, where, uuid.uuid4()) is None


def test_near__refuses_what_cannot_be_wanted(workspace, assets):
    with pytest.raises(InvalidInput, match="Which run doubts"):
        neighbours.find_near(workspace, AssetFilter(), wanted="doubted")
    with pytest.raises(NotFound):
        neighbours.find_near(workspace, AssetFilter(), wanted="doubted", by=7)
    with pytest.raises(InvalidInput):
        neighbours.find_near(workspace, AssetFilter(), wanted="ugly")


@pytest.fixture
def run(workspace: Workspace, assets: list[Asset]) -> int:
    """A run that says "circle" of every image but the newest, surer from image to image."""
    circle = arrange.class_id(workspace, "circle")
    with workspace.database.write() as uow:
        made = TrainingRun(
            status=RunStatus.SUCCEEDED.value,
            author="anna",
            config={},
            revision_id=1,
            class_names=[],
            label_ids=[],
        )
        uow.session.add(made)
        uow.session.flush()
        for number, asset in enumerate(assets[:-1]):
            values = {"confidence": 0.5 + number / 30, "margin": 0.0, "entropy": 0.0}
            uow.session.add(
                Prediction(run_id=made.run_id, asset_id=asset.asset_id, label_id=circle, **values)
            )
        return made.run_id


def test_near__a_doubted_label_in_any_order(workspace, assets, run):
    circle = arrange.class_id(workspace, "circle")
    doubted = [a for a in assets[:-1] if a.label_id not in (None, circle)]
    assert doubted
    for sort, listed in (("oldest", assets), ("least_confident", assets[:-1])):
        where = AssetFilter(run=run) if sort == "least_confident" else AssetFilter()
        found = neighbours.find_near(workspace, where, wanted="doubted", sort=sort, by=run)
        expected = neighbours.Found(
            asset_id=doubted[0].asset_id, distance=1 + listed.index(doubted[0])
        )
        assert found == expected
        back = neighbours.find_near(
            workspace, where, wanted="doubted", sort=sort, by=run, backwards=True
        )
        assert back == neighbours.Found(
            asset_id=doubted[-1].asset_id, distance=len(listed) - listed.index(doubted[-1])
        )
    ordered = AssetFilter(run=run)
    assert (
        neighbours.find_position(workspace, ordered, assets[4].asset_id, sort="least_confident")
        == 4
    )
    assert (
        neighbours.find_position(workspace, ordered, assets[-1].asset_id, sort="most_confident")
        is None
    )
