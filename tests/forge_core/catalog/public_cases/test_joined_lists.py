"""Lists that a number joins, and lists that name numbers: CUB-200, Places365, Stanford Cars."""

from pathlib import Path

import pytest

from forge_core.catalog.formats import recognition
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, ScannedFolder
from tests.forge_core.catalog.public_cases.test_tables import labels, photos


def lay_out(root: Path, **documents: str) -> Path:
    for name, text in documents.items():
        (root / f"{name}.txt").write_text(text)
    return root


def cub(root: Path, folders: tuple[str, str] = ("", "")) -> Path:
    """Four images numbered 1 to 4, the first two of class 1 and of train."""
    names = [f"{folders[n > 2]}img_{n}.jpg" for n in range(1, 5)]
    photos(root / "images", *names)
    return lay_out(
        root,
        images="".join(f"{n} {name}\n" for n, name in enumerate(names, start=1)),
        image_class_labels="1 1\n2 1\n3 2\n4 2\n",
        train_test_split="1 1\n2 0\n3 1\n4 0\n",
        classes="1 001.Albatross\n2 002.Auklet\n",
        bounding_boxes="1 60.0 27.0 325.0 304.0\n2 1.0 2.0 3.0 4.0\n3 1.0 2.0 3.0 4.0\n",
    )


@pytest.mark.parametrize("folders", [("", ""), ("001.Albatross/", "002.Auklet/")])
def test_cub__numbers_of_images_give_class_and_split(folders: tuple[str, str], tmp_path: Path):
    scanned = recognition.read_folder(cub(tmp_path, folders))
    assert labels(scanned) == ["001.Albatross"] * 2 + ["002.Auklet"] * 2
    assert [entry.split for entry in scanned.entries] == ["train", "test", "train", "test"]
    assert not scanned.cautions
    assert "Numbers are named by classes.txt." in scanned.notes


def test_lists_joined_by_a_column_of_one_name__are_tables_too(tmp_path: Path):
    photos(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    (tmp_path / "images.csv").write_text("image_id,file_name\n11,a.jpg\n12,b.jpg\n13,c.jpg\n")
    (tmp_path / "annotations.csv").write_text(
        "id,image_id,category_id\n1,11,1\n2,12,2\n3,13,2\n4,13,1\n"
    )
    (tmp_path / "categories.csv").write_text("id,name\n1,cat\n2,dog\n")
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == ["cat", "dog", None]
    assert [caution.option for caution in scanned.cautions] == ["several"]


def test_images_that_are_only_numbered__have_no_class(tmp_path: Path):
    photos(tmp_path / "images", "a.jpg", "b.jpg", "c.jpg")
    scanned = recognition.read_folder(lay_out(tmp_path, images="1 a.jpg\n2 b.jpg\n3 c.jpg\n"))
    assert labels(scanned) == [None, None, None]


def numbered(root: Path, first: int, names: str) -> ScannedFolder:
    """Two images with the numbers `first` and `first + 1` in a list beside `names`."""
    photos(root / "val", "a.jpg", "b.jpg")
    return recognition.read_folder(
        lay_out(root, val=f"val/a.jpg {first}\nval/b.jpg {first + 1}\n", categories=names)
    )


@pytest.mark.parametrize(
    ("first", "names", "expected"),
    [
        (0, "/a/airfield 0\n/a/attic 1\n/b/beach 2\n", ["airfield", "attic"]),
        (0, "airfield\nattic\nbeach\n", ["airfield", "attic"]),
        (1, "Hummer SUV 2000\nRL Sedan 2012\n", ["Hummer SUV 2000", "RL Sedan 2012"]),
        (7, "airfield\nattic\n", ["7", "8"]),
    ],
)
def test_numbers__are_named_from_0_or_1_as_they_are_counted(
    first: int, names: str, expected: list[str], tmp_path: Path
):
    assert labels(numbered(tmp_path, first, names)) == expected


def test_numbers_that_may_be_counted_from_0_or_1__are_told(tmp_path: Path):
    scanned = numbered(tmp_path, 1, "airfield\nattic\nbeach\n")
    assert labels(scanned) == ["attic", "beach"]
    assert any("taken for 0, which no image has" in note for note in scanned.notes)


def test_marks_with_blanks_and_doubts__are_one_hot_columns(tmp_path: Path):
    photos(tmp_path / "train" / "patient1", "a.jpg", "b.jpg")
    photos(tmp_path / "train" / "patient2", "c.jpg", "d.jpg")
    (tmp_path / "train.csv").write_text(
        "Path,Sex,Age,No Finding,Edema,Hernia\n"
        "set/train/patient1/a.jpg,Male,60,1.0,,\n"
        "set/train/patient1/b.jpg,Male,60,0.0,1.0,-1.0\n"
        "set/train/patient2/c.jpg,Female,61,,1.0,1.0\n"
        "set/train/patient2/d.jpg,Female,61,,,1.0\n"
    )
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == ["No Finding", "Edema", None, "Hernia"]
    assert [caution.option for caution in scanned.cautions] == ["several"]
    assert "A -1 there marks nothing." in scanned.notes
    both = recognition.read_folder(tmp_path, ReadOptions(several="together"))
    assert labels(both)[2] == "Edema|Hernia"


def test_a_column_without_a_name_that_holds_splits__is_the_split(tmp_path: Path):
    photos(tmp_path, *(f"v{n}.jpg" for n in range(4)))
    rows = [f"v{n}\t{('jump', 'run')[n % 2]}\t{('train', 'val')[n // 2]}" for n in range(4)]
    (tmp_path / "annotations.tsv").write_text("\n".join(rows))
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == ["jump", "run"] * 2
    assert [entry.split for entry in scanned.entries] == ["train", "train", "val", "val"]
