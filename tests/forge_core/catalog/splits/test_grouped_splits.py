"""Grouped splits: groups stay whole, held-out images stay, copies follow their parents."""

import io
import itertools
import uuid
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from db.enums import RevisionKind
from db.records import Asset, NewAsset
from forge_core.catalog.editing import classes, label_edits
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.column_cache import CatalogColumns
from forge_core.catalog.revisions.journal import Operation
from forge_core.catalog.splits import allocation, groups, split_plan
from forge_core.catalog.splits.groups import Grouping
from forge_core.catalog.splits.split_plan import SplitCounts, SplitRatios
from forge_core.errors import InvalidInput
from forge_core.imaging.hashing import content_hash
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, list_all
from tests.chance import examples

EIGHTY = SplitRatios(train=80, val=10, test=10)
BY_KEY = Grouping(by_group_key=True)
_number = itertools.count()
_families: list[int] = []


def add(
    workspace: Workspace,
    paths: Sequence[str],
    *,
    label: str | None = "cat",
    split: str | None = None,
    group: str | None = None,
    parent: uuid.UUID | None = None,
    augmented: bool = False,
    looks: int | None = None,
) -> list[uuid.UUID]:
    """Rows: what a split looks at. Returns their ids, in the order of the paths.

    With `looks`, a perceptual hash, also files, of one picture for hashes that are near.
    """
    pictures = [b"" if looks is None else draw_looks(looks) for _ in paths]
    for path, picture in zip(paths, pictures, strict=True):
        if picture:
            workspace.store.write(path, picture)
    with workspace.database.write() as uow:
        uow.revisions.lock()
        revision_id = journal.begin_revision(uow, Operation.of(RevisionKind.IMPORT, actor=ACTOR))
        known = uow.labels.find_by_name(label) if label else None
        if label and known is None:
            known = classes.add_class(uow, label, revision_id=revision_id)
        assets = [
            NewAsset(
                asset_id=journal.new_id(),
                file_path=path,
                label_id=known.label_id if known else None,
                label_name=label,
                split_type=split,
                source_dataset="made",
                content_hash=content_hash(picture) if picture else f"{next(_number):064x}",
                width=8,
                height=8,
                size_bytes=10,
                mime="image/png",
                perceptual_hash=None if looks is None else f"{looks:016x}",
                is_augmented=augmented,
                parent_asset_id=parent,
                group_key=group,
            )
            for path, picture in zip(paths, pictures, strict=True)
        ]
        journal.add_assets(uow, revision_id, assets)
    return [asset.asset_id for asset in assets]


