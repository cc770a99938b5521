"""Documents called as an image each, questions in CVAT, and lists that add to what was read."""

import json
from pathlib import Path

import pytest

from forge_core.catalog.formats import recognition
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, ScannedFolder
from forge_core.errors import InvalidInput
from tests.forge_core.catalog.public_cases.test_tables import kinds, labels, photos

NAMES = ("a.jpg", "b.jpg", "c.jpg", "d.jpg")
CATS_AND_DOGS = ["cat", "dog", "cat", "dog"]
PAIRS = list(zip(NAMES, CATS_AND_DOGS, strict=True))


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def test_supervisely__tags_in_a_parallel_folder(tmp_path: Path):
    photos(tmp_path / "ds0" / "img", *NAMES)
    for name, label in PAIRS:
        tags = [{"name": label, "value": None}]
        write(tmp_path / "ds0" / "ann" / f"{name}.json", {"tags": tags, "objects": []})
    assert labels(recognition.read_folder(tmp_path)) == CATS_AND_DOGS


@pytest.mark.parametrize("as_flags", [True, False])
def test_labelme__flags_or_shapes(as_flags: bool, tmp_path: Path):
    photos(tmp_path, *NAMES)
    for name, label in PAIRS:
        flags = {known: known == label for known in ("cat", "dog")} if as_flags else {}
        shapes = [] if as_flags else [{"label": label, "points": [[0, 0]]}] * 2
        write(tmp_path / f"{name[:1]}.json", {"flags": flags, "shapes": shapes})
    assert labels(recognition.read_folder(tmp_path)) == CATS_AND_DOGS


def test_yolo_boxes__are_told_and_names_of_splits_are_no_classes(tmp_path: Path):
    for split in ("train", "val"):
        for number in range(3):
            photos(tmp_path / "images" / split, f"im{split}{number}.jpg")
            boxes = f"{number % 2} 0.5 0.5 0.2 0.2\n"
            write(tmp_path / "labels" / split / f"im{split}{number}.txt", boxes)
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == [None] * 6
    assert kinds(scanned) == [("unread_labels", None)]
    assert "6 documents called as an image each" in scanned.cautions[0].message


def cvat(root: Path, *tags: str, **options: str) -> ScannedFolder:
    photos(root, *NAMES[: len(tags)])
    images = "".join(
        f'<image id="{n}" name="{NAMES[n]}">{inside}</image>' for n, inside in enumerate(tags)
    )
    head = "<annotations><version>1.1</version>"
    write(root / "annotations.xml", f"{head}{images}</annotations>")
    return recognition.read_folder(root, ReadOptions(**options))


def species(name: str, quality: str = "") -> str:
    more = f'<attribute name="quality">{quality}</attribute>' if quality else ""
    return f'<tag label="animal"><attribute name="species">{name}</attribute>{more}</tag>'


def test_cvat__the_attribute_of_tags_that_are_alike_is_the_label(tmp_path: Path):
    assert labels(cvat(tmp_path, *map(species, CATS_AND_DOGS))) == CATS_AND_DOGS


def test_cvat__several_attributes_are_a_question(tmp_path: Path):
    tags = [species("cat", "good"), species("dog", "bad"), species("cat", "bad")]
    scanned = cvat(tmp_path, *tags)
    assert labels(scanned) == [None] * 3
    assert kinds(scanned) == [("several_questions", "question")]
    assert labels(cvat(tmp_path, *tags, question="quality")) == ["good", "bad", "bad"]
    with pytest.raises(InvalidInput, match="no question"):
        cvat(tmp_path, *tags, question="colour")


def test_cvat__tags_of_two_kinds_are_a_question(tmp_path: Path):
    both = [(a, b) for b in ("indoor", "outdoor") for a in ("cat", "dog")]
    tags = [f'<tag label="{a}"/><tag label="{b}"/>' for a, b in both]
    assert cvat(tmp_path, *tags).cautions[0].choices == ("cat / dog", "indoor / outdoor")
    assert labels(cvat(tmp_path, *tags, question="cat / dog")) == CATS_AND_DOGS


