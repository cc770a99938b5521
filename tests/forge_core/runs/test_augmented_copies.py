"""Augmented copies in the catalog: flagged, with their parent, one revision, undone by one."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from db.enums import RevisionKind
from db.records import Asset, AssetFilter, NewAsset
from forge_core.augmentation import preview, seeding
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.presets import PRESETS
from forge_core.augmentation.train_transform import TrainTransform
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history, journal
from forge_core.catalog.revisions.journal import Operation
from forge_core.errors import InvalidInput
from forge_core.handlers import augment
from forge_core.imaging import decode
from forge_core.people.actor import Actor
from forge_core.progress import Cancelled, Progress
from forge_core.runs import augmented_copies, run_data
from forge_core.runs.augmented_copies import CopyPlan, CopyReport
from forge_core.workspace import Workspace
from tests import arrange

SIZE = EvalTransform(resize=20, crop=16)
PLAN = CopyPlan(
    where=AssetFilter(),
    parameters=PRESETS["natural"].parameters,
    transform=SIZE,
    copies_per_image=2,
    seed=3,
)


def list_copies(workspace: Workspace) -> list[Asset]:
    where = AssetFilter(augmented=True)
    return asset_list.list_assets(workspace, where, sort="oldest", limit=500).assets


def write(workspace: Workspace, plan: CopyPlan = PLAN) -> CopyReport:
    return augmented_copies.write_copies(workspace, plan, actor=Actor("tester"))


def test_write_copies__are_flagged_and_know_their_parent(
    workspace: Workspace, tmp_path: Path
) -> None:
    originals = arrange.make_catalog(workspace, tmp_path / "drawn", train=3, val=2, test=2)
    by_id = {asset.asset_id: asset for asset in originals}
    report = write(workspace)

    copies = list_copies(workspace)
    assert (report.num_parents, report.added, report.already_present) == (9, 18, 0)
    assert len(copies) == 18
    for copy in copies:
        assert copy.parent_asset_id is not None
        parent = by_id[copy.parent_asset_id]
        assert parent.split_type == "train" == copy.split_type
        assert (copy.label_id, copy.label_name) == (parent.label_id, parent.label_name)
        assert (copy.width, copy.height) == (16, 16)
        assert copy.source_dataset == parent.source_dataset
        found = asset_list.get_asset(workspace, parent.asset_id)
        assert found.last_augmented_at is not None
        assert found.row_version == parent.row_version
    assert asset_list.totals(workspace).images == len(originals)
    assert asset_list.totals(workspace).augmented == 18


def test_write_copies__hold_what_training_would_see(workspace: Workspace, tmp_path: Path) -> None:
    arrange.make_catalog(workspace, tmp_path / "drawn", train=1, val=1, test=1)
    write(workspace, replace(PLAN, copies_per_image=1))
    for copy in list_copies(workspace):
        assert copy.parent_asset_id is not None
        parent = asset_list.get_asset(workspace, copy.parent_asset_id)
        image = decode.decode_image(workspace.store.read(parent.file_path)).image
        seed = seeding.sample_seed(3, 0, int(parent.content_hash[:12], 16))
        (inputs,) = TrainTransform(PLAN.parameters, SIZE)([SIZE.resize_image(image)], [seed])
        written = decode.decode_image(workspace.store.read(copy.file_path)).image
        assert written.tobytes() == preview.to_image(inputs, SIZE).tobytes()


def test_write_copies__is_one_revision_and_undo_takes_all_back(
    workspace: Workspace, tmp_path: Path
) -> None:
    arrange.make_catalog(workspace, tmp_path / "drawn", train=2, val=1, test=1)
    before = history.latest_revision_id(workspace)
    report = write(workspace)
    assert report.revision_id == before + 1
    history.undo(workspace, report.revision_id, actor=Actor("tester"))
    assert list_copies(workspace) == []
    assert all(a.last_augmented_at is None for a in arrange.list_all(workspace))
    assert write(workspace).added == 12  # and they can be made again


def test_undo__the_time_of_the_last_copies_is_that_of_those_that_stay(
    workspace: Workspace, tmp_path: Path
) -> None:
    arrange.make_catalog(workspace, tmp_path / "drawn", train=1, val=1, test=1)

    def list_times() -> list[datetime | None]:
        originals = [a for a in arrange.list_all(workspace) if not a.is_augmented]
        return [a.last_augmented_at for a in originals]

    write(workspace)
    first = list_times()
    assert first.count(None) == 6  # those of val and test
    second_write = write(workspace, replace(PLAN, seed=4)).revision_id
    second = list_times()
    assert second_write is not None
    undone = history.undo(workspace, second_write, actor=Actor("tester")).revision_id
    assert list_times() == first
    assert undone is not None
    history.undo(workspace, undone, actor=Actor("tester"))
    assert list_times() == second


def test_write_copies__twice_adds_nothing(workspace: Workspace, tmp_path: Path) -> None:
    arrange.make_catalog(workspace, tmp_path / "drawn", train=2, val=1, test=1)
    write(workspace)
    again = write(workspace)
    assert (again.added, again.already_present, again.revision_id) == (0, 12, None)
    other = write(workspace, replace(PLAN, seed=4))
    assert other.added == 12


def test_write_copies__are_used_by_a_run_only_when_asked(
    workspace: Workspace, tmp_path: Path
) -> None:
    arrange.make_catalog(workspace, tmp_path / "drawn", train=2, val=1, test=1)
    revision_id = write(workspace).revision_id
    assert revision_id is not None
    plain = run_data.read_run_data(workspace, revision_id, use_augmented=False)
    asked = run_data.read_run_data(workspace, revision_id, use_augmented=True)
    assert [len(data.assets["train"]) for data in (plain, asked)] == [6, 18]
    assert len(asked.assets["val"]) == 3


def test_run_data__a_copy_is_used_only_while_its_original_is_trained_on_alike(
    workspace: Workspace, tmp_path: Path
) -> None:
    assets = arrange.make_catalog(workspace, tmp_path / "drawn", train=6, val=1, test=1)
    first = write(workspace, replace(PLAN, copies_per_image=1)).revision_id
    assert first is not None
    circles = [a for a in assets if (a.label_name, a.split_type) == ("circle", "train")]
    measured, held, unlabelled, relabelled, removed, kept = circles
    label_edits.set_split(workspace, [measured.asset_id], "val", actor=Actor("tester"))
    label_edits.set_split(workspace, [held.asset_id], "held_out", actor=Actor("tester"))
    label_edits.relabel(workspace, [unlabelled.asset_id], None, actor=Actor("tester"))
    arrange.relabel_one(workspace, relabelled, "square")
    label_edits.remove_assets(workspace, [removed.asset_id], actor=Actor("tester"))

    latest = history.latest_revision_id(workspace)
    data = run_data.read_run_data(workspace, latest, use_augmented=True)
    used = {asset.asset_id for asset in data.assets["train"] if asset.is_augmented}
    parents = {copy.parent_asset_id for copy in list_copies(workspace) if copy.asset_id in used}
    others = {a.asset_id for a in assets if a.split_type == "train" and a.label_name != "circle"}
    assert parents == {kept.asset_id, *others}
    assert data.left_out["train"] == {
        "augmented copies whose original is not in training": 4,
        "augmented copies whose original has another label": 1,
        "without a label": 1,
    }
    earlier = run_data.read_run_data(workspace, first, use_augmented=True)
    assert len(earlier.assets["train"]) == 36
    assert not earlier.left_out["train"]


def test_run_data__a_copy_of_a_copy_is_judged_by_the_first_original(
    workspace: Workspace, tmp_path: Path
) -> None:
    arrange.make_catalog(workspace, tmp_path / "drawn", train=1, val=1, test=1)
    write(workspace, replace(PLAN, copies_per_image=1))
    copy = list_copies(workspace)[0]
    assert copy.parent_asset_id is not None
    further = NewAsset(
        asset_id=journal.new_id(),
        file_path="augmented/further.png",
        label_id=copy.label_id,
        label_name=copy.label_name,
        split_type="train",
        source_dataset="",
        content_hash=f"{1:064x}",
        width=8,
        height=8,
        size_bytes=10,
        mime="image/png",
        perceptual_hash=None,
        is_augmented=True,
        parent_asset_id=copy.asset_id,
    )
    with workspace.database.write() as uow:
        revision_id = journal.begin_revision(
            uow, Operation.of(RevisionKind.AUGMENT, actor=Actor("tester"))
        )
        journal.add_assets(uow, revision_id, [further])
    label_edits.remove_assets(workspace, [copy.asset_id], actor=Actor("tester"))

    def is_used() -> bool:
        latest = history.latest_revision_id(workspace)
        data = run_data.read_run_data(workspace, latest, use_augmented=True)
        return further.asset_id in {asset.asset_id for asset in data.assets["train"]}

    assert is_used()  # though the copy between was removed
    label_edits.set_split(workspace, [copy.parent_asset_id], "test", actor=Actor("tester"))
    assert not is_used()


def test_write_copies__a_file_that_changed_is_named_and_left_out(
    workspace: Workspace, tmp_path: Path
) -> None:
    assets = arrange.make_catalog(workspace, tmp_path / "drawn", train=2, val=1, test=1)
    changed, missing = [asset for asset in assets if asset.split_type == "train"][:2]
    workspace.store.write(changed.file_path, workspace.store.read(assets[-1].file_path))
    workspace.store.remove(missing.file_path)
    report = write(workspace)
    assert report.added == 8
    assert {(problem.source, problem.reason) for problem in report.left_out} == {
        (changed.file_path, "changed"),
        (missing.file_path, "missing"),
    }


def test_write_copies__one_class_alone(workspace: Workspace, tmp_path: Path) -> None:
    assets = arrange.make_catalog(workspace, tmp_path / "drawn", train=2, val=1, test=1)
    label_id = assets[0].label_id
    write(workspace, replace(PLAN, where=AssetFilter(label=label_id)))
    assert {copy.label_id for copy in list_copies(workspace)} == {label_id}


def test_write_copies__cancelled_leaves_nothing(workspace: Workspace, tmp_path: Path) -> None:
    arrange.make_catalog(workspace, tmp_path / "drawn", train=2, val=1, test=1)
    files = set(workspace.store.list_keys())
    revision_id = history.latest_revision_id(workspace)
    answers = iter([False, False, False, True])
    with pytest.raises(Cancelled):
        augmented_copies.write_copies(
            workspace,
            PLAN,
            actor=Actor("tester"),
            progress=Progress(should_stop=lambda: next(answers)),
        )
    assert history.latest_revision_id(workspace) == revision_id
    assert set(workspace.store.list_keys()) == files


@pytest.mark.parametrize(
    ("where", "copies"), [(AssetFilter(split="val"), 1), (AssetFilter(), 0), (AssetFilter(), 51)]
)
def test_plan__refuses_what_must_not_be(where: AssetFilter, copies: int) -> None:
    with pytest.raises(InvalidInput):
        replace(PLAN, where=where, copies_per_image=copies)


def test_count_copies__refuses_nothing_to_copy(workspace: Workspace, tmp_path: Path) -> None:
    arrange.make_catalog(workspace, tmp_path / "drawn", train=0, val=1, test=1)
    with pytest.raises(InvalidInput, match="0 labelled images in train"):
        augmented_copies.count_copies(workspace, PLAN)


def test_payload__reads_back_equal() -> None:
    plan = replace(PLAN, where=AssetFilter(label=3, source="phones"))
    assert augment.read_payload(augment.make_payload(plan)) == plan
