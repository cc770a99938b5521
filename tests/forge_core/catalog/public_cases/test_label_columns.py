"""Which column or field is the label where several could be, and none has a name that says so."""

import json
from pathlib import Path

import pytest

from forge_core.catalog.formats import recognition
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, ScannedFolder
from tests.forge_core.catalog.public_cases.test_tables import kinds, labels, photos

NAMES = ("a.jpg", "b.jpg", "c.jpg", "d.jpg")
CATS_AND_DOGS = ["cat", "dog", "cat", "dog"]


def read(root: Path, items: list[object], name: str = "export.json") -> ScannedFolder:
    photos(root, *NAMES)
    lines = "\n".join(map(json.dumps, items))
    (root / name).write_text(lines if name.endswith("l") else json.dumps(items))
    return recognition.read_folder(root)


def labelbox(name: str, label: str) -> object:
    answer = {"name": label, "value": label, "classifications": []}
    classification = {"name": "animal", "value": "animal", "radio_answer": answer}
    label_row = {"id": f"l{name}", "annotations": {"classifications": [classification]}}
    return {
        "data_row": {"id": f"c{name}", "external_id": name},
        "projects": {"clp": {"name": "animals", "labels": [label_row]}},
    }


def custom_vision(name: str, label: str) -> object:
    tag = {"tagId": f"7{label}", "tagName": label, "created": "2021"}
    return {"id": f"i{name}", "originalImageUri": f"https://x/i/{name}?sv=2", "tags": [tag]}


def vertex(name: str, label: str) -> object:
    return {
        "imageGcsUri": f"gs://bucket/{name}",
        "classificationAnnotation": {"displayName": label},
        "dataItemResourceLabels": {"aiplatform.googleapis.com/ml_use": "training"},
    }


def old_labelbox(name: str, label: str) -> object:
    answer = {"title": label.title(), "value": label}
    return {
        "ID": f"c{name}",
        "DataRow ID": f"d{name}",
        "External ID": name,
        "Label": {"classifications": [{"title": "animal", "value": "animal", "answer": answer}]},
    }


@pytest.mark.parametrize("make", [labelbox, custom_vision, vertex])
def test_exports_with_nested_fields__the_name_of_the_class_is_the_label(make, tmp_path: Path):
    items = [make(name, label) for name, label in zip(NAMES, CATS_AND_DOGS, strict=True)]
    scanned = read(tmp_path, items, "export.jsonl")
    assert labels(scanned) == CATS_AND_DOGS
    assert not scanned.cautions
    assert {entry.split for entry in scanned.entries} == {"train" if make is vertex else None}


def test_fields_of_one_meaning__are_no_question(tmp_path: Path):
    items = [old_labelbox(name, label) for name, label in zip(NAMES, CATS_AND_DOGS, strict=True)]
    assert labels(read(tmp_path, items)) == ["Cat", "Dog", "Cat", "Dog"]


def test_columns_that_part_the_images_in_two_ways__are_a_question(tmp_path: Path):
    values = zip(NAMES, CATS_AND_DOGS, ("s", "s", "l", "l"), strict=True)
    scanned = read(tmp_path, [{"file": n, "kind": k, "coat": c} for n, k, c in values])
    assert kinds(scanned) == [("unread_labels", "label_column")]
    assert scanned.cautions[0].choices == ("kind", "coat")


@pytest.mark.parametrize(
    ("header", "remark"),
    [("Dateiname;Befund;Bemerkung", "unscharf"), ("Nom du fichier;Espèce;Remarques", "à revoir")],
)
def test_headers_in_other_languages__and_remarks_are_no_label(
    header: str, remark: str, tmp_path: Path
):
    photos(tmp_path, *NAMES)
    rows = zip(NAMES, CATS_AND_DOGS, (remark, "", "", ""), strict=True)
    text = "\r\n".join([header, *(";".join(row) for row in rows)])
    (tmp_path / "liste.csv").write_bytes(text.encode("cp1252"))
    assert labels(recognition.read_folder(tmp_path)) == CATS_AND_DOGS


def test_a_chosen_encoding__counts_for_json_too(tmp_path: Path):
    photos(tmp_path, *NAMES)
    items = [{"image": name, "label": "кот" if name < "c" else "пёс"} for name in NAMES]
    text = json.dumps(items, ensure_ascii=False)
    (tmp_path / "labels.json").write_bytes(text.encode("koi8-r"))
    scanned = recognition.read_folder(tmp_path, ReadOptions(encoding="koi8-r"))
    assert labels(scanned) == ["кот", "кот", "пёс", "пёс"]
    wrong = recognition.read_folder(tmp_path, ReadOptions(encoding="cp1251"))
    assert labels(wrong)[0] != "кот"


def test_a_cell_whose_parts_are_mostly_classes__holds_several(tmp_path: Path):
    photos(tmp_path, *NAMES)
    values = ("scab", "complex", "healthy", "scab frog_eye complex")
    rows = "".join(f"{n},{v}\n" for n, v in zip(NAMES, values, strict=True))
    (tmp_path / "train.csv").write_text(f"image,labels\n{rows}")
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == ["scab", "complex", "healthy", None]
    assert [caution.option for caution in scanned.cautions] == ["several"]


@pytest.mark.parametrize("nothing", ["None", "NULL", "N/A", "Unlabeled"])
def test_a_cell_that_may_mean_no_label__is_no_class_until_a_person_says_so(
    nothing: str, tmp_path: Path
):
    photos(tmp_path, *NAMES)
    rows = zip(NAMES, ["cat", nothing, "dog", nothing], strict=True)
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *map(",".join, rows)]))
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == ["cat", None, "dog", None]
    (caution,) = scanned.cautions
    assert caution.message == (
        f"2 lines of labels.csv say “{nothing}”: taken as no label, not as a class."
    )
    chosen = ReadOptions().choosing(caution.option, "class")
    assert labels(recognition.read_folder(tmp_path, chosen)) == ["cat", nothing, "dog", nothing]
