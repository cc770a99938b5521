"""Kinds 4, 5 and 6: ids and names are compared by what they mean, and only what is one matches."""

import json
from collections import Counter
from pathlib import Path

import pytest

from forge_core.catalog.formats import recognition
from tests.forge_core.catalog.public_cases.conftest import Look
from tests.forge_core.catalog.public_cases.test_tables import labels, photos


@pytest.mark.parametrize("case", ["coco_float_ids", "coco_float_category"])
def test_ids_of_numbers_with_a_point__are_ids(case: str, look: Look):
    assert list(look(case).labels.values()) == ["cat", "dog", "cat", "dog"]


def test_numbers_as_labels__are_the_same_in_each_table(look: Look):
    found = look("float_labels")
    assert Counter(found.labels.values()) == {"3": 3, "1": 3, None: 2}


@pytest.mark.parametrize("missing", [None, float("nan"), "9", 7.5, True, ""])
def test_an_id_that_nothing_has__labels_nothing_and_is_told(missing: object, tmp_path: Path):
    images = [{"id": n, "file_name": f"{n}.jpg"} for n in range(2)]
    images += [{"id": missing, "file_name": "2.jpg"}, {"file_name": "3.jpg"}]
    content = {
        "images": images,
        "categories": [{"id": 0, "name": "cat"}],
        "annotations": [
            {"image_id": "0", "category_id": 0.0},
            {"image_id": 1, "category_id": missing},
            {"image_id": missing, "category_id": "0"},
        ],
    }
    photos(tmp_path, *(f"{n}.jpg" for n in range(4)))
    (tmp_path / "a.json").write_text(json.dumps(content))
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned)[:2] == ["cat", None]
    assert labels(scanned)[3] is None
    assert "bad_id" in {problem.reason for problem in scanned.problems}


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("dup_class_names", {"crane (0)": 2, "crane (2)": 1, "maillot": 1}),
        ("coco_dup_names", {"crane (1)": 2, "crane (2)": 2}),
    ],
)
def test_two_classes_of_one_name__stay_two(case: str, expected: dict[str, int], look: Look):
    found = look(case)
    assert Counter(found.labels.values()) == expected
    assert "“crane” is the name of 2 classes" in found.notes


@pytest.mark.parametrize("case", ["abs_windows", "case_differs", "ls_csv", "excel_scientific"])
def test_names_of_another_machine__are_found(case: str, look: Look):
    assert Counter(look(case).labels.values()) == {"cat": 2, "dog": 2}


@pytest.mark.parametrize("case", ["percent_names", "ls_renamed_upload"])
def test_names_that_a_server_changed__are_found(case: str, look: Look):
    assert Counter(look(case).labels.values()) == {"cat": 2}


def test_numbers_that_a_spreadsheet_shortened__are_told(tmp_path: Path):
    photos(tmp_path, "1234567890123.jpg", "2.jpg")
    (tmp_path / "x.csv").write_text("id,label\n1.23457E+12,cat\n2,dog\n")
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == ["dog"]
    assert scanned.cautions[0].kind == "damaged_ids"
    assert "1.23457E+12" in scanned.cautions[0].message


@pytest.mark.parametrize(
    ("written", "file"),
    [
        ("D:\\fotos\\a.JPG", "a.jpg"),
        ("\\\\server\\share\\a.jpg", "a.jpg"),
        ("/Users/me/a.jpg", "a.jpg"),
        ("../images/a.jpg", "images/a.jpg"),
        ("file:///Users/me/a.jpg", "a.jpg"),
        ("na%C3%AFve%20one.jpg", "naïve one.jpg"),
        ("0123abcd-my_photo_1.jpg", "my photo (1).jpg"),
        ("IMAGES/A.PNG", "images/a.png"),
        ("7", "007.jpg"),
        ("7.0", "007.jpg"),
    ],
)
def test_a_name_written_elsewhere__means_the_one_file(written: str, file: str, tmp_path: Path):
    photos(tmp_path, file, "other/b.jpg")
    (tmp_path / "x.csv").write_text(f"file,label\n{written},cat\nother/b.jpg,dog\n")
    found = {e.path: e.label_name for e in recognition.read_folder(tmp_path).entries}
    assert found == {file: "cat", "other/b.jpg": "dog"}


@pytest.mark.parametrize(
    ("written", "files"),
    [
        ("A.JPG", ("a.jpg", "u/a.jpg")),
        ("7", ("007.jpg", "0007.jpg")),
        ("my_photo_1.jpg", ("my photo (1).jpg", "my photo 1.jpg")),
        ("C:\\x\\a.jpg", ("u/a.jpg", "v/a.jpg")),
    ],
)
def test_a_name_that_fits_two_files__means_neither(
    written: str, files: tuple[str, str], tmp_path: Path
):
    photos(tmp_path, *files, "b.jpg")
    (tmp_path / "x.csv").write_text(f"file,label\n{written},cat\nb.jpg,dog\n")
    scanned = recognition.read_folder(tmp_path)
    assert {entry.path: entry.label_name for entry in scanned.entries} == {"b.jpg": "dog"}
