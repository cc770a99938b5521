"""Review in each state a person can meet: nothing, not looked, groups, across splits, done."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from db.records import Asset
from db.repositories.duplicates import MemberRow
from forge_core.catalog.editing import classes, label_edits, review_flags
from forge_core.catalog.importing import import_plan, run_import
from forge_core.catalog.importing.merging.rules import Merge
from forge_core.catalog.splits import duplicates
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests import arrange
from tests.pages.visiting import figures, labels_of_buttons, links, press, primary, visit, words

PAGE = "data/review.py"


@pytest.fixture
def copied(
    sqlite_workspace: Workspace, tmp_path: Path, shared_data: Callable[[str], Path]
) -> list[Asset]:
    """Six photos in train; smaller copies of two of them in test."""
    photos = sorted(shared_data("tiny_ci_imagenette96").rglob("*.[jJ][pP]*[gG]"))[:6]
    folder = tmp_path / "photos"
    for split in ("train", "test"):
        (folder / split / "thing").mkdir(parents=True)
    for place, path in enumerate(photos):
        image = Image.open(path).convert("RGB")
        image.save(folder / "train" / "thing" / f"{place}.png")
        if place < 2:
            image.resize((80, 80)).save(folder / "test" / "thing" / f"{place}_copy.jpg")
    arrange.import_folder(sqlite_workspace, folder)
    return arrange.list_all(sqlite_workspace)


@pytest.fixture
def groups(sqlite_workspace: Workspace, copied: list[Asset]) -> list[duplicates.DuplicateGroup]:
    """The two groups of the copied photos, looked for already."""
    duplicates.find_duplicates(sqlite_workspace)
    return duplicates.list_groups(sqlite_workspace)


def ids(workspace: Workspace) -> set[uuid.UUID]:
    return {asset.asset_id for asset in arrange.list_all(workspace)}


def test_empty__leads_to_the_import(sqlite_workspace: Workspace):
    app = visit(PAGE)
    assert "No images yet, so there is nothing to review." in words(app)
    assert labels_of_buttons(app) == ["Import images"]


def test_not_looked__says_why_one_should_and_finds_on_request(
    sqlite_workspace: Workspace, copied: list[Asset]
):
    app = visit(PAGE)
    assert figures(app)["Near-duplicates"] == "–"
    assert "Near-duplicates make a score too good" in app.info[0].value
    assert primary(app).label == "Find near-duplicates"
    primary(app).click()
    app.run()
    assert not app.exception
    assert figures(app) == {
        "Copies in two splits": "4",
        "Near-duplicates": "2",
        "Unlabelled": "0",
    }
    (empty,) = (each for each in app.expander if each.label.endswith("queues are empty"))
    assert empty.label == "11 queues are empty"
    assert not empty.proto.expanded
    assert [each.value.split("**")[1] for each in empty.markdown] == [
        "Labels that look wrong",
        "Drawn by an audit",
        "The model disagrees",
        "Contested by an import",
        "Second opinions",
        "Opinions differ",
        "Least sure",
        "Flagged by people",
        "Corrected predictions",
        "Label next",
        "The shadow disagrees",
    ]
    assert primary(app).label == "Look again"


def test_groups__show_label_split_size_and_path_of_each(groups, sqlite_workspace: Workspace):
    app = visit(PAGE)
    said = words(app)
    assert "in train and test" in said
    assert "**thing**  \ntest" in said
    assert "80 × 80" in said
    assert "thing/0_copy.jpg" in said
    assert labels_of_buttons(app).count("Keep this one") == 4


def test_keep_this_one__removes_the_other_and_is_undone(groups, sqlite_workspace: Workspace):
    before = ids(sqlite_workspace)
    kept, other = (member.asset for member in groups[0].members)
    app = visit(PAGE)
    app.button(key=f"keep-{kept.asset_id.hex}").click()
    app.run()
    assert ids(sqlite_workspace) == before - {other.asset_id}
    assert f"1 image is removed, {kept.file_path} stays." in words(app)
    assert figures(app)["Near-duplicates"] == "1"
    press(app, "Undo")
    assert ids(sqlite_workspace) == before


def test_move__puts_the_group_into_one_split(groups, sqlite_workspace: Workspace):
    app = visit(PAGE, queue="Across splits")
    app.button(key=f"move-train-{groups[0].group_id.hex}").click()
    app.run()
    assert "2 images are in train now." in words(app)
    assert figures(app)["Copies in two splits"] == "2"
    assert labels_of_buttons(app).count("Keep this one") == 2


def test_not_duplicates__puts_the_group_away(groups, sqlite_workspace: Workspace):
    app = visit(PAGE)
    app.button(key=f"dismiss-{groups[0].group_id.hex}").click()
    app.run()
    assert figures(app)["Near-duplicates"] == "1"
    assert len(ids(sqlite_workspace)) == 8


def test_keep_the_best_of_all__shows_what_goes_before_one_step(groups, sqlite_workspace: Workspace):
    before = ids(sqlite_workspace)
    app = visit(PAGE)
    press(app, "Keep the best of all groups, remove up to 2 …")
    said = words(app)
    assert "**2 images** of 2 groups would be removed from the catalog." in said
    assert said.count("· goes") == said.count("· stays") == 2
    counts = app.dataframe[0].value
    assert counts[["Class", "Images", "Removed", "Share", "test"]].values.tolist() == [
        ["thing", 8, 2, "25 %", 2]
    ]
    assert ids(sqlite_workspace) == before
    press(app, "Remove 2 images")
    assert "2 near-duplicates are removed." in words(app)
    paths = {asset.file_path for asset in arrange.list_all(sqlite_workspace)}
    assert not any(path.endswith("_copy.jpg") for path in paths)  # the larger ones stay
    assert "No two images show one picture." in words(app)


def test_keep_the_best_of_all__of_most_of_a_class_asks_for_the_number(
    groups, sqlite_workspace: Workspace
):
    few = classes.create_class(sqlite_workspace, "few", actor=Actor("tester")).label_id
    pairs = [member.asset.asset_id for group in groups for member in group.members]
    label_edits.relabel(sqlite_workspace, pairs, few, actor=Actor("tester"))
    with sqlite_workspace.database.write() as uow:
        rows = [MemberRow(asset_id=each, group_id=pairs[0], distance=0) for each in pairs]
        uow.duplicates.replace_all(rows, revision_id=uow.revisions.latest_id(), bits=10)
    app = visit(PAGE)
    app.button(key="keep_all").click().run()
    assert "More than half would be gone of few: 3 of 4." in words(app)
    assert app.button(key="keep_all_sure").disabled
    app.text_input(key="keep_all_number").set_value("3").run()
    press(app, "Remove 3 images")
    assert len(ids(sqlite_workspace)) == 5


def test_labels_differ__are_left_out_and_have_a_queue(groups, sqlite_workspace: Workspace):
    other = classes.create_class(sqlite_workspace, "other", actor=Actor("tester")).label_id
    first = groups[0].members[0].asset.asset_id
    label_edits.relabel(sqlite_workspace, [first], other, actor=Actor("tester"))
    app = visit(PAGE)
    press(app, "Keep the best of all groups, remove up to 2 …")
    assert "1 group is left out, because the labels of the images differ." in words(app)
    assert links(app)["Look at them"] == "queue=Labels+differ"
    press(app, "Remove 1 image")
    assert first in ids(sqlite_workspace)
    queue = visit(PAGE, queue="Labels differ")
    assert "labelled other, thing" in words(queue)
    assert labels_of_buttons(queue).count("Keep this one") == 2


def test_held_out__is_left_alone_and_said(groups, sqlite_workspace: Workspace):
    kept, other = (member.asset for member in groups[0].members)
    label_edits.set_split(sqlite_workspace, [other.asset_id], "held_out", actor=Actor("tester"))
    app = visit(PAGE)
    app.button(key=f"keep-{kept.asset_id.hex}").click()
    app.run()
    assert "Nothing was changed: 1 image kept aside is left alone." in words(app)
    assert other.asset_id in ids(sqlite_workspace)


def test_stale__says_how_many_images_came_in(groups, sqlite_workspace: Workspace, tmp_path: Path):
    arrange.import_folder(sqlite_workspace, arrange.draw_folder(tmp_path / "more", per_class=1))
    assert "3 images came in since near-duplicates were looked for." in words(visit(PAGE))


def test_flagged__is_a_door_to_the_gallery(copied, sqlite_workspace: Workspace):
    review_flags.flag(
        sqlite_workspace, [copied[0].asset_id], actor=Actor("tester"), note="blurred?"
    )
    app = visit(PAGE)
    assert figures(app)["Flagged by people"] == "1"
    address = links(app)["Review them"]
    assert address == "review=flagged&undecided=label&task=flagged&view=focus"


def test_an_empty_queue__says_why_and_what_fills_it(copied, sqlite_workspace: Workspace):
    said = words(visit(PAGE))
    assert "No network has scored the images yet. A finished run looks at all images" in said
    assert "Nothing waits. The key m in the gallery marks an image, with a note." in said


def test_unlabelled__is_a_door_to_the_gallery(copied, sqlite_workspace: Workspace):
    label_edits.relabel(sqlite_workspace, [copied[0].asset_id], None, actor=Actor("tester"))
    app = visit(PAGE)
    assert figures(app)["Unlabelled"] == "1"
    assert links(app)["Look at them"] == "label=none"


def test_fewer_bits__are_used_when_one_looks_again(groups, sqlite_workspace: Workspace):
    app = visit(PAGE)
    app.select_slider(key="review_bits").set_value(0)
    app.run()
    primary(app).click()
    app.run()
    assert int(figures(app)["Near-duplicates"]) <= 2
    assert not app.exception


def test_other_leaks__images_of_one_group_in_two_splits_are_shown(
    copied, sqlite_workspace: Workspace
):
    train = next(asset for asset in copied if asset.split_type == "train")
    test = next(asset for asset in copied if asset.split_type == "test")
    with sqlite_workspace.database.write() as uow:
        arrange.set_columns(uow, [train.asset_id, test.asset_id], group_key="scene 4")
    app = visit(PAGE, queue="Other leaks")
    said = words(app)
    assert "train and test share 1 group of 2 images: the same group key." in said
    assert said.count("group scene 4") == 2
    assert test.file_path in said
    assert not app.exception


def test_other_leaks__none_is_said(copied, sqlite_workspace: Workspace):
    app = visit(PAGE, queue="Other leaks")
    assert "No group, copy or equal file lies in two splits." in words(app)


def test_contested__says_both_values_and_lets_one_side_hold(
    sqlite_workspace: Workspace, tmp_path: Path
):
    folder = arrange.draw_folder(tmp_path / "shapes", per_class=2)
    arrange.import_folder(sqlite_workspace, folder)
    (folder / "circle" / "circle_0001.png").rename(folder / "square" / "circle_0001.png")
    plan = replace(import_plan.prepare(sqlite_workspace, folder), merge=Merge.ASK)
    run_import.run_import(sqlite_workspace, plan, actor=arrange.ACTOR)
    app = visit(PAGE)
    assert "label: circle here, square in square/circle_0001.png" in words(app)
    assert "review=contested" in links(app)["Review them"]
    press(app, "Take what imports say")
    first = next(a for a in arrange.list_all(sqlite_workspace) if "circle_0001" in a.file_path)
    assert (first.label_name, first.review_state) == ("square", None)


GALLERY = "data/gallery.py"


def test_a_queue_in_the_gallery__says_which_it_is_and_why(copied, sqlite_workspace: Workspace):
    asked = {"review": "flagged", "undecided": "label", "task": "flagged"}
    empty = visit(GALLERY, **asked)
    assert "Flagged by people: nothing waits. The key m in the gallery" in words(empty)
    review_flags.flag(sqlite_workspace, [copied[0].asset_id], actor=Actor("tester"))
    app = visit(GALLERY, **asked)
    assert "**Flagged by people**" in words(app)
    assert "Somebody marked the image for review." in words(app)
    press(app, "Leave")
    assert "task" not in app.query_params
    assert app.query_params["review"] == "flagged"


def test_a_queue_that_there_is_not__is_refused(copied, sqlite_workspace: Workspace):
    assert "There is no queue 'nonsense'." in words(visit(GALLERY, task="nonsense"))
