"""Classes: each change is one revision, follows on every image, and is said before it is done."""

import re
from pathlib import Path

import pytest

from db.records import Label
from forge_core.catalog.editing import class_merges, classes, label_edits
from forge_core.catalog.revisions import history
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, class_id, draw_folder, import_folder, list_all, make_catalog

COMMANDS_JS = (
    Path(__file__).parents[4] / "pages" / "components" / "gallery" / "keys" / "commands.js"
)


def class_named(workspace: Workspace, name: str) -> Label:
    return classes.get_class(workspace, name)


def names_on_images(workspace: Workspace) -> list[str | None]:
    return sorted({asset.label_name for asset in list_all(workspace)}, key=str)


def test_rename__to_the_name_of_a_retired_class_is_refused(workspace: Workspace) -> None:
    cat = classes.create_class(workspace, "cat", actor=ACTOR)
    classes.create_class(workspace, "dog", actor=ACTOR)
    class_merges.retire_class(workspace, cat.label_id, actor=ACTOR)
    with pytest.raises(Conflict, match="a retired class has this name"):
        classes.rename_class(workspace, class_id(workspace, "dog"), "cat", actor=ACTOR)
    with pytest.raises(Conflict, match="Bring that class back"):
        classes.create_class(workspace, "cat", actor=ACTOR)


def test_edit__changes_colour_key_and_description_in_one_revision(workspace: Workspace) -> None:
    cat = classes.create_class(workspace, "cat", actor=ACTOR, color="#0072B2")
    result = classes.edit_class(
        workspace,
        cat.label_id,
        actor=ACTOR,
        color="#aabbcc",
        hotkey="j",
        description=" purrs ",
    )
    assert result.status == "applied"
    changed = class_named(workspace, "cat")
    assert (changed.color, changed.hotkey, changed.description) == ("#AABBCC", "j", "purrs")
    [revision] = history.list_revisions(workspace, limit=1)
    assert (revision.kind, revision.num_changes) == ("edit_class", 0)
    assert revision.message == (
        "cat: colour #0072B2 to #AABBCC, description none to purrs, key none to j"
    )
    again = classes.edit_class(workspace, cat.label_id, actor=ACTOR, hotkey="j")
    assert again.status == "nothing"
    classes.edit_class(workspace, cat.label_id, actor=ACTOR, hotkey="")
    assert class_named(workspace, "cat").hotkey is None


@pytest.mark.parametrize("hotkey", ["t", "u", "0", "/", "kk", "é", "R"])
def test_edit__a_key_that_the_gallery_uses_is_refused(
    sqlite_workspace: Workspace, hotkey: str
) -> None:
    cat = classes.create_class(sqlite_workspace, "cat", actor=ACTOR)
    with pytest.raises(InvalidInput, match="cannot be the key"):
        classes.edit_class(sqlite_workspace, cat.label_id, actor=ACTOR, hotkey=hotkey)


def test_edit__a_key_of_another_class_is_refused_and_free_keys_are_named(
    workspace: Workspace,
) -> None:
    classes.create_class(workspace, "cat", actor=ACTOR, hotkey="1")
    dog = classes.create_class(workspace, "dog", actor=ACTOR)
    with pytest.raises(Conflict, match="Key 1 belongs to class 'cat'") as caught:
        classes.edit_class(workspace, dog.label_id, actor=ACTOR, hotkey="1")
    assert "2 3 4" in caught.value.next_step
    with pytest.raises(Conflict):
        classes.create_class(workspace, "fox", actor=ACTOR, hotkey="1")
    assert [label.name for label in classes.list_classes(workspace)] == ["cat", "dog"]


def test_edit__a_key_may_be_a_letter_and_a_digit_when_it_can_be_told_apart(
    sqlite_workspace: Workspace,
) -> None:
    cat = classes.create_class(sqlite_workspace, "cat", actor=ACTOR, hotkey="a1")
    classes.create_class(sqlite_workspace, "dog", actor=ACTOR, hotkey="a2")
    with pytest.raises(Conflict, match="cannot be told from"):
        classes.create_class(sqlite_workspace, "fox", actor=ACTOR, hotkey="a")
    for key in ("1a", "a0", "aa", "t1", "a12"):
        with pytest.raises(InvalidInput, match="cannot be the key"):
            classes.edit_class(sqlite_workspace, cat.label_id, actor=ACTOR, hotkey=key)


@pytest.mark.parametrize("color", ["red", "#12345", "#1234567", "#12345g", ""])
def test_edit__what_is_no_colour_is_refused(sqlite_workspace: Workspace, color: str) -> None:
    cat = classes.create_class(sqlite_workspace, "cat", actor=ACTOR)
    with pytest.raises(InvalidInput, match="is not a colour"):
        classes.edit_class(sqlite_workspace, cat.label_id, actor=ACTOR, color=color)