def draw_looks(looks: int) -> bytes:
    """A PNG file of its own, that shows the same picture for every hash within 10 bits."""
    family = next((known for known in _families if (known ^ looks).bit_count() <= 10), looks)
    if family not in _families:
        _families.append(family)
    tiles = np.random.default_rng(family).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    picture = Image.fromarray(tiles).resize((64, 64), Image.Resampling.NEAREST)
    number = next(_number)
    picture.putpixel((0, 0), (number % 256, number // 256 % 256, number // 65_536))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def add_patients(workspace: Workspace, number: int, images: int, label: str = "cat") -> None:
    for patient in range(number):
        paths = [f"{label}/p{patient:03d}_{shot}.png" for shot in range(images)]
        add(workspace, paths, label=label, group=f"{label} {patient}")


def split_with(workspace: Workspace, grouping_: Grouping, ratios=EIGHTY, **options) -> list[Asset]:
    plan = split_plan.plan_split(workspace, ratios, grouping=grouping_, **options)
    split_plan.apply_split(workspace, plan, actor=ACTOR)
    after = list_all(workspace)
    for name, row in plan.counts.items():
        for split, number in row.items():
            wanted = None if split == "none" else split
            mine = [a for a in after if a.label_name == name and a.split_type == wanted]
            assert len([a for a in mine if not a.is_augmented]) == number, (name, split)
    return after


def splits_by(assets: Sequence[Asset], key) -> dict[object, set[str | None]]:
    found: dict[object, set[str | None]] = {}
    for asset in assets:
        found.setdefault(key(asset), set()).add(asset.split_type)
    return found


def test_groups__stay_whole_and_classes_in_proportion(workspace: Workspace) -> None:
    add_patients(workspace, 20, 5, "cat")
    add_patients(workspace, 10, 5, "dog")
    plan = split_plan.plan_split(workspace, EIGHTY, grouping=BY_KEY)
    assert (plan.num_groups, plan.largest_group, plan.warnings) == (30, 5, [])
    assert plan.counts == {
        "cat": {"train": 80, "val": 10, "test": 10, "held_out": 0, "none": 0},
        "dog": {"train": 40, "val": 5, "test": 5, "held_out": 0, "none": 0},
    }
    assert plan.counts_before["dog"]["none"] == 50
    after = split_with(workspace, BY_KEY)
    assert all(len(found) == 1 for found in splits_by(after, lambda a: a.group_key).values())


def test_groups__few_large_ones_fill_every_part(sqlite_workspace: Workspace) -> None:
    # 5 patients of 20 images: 80/10/10 cannot be met, but no part may stay empty.
    add_patients(sqlite_workspace, 5, 20)
    plan = split_plan.plan_split(sqlite_workspace, EIGHTY, grouping=BY_KEY)
    assert plan.counts["cat"] == {"train": 60, "val": 20, "test": 20, "held_out": 0, "none": 0}
    assert plan.warnings[0] == (
        "train gets 60.0 % instead of 80.0 %: groups are kept whole, and the largest has 20 images."
    )


def test_groups__classes_of_few_large_groups_still_meet_the_sizes(
    sqlite_workspace: Workspace,
) -> None:
    for number in range(20):
        add_patients(sqlite_workspace, 3, 10, f"class {number:02d}")
    plan = split_plan.plan_split(sqlite_workspace, EIGHTY, grouping=BY_KEY)
    totals = {s: sum(row[s] for row in plan.counts.values()) for s in ("train", "val", "test")}
    assert 440 <= totals["train"] <= 500
    assert min(totals["val"], totals["test"]) >= 40


def test_groups__single_images_even_out_what_groups_left(sqlite_workspace: Workspace) -> None:
    add_patients(sqlite_workspace, 3, 7)
    add(sqlite_workspace, [f"single/{number}.png" for number in range(79)])
    plan = split_plan.plan_split(sqlite_workspace, EIGHTY, grouping=BY_KEY)
    assert plan.counts["cat"] == {"train": 80, "val": 10, "test": 10, "held_out": 0, "none": 0}


def test_groups__are_the_same_whatever_the_order_of_import(
    sqlite_workspace: Workspace, tmp_path, monkeypatch
) -> None:
    paths = [f"p{patient}/{shot}.png" for patient in range(12) for shot in range(patient % 4 + 1)]
    by_folder = Grouping(path_pattern=r"^(p\d+)/")
    add(sqlite_workspace, paths)
    forward = {a.file_path: a.split_type for a in split_with(sqlite_workspace, by_folder, seed=3)}
    other = _another(tmp_path, monkeypatch)
    for path in reversed(paths):
        add(other, [path])
    backward = {a.file_path: a.split_type for a in split_with(other, by_folder, seed=3)}
    other.database.dispose()
    assert forward == backward


def _another(tmp_path, monkeypatch) -> Workspace:
    from forge_core.settings import Settings
    from forge_core.workspace import open_workspace

    monkeypatch.setenv("FORGE_WORKSPACE", str(tmp_path / "another"))
    return open_workspace(Settings(_env_file=None))


def test_groups__of_several_reasons_are_united(workspace: Workspace) -> None:
    alike = 0x0F1E2D3C4B5A6978
    [a] = add(workspace, ["x/1.png"], group="one")
    [b] = add(workspace, ["x/2.png"], group="one", looks=alike)
    [c] = add(workspace, ["y/3.png"], looks=alike ^ 0b101)
    add(workspace, [f"z/{number}.png" for number in range(30)])
    chosen = Grouping(near_duplicate_bits=2, by_group_key=True)
    after = {asset.asset_id: asset.split_type for asset in split_with(workspace, chosen)}
    assert after[a] == after[b] == after[c] is not None
    assert split_plan.plan_split(workspace, EIGHTY, grouping=chosen).largest_group == 3


def test_held_out__is_never_moved_and_its_group_is_in_no_split(workspace: Workspace) -> None:
    [held] = add(workspace, ["a/held.png"], group="same", split="held_out")
    [twin] = add(workspace, ["a/twin.png"], group="same", split="train")
    add(workspace, [f"b/{number}.png" for number in range(10)])
    plan = split_plan.plan_split(workspace, EIGHTY, grouping=BY_KEY)
    assert plan.warnings == [
        "1 images are not assigned, because their groups hold images that are kept aside."
    ]
    after = {asset.asset_id: asset.split_type for asset in split_with(workspace, BY_KEY)}
    assert (after[held], after[twin]) == ("held_out", None)


def test_only_unassigned__new_images_follow_their_group(workspace: Workspace) -> None:
    add(workspace, ["a/1.png", "a/2.png"], group="a", split="test")
    add(workspace, ["b/1.png"], group="b", split="val")
    [torn] = add(workspace, ["b/2.png"], group="b", split="train")
    new = [add(workspace, [f"{name}/new.png"], group=name)[0] for name in ("a", "b")]
    add(workspace, [f"c/{number}.png" for number in range(20)])
    plan = split_plan.plan_split(workspace, EIGHTY, grouping=BY_KEY, only_unassigned=True)
    assert any("1 groups lie in several splits already" in words for words in plan.warnings)
    after = {
        asset.asset_id: asset.split_type
        for asset in split_with(workspace, BY_KEY, only_unassigned=True)
    }
    assert after[new[0]] == "test"
    assert after[new[1]] in ("val", "train")
    assert after[torn] == "train"


def test_copies__follow_their_parent_only_into_train(workspace: Workspace) -> None:
    parents = add(workspace, [f"p/{number:02d}.png" for number in range(20)])
    copies = [
        add(workspace, [f"c/{place:02d}.png"], parent=parent, augmented=True, split="test")[0]
        for place, parent in enumerate(parents)
    ]
    after = {asset.asset_id: asset.split_type for asset in split_with(workspace, Grouping())}
    assert {after[parent] for parent in parents} == {"train", "val", "test"}
    for parent, copy in zip(parents, copies, strict=True):
        assert after[copy] == ("train" if after[parent] == "train" else None)


def test_copies__of_copies_and_of_held_out_parents(workspace: Workspace) -> None:
    [held] = add(workspace, ["p/held.png"], split="held_out")
    [copy] = add(workspace, ["c/1.png"], parent=held, augmented=True, split="train")
    [second] = add(workspace, ["c/2.png"], parent=copy, augmented=True, split="train")
    add(workspace, [f"q/{number}.png" for number in range(10)])
    plan = split_plan.plan_split(workspace, EIGHTY)
    assert plan.num_copies == 2
    after = {asset.asset_id: asset.split_type for asset in split_with(workspace, Grouping())}
    assert (after[copy], after[second]) == (None, None)


def test_copies__without_a_parent_stay_or_follow_their_group(workspace: Workspace) -> None:
    [lonely] = add(workspace, ["c/lonely.png"], augmented=True, split="val")
    [member] = add(workspace, ["c/member.png"], augmented=True, group="g", split="val")
    add(workspace, [f"p/{number}.png" for number in range(4)], group="g")
    ratios = SplitRatios(train=1, val=0, test=0)
    after = {a.asset_id: a.split_type for a in split_with(workspace, BY_KEY, ratios)}
    assert (after[lonely], after[member]) == ("val", "train")


def test_counts__give_exact_numbers_by_class_in_proportion(workspace: Workspace) -> None:
    add(workspace, [f"cat/{number}.png" for number in range(60)], label="cat")
    add(workspace, [f"dog/{number}.png" for number in range(40)], label="dog")
    counts = SplitCounts(train=None, val=20, test=10)
    plan = split_plan.plan_split(workspace, counts)
    assert plan.counts == {
        "cat": {"train": 42, "val": 12, "test": 6, "held_out": 0, "none": 0},
        "dog": {"train": 28, "val": 8, "test": 4, "held_out": 0, "none": 0},
    }
    assert str(counts) == "rest/20/10"


def test_counts__leave_what_is_over_in_no_split(workspace: Workspace) -> None:
    add(workspace, [f"cat/{number}.png" for number in range(10)], split="train")
    after = split_with(workspace, Grouping(), SplitCounts(train=5, val=2, test=1))
    assert sorted(str(asset.split_type) for asset in after) == (
        ["None"] * 2 + ["test"] + ["train"] * 5 + ["val"] * 2
    )


def test_counts__of_more_images_than_there_are_are_refused(sqlite_workspace: Workspace) -> None:
    add(sqlite_workspace, ["cat/1.png"])
    with pytest.raises(InvalidInput, match="2 images were asked for, 1 can be divided"):
        split_plan.plan_split(sqlite_workspace, SplitCounts(train=None, val=1, test=1))
    with pytest.raises(InvalidInput):
        SplitCounts(train=None, val=None, test=1)


def test_split__tells_the_images_that_moved_and_how_many(workspace: Workspace) -> None:
    add(workspace, [f"cat/{number}.png" for number in range(10)])
    plan = split_plan.plan_split(workspace, EIGHTY)
    result = split_plan.apply_split(workspace, plan, actor=ACTOR)
    assert result.num_changed == len(result.assets) == plan.num_moved == 10


def test_held_out__can_be_unlocked_only_by_hand(workspace: Workspace) -> None:
    ids = add(workspace, [f"cat/{number}.png" for number in range(5)])
    label_edits.set_split(workspace, ids, "held_out", actor=ACTOR)
    after = split_with(workspace, Grouping(near_duplicate_bits=4, by_group_key=True))
    assert {asset.split_type for asset in after} == {"held_out"}


@pytest.mark.slow
@settings(max_examples=examples(30), deadline=None)
@given(data=st.data())
def test_division__never_tears_a_group(data: st.DataObject) -> None:
    number = data.draw(st.integers(1, 60))
    small = st.integers(-1, 6)
    draw = lambda each: data.draw(st.lists(each, min_size=number, max_size=number))  # noqa: E731
    catalog = CatalogColumns(
        ids=bytes(16 * number),
        labels=np.array(draw(st.integers(0, 3)), dtype=np.int64),
        splits=np.array(draw(st.integers(0, 4)), dtype=np.int8),
        augmented=np.array(draw(st.booleans()), dtype=bool),
        hashes=np.zeros(number, dtype=np.uint64),
        hashed=np.zeros(number, dtype=bool),
        keys=np.array(draw(small), dtype=np.int64),
        parents=np.full(number, -1, dtype=np.int64),
        patterns=np.array(draw(small), dtype=np.int64),
    )
    both = Grouping(by_group_key=True, path_pattern="(x)")
    division = allocation.decide(
        catalog,
        {1: "cat", 2: "dog", 3: "fox"},
        EIGHTY,
        seed=data.draw(st.integers(0, 5)),
        only_unassigned=False,
        grouping=both,
    )
    units = groups.unite(catalog, both)
    held = catalog.splits == 3
    assert (division.targets[held] == 3).all()
    assert (division.targets[~held] != 3).all()
    changed = division.targets != catalog.splits
    assert not (changed & (catalog.labels == 0) & ~catalog.augmented).any()
    for unit in set(units[division.divided].tolist()):
        assert len(set(division.targets[division.divided & (units == unit)].tolist())) == 1
        leaking = (units == unit) & held & ~catalog.augmented
        assert not leaking.any()
