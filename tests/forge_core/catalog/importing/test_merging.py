"""What an import says of images that are there comes to them, by one choice, in one revision."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from db.enums import FindingOutcome
from db.records import Asset, AssetFilter
from forge_core.catalog.editing import class_merges, contested, decisions, label_edits
from forge_core.catalog.editing.contested import Answer
from forge_core.catalog.importing import import_plan, run_import
from forge_core.catalog.importing.merging import rules
from forge_core.catalog.importing.merging.rules import Claim, Merge, Values
from forge_core.catalog.importing.run_import import ImportReport
from forge_core.catalog.listing import asset_list, queues, suggestions
from forge_core.catalog.revisions import history
from forge_core.progress import Cancelled, Progress
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, draw_folder, draw_image, import_folder, list_all


def take_in(workspace: Workspace, folder: Path, merge: Merge, **options: bool) -> ImportReport:
    plan = replace(import_plan.prepare(workspace, folder), merge=merge, **options)
    return run_import.run_import(workspace, plan, actor=ACTOR)


def draw_photos(folder: Path, number: int = 3) -> Path:
    """Loose pictures, without a label."""
    folder.mkdir(parents=True)
    for seed in range(number):
        draw_image("circle", seed).save(folder / f"{seed}.png")
    return folder


def write_labels(photos: Path, header: str, *rows: str) -> Path:
    """The photos again, with a table of labels beside them."""
    (photos / "labels.csv").write_text("\n".join([header, *rows]) + "\n")
    return photos


def by_name(workspace: Workspace) -> dict[str, Asset]:
    return {Path(asset.file_path).name: asset for asset in list_all(workspace)}


def list_contested(workspace: Workspace) -> list[Asset]:
    found = [asset for asset in list_all(workspace) if asset.review_state == "contested"]
    assert asset_list.count_assets(workspace, AssetFilter(review="contested")) == len(found)
    return found


def snapshot(workspace: Workspace) -> dict[str, tuple[object, ...]]:
    return {
        name: (a.label_name, a.split_type, a.group_key, a.source_dataset, a.review_state)
        for name, a in by_name(workspace).items()
    }


def test_votes_that_differ__wait_in_the_queue_until_somebody_labels_the_image(
    workspace: Workspace, tmp_path
) -> None:
    photos = draw_photos(tmp_path / "photos")
    rows = ("0.png,cat,anna", "0.png,dog,ben", "1.png,dog,anna", "1.png,dog,ben", "2.png,cat,ben")
    write_labels(photos, "image,choice,annotator", *rows)
    for is_known in (False, True):  # new images, and images that are there without a label
        report = import_folder(workspace, photos)
        assert report.added == (0 if is_known else 3)
        (asset,) = list_contested(workspace)
        assert asset.label_name is None
        assert {"cat", "dog"} <= set(asset.review_note.replace(",", "").split())
    dog = by_name(workspace)["1.png"].label_id
    label_edits.relabel(workspace, [asset.asset_id], dog, actor=ACTOR)
    assert list_contested(workspace) == []


def test_contested_images__leave_the_queue_when_the_label_they_have_is_confirmed(
    workspace: Workspace, tmp_path
) -> None:
    photos = draw_photos(tmp_path / "photos", 1)
    import_folder(workspace, write_labels(photos, "image,label", "0.png,cat"))
    take_in(workspace, write_labels(photos, "image,label", "0.png,dog"), Merge.ASK)
    (asset,) = list_contested(workspace)
    stale = {asset.asset_id: asset.row_version - 1}
    label_edits.relabel(
        workspace, [asset.asset_id], asset.label_id, actor=ACTOR, expected_versions=stale
    )
    assert list_contested(workspace) != []
    result = label_edits.relabel(workspace, [asset.asset_id], asset.label_id, actor=ACTOR)
    assert result.num_changed == 1
    assert list_contested(workspace) == []
    assert by_name(workspace)["0.png"].label_name == "cat"


def test_import_again__brings_labels_splits_and_groups_to_what_has_none(
    workspace: Workspace, tmp_path
) -> None:
    photos = draw_photos(tmp_path / "photos")
    import_folder(workspace, photos)
    before = snapshot(workspace)
    header = "file_path,label_name,split_type,group_key"
    write_labels(photos, header, "0.png,cat,train,p1", "1.png,dog,test,p2", "2.png,dog,,p2")
    report = import_folder(workspace, photos)
    assert (report.added, report.already_present, report.updated) == (0, 3, 3)
    assert report.outcomes == {"taken": {"group": 3, "label": 3, "split": 2}}
    assert {name: values[:3] for name, values in snapshot(workspace).items()} == {
        "0.png": ("cat", "train", "p1"),
        "1.png": ("dog", "test", "p2"),
        "2.png": ("dog", None, "p2"),
    }
    after = snapshot(workspace)
    assert report.revision_id is not None
    undone = history.undo(workspace, report.revision_id, actor=ACTOR)
    assert snapshot(workspace) == before
    assert undone.revision_id is not None
    history.undo(workspace, undone.revision_id, actor=ACTOR)
    assert snapshot(workspace) == after


@pytest.mark.parametrize(
    ("merge", "label", "state"),
    [(Merge.KEEP, "cat", None), (Merge.TAKE, "dog", None), (Merge.ASK, "cat", "contested")],
)
def test_import_again__of_another_label_follows_the_choice(
    workspace: Workspace, tmp_path, merge, label, state
) -> None:
    photos = draw_photos(tmp_path / "photos")
    write_labels(photos, "file_path,label_name", "0.png,cat", "1.png,cat", "2.png,cat")
    import_folder(workspace, photos)
    before = snapshot(workspace)
    write_labels(photos, "file_path,label_name", "0.png,dog", "1.png,cat", "2.png,cat")
    report = take_in(workspace, photos, merge)
    asset = by_name(workspace)["0.png"]
    assert (asset.label_name, asset.review_state) == (label, state)
    assert (report.updated, report.revision_id) == ((0, None) if merge is Merge.KEEP else (1, 2))
    if merge is Merge.KEEP:
        assert [p.reason for p in report.skipped if p.path == "0.png"] == ["differs"]
        return
    if merge is Merge.ASK:
        assert "cat here, dog in 0.png" in asset.review_note
        with workspace.database.read() as uow:
            (asked,) = uow.findings.list_of_assets([asset.asset_id], FindingOutcome.ASKED)
        assert (asked.before, asked.said, asked.path) == ("cat", "dog", "0.png")
        assert take_in(workspace, photos, merge).revision_id is None  # it waits already
    history.undo(workspace, 2, actor=ACTOR)
    assert snapshot(workspace) == before


def test_import_again__nobody_leaves_held_out_without_the_unlock(
    workspace: Workspace, tmp_path
) -> None:
    photos = draw_photos(tmp_path / "photos")
    import_folder(workspace, photos)
    first = by_name(workspace)["0.png"]
    label_edits.set_split(workspace, [first.asset_id], "held_out", actor=ACTOR)
    write_labels(photos, "file_path,label_name,split_type", "0.png,cat,train", "1.png,cat,train")
    report = take_in(workspace, photos, Merge.TAKE)
    assert report.outcomes["locked"] == {"split": 1}
    assert snapshot(workspace)["0.png"][:2] == ("cat", "held_out")
    take_in(workspace, photos, Merge.TAKE, unlock_held_out=True)
    assert snapshot(workspace)["0.png"][:2] == ("cat", "train")


def test_import_again__of_what_the_catalog_says_writes_nothing(
    workspace: Workspace, tmp_path
) -> None:
    folder = draw_folder(tmp_path / "shapes", splits={"train": 2, "val": 1})
    import_folder(workspace, folder)
    report = take_in(workspace, folder, Merge.TAKE)
    assert (report.updated, report.revision_id, report.outcomes) == (0, None, {})


def test_import_again__undo_takes_new_images_and_new_labels_back_together(
    workspace: Workspace, tmp_path
) -> None:
    photos = draw_photos(tmp_path / "photos")
    import_folder(workspace, photos)
    before = snapshot(workspace)
    draw_image("circle", 99).save(photos / "new.png")
    write_labels(photos, "file_path,label_name", "0.png,cat", "new.png,cat")
    report = import_folder(workspace, photos)
    assert (report.added, report.updated, report.revision_id) == (1, 1, 2)
    assert history.list_revisions(workspace)[0].num_changes == 2
    history.undo(workspace, 2, actor=ACTOR)
    assert snapshot(workspace) == before


def test_import_again__cancelled_changes_no_label(workspace: Workspace, tmp_path) -> None:
    photos = draw_photos(tmp_path / "photos")
    import_folder(workspace, photos)
    write_labels(photos, "file_path,label_name", "0.png,cat")
    plan = import_plan.prepare(workspace, photos)
    answers = iter([False, True])
    stop = Progress(should_stop=lambda: next(answers))
    with pytest.raises(Cancelled):
        run_import.run_import(workspace, plan, actor=ACTOR, progress=stop)
    assert snapshot(workspace)["0.png"][0] is None


@pytest.mark.parametrize("loose", ["a_first.png", "z_last.png"])
def test_import__a_labelled_copy_beats_a_loose_one(workspace: Workspace, tmp_path, loose) -> None:
    folder = draw_folder(tmp_path / "shapes", per_class=2)
    shutil.copy(folder / "circle" / "circle_0001.png", folder / loose)
    report = import_folder(workspace, folder)
    assert (report.added, report.outcomes) == (6, {})
    assert sorted(str(a.label_name) for a in list_all(workspace)) == sorted(
        ["circle", "square", "stripe"] * 2
    )


def test_import__two_labels_of_the_same_bytes_wait_for_a_person(
    workspace: Workspace, tmp_path
) -> None:
    folder = draw_folder(tmp_path / "shapes", per_class=2)
    shutil.copy(folder / "circle" / "circle_0001.png", folder / "square" / "copy.png")
    report = take_in(workspace, folder, Merge.TAKE)
    assert (report.added, report.outcomes) == (6, {"asked": {"label": 1}})
    (asset,) = list_contested(workspace)
    assert asset.label_name is None
    for word in ("circle in circle/circle_0001.png", "square in square/copy.png"):
        assert word in asset.review_note
    with workspace.database.read() as uow:
        asked = uow.findings.list_of(1, outcomes=[FindingOutcome.ASKED], limit=9)
    assert {(found.said, found.path) for found in asked} == {
        ("circle", "circle/circle_0001.png"),
        ("square", "square/copy.png"),
    }


def test_import__the_same_bytes_in_train_and_test_are_a_leak(
    workspace: Workspace, tmp_path
) -> None:
    folder = draw_folder(tmp_path / "shapes", splits={"test": 1, "train": 2})
    for name in ("circle", "square"):
        source = next((folder / "train" / name).iterdir())
        shutil.copy(source, folder / "test" / name / "again.png")
    report = import_folder(workspace, folder)
    assert (report.added, report.outcomes) == (9, {"leak": {"split": 2}})
    assert {(a.split_type, a.label_name) for a in list_contested(workspace)} == {
        ("test", "circle"),
        ("test", "square"),
    }
    assert sum(problem.reason == "leak" for problem in report.skipped) == 2
    with workspace.database.read() as uow:
        kept = uow.findings.list_of(1, outcomes=[FindingOutcome.LEAK], limit=9)
    assert {(found.before, found.said) for found in kept} == {("test", "train")}


def test_settle__contradictions_are_never_decided_by_order() -> None:
    claims = [Claim("a", label_name="cat"), Claim("b", label_name="dog")]
    for order in (claims, claims[::-1]):
        for mine in (Values(), Values(label="fox")):
            settled = rules.settle(mine, order, Merge.TAKE)
            assert (settled.values, settled.is_contested) == (mine, True)
        assert rules.settle_copies(order).values.label is None


def test_settle__a_file_without_a_label_takes_none_away() -> None:
    mine = Values(label="cat", split="train", group="p1")
    assert rules.settle(mine, [Claim("a")], Merge.TAKE).values == mine


def test_contested__either_side_holds_for_all_and_undo_brings_the_queue_back(
    workspace: Workspace, tmp_path
) -> None:
    photos = draw_photos(tmp_path / "photos")
    write_labels(photos, "file_path,label_name", "0.png,cat", "1.png,cat", "2.png,cat")
    import_folder(workspace, photos)
    write_labels(photos, "file_path,label_name", "0.png,dog", "1.png,fox", "2.png,cat")
    take_in(workspace, photos, Merge.ASK)
    queue = contested.list_contested(workspace)
    assert [(e.asset.label_name, [f.said for f in e.said]) for e in queue] == [
        ("cat", ["dog"]),
        ("cat", ["fox"]),
    ]
    contested.decide(workspace, Answer.MINE, actor=ACTOR, asset_ids=[queue[0].asset.asset_id])
    done = contested.decide(workspace, Answer.THEIRS, actor=ACTOR)
    assert {name: values[0] for name, values in snapshot(workspace).items()} == {
        "0.png": "cat",
        "1.png": "fox",
        "2.png": "cat",
    }
    assert list_contested(workspace) == []
    assert done.revision_id is not None
    history.undo(workspace, done.revision_id, actor=ACTOR)
    assert [asset.label_name for asset in list_contested(workspace)] == ["cat"]


def test_contested__accept_takes_what_the_import_said_and_is_remembered(
    workspace: Workspace, tmp_path
) -> None:
    photos = draw_photos(tmp_path / "photos", 4)
    names = ["0.png,cat,train", "1.png,cat,train", "2.png,cat,train", "3.png,cat,train"]
    import_folder(workspace, write_labels(photos, "image,label,split", *names))
    rows = ("0.png,fox,train", "1.png,dog,train", "1b.png,wolf,train", "2.png,dog,val")
    shutil.copy(photos / "1.png", photos / "1b.png")
    report = take_in(workspace, write_labels(photos, "image,label,split", *rows), Merge.ASK)
    assert report.classes_created == ["dog", "fox", "wolf"], "what is asked about can be chosen"
    queue = queues.QUEUES["contested"]
    rows_of = {asset.file_path: asset for asset in list_contested(workspace)}
    said = {
        Path(rows_of[entry.path].file_path).name: entry.suggestion
        for entry in queues.list_entries(workspace, queue)
    }
    assert said == {"0.png": "fox", "1.png": "dog or wolf", "2.png": None}, "a split is asked too"
    found = suggestions.suggest(workspace, suggestions.IMPORTS, list_all(workspace))
    one, several = (found[by_name(workspace)[name].asset_id] for name in ("0.png", "1.png"))
    assert (several.label_id, len(several.among), one.among) == (None, 2, [one.label_id])
    asset_id = by_name(workspace)["0.png"].asset_id
    fox, dog = one.label_id, min(several.among)
    decided = decisions.decide(workspace, [asset_id], "accept", label_id=fox, actor=ACTOR)
    assert by_name(workspace)["0.png"].label_name == "fox"
    assert asset_id not in asset_list.list_ids(workspace, queue.filter())
    history.undo(workspace, decided.revision_id, actor=ACTOR)
    assert asset_id in asset_list.list_ids(workspace, queue.filter())
    class_merges.merge_classes(workspace, fox, dog, actor=ACTOR)
    found = suggestions.suggest(workspace, suggestions.IMPORTS, list_all(workspace))
    assert found[asset_id].label_name == "dog", "the class that took it over"
    decisions.decide(workspace, [asset_id], "accept", label_id=dog, actor=ACTOR)
    take_in(workspace, write_labels(photos, "image,label,split", "0.png,cat,train"), Merge.ASK)
    assert asset_id not in asset_list.list_ids(workspace, queue.filter()), "it is remembered"


def test_import_again__keeps_with_its_revision_what_it_did_not_take(
    workspace: Workspace, tmp_path
) -> None:
    photos = draw_photos(tmp_path / "photos")
    write_labels(photos, "file_path,label_name", "0.png,cat", "1.png,cat", "2.png,cat")
    import_folder(workspace, photos)
    draw_image("circle", 99).save(photos / "new.png")
    rows = ("0.png,dog", "1.png,cat", "2.png,cat", "new.png,cat")
    report = import_folder(workspace, write_labels(photos, "file_path,label_name", *rows))
    assert (report.added, report.updated, report.revision_id) == (1, 0, 2)
    ((path, finding),) = history.list_findings(workspace, 2)
    assert (path, finding.before, finding.said) == ("photos/0.png", "cat", "dog")
    assert (finding.subject, finding.outcome) == ("label", "kept")


def test_settle__notes_are_added_where_there_is_none() -> None:
    claims = [Claim("a", review_note="blurred"), Claim("b", review_note="cropped")]
    assert rules.settle(Values(), claims, Merge.KEEP).values.note == "blurred; cropped"
    mine = Values(note="ask Ana")
    assert rules.settle(mine, claims, Merge.ASK).values.note == "ask Ana"


def test_contested__nobody_leaves_held_out_by_an_answer(workspace: Workspace, tmp_path) -> None:
    photos = draw_photos(tmp_path / "photos", 1)
    write_labels(photos, "file_path,label_name,split_type", "0.png,cat,held_out")
    import_folder(workspace, photos)
    write_labels(photos, "file_path,label_name,split_type", "0.png,cat,train")
    take_in(workspace, photos, Merge.ASK)
    refused = contested.decide(workspace, Answer.THEIRS, actor=ACTOR)
    assert (refused.status, refused.num_conflicts) == ("conflict", 1)
    contested.decide(workspace, Answer.THEIRS, actor=ACTOR, unlock_held_out=True)
    assert snapshot(workspace)["0.png"][:2] == ("cat", "train")


def test_import_again__in_place_by_the_path_though_the_bytes_were_changed(
    workspace: Workspace,
) -> None:
    root = workspace.store.local_root()
    assert root is not None
    photos = draw_photos(root / "camera", 2)
    import_folder(workspace, photos)
    draw_image("square", 77).save(photos / "0.png")
    write_labels(photos, "file_path,label_name", "0.png,cat", "1.png,dog")
    report = import_folder(workspace, photos)
    assert (report.added, report.updated) == (0, 2)
    assert [problem.reason for problem in report.skipped] == ["changed"]
    assert {name: values[0] for name, values in snapshot(workspace).items()} == {
        "0.png": "cat",
        "1.png": "dog",
    }
