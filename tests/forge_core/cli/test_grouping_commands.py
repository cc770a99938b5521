"""`forge classes`, `split --group-by`, `leaks` and `duplicates` on a real workspace."""

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
    assert listed["circle"]["asset_count"] == 10
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
    assert {row["name"]: row["asset_count"] for row in forge_json("classes", "list")} == {
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
    report = forge_json("leaks", exit_code=2)
    assert report["leaks"][0]["num_images"] == len(report["leaks"][0]["asset_ids"]) == 2
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
    assert "Which image" in forge("duplicates", "keep-one", exit_code=1).stderr
    done = forge_json("duplicates", "keep-one", kept["file_path"])
    assert (done["status"], done["num_removed"]) == ("applied", 1)
    again = forge("duplicates", "keep-one", "--all").stdout
    assert "Nothing was removed." in again
    missing = forge("duplicates", "keep-one", "no/such.png", exit_code=1)
    assert "There is no image 'no/such.png'" in missing.stderr
