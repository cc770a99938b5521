"""Images that were chosen for their difficulty measure nothing: a split puts them into train."""

import uuid
from collections.abc import Sequence

import pytest

from db.enums import RequestReason
from db.repositories.label_requests import LabelRequest
from forge_core.catalog.splits import split_plan
from forge_core.catalog.splits.split_plan import SplitRatios
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, list_all
from tests.forge_core.catalog.splits.test_grouped_splits import BY_KEY, add

HALVES = SplitRatios(train=50, val=25, test=25)


def request(workspace: Workspace, asset_ids: Sequence[uuid.UUID], reason: RequestReason) -> None:
    requests = [LabelRequest(asset_id=asset_id, reason=reason) for asset_id in asset_ids]
    with workspace.database.write() as uow:
        uow.label_requests.replace_open(requests, revision_id=1, actor=ACTOR.name)


def divide(workspace: Workspace, **choices: object) -> dict[uuid.UUID, str | None]:
    plan = split_plan.plan_split(workspace, HALVES, **choices)  # type: ignore[arg-type]
    split_plan.apply_split(workspace, plan, actor=ACTOR)
    return {asset.asset_id: asset.split_type for asset in list_all(workspace)}


@pytest.mark.parametrize("reason", [RequestReason.COVERS, RequestReason.DOUBT])
def test_split__what_was_chosen_for_what_it_is_goes_into_train(
    workspace: Workspace, reason: RequestReason
) -> None:
    ids = add(workspace, [f"cat/{number}.png" for number in range(40)])
    request(workspace, ids[:12], reason)
    plan = split_plan.plan_split(workspace, HALVES)
    assert any("12 images that were chosen to be labelled" in told for told in plan.warnings)
    after = divide(workspace)
    assert {after[asset_id] for asset_id in ids[:12]} == {"train"}
    splits = list(after.values())
    assert [splits.count(split) for split in ("train", "val", "test")] == [20, 10, 10]


def test_split__what_was_drawn_by_chance_may_measure(workspace: Workspace) -> None:
    ids = add(workspace, [f"cat/{number}.png" for number in range(40)])
    request(workspace, ids, RequestReason.CHANCE)
    assert split_plan.plan_split(workspace, HALVES).warnings == []
    assert set(divide(workspace).values()) == {"train", "val", "test"}


def test_split__a_group_follows_the_one_that_was_chosen(workspace: Workspace) -> None:
    mates = add(workspace, [f"cat/mate_{number}.png" for number in range(4)], group="patient 1")
    add(workspace, [f"cat/{number}.png" for number in range(36)])
    request(workspace, mates[:1], RequestReason.DOUBT)
    after = divide(workspace, grouping=BY_KEY)
    assert {after[asset_id] for asset_id in mates} == {"train"}


def test_split__of_new_images_leaves_those_that_measure_where_they_are(
    workspace: Workspace,
) -> None:
    placed = add(workspace, [f"cat/old_{number}.png" for number in range(4)], split="test")
    fresh = add(workspace, [f"cat/{number}.png" for number in range(8)])
    request(workspace, [*placed[:1], *fresh[:3]], RequestReason.COVERS)
    after = divide(workspace, only_unassigned=True)
    assert {after[asset_id] for asset_id in placed} == {"test"}
    assert {after[asset_id] for asset_id in fresh[:3]} == {"train"}
