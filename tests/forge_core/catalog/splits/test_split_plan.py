"""Splits: stratified, seeded, and held-out images never move."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_core.catalog.editing import label_edits
from forge_core.catalog.splits import split_plan
from forge_core.catalog.splits.split_plan import SplitRatios
from forge_core.errors import InvalidInput
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, list_all, make_unsplit

EIGHTY = SplitRatios(train=80, val=10, test=10)


def split_of_each(workspace: Workspace) -> dict[str, str | None]:
    return {asset.file_path: asset.split_type for asset in list_all(workspace)}


def test_split__is_stratified_and_as_previewed(workspace: Workspace, tmp_path) -> None:
    make_unsplit(workspace, tmp_path / "shapes", per_class=20)
    plan = split_plan.plan_split(workspace, EIGHTY)
    assert plan.counts["circle"] == {"train": 16, "val": 2, "test": 2, "held_out": 0, "none": 0}
    assert set(split_of_each(workspace).values()) == {None}  # a preview writes nothing
    result = split_plan.apply_split(workspace, plan, actor=ACTOR)
    assert len(result.assets) == plan.num_moved == 60
    after = list_all(workspace)
    for name in ("circle", "square", "stripe"):
        splits = [asset.split_type for asset in after if asset.label_name == name]
        assert [splits.count(s) for s in ("train", "val", "test")] == [16, 2, 2]


def test_split__same_seed_same_split__another_seed_another(workspace: Workspace, tmp_path) -> None:
    make_unsplit(workspace, tmp_path / "shapes", per_class=20)

    def split_with(seed: int) -> dict[str, str | None]:
        plan = split_plan.plan_split(workspace, EIGHTY, seed=seed)
        split_plan.apply_split(workspace, plan, actor=ACTOR)
        return split_of_each(workspace)

    first = split_with(0)
    other = split_with(1)
    assert first != other
    assert split_with(0) == first


def test_split__again_is_nothing(workspace: Workspace, tmp_path) -> None:
    make_unsplit(workspace, tmp_path / "shapes", per_class=10)
    plan = split_plan.plan_split(workspace, EIGHTY)
    split_plan.apply_split(workspace, plan, actor=ACTOR)
    assert split_plan.plan_split(workspace, EIGHTY).num_moved == 0
    assert split_plan.apply_split(workspace, plan, actor=ACTOR).status == "nothing"


def test_split__leaves_held_out_and_unlabelled_images_alone(workspace: Workspace, tmp_path) -> None:
    make_unsplit(workspace, tmp_path / "shapes", per_class=10)
    held, unlabelled = list_all(workspace)[:2]
    label_edits.set_split(workspace, [held.asset_id], "held_out", actor=ACTOR)
    label_edits.relabel(workspace, [unlabelled.asset_id], None, actor=ACTOR)
    plan = split_plan.plan_split(workspace, EIGHTY)
    assert (plan.num_held_out, plan.num_unlabelled) == (1, 1)
    split_plan.apply_split(workspace, plan, actor=ACTOR)
    after = split_of_each(workspace)
    assert (after[held.file_path], after[unlabelled.file_path]) == ("held_out", None)


def test_split__of_only_unassigned_images_moves_no_other(workspace: Workspace, tmp_path) -> None:
    make_unsplit(workspace, tmp_path / "shapes", per_class=10)
    first = list_all(workspace)[:5]
    label_edits.set_split(workspace, [a.asset_id for a in first], "test", actor=ACTOR)
    plan = split_plan.plan_split(workspace, EIGHTY, only_unassigned=True)
    split_plan.apply_split(workspace, plan, actor=ACTOR)
    after = split_of_each(workspace)
    assert {after[asset.file_path] for asset in first} == {"test"}
    assert None not in after.values()


@pytest.mark.parametrize("parts", [(0, 0, 0), (-1, 1, 1)])
def test_ratios__that_mean_nothing_are_refused(parts) -> None:
    with pytest.raises(InvalidInput):
        SplitRatios(train=parts[0], val=parts[1], test=parts[2])


@given(
    number=st.integers(0, 500),
    parts=st.tuples(*[st.floats(0, 100)] * 3).filter(lambda parts: sum(parts) > 1),
)
def test_divide__gives_every_wanted_part_its_share(number: int, parts) -> None:
    sizes = split_plan.divide(number, parts)
    assert sum(sizes) == number
    assert min(sizes) >= 0
    wanted = [size for size, part in zip(sizes, parts, strict=True) if part > 0]
    unwanted = [size for size, part in zip(sizes, parts, strict=True) if part == 0]
    assert not any(unwanted)
    if number >= len(wanted):
        assert min(wanted) >= 1
    for size, part in zip(sizes, parts, strict=True):
        assert abs(size - number * part / sum(parts)) < 3


def test_divide__by_hand() -> None:
    assert split_plan.divide(10, (80, 10, 10)) == [8, 1, 1]
    assert split_plan.divide(3, (80, 10, 10)) == [1, 1, 1]
    assert split_plan.divide(2, (80, 10, 10)) == [2, 0, 0]  # 1.6, 0.2, 0.2: largest remainder
    assert split_plan.divide(7, (1, 0, 1)) in ([4, 0, 3], [3, 0, 4])