def test_class_keys__are_those_that_the_gallery_leaves_free() -> None:
    table = COMMANDS_JS.read_text(encoding="utf-8")
    used = set(re.findall(r'"([a-z])"', " ".join(re.findall(r"keys: \[[^\]]*\]", table))))
    assert used, "the table of keys is written differently now"
    assert used.isdisjoint(classes.CLASS_KEYS)
    [offered] = re.findall(r'LETTERS_FOR_CLASSES = "([a-z]+)"', table)
    assert sorted(offered) == sorted(classes.CLASS_LETTERS)


def test_merge__images_follow_and_the_old_class_is_retired(
    workspace: Workspace, tmp_path: Path
) -> None:
    make_catalog(workspace, tmp_path / "shapes", train=3, val=1, test=1)
    circle, square = class_id(workspace, "circle"), class_id(workspace, "square")
    found = class_merges.preview(workspace, circle)
    assert (found.num_images, found.by_split["train"], found.by_split["val"]) == (5, 3, 1)
    before = history.latest_revision_id(workspace)
    result = class_merges.merge_classes(workspace, circle, square, actor=ACTOR)
    assert result.revision_id == before + 1 == history.latest_revision_id(workspace)
    assert names_on_images(workspace) == ["square", "stripe"]
    assert {c.name: c.num_images for c in classes.list_classes(workspace)} == {
        "square": 10,
        "stripe": 5,
    }
    assert class_named(workspace, "circle").is_retired
    [revision] = history.list_revisions(workspace, limit=1)
    assert (revision.kind, revision.num_changes, revision.message) == (
        "merge_class",
        5,
        "circle merged into square",
    )


def test_merge__is_undone_with_both_classes(workspace: Workspace, tmp_path: Path) -> None:
    make_catalog(workspace, tmp_path / "shapes", train=3, val=0, test=0)
    circle, square = class_id(workspace, "circle"), class_id(workspace, "square")
    result = class_merges.merge_classes(workspace, circle, square, actor=ACTOR)
    assert result.revision_id is not None
    history.undo(workspace, result.revision_id, actor=ACTOR)
    assert {c.name: c.num_images for c in classes.list_classes(workspace)} == {
        "circle": 3,
        "square": 3,
        "stripe": 3,
    }
    with workspace.database.read() as uow:
        assert uow.labels.list_merges() == {}


def test_merge__of_classes_without_images_is_undone_too(workspace: Workspace) -> None:
    cat = classes.create_class(workspace, "cat", actor=ACTOR)
    dog = classes.create_class(workspace, "dog", actor=ACTOR)
    result = class_merges.merge_classes(workspace, cat.label_id, dog.label_id, actor=ACTOR)
    assert [label.name for label in classes.list_classes(workspace)] == ["dog"]
    assert result.revision_id is not None
    history.undo(workspace, result.revision_id, actor=ACTOR)
    assert [label.name for label in classes.list_classes(workspace)] == ["cat", "dog"]


def test_merge__is_saved_once_by_its_operation(workspace: Workspace, tmp_path: Path) -> None:
    make_catalog(workspace, tmp_path / "shapes", train=2, val=0, test=0)
    circle, square = class_id(workspace, "circle"), class_id(workspace, "square")
    class_merges.merge_classes(workspace, circle, square, actor=ACTOR, operation_id="op")
    again = class_merges.merge_classes(workspace, circle, square, actor=ACTOR, operation_id="op")
    assert again.status == "already_applied"


def test_merge__with_itself_or_a_retired_class_is_refused(workspace: Workspace) -> None:
    cat = classes.create_class(workspace, "cat", actor=ACTOR)
    dog = classes.create_class(workspace, "dog", actor=ACTOR)
    with pytest.raises(InvalidInput):
        class_merges.merge_classes(workspace, cat.label_id, cat.label_id, actor=ACTOR)
    class_merges.retire_class(workspace, dog.label_id, actor=ACTOR)
    with pytest.raises(Conflict, match="'dog' is retired"):
        class_merges.merge_classes(workspace, cat.label_id, dog.label_id, actor=ACTOR)
    with pytest.raises(NotFound):
        class_merges.merge_classes(workspace, cat.label_id, 999, actor=ACTOR)


def test_retire__with_images_needs_to_be_told_what_becomes_of_them(
    workspace: Workspace, tmp_path: Path
) -> None:
    make_catalog(workspace, tmp_path / "shapes", train=3, val=0, test=0)
    circle = class_id(workspace, "circle")
    with pytest.raises(Conflict, match="'circle' has 3 images"):
        class_merges.retire_class(workspace, circle, actor=ACTOR)
    result = class_merges.retire_class(workspace, circle, actor=ACTOR, unlabel=True)
    assert names_on_images(workspace) == ["None", "square", "stripe"] or names_on_images(
        workspace
    ) == [None, "square", "stripe"]
    assert "circle" not in [label.name for label in classes.list_classes(workspace)]
    assert result.revision_id is not None
    history.undo(workspace, result.revision_id, actor=ACTOR)
    assert names_on_images(workspace) == ["circle", "square", "stripe"]
    assert not class_named(workspace, "circle").is_retired


