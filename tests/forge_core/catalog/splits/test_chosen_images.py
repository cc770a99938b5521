"""What was found because it looks hard goes into val and test only when a person says so."""

import uuid
from collections.abc import Sequence

from db.enums import RequestReason
from db.records import AssetFilter
from db.repositories.label_requests import LabelRequest
from forge_core.catalog.editing import label_edits
from forge_core.catalog.revisions import history
from forge_core.catalog.splits import chosen_images, split_plan
from forge_core.catalog.splits.split_plan import SplitRatios
from forge_core.predictions.sampling import samples
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, list_all
from tests.forge_core.catalog.splits.test_grouped_splits import add

HARD = AssetFilter(issue_min=0.5)


def request(workspace: Workspace, requests: Sequence[LabelRequest]) -> None:
    with workspace.database.write() as uow:
        uow.label_requests.replace_open(requests, revision_id=1, actor=ACTOR.name)


def splits_of(workspace: Workspace, ids: Sequence[uuid.UUID]) -> list[str | None]:
    found = {asset.asset_id: asset.split_type for asset in list_all(workspace)}
    return [found[asset_id] for asset_id in ids]


def chosen_now(workspace: Workspace) -> int:
    return len(samples.read_chosen(workspace, history.latest_revision_id(workspace)))


def test_a_move_by_a_list_of_hard_images__is_asked_about_and_remembered(
    workspace: Workspace,
) -> None:
    ids = add(workspace, [f"cat/{number}.png" for number in range(6)], split="train")
    found_by = chosen_images.describe_list(HARD)
    asked = label_edits.set_split(workspace, ids[:2], "test", found_by=found_by, actor=ACTOR)
    assert (asked.status, asked.num_changed, asked.num_chosen) == ("conflict", 0, 2)
    assert all(conflict.is_chosen for conflict in asked.conflicts)
    assert "by how wrong their labels look" in asked.chosen_words
    assert chosen_now(workspace) == 0
    moved = label_edits.set_split(
        workspace, ids[:2], "test", found_by=found_by, allow_chosen=True, actor=ACTOR
    )
    assert (moved.num_changed, chosen_now(workspace)) == (2, 2)
    other = label_edits.set_split(workspace, ids[2:3], "train", found_by=found_by, actor=ACTOR)
    assert other.num_conflicts == 0  # into train nothing is asked
    free = label_edits.set_split(workspace, ids[3:4], "test", actor=ACTOR)
    assert (free.num_changed, chosen_now(workspace)) == (1, 2)


def test_a_new_division__makes_a_fair_sample_again_until_it_is_undone(workspace: Workspace) -> None:
    ids = add(workspace, [f"cat/{number}.png" for number in range(40)], split="train")
    label_edits.set_split(
        workspace, ids[:12], "test", found_by="by hand", allow_chosen=True, actor=ACTOR
    )
    moved_at = history.latest_revision_id(workspace)
    plan = split_plan.plan_split(workspace, SplitRatios(train=100, val=0, test=0))
    result = split_plan.apply_split(workspace, plan, actor=ACTOR)
    assert chosen_now(workspace) == 0
    assert len(samples.read_chosen(workspace, moved_at)) == 12
    assert result.revision_id is not None
    history.undo(workspace, result.revision_id, actor=ACTOR)
    assert set(splits_of(workspace, ids[:12])) == {"test"}
    assert chosen_now(workspace) == 12


def test_a_bulk_move__leaves_alone_what_was_asked_for_to_teach(workspace: Workspace) -> None:
    ids = add(workspace, [f"cat/{number}.png" for number in range(5)], split="train")
    asked = [LabelRequest(asset_id=each, reason=RequestReason.DOUBT) for each in ids[:2]]
    request(workspace, asked)
    all_of_train = AssetFilter(split="train")
    result = label_edits.set_split_matching(workspace, all_of_train, "test", actor=ACTOR)
    assert (result.num_changed, result.num_conflicts, result.num_chosen) == (3, 2, 2)
    assert splits_of(workspace, ids) == ["train", "train", "test", "test", "test"]
    again = label_edits.set_split_matching(workspace, all_of_train, "test", actor=ACTOR)
    assert (again.status, again.num_chosen) == ("conflict", 2)
    allowed = label_edits.set_split_matching(
        workspace, all_of_train, "test", allow_chosen=True, actor=ACTOR
    )
    assert (allowed.num_changed, chosen_now(workspace)) == (2, 2)
    hard = label_edits.set_split_matching(workspace, HARD, "val", actor=ACTOR)
    assert hard.status == "nothing"  # nothing matches


def test_a_sample__weighs_what_was_drawn_by_its_probability(workspace: Workspace) -> None:
    base = add(workspace, [f"cat/base_{number}.png" for number in range(8)], split="test")
    add(workspace, [f"cat/more_{number}.png" for number in range(8)], split="train")
    drawn = add(workspace, [f"cat/drawn_{number}.png" for number in range(3)], split="test")
    hard = add(workspace, ["cat/hard.png"], split="test")
    by_chance = {"reason": RequestReason.CHANCE, "probability": 0.125}
    requests = [LabelRequest(asset_id=each, **by_chance) for each in drawn]  # type: ignore[arg-type]
    request(workspace, [*requests, LabelRequest(asset_id=hard[0], reason=RequestReason.COVERS)])
    now = history.latest_revision_id(workspace)
    found = samples.read_sample(workspace, [*base, *drawn, *hard], "test", now)
    # a base image stands for itself and one of train; all that were drawn are here, for 8 each
    assert found.is_chosen.tolist() == [False] * 11 + [True]
    assert found.weights[8] / found.weights[0] == 4
    assert not found.is_fair
    assert samples.read_sample(workspace, base, "test", now).is_fair
    assert samples.read_sample(workspace, hard, "train", now).is_fair
