"""Near-duplicates of a catalog, on real files: leaks, splits and groups have the same answer."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import look_alikes as drawings
from forge_core.catalog.revisions import column_cache
from forge_core.catalog.splits import duplicates, leaks, look_alikes, split_plan
from forge_core.catalog.splits.groups import DEFAULT_BITS, Grouping
from forge_core.catalog.splits.look_alikes import LookAlikes
from forge_core.catalog.splits.split_plan import SplitRatios
from forge_core.demo import digits
from forge_core.imaging.thumbnail_file import ThumbnailFile
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, import_folder, list_all

BY_LOOKS = Grouping(near_duplicate_bits=DEFAULT_BITS)


@pytest.fixture
def scans(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    """30 scans that the hash takes for one group, and a smaller copy of the first."""
    folders = [tmp_path / "scans" / label for label in ("ill", "well")]
    for folder in folders:
        folder.mkdir(parents=True)
    images = drawings.draw("scans", 30)
    for place, image in enumerate(images):
        image.save(folders[place % 2] / f"{place:02d}.png")
    images[0].resize((96, 96)).save(folders[0] / "copy.jpg", quality=90)
    import_folder(sqlite_workspace, tmp_path / "scans")
    look_alikes._known.clear()
    return sqlite_workspace


def find(workspace: Workspace) -> LookAlikes:
    with workspace.database.read() as uow:
        return look_alikes.find(workspace, column_cache.load(uow), bits=DEFAULT_BITS)


def test_scans__of_one_layout_are_no_group_and_a_copy_is(scans: Workspace) -> None:
    found = duplicates.find_duplicates(scans)
    assert found.num_candidates > 20
    assert (found.num_groups, found.num_members) == (1, 2)
    [group] = duplicates.list_groups(scans)
    names = [Path(member.asset.file_path).name for member in group.members]
    assert sorted(names) == ["00.png", "copy.jpg"]


def test_split__of_look_alikes_fills_every_part_and_leaks_nothing(scans: Workspace) -> None:
    eighty = SplitRatios(train=80, val=10, test=10)
    plan = split_plan.plan_split(scans, eighty, grouping=BY_LOOKS)
    assert (plan.num_groups, plan.largest_group) == (1, 2)
    split_plan.apply_split(scans, plan, actor=ACTOR)
    splits = [asset.split_type for asset in list_all(scans)]
    assert [splits.count(name) for name in ("train", "val", "test")] == [25, 4, 2]
    assert leaks.find_leaks(scans).leaks == []


def test_demo__digits_of_8_pixels_share_nothing_between_the_splits(
    sqlite_workspace: Workspace,
) -> None:
    digits.import_digits(sqlite_workspace, actor=ACTOR)
    plan = split_plan.plan_split(sqlite_workspace, SplitRatios(train=80, val=10, test=10))
    split_plan.apply_split(sqlite_workspace, plan, actor=ACTOR)
    assert leaks.find_leaks(sqlite_workspace).leaks == []


def test_fingerprints__are_made_once(scans: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    first = find(scans)
    made = []
    monkeypatch.setattr(look_alikes, "_made", lambda *asked: made.append(asked))
    look_alikes._known.clear()
    assert (find(scans).groups == first.groups).all()
    assert made == []
    look_alikes.clear(scans)
    look_alikes._known.clear()
    assert find(scans).num_unread == first.num_candidates == len(made)


def test_answer__is_kept_until_images_come_or_go(
    scans: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = find(scans)
    monkeypatch.setattr(ThumbnailFile, "find", lambda *_: pytest.fail("it was known"))
    assert find(scans) is first


def test_changed_file__is_left_alone_and_counted(scans: Workspace) -> None:
    key = next(a.file_path for a in list_all(scans) if a.file_path.endswith("copy.jpg"))
    path = scans.store.local_path(key)
    assert path is not None
    Image.new("RGB", (96, 96)).save(path)
    found = find(scans)
    assert (found.num_unread, (found.groups >= 0).sum()) == (1, 0)


def test_bounded__very_large_sets_are_looked_up_nearer_then_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(look_alikes, "MOST_JOINED", 4)
    base = 0x0F1E2D3C4B5A6978
    near = [base ^ (1 << bit) for bit in (0, 1, 2)]
    far = [base ^ (0x3FF << 20) ^ (1 << bit) for bit in (50, 51, 52)]
    hashes = np.array([*near, *far], dtype=np.uint64)
    bounded, num_cut = look_alikes._bounded(hashes, np.zeros(6, dtype=np.int64), 10)
    assert bounded.tolist() == [0, 0, 0, 3, 3, 3]
    assert num_cut == 6
    same = np.full(6, base, dtype=np.uint64)
    bounded, _ = look_alikes._bounded(same, np.zeros(6, dtype=np.int64), 10)
    assert bounded.tolist() == [0, 0, 0, 0, 4, 4]
