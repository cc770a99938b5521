"""The standing rule gives new images their split, and never moves one that is there."""

import hashlib
import io
from collections import Counter
from pathlib import Path

import pytest

from db.enums import Split
from forge_core.catalog.editing import corrections
from forge_core.catalog.splits import split_rule
from forge_core.errors import InvalidInput
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, class_id, draw_folder, draw_image, import_folder, list_all

EIGHTY = split_rule.parse("80/10/10")


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    draw_image("circle", seed).save(buffer, "PNG")
    return buffer.getvalue()


def with_groups(folder: Path, rows: list[tuple[str, str, str]]) -> Path:
    """A folder of pictures with a table: a group and a split, empty for none, for each."""
    folder.mkdir()
    lines = ["path,label,group,split"]
    for number, (name, group, split) in enumerate(rows):
        (folder / name).write_bytes(png(100 * len(folder.name) + number))
        lines.append(f"{name},circle,{group},{split}")
    (folder / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder


def splits_of(workspace: Workspace) -> dict[str, str | None]:
    return {Path(asset.file_path).name: asset.split_type for asset in list_all(workspace)}


def test_rule__nothing_changes_until_somebody_sets_one(workspace: Workspace, tmp_path) -> None:
    report = import_folder(workspace, draw_folder(tmp_path / "shapes"))
    assert str(split_rule.find(workspace)) == "none"
    assert report.split_by_rule == {}
    assert set(splits_of(workspace).values()) == {None}


def test_rule__a_ratio_draws_by_the_bytes_alone() -> None:
    hashes = [hashlib.sha256(f"image {number}".encode()).hexdigest() for number in range(4000)]
    drawn = Counter(EIGHTY.split_of(each) for each in hashes)
    assert [round(drawn[split] / 40) for split in ("train", "val", "test")] == [80, 10, 10]
    # 0.8 of 16^13 is 0xccccccccccccc.c: train below it, then val; test from 0xe666666666666.6 on
    assert EIGHTY.split_of("ccccccccccccc" + 51 * "0") is Split.TRAIN
    assert EIGHTY.split_of("ccccccccccccd" + 51 * "0") is Split.VAL
    assert EIGHTY.split_of("e666666666667" + 51 * "0") is Split.TEST
    assert EIGHTY.split_of(64 * "f", is_augmented=True) is None
    assert split_rule.parse("1/0/1").split_of(64 * "f") is Split.TEST


def test_rule__an_import_draws_what_has_no_split_and_leaves_the_rest(
    workspace: Workspace, tmp_path
) -> None:
    there = import_folder(workspace, draw_folder(tmp_path / "before", per_class=1))
    split_rule.put(workspace, EIGHTY, actor=ACTOR)
    split_rule.put(workspace, split_rule.parse("0/0/100"), actor=ACTOR)
    rows = [("a.png", "", ""), ("b.png", "", "val"), ("c.png", "", "")]
    report = import_folder(workspace, with_groups(tmp_path / "new", rows))
    found = splits_of(workspace)
    assert (there.added, report.split_by_rule) == (3, {"test": 2})
    assert [found[name] for name, _, _ in rows] == ["test", "val", "test"]
    assert list(found.values()).count(None) == 3
    again = import_folder(workspace, tmp_path / "before")
    assert (again.added, list(splits_of(workspace).values()).count(None)) == (0, 3)


@pytest.mark.parametrize("rule", ["group", "100/0/0"])
def test_rule__a_new_image_follows_its_group(workspace: Workspace, tmp_path, rule: str) -> None:
    first = [("a.png", "ann", "test"), ("b.png", "bob", "held_out")]
    import_folder(workspace, with_groups(tmp_path / "first", first))
    split_rule.put(workspace, split_rule.parse(rule), actor=ACTOR)
    second = [
        ("c.png", "ann", ""),
        ("d.png", "bob", ""),  # its group is kept aside
        ("e.png", "cid", ""),
        ("f.png", "dan", ""),  # declared for another image of the same import, further down
        ("g.png", "dan", "val"),
    ]
    import_folder(workspace, with_groups(tmp_path / "second", second))
    found = splits_of(workspace)
    new = None if rule == "group" else "train"
    assert [found[name] for name, _, _ in second] == ["test", None, new, "val", "val"]


def test_rule__a_corrected_picture_goes_into_train_unless_the_rule_is_asked(
    sqlite_workspace: Workspace, tmp_path
) -> None:
    import_folder(sqlite_workspace, draw_folder(tmp_path / "shapes", per_class=1))
    split_rule.put(sqlite_workspace, split_rule.parse("0/0/1"), actor=ACTOR)
    label_id = class_id(sqlite_workspace, "circle")
    found = [
        corrections.correct(
            sqlite_workspace, png(900 + n), label_id, name="x.png", actor=ACTOR, **choices
        ).asset.split_type
        for n, choices in enumerate(
            [{"was_wrong": True}, {"was_wrong": False}, {"was_wrong": True, "asks_rule": True}]
        )
    ]
    assert found == ["train", "test", "test"]


def test_rule__what_is_no_rule_is_refused() -> None:
    for text in ("some", "80/20", "0/0/0", "-1/1/1"):
        with pytest.raises(InvalidInput):
            split_rule.parse(text)