def test_cvat__a_second_tag_now_and_then_is_several_labels(tmp_path: Path):
    tags = ['<tag label="cat"/>', '<tag label="dog"/><tag label="blurred"/>', '<tag label="dog"/>']
    scanned = cvat(tmp_path, *tags)
    assert labels(scanned) == ["cat", None, "dog"]
    assert kinds(scanned) == [("several_in_cell", "several")]


def test_cells_of_json__are_columns(tmp_path: Path):
    photos(tmp_path, *NAMES)
    cells = [f'{n},"{{""class"": ""{label}"", ""note"": """"}}",{{}}' for n, label in PAIRS]
    write(tmp_path / "via.csv", "\n".join(["filename,file_attributes,region_attributes", *cells]))
    assert labels(recognition.read_folder(tmp_path)) == CATS_AND_DOGS


def test_numbers__are_named_by_the_folders_of_their_images(tmp_path: Path):
    names = [f"{domain}/{label}/x.jpg" for domain in ("photo", "art") for label in ("cat", "dog")]
    photos(tmp_path, *names)
    write(tmp_path / "photo_train.txt", f"{names[0]} 1\n{names[1]} 2\n")
    write(tmp_path / "art_train.txt", f"{names[2]} 1\n{names[3]} 2\n")
    assert labels(recognition.read_folder(tmp_path)) == CATS_AND_DOGS


def test_a_column_of_words__stands_for_the_one_of_numbers(tmp_path: Path):
    photos(tmp_path, *NAMES)
    rows = (f"{name},{label},{int(label == 'dog')}" for name, label in PAIRS)
    write(tmp_path / "train.csv", "\n".join(["image,kind_of,target", *rows]))
    assert labels(recognition.read_folder(tmp_path)) == CATS_AND_DOGS


def test_counts_of_votes__are_no_label_without_a_question(tmp_path: Path):
    photos(tmp_path, *NAMES)
    rows = (f"{name},{8 * (n % 2)},{9 - 9 * (n % 2)}" for n, name in enumerate(NAMES))
    write(tmp_path / "votes.csv", "\n".join(["image,neutral,happy", *rows]))
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == [None] * 4
    assert scanned.cautions[0].choices == ("neutral", "happy")


def test_lists_of_splits__add_to_a_table(tmp_path: Path):
    photos(tmp_path, *NAMES)
    write(tmp_path / "entries.csv", "\n".join(["image,label", *map(",".join, PAIRS)]))
    write(tmp_path / "train_val_list.txt", "a.jpg\nb.jpg\n")
    write(tmp_path / "test_list.txt", "c.jpg\nd.jpg\n")
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == CATS_AND_DOGS
    assert [entry.split for entry in scanned.entries] == ["train", "train", "test", "test"]


def test_numbers_of_a_table__mean_folders_that_are_numbers(tmp_path: Path):
    photos(tmp_path, *(f"Train/0000{n % 2}/x{n}.png" for n in range(6)))
    photos(tmp_path, "Test/v.png", "Test/w.png")
    write(tmp_path / "Test" / "GT-test.csv", "Filename;ClassId\nv.png;1\nw.png;0\n")
    by_path = {e.path: e.label_name for e in recognition.read_folder(tmp_path).entries}
    assert by_path["Test/v.png"] == "00001"
    assert by_path["Test/w.png"] == "00000"


def test_folders_by_first_letter__are_passed_over(tmp_path: Path):
    photos(tmp_path, "a/abbey/1.jpg", "a/attic/2.jpg", "b/balcony/exterior/3.jpg", "b/bar/4.jpg")
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == ["abbey", "attic", "balcony", "bar"]


@pytest.mark.parametrize("name", ["imagelabels.mat", "labels.pkl"])
def test_what_may_hold_labels_and_is_never_read__is_told(name: str, tmp_path: Path):
    photos(tmp_path / "jpg", *NAMES)
    (tmp_path / name).write_bytes(b"MATLAB 5.0 MAT-file" + bytes(range(256)))
    assert name in recognition.read_folder(tmp_path).cautions[0].message
