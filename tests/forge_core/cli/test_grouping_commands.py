"""`forge classes`, `split --group-by`, `leaks` and `duplicates` on a real workspace."""

import csv
import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from forge_core.cli.main import app
from tests.arrange import draw_folder, draw_image


def forge(*arguments, exit_code: int = 0):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == exit_code, result.output
    return result


def forge_json(*arguments, exit_code: int = 0):
    return json.loads(forge(*arguments, "--json", exit_code=exit_code).stdout)


COPIED = ["copied/test/circle/copy.jpg", "copied/train/circle/03.png"]
"""The picture and its copy in `copied`."""


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """30 images of 3 classes in the workspace of the test."""
    folder = draw_folder(tmp_path / "drawn", per_class=10)
    forge("import", folder)
    return folder


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A picture in train and a smaller copy of it in test, beside others."""
    folder = tmp_path / "copied"
    for split, seeds in (("train", range(8)), ("test", range(20, 24))):
        (folder / split / "circle").mkdir(parents=True)
        for seed in seeds:
            _detailed(seed).save(folder / split / "circle" / f"{seed:02d}.png")
    small = _detailed(3).resize((72, 72))
    small.save(folder / "test" / "circle" / "copy.jpg", quality=80)
    forge("import", folder)
    return folder


def _detailed(seed: int) -> Image.Image:
    """A picture with structure all over, so that no two of them look alike."""
    tiles = Image.new("RGB", (96, 96))
    for place in range(16):
        tile = draw_image("square" if (seed + place) % 2 else "stripe", seed * 16 + place, 24)
        tiles.paste(tile, (24 * (place % 4), 24 * (place // 4)))
    return tiles


def test_classes__list_create_and_edit(drawn: Path):
    created = forge_json("classes", "create", "wolf", "--hotkey", "w", "--color", "#00ff00")
    assert (created["name"], created["hotkey"], created["color"]) == ("wolf", "w", "#00FF00")
    forge("classes", "edit", "wolf", "--description", "grey", "--hotkey", "")
    listed = {row["name"]: row for row in forge_json("classes", "list")}
    assert listed["circle"]["num_images"] == 10
    assert (listed["wolf"]["description"], listed["wolf"]["hotkey"]) == ("grey", None)
    assert "wolf" in forge("classes", "list").stdout
    refused = forge("classes", "edit", "wolf", "--hotkey", "t", exit_code=1)
    assert "the gallery uses the others itself" in refused.stderr


def test_classes__rename_and_merge_say_first_what_they_do(drawn: Path):
    preview = forge("classes", "merge", "circle", "square", "--dry-run").stdout
    assert "'circle' has 10 images (10 not assigned)." in preview
    assert "Nothing was changed." in preview
    assert forge_json("classes", "rename", "circle", "disc", "--dry-run")["num_images"] == 10
    forge("classes", "rename", "circle", "disc")
    merged = forge_json("classes", "merge", "disc", "square")
    assert merged["status"] == "applied"
    assert {row["name"]: row["num_images"] for row in forge_json("classes", "list")} == {
        "square": 20,
        "stripe": 10,
    }
    assert "disc" in forge("classes", "list", "--retired").stdout


def test_classes__retire_needs_a_word_about_its_images(drawn: Path):
    refused = forge("classes", "retire", "circle", exit_code=1)
    assert "has 10 images, so it cannot be retired" in refused.stderr
    assert "is retired (revision" in forge("classes", "retire", "circle", "--unlabel").stdout
    assert "in use again" in forge("classes", "unretire", "circle").stdout
    assert "There is no class 'dot'" in forge("classes", "unretire", "dot", exit_code=1).stderr


def test_import__says_where_images_of_merged_and_retired_classes_went(drawn: Path, tmp_path: Path):
    forge("classes", "merge", "circle", "square")
    forge("classes", "retire", "stripe", "--unlabel")
    said = forge(
        "import", draw_folder(tmp_path / "more", ("stripe", "circle"), per_class=12)
    ).stdout
    assert "Images of 'circle' went to 'square': the classes were merged." in said
    assert "In use again: stripe." in said


def test_split__by_counts_and_groups(drawn: Path):
    dry = forge("split", "--counts", "rest,6,3", "--group-by", r"path:_00(\d)", "--dry-run").stdout
    assert "groups are kept whole" in dry
    assert "Nothing was changed." in dry
    done = forge_json("split", "--counts", "rest,6,3")
    totals = {
        split: sum(row[split] for row in done["counts"].values())
        for split in ("train", "val", "test")
    }
    assert totals == {"train": 21, "val": 6, "test": 3}
    assert forge("split", "--counts", "1,2", exit_code=1).stderr.startswith("Error: Cannot split")
    assert forge("split", "--group-by", "looks", exit_code=1).stderr.startswith("Error: Images")


def test_leaks__are_found_split_away_and_gone(copied: Path):
    words = forge("leaks", exit_code=2).stdout
    assert "train and test share 1 group of 2 images: near-duplicates." in words
    assert "  group 1: train     copied/train/circle/03.png" in words
    assert "  group 1: test      copied/test/circle/copy.jpg" in words
    report = forge_json("leaks", exit_code=2)
    assert report["leaks"][0]["num_images"] == len(report["leaks"][0]["asset_ids"]) == 2
    assert [image["path"] for image in report["images"]] == COPIED
    rows = list(csv.DictReader(forge("leaks", "--csv", exit_code=2).stdout.splitlines()))
    assert [(row["reason"], row["splits"], row["group"], row["split"]) for row in rows] == [
        ("near_duplicates", "train and test", "1", "test"),
        ("near_duplicates", "train and test", "1", "train"),
    ]
    forge("split", "--group-by", "near_duplicates")
    assert "No leaks between the splits of 13 images." in forge("leaks").stdout


def test_duplicates__find_list_and_keep_one(copied: Path):
    refused = forge("duplicates", "list", exit_code=1)
    assert "Nobody looked for near-duplicates yet" in refused.stderr
    assert "1 groups of 2 near-duplicates" in forge("duplicates", "find").stdout
    listed = forge_json("duplicates", "list", "--across-splits")
    [group] = listed["groups"]
    kept = group["members"][0]["asset"]
    assert "1 of 1 groups" in forge("duplicates", "list").stdout
    assert "0 of 0 groups" in forge("duplicates", "list", "--contested").stdout
    rows = list(csv.DictReader(forge("duplicates", "list", "--csv").stdout.splitlines()))
    assert sorted(row["path"] for row in rows) == COPIED
    assert {row["group"] for row in rows} == {group["group_id"]}
    assert "Which image" in forge("duplicates", "keep-one", exit_code=1).stderr
    dry = forge("duplicates", "keep-one", kept["file_path"], "--dry-run").stdout
    [other] = {*COPIED} - {kept["file_path"]}
    assert dry == f"remove  {other}\nNothing was removed.\n"
    done = forge_json("duplicates", "keep-one", kept["file_path"])
    assert (done["status"], done["num_removed"]) == ("applied", 1)
    again = forge("duplicates", "keep-one", "--all", "--yes").stdout
    assert "Nothing was removed." in again
    missing = forge("duplicates", "keep-one", "no/such.png", exit_code=1)
    assert "There is no image 'no/such.png'" in missing.stderr


def test_keep_one__of_all_is_a_preview_until_yes(copied: Path):
    forge("duplicates", "find")
    preview = forge("duplicates", "keep-one", "--all").stdout
    assert f"keep    {COPIED[1]}\n  remove  {COPIED[0]}" in preview
    assert "1 images of 1 groups." in preview
    assert preview.endswith(
        "Nothing was removed.\nTo remove them: forge duplicates keep-one --all --yes\n"
    )
    planned = forge_json("duplicates", "keep-one", "--all", "--yes", "--dry-run")
    assert (planned["status"], planned["num_removed"]) == ("dry_run", 1)
    assert planned["classes"][0]["removed_by_split"]["test"] == 1
    assert len(forge_json("duplicates", "list")["groups"]) == 1
    assert "Removed 1 images" in forge("duplicates", "keep-one", "--all", "--yes").stdout


def test_keep_one__of_most_of_a_class_needs_the_number(tmp_path: Path):
    folder = tmp_path / "copies" / "circle"
    folder.mkdir(parents=True)
    draw_folder(tmp_path / "copies", ("square",), per_class=1)
    for quality in (95, 90, 85):
        _detailed(3).save(folder / f"{quality}.jpg", quality=quality)
    forge("import", folder.parent)
    forge("duplicates", "find")
    preview = forge("duplicates", "keep-one", "--all").stdout
    assert "More than half would be gone of circle: 2 of 3." in preview
    assert "--all --yes --remove 2" in preview
    for number in ((), ("--remove", "3")):
        refused = forge("duplicates", "keep-one", "--all", "--yes", *number, exit_code=1)
        assert "Nothing was removed." in refused.stderr
    done = forge("duplicates", "keep-one", "--all", "--yes", "--remove", "2").stdout
    assert "Removed 2 images" in done


def test_split_rule_and_move__say_what_they_do(drawn: Path) -> None:
    assert "no split until you divide" in forge("split-rule").output
    assert forge_json("split-rule", "80/10/10")["rule"] == "80/10/10"
    told = forge("move", "test", "--where", "label=circle", "--dry-run").output
    assert "10 images match." in told
    moved = forge_json("move", "test", "--where", "label=circle")
    assert (moved["num_changed"], moved["num_chosen"]) == (10, 0)
    forge("move", "test", exit_code=1)
