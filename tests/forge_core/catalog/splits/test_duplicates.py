"""Near-duplicates and leaks: found on real copies, kept, acted on in one revision, undone."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from db.enums import GroupKind
from db.records import Asset
from forge_core.catalog.editing import label_edits
from forge_core.catalog.revisions import history
from forge_core.catalog.splits import duplicate_removal, duplicates, leaks
from forge_core.catalog.splits.groups import Grouping
from forge_core.errors import InvalidInput, NotFound
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, import_folder, list_all
from tests.forge_core.catalog.splits.test_grouped_splits import add

BASE = 0x0F1E2D3C4B5A6978
OTHER = 0xA5A5C3C399996666


@pytest.fixture
def pair(workspace: Workspace) -> list[uuid.UUID]:
    """Two near-duplicates in train and test, and one image like no other."""
    first = add(workspace, ["a/1.png"], split="train", looks=BASE)
    second = add(workspace, ["b/2.png"], split="test", looks=BASE ^ 0b111)
    add(workspace, ["c/3.png"], split="val", looks=OTHER)
    return [*first, *second]


def by_id(workspace: Workspace) -> dict[uuid.UUID, Asset]:
    return {asset.asset_id: asset for asset in list_all(workspace)}


def only_group(workspace: Workspace) -> duplicates.DuplicateGroup:
    [group] = duplicates.list_groups(workspace)
    return group


def test_find__keeps_groups_and_says_what_was_compared(
    workspace: Workspace, pair: list[uuid.UUID]
) -> None:
    add(workspace, ["flat/1.png", "flat/2.png"], looks=0)
    add(workspace, ["plain/1.png"])
    add(workspace, ["copy/1.png"], looks=BASE, augmented=True, parent=pair[0])
    assert duplicates.status(workspace).revision_id is None
    found = duplicates.find_duplicates(workspace)
    assert (found.num_images, found.num_groups, found.num_members) == (5, 1, 2)
    assert (found.num_flat, found.num_unhashed, found.largest_group) == (2, 1, 2)
    group = only_group(workspace)
    assert [member.asset.asset_id for member in group.members] == pair
    assert [member.distance for member in group.members] == [3, 3]
    assert (group.group_id, group.splits, group.label_names) == (
        min(pair),
        ["train", "test"],
        ["cat"],
    )


def test_find__with_fewer_bits_finds_fewer(workspace: Workspace, pair: list[uuid.UUID]) -> None:
    assert duplicates.find_duplicates(workspace, bits=3).num_groups == 1
    assert duplicates.find_duplicates(workspace, bits=2).num_groups == 0
    assert duplicates.list_groups(workspace) == []
    with pytest.raises(InvalidInput):
        duplicates.find_duplicates(workspace, bits=11)


def test_status__says_what_came_in_since(workspace: Workspace, pair: list[uuid.UUID]) -> None:
    assert duplicates.status(workspace).num_arrived == 3
    duplicates.find_duplicates(workspace)
    fresh = duplicates.status(workspace)
    assert (fresh.num_groups, fresh.num_images, fresh.num_arrived) == (1, 2, 0)
    assert (fresh.num_groups_across, fresh.num_images_across) == (1, 2)
    label_edits.set_split(workspace, [pair[0]], "test", actor=ACTOR)
    after = duplicates.status(workspace)
    assert (after.num_groups_across, after.num_arrived) == (0, 0)  # no image came in
    add(workspace, ["new/1.png", "new/2.png"], looks=OTHER)
    assert duplicates.status(workspace).num_arrived == 2


def test_keep_one__removes_the_others_in_one_revision_and_is_undone(
    workspace: Workspace, pair: list[uuid.UUID]
) -> None:
    duplicates.find_duplicates(workspace)
    result = duplicate_removal.keep_one(workspace, min(pair), pair[1], actor=ACTOR)
    assert (result.status, result.num_changed) == ("applied", 1)
    assert pair[0] not in by_id(workspace)
    assert duplicates.list_groups(workspace) == []
    [revision] = history.list_revisions(workspace, limit=1)
    assert (revision.kind, revision.num_changes) == ("keep_one", 1)
    assert revision.message == "1 near-duplicates removed, b/2.png kept"
    assert result.revision_id is not None
    history.undo(workspace, result.revision_id, actor=ACTOR)
    assert len(only_group(workspace).members) == 2


def test_keep_one__leaves_held_out_images_and_says_so(
    workspace: Workspace, pair: list[uuid.UUID]
) -> None:
    label_edits.set_split(workspace, [pair[0]], "held_out", actor=ACTOR)
    duplicates.find_duplicates(workspace)
    result = duplicate_removal.keep_one(workspace, min(pair), pair[1], actor=ACTOR)
    assert result.status == "conflict"
    assert result.conflicts[0].message == "a/1.png is kept aside, so it was not removed."
    assert pair[0] in by_id(workspace)


def test_keep_one__of_an_image_that_is_not_in_the_group_is_refused(
    workspace: Workspace, pair: list[uuid.UUID]
) -> None:
    duplicates.find_duplicates(workspace)
    with pytest.raises(NotFound):
        duplicate_removal.keep_one(workspace, min(pair), uuid.uuid4(), actor=ACTOR)
    with pytest.raises(NotFound):
        duplicate_removal.keep_one(workspace, uuid.uuid4(), pair[0], actor=ACTOR)


def test_keep_best__of_every_group_in_one_revision(
    workspace: Workspace, pair: list[uuid.UUID]
) -> None:
    labelled = add(workspace, ["d/2.png"], label="cat", looks=OTHER ^ 1)
    duplicates.find_duplicates(workspace)
    before = history.latest_revision_id(workspace)
    result = duplicate_removal.keep_best_of_all(workspace, actor=ACTOR)
    assert result.num_changed == 2
    assert history.latest_revision_id(workspace) == before + 1
    # Alike in all else: the older of each pair stays.
    assert set(by_id(workspace)) & {*pair, *labelled} == {pair[0]}


def test_keep_best__leaves_groups_out_whose_labels_differ(
    workspace: Workspace, pair: list[uuid.UUID]
) -> None:
    add(workspace, ["d/2.png"], label="dog", looks=OTHER ^ 1)
    duplicates.find_duplicates(workspace)
    assert duplicates.status(workspace).num_groups_contested == 1
    [contested] = duplicates.list_groups(workspace, kind=GroupKind.CONTESTED)
    assert contested.label_names == ["cat", "dog"]
    preview = duplicate_removal.preview_all(workspace)
    assert (preview.num_groups, preview.num_removed, preview.num_contested) == (1, 1, 1)
    duplicate_removal.keep_best_of_all(workspace, actor=ACTOR)
    assert set(by_id(workspace)) & set(pair) == {pair[0]}
    assert {member.asset.asset_id for member in contested.members} <= set(by_id(workspace))


def test_preview__counts_by_class_and_split_and_changes_nothing(
    workspace: Workspace, pair: list[uuid.UUID]
) -> None:
    duplicates.find_duplicates(workspace)
    before = history.latest_revision_id(workspace)
    preview = duplicate_removal.preview_all(workspace)
    [loss] = preview.classes
    assert (loss.label_name, loss.num_images, loss.num_removed, loss.is_large) == (
        "cat",
        3,
        1,
        False,
    )
    assert {split: n for split, n in loss.removed_by_split.items() if n} == {"test": 1}
    [(group, kept)] = preview.examples
    assert (group.group_id, kept.asset_id) == (min(pair), pair[0])
    label_edits.set_split(workspace, [pair[1]], "held_out", actor=ACTOR)
    aside = duplicate_removal.preview_all(workspace)
    assert (aside.num_removed, aside.num_kept_aside, aside.examples[0][1].asset_id) == (
        1,
        0,
        pair[1],
    )
    assert history.latest_revision_id(workspace) == before + 1


def test_keep_best__of_more_than_half_a_class_is_refused_without_the_number(
    workspace: Workspace,
) -> None:
    ids = add(workspace, ["a/1.png", "a/2.png", "a/3.png"], looks=BASE)
    duplicates.find_duplicates(workspace)
    for number in (None, 3):
        with pytest.raises(InvalidInput, match="More than half would be gone of cat: 2 of 3"):
            duplicate_removal.keep_best_of_all(workspace, actor=ACTOR, num_confirmed=number)
    assert len(by_id(workspace)) == 3
    result = duplicate_removal.keep_best_of_all(workspace, actor=ACTOR, num_confirmed=2)
    assert result.num_changed == 2
    assert set(by_id(workspace)) == {ids[0]}


def test_move_group__puts_all_into_one_split(workspace: Workspace, pair: list[uuid.UUID]) -> None:
    duplicates.find_duplicates(workspace)
    result = duplicates.move_group(workspace, min(pair), "train", actor=ACTOR)
    assert result.status == "applied"
    assert {by_id(workspace)[asset_id].split_type for asset_id in pair} == {"train"}


def test_dismiss__forgets_the_group_until_the_next_search(
    workspace: Workspace, pair: list[uuid.UUID]
) -> None:
    duplicates.find_duplicates(workspace)
    duplicates.dismiss_group(workspace, min(pair))
    assert duplicates.list_groups(workspace) == []
    duplicates.find_duplicates(workspace)
    assert len(duplicates.list_groups(workspace)) == 1


def test_groups__come_a_page_at_a_time(workspace: Workspace) -> None:
    for number in range(5):
        look = BASE ^ (0xFF << (8 * number))
        add(workspace, [f"{number}/a.png", f"{number}/b.png"], looks=look, split="train")
    duplicates.find_duplicates(workspace, bits=2)
    first = duplicates.list_groups(workspace, limit=2)
    second = duplicates.list_groups(workspace, limit=9, after=first[-1].group_id)
    assert len(first) == 2
    assert len(second) == 3
    assert len({group.group_id for group in (*first, *second)}) == 5
    assert duplicates.list_groups(workspace, kind=GroupKind.ACROSS_SPLITS) == []


def test_leaks__by_looks_key_and_parent_are_counted_by_pair_of_splits(
    workspace: Workspace, pair: list[uuid.UUID]
) -> None:
    keyed = [
        *add(workspace, ["k/1.png"], group="k", split="train"),
        *add(workspace, ["k/2.png"], group="k", split="val"),
    ]
    add(workspace, ["k/3.png"], group="k")  # in no split: leaks nowhere
    [copy] = add(workspace, ["x/1.png"], parent=pair[1], augmented=True, split="train")
    [measured] = add(workspace, ["x/2.png"], parent=pair[0], augmented=True, split="val")
    report = leaks.find_leaks(workspace)
    found = {(leak.reason, leak.splits): leak for leak in report.leaks}
    assert set(found) == {
        ("near_duplicates", ("train", "test")),
        ("group_key", ("train", "val")),
        ("parent", ("train", "val")),
        ("parent", ("train", "test")),
    }
    assert set(found["near_duplicates", ("train", "test")].asset_ids) == set(pair)
    assert set(found["group_key", ("train", "val")].asset_ids) == set(keyed)
    assert set(found["parent", ("train", "test")].asset_ids) == {pair[1], copy}
    assert set(found["parent", ("train", "val")].asset_ids) == {pair[0], measured}
    assert report.num_copies_measured == 1
    assert str(report.leaks[0]) == "train and test share 1 group of 2 images: near-duplicates."


def test_leaks__by_path_and_none(workspace: Workspace) -> None:
    add(workspace, ["p1/a.png"], split="train")
    add(workspace, ["p1/b.png"], split="test")
    by_folder = Grouping(path_pattern=r"^(p\d)/")
    [leak] = leaks.find_leaks(workspace, by_folder).leaks
    assert (leak.reason, leak.splits, leak.num_images) == ("path", ("train", "test"), 2)
    assert leaks.find_leaks(workspace).leaks == []


def test_leaks__of_equal_bytes(workspace: Workspace) -> None:
    from db.models import VisionAsset

    ids = [
        *add(workspace, ["a/1.png"], split="train"),
        *add(workspace, ["a/2.png"], split="held_out"),
    ]
    with workspace.database.write() as uow:
        uow.session.query(VisionAsset).update({"content_hash": "f" * 64})
    [leak] = leaks.find_leaks(workspace).leaks
    assert (leak.reason, leak.splits) == ("content", ("train", "held_out"))
    assert set(leak.asset_ids) == set(ids)


def test_find__real_copies_of_photos(
    sqlite_workspace: Workspace, tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    photos = sorted(shared_data("tiny_ci_imagenette96").rglob("*.[jJ][pP]*[gG]"))[:40]
    for place, path in enumerate(photos):
        image = Image.open(path).convert("RGB")
        (tmp_path / "set").mkdir(exist_ok=True)
        image.save(tmp_path / "set" / f"{place:02d}.png")
        if place < 10:
            small = image.resize((image.width * 3 // 4, image.height * 3 // 4))
            small.save(tmp_path / "set" / f"{place:02d}_copy.jpg", quality=70)
    import_folder(sqlite_workspace, tmp_path / "set")
    found = duplicates.find_duplicates(sqlite_workspace)
    assert (found.num_images, found.num_groups) == (50, 10)
    for group in duplicates.list_groups(sqlite_workspace):
        names = sorted(Path(member.asset.file_path).stem for member in group.members)
        assert names == [names[0], f"{names[0]}_copy"]
