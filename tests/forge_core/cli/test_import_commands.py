"""`forge import` and `forge export` with the formats of other tools."""

from pathlib import Path

import pytest

from tests.arrange import draw_folder, draw_image
from tests.forge_core.cli.commands import forge, forge_json


@pytest.fixture
def breeds(tmp_path: Path) -> Path:
    """Images in train/ and a table whose columns no name tells."""
    folder = tmp_path / "breeds"
    (folder / "train").mkdir(parents=True)
    lines = ["key,what,who"]
    for number in range(12):
        draw_image("circle", number).save(folder / "train" / f"{number}.png")
        lines.append(f"{number},{'beagle' if number % 2 else 'collie'},owner {number // 4}")
    (folder / "train.csv").write_text("\n".join(lines))
    return folder


def test_import__columns_can_be_told(breeds: Path, tmp_path: Path):
    where = ("-w", tmp_path / "w")
    unknown = forge_json("import", breeds, "--dry-run", *where)
    assert (unknown["layout"], unknown["classes"]) == ("split_class", {})
    columns = ("--columns", "path=key,label=what", "--columns", "group=who")
    told = forge_json("import", breeds, "--dry-run", *columns, *where)
    assert (told["layout"], told["why"], told["num_groups"]) == ("table", "you chose it", 3)
    assert told["classes"] == {"beagle": 6, "collie": 6}
    shown = forge("import", breeds, "--dry-run", *columns, *where).stdout
    assert "Read “key” as file name, “what” as label, “who” as group." in shown
    assert "classes: beagle 6, collie 6" in shown
    assert forge_json("import", breeds / "train.csv", *columns, *where)["added"] == 12


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--columns", "path", "does not say which column"),
        ("--columns", "colour=x", "does not say which column"),
        ("--columns", "path=nothing", "has no column 'nothing'"),
        ("--format", "voc", "There is no format 'voc'"),
        ("--format", "coco", "cannot be read as COCO annotations"),
        ("--split-ratio", "80-20", "does not say how to divide"),
    ],
)
def test_import__what_cannot_be_is_said(
    option: str, value: str, message: str, breeds: Path, tmp_path: Path
):
    result = forge("import", breeds, option, value, "-w", tmp_path / "w")
    assert result.exit_code == 1
    assert message in result.stderr


def test_import__divides_what_has_no_split_and_keeps_groups_whole(breeds: Path, tmp_path: Path):
    where = ("-w", tmp_path / "w")
    columns = ("--columns", "path=key,label=what,group=who", "--format", "table")
    settled = forge("import", breeds, *columns, "--split-ratio", "60/20/20", "-w", tmp_path / "t")
    assert "Divided 0 images" in settled.stdout, "the folder is called train"
    assert "`forge split` divides all anew" in settled.stdout + settled.stderr
    (breeds / "train").rename(breeds / "photos")
    done = forge("import", breeds, *columns, "--split-ratio", "60/20/20", *where)
    assert done.exit_code == 0
    assert "Divided 12 images 60/20/20 by class." in done.stdout
    forge_json("export", tmp_path / "out", *where)
    again = forge_json("import", tmp_path / "out", "--dry-run", "-w", tmp_path / "other")
    assert sum(again["splits"].values()) == 12
    assert "No leaks" in forge("leaks", "--group-by", "group_key", *where).stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", ["folders", "hf_imagefolder", "fiftyone", "coco", "label_studio"])
def test_export__in_each_format_and_back(name: str, tmp_path: Path):
    splits = {"train": 2, "val": 1}
    forge_json("import", draw_folder(tmp_path / "drawn", splits=splits), "-w", tmp_path / "w")
    out = tmp_path / "out"
    assert forge_json("export", out, "--format", name, "-w", tmp_path / "w")["num_images"] == 9
    back = forge_json("import", out, "--dry-run", "-w", tmp_path / "other")
    assert back["layout"] == {"folders": "vision_forge"}.get(name, name)
    assert back["classes"] == {"circle": 3, "square": 3, "stripe": 3}
    assert back["splits"] == {"train": 6, "val": 3}
    assert back["problems"] == []


def test_export__parquet_by_its_ending(tmp_path: Path):
    forge_json("import", draw_folder(tmp_path / "drawn", per_class=1), "-w", tmp_path / "w")
    table = tmp_path / "labels.parquet"
    assert forge_json("export", table, "-w", tmp_path / "w")["num_images"] == 3
    assert table.read_bytes()[:4] == b"PAR1"
    unknown = forge("export", tmp_path / "x", "--format", "voc", "-w", tmp_path / "w")
    assert "There is no format 'voc' to write" in unknown.stderr


def test_import_again__says_what_is_here_and_takes_one_choice(tmp_path: Path):
    where = ("-w", tmp_path / "w")
    folder = draw_folder(tmp_path / "shapes")
    forge("import", folder, *where)
    moved = folder / "square" / "moved.png"
    min((folder / "circle").iterdir()).rename(moved)
    looked = forge("import", folder, "--dry-run", *where).stdout
    assert "12 images, all here already." in looked
    assert "1 label differs; what is there would stay." in looked
    kept = forge("import", folder, *where).stdout
    assert "Import again with --merge take or --merge ask to change that." in kept
    asked = forge("import", folder, "--merge", "ask", *where).stdout
    assert "now waits for a person" in asked
    assert "label: circle here, square in square/moved.png" in forge("contested", *where).stdout
    said = forge_json("history", "--findings", "2", *where)
    assert {(one["finding"]["before"], one["finding"]["said"]) for one in said} >= {
        ("circle", "square")
    }
    assert "Decided: 1." in forge("contested", "--answer", "theirs", *where).stdout
    assert "No image is contested." in forge("contested", *where).stdout
    assert forge("import", folder, "--dry-run", *where).stdout.count("differ") == 0


def test_import__of_a_label_file_alone_brings_labels_to_the_catalog(tmp_path: Path):
    where = ("-w", tmp_path / "w")
    (tmp_path / "photos").mkdir()
    for number in range(3):
        draw_image("circle", number).save(tmp_path / "photos" / f"{number}.png")
    forge("import", tmp_path / "photos", *where)
    table = tmp_path / "made" / "answers.csv"
    table.parent.mkdir()
    table.write_text("file_path,label_name\n0.png,cat\n1.png,dog\n9.png,dog\n")
    done = forge("import", table, *where).stdout
    assert "2 labels were taken for images that are there." in done
    assert "9.png" in done


@pytest.mark.parametrize("word", ["none", "any"])
def test_export__classes_may_be_called_none_and_any(word: str, tmp_path: Path):
    workspace = tmp_path / "w"
    for name, shade in ((f"{word}/a.png", 10), ("cat/b.png", 90), ("c.png", 200)):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        draw_image("circle", shade).save(tmp_path / "set" / name)
    forge_json("import", tmp_path / "set", "-w", workspace)

    def exported(*options: str) -> int:
        out = tmp_path / f"{len(list(tmp_path.iterdir()))}.csv"
        return forge_json("export", out, *options, "-w", workspace)["num_images"]

    assert exported("--label", word) == 1
    assert exported("--where", f"label={word}") == 1
    assert exported("--unlabelled") == exported("--where", "unlabelled") == 1
    other = {"none": "any", "any": "none"}[word]  # a word that no class has keeps its meaning
    assert exported("--where", f"label={other}") == {"any": 2, "none": 1}[other]
