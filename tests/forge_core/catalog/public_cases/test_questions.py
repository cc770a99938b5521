"""Kind 7: several questions, several persons, several labels in a cell."""

import json
from collections import Counter
from pathlib import Path

import pytest

from forge_core.catalog.formats import recognition
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions
from forge_core.errors import InvalidInput
from tests.forge_core.catalog.public_cases.conftest import Look
from tests.forge_core.catalog.public_cases.test_tables import labels, photos


def test_two_questions__are_asked_about(look: Look):
    found = look("ls_two_questions")
    assert set(found.labels.values()) == {None}
    assert "“animal”" in found.cautions[0]
    assert "“quality”" in found.cautions[0]
    assert set(look("ls_two_questions", question="animal").labels.values()) == {"cat", "dog"}
    assert set(look("ls_two_questions", question="quality").labels.values()) == {"sharp"}
    assert "no question 'size'" in (look("ls_two_questions", question="size").error or "")


def test_several_persons__most_decide_and_it_is_told(look: Look):
    found = look("ls_many")
    assert list(found.labels.values()) == ["cat", "cat", None, None]
    assert any("“cat” by 2, “dog” by 1" in problem for problem in found.problems)
    assert "Persons gave 1 image different labels: 1 gets the label of most" in found.cautions[0]
    agreed = look("ls_many", votes="agreement")
    assert list(agreed.labels.values()) == [None, "cat", None, None]
    assert "1 comes in unlabelled, into the queue of contested" in agreed.cautions[0]


def test_two_persons_who_disagree__leave_no_label(look: Look):
    found = look("ls_csv_two_annotators")
    assert list(found.labels.values()) == ["cat", None]
    assert any("2 labels" in problem for problem in found.problems)


def test_min_json_with_two_questions__is_asked_about(tmp_path: Path):
    tasks = [
        {"image": n, "animal": c, "mood": "fine", "annotator": 1, "annotation_id": i, "id": i}
        for i, (n, c) in enumerate([("a.jpg", "cat"), ("b.jpg", "dog")])
    ]
    (photos(tmp_path, "a.jpg", "b.jpg") / "x.json").write_text(json.dumps(tasks))
    scanned = recognition.read_folder(tmp_path)
    assert [caution.option for caution in scanned.cautions] == ["question"]
    told = recognition.read_folder(tmp_path, ReadOptions(question="animal"))
    assert labels(told) == ["cat", "dog"]


@pytest.mark.parametrize(
    ("several", "expected"),
    [
        (None, ["cat", "dog", None, "cat"]),
        ("unlabelled", ["cat", "dog", None, "cat"]),
        ("first", ["cat", "dog", "dog", "cat"]),
        ("frequent", ["cat", "dog", "cat", "cat"]),
        ("together", ["cat", "dog", "dog|cat", "cat"]),
    ],
)
@pytest.mark.parametrize("sign", ["|", " ", ";"])
def test_cells_with_several_labels__are_told_with_choices(
    several: str | None, expected: list[str | None], sign: str, tmp_path: Path
):
    cells = ["cat", "dog", f"dog{sign}cat", "cat"]
    rows = "".join(f"{n}.jpg,{cell}\n" for n, cell in enumerate(cells))
    (photos(tmp_path, *(f"{n}.jpg" for n in range(4))) / "x.csv").write_text("file,label\n" + rows)
    scanned = recognition.read_folder(tmp_path, ReadOptions(several=several))
    assert labels(scanned) == [x and x.replace("|", sign) for x in expected]
    asked = [caution.option for caution in scanned.cautions]
    assert asked == (["several"] if several is None else [])


def test_names_of_two_words__are_one_label(tmp_path: Path):
    rows = "0.jpg,golden retriever\n1.jpg,poodle\n2.jpg,golden retriever\n"
    (photos(tmp_path, *(f"{n}.jpg" for n in range(3))) / "x.csv").write_text("file,label\n" + rows)
    scanned = recognition.read_folder(tmp_path)
    assert Counter(labels(scanned)) == {"golden retriever": 2, "poodle": 1}
    assert not scanned.cautions


def test_a_choice_for_several_labels_that_does_not_exist__is_refused(tmp_path: Path):
    (photos(tmp_path, "0.jpg") / "x.csv").write_text("file,label\n0.jpg,a|b\n")
    with pytest.raises(InvalidInput, match="cannot be read as 'all'"):
        recognition.read_folder(tmp_path, ReadOptions(several="all"))