def test_unretire__brings_the_class_back_without_a_key_that_is_taken(workspace: Workspace) -> None:
    cat = classes.create_class(workspace, "cat", actor=ACTOR, hotkey="1")
    class_merges.retire_class(workspace, cat.label_id, actor=ACTOR)
    classes.create_class(workspace, "dog", actor=ACTOR, hotkey="1")
    assert class_merges.unretire_class(workspace, cat.label_id, actor=ACTOR).status == "applied"
    back = class_named(workspace, "cat")
    assert (back.is_retired, back.hotkey) == (False, None)
    assert class_merges.unretire_class(workspace, cat.label_id, actor=ACTOR).status == "nothing"


def test_names_of_an_import__follow_merges_and_revive_the_retired(workspace: Workspace) -> None:
    ids = {
        name: classes.create_class(workspace, name, actor=ACTOR).label_id
        for name in ("cat", "kitten", "lynx", "wolf")
    }
    class_merges.merge_classes(workspace, ids["kitten"], ids["cat"], actor=ACTOR)
    class_merges.merge_classes(workspace, ids["cat"], ids["lynx"], actor=ACTOR)
    class_merges.retire_class(workspace, ids["wolf"], actor=ACTOR)
    with workspace.database.write() as uow:
        revision_id = uow.revisions.take_next_id()
        uow.revisions.add(
            revision_id=revision_id,
            operation_id="import",
            kind="import",
            author=ACTOR.name,
            message="",
        )
        taken = class_merges.take_in_names(
            uow, ["kitten", "wolf", "fox", "lynx", "fox"], revision_id=revision_id
        )
    assert {name: label.name for name, label in taken.labels.items()} == {
        "kitten": "lynx",
        "wolf": "wolf",
        "fox": "fox",
        "lynx": "lynx",
    }
    assert (taken.created, taken.revived, taken.merged) == (["fox"], ["wolf"], {"kitten": "lynx"})
    assert [c.name for c in classes.list_classes(workspace)] == ["lynx", "wolf", "fox"]


def test_import__of_a_merged_name_gives_the_class_that_took_it_over(
    workspace: Workspace, tmp_path: Path
) -> None:
    import_folder(workspace, draw_folder(tmp_path / "first", per_class=2))
    class_merges.merge_classes(
        workspace, class_id(workspace, "circle"), class_id(workspace, "square"), actor=ACTOR
    )
    more = tmp_path / "second"
    draw_folder(more, ("wolf", "circle"), per_class=3)
    report = import_folder(workspace, more)
    assert names_on_images(workspace) == ["square", "stripe", "wolf"]
    assert (report.classes_created, report.classes_merged) == (["wolf"], {"circle": "square"})


def test_relabelling_keeps_working_after_a_merge(workspace: Workspace, tmp_path: Path) -> None:
    assets = make_catalog(workspace, tmp_path / "shapes", train=2, val=0, test=0)
    circle, square = class_id(workspace, "circle"), class_id(workspace, "square")
    result = class_merges.merge_classes(workspace, circle, square, actor=ACTOR)
    moved = next(asset for asset in assets if asset.label_id == circle)
    stripe = class_id(workspace, "stripe")
    label_edits.relabel(workspace, [moved.asset_id], stripe, actor=ACTOR)
    assert result.revision_id is not None
    undone = history.undo(workspace, result.revision_id, actor=ACTOR)
    assert [conflict.asset_id for conflict in undone.conflicts] == [moved.asset_id]
    assert class_named(workspace, "circle").num_images == 1


def test_heads__of_checkpoints_are_said_before_a_change() -> None:
    label = Label(
        label_id=1, name="cat", color="#000000", hotkey=None, description="", is_retired=False
    )
    into = Label(
        label_id=2, name="pet", color="#000000", hotkey=None, description="", is_retired=False
    )
    runs = [
        class_merges.TrainedWith(run_id=7, run_name="", class_name="cat", num_checkpoints=2),
        class_merges.TrainedWith(run_id=3, run_name="", class_name="cat", num_checkpoints=0),
    ]
    found = class_merges.ClassPreview(label=label, by_split={}, num_augmented=0, runs=runs)
    first, second = class_merges.describe_heads(found, into=into)
    assert first.startswith("The checkpoints of run 7 were trained with this class")
    assert "go on answering 'cat' for what is 'pet'" in second
    assert "only a new run answers 'lynx'" in class_merges.describe_heads(found, new_name="lynx")[1]
    assert class_merges.describe_heads(found)[1] == "They can still answer 'cat'; a new run cannot."
    assert (
        class_merges.describe_heads(
            class_merges.ClassPreview(label=label, by_split={}, num_augmented=0, runs=runs[1:])
        )
        == []
    )
