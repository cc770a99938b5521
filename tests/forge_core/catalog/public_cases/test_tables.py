"""Kind 2: a label file is read, or it is said before anything else that it is not."""

import json
from collections import Counter
from pathlib import Path

import pytest

from forge_core.catalog.formats import recognition
from forge_core.catalog.formats.documents import text_encoding
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, ScannedFolder
from forge_core.errors import InvalidInput
from tests.forge_core.catalog.public_cases.conftest import Look

CATS_AND_DOGS = {"cat": 2, "dog": 2}


def photos(root: Path, *names: str) -> Path:
    for name in names or ("a.jpg", "b.jpg", "c.jpg", "d.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"pixels")
    return root


def labels(scanned: ScannedFolder) -> list[str | None]:
    return [entry.label_name for entry in scanned.entries]


def kinds(scanned: ScannedFolder) -> list[tuple[str, str | None]]:
    return [(caution.kind, caution.option) for caution in scanned.cautions]


@pytest.mark.parametrize(
    "case",
    [
        *("excel_sepline", "no_header", "csv_in_subfolder", "hf_file_name_variants"),
        *("json_list", "datumaro", "onehot_extra"),
    ],
)
def test_a_table_in_an_unusual_form__is_read(case: str, look: Look):
    found = look(case)
    assert Counter(found.labels.values()) == CATS_AND_DOGS
    assert not found.cautions


def test_a_code_page__is_guessed_and_shown(look: Look):
    found = look("excel_cp1252")
    assert Counter(found.labels.values()) == {"Kätzchen": 2, "Hündin": 2}
    assert "cp1252" in found.cautions[0]
    other = look("excel_cp1252", encoding="cp1251")
    assert "Kätzchen" not in other.labels.values()
    with pytest.raises(InvalidInput, match="no encoding"):
        recognition.read_folder(Path(), ReadOptions(encoding="klingon"))


def test_a_workbook__is_named(look: Look):
    assert "labels.xlsx" in look("excel_xlsx").cautions[0]


def test_ham10000__diagnosis_and_lesion(look: Look):
    found = look("ham10000")
    assert Counter(found.labels.values()) == {"bkl": 2, "mel": 1, "nv": 1}
    assert len(set(found.groups.values())) == 3


def test_cassava__numbers_get_their_names(look: Look):
    found = look("cassava")
    assert Counter(found.labels.values()) == {"CBB": 2, "Healthy": 2}
    assert "label_num_to_disease_map.json" in found.notes


def test_a_label_file_behind_many_texts__is_said_first(look: Look):
    found = look("k4_hidden_note")
    assert "val_labels.json" in " ".join([*found.cautions, found.notes])
    assert Counter(found.labels.values())["c01"] >= 1


def test_gtsrb__tables_of_train_and_test(look: Look):
    found = look("gtsrb")
    assert Counter(found.labels.values()) == {"0": 4, "1": 3}
    assert Counter(found.splits.values()) == {"train": 4, "test": 3}


def test_a_bad_row__is_named_and_the_rest_read(look: Look):
    found = look("quoted_bad_row")
    assert Counter(found.labels.values()) == {"Shoes": 1, "Bags": 1}
    assert any("styles.csv line 3" in problem for problem in found.problems)
    assert any("styles.csv line 4" in problem for problem in found.problems)


# --- drawn variants ----------------------------------------------------------------------------

NAMES = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
CLASSES = ["cat", "dog", "cat", "dog"]
PAIRS = list(zip(NAMES, CLASSES, strict=True))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.json", dict(PAIRS)),
        ("x.json", {"cat": ["a.jpg", "c.jpg"], "dog": ["b.jpg", "d"]}),
        ("x.json", {"v": 1, "set": {"items": [{"f": n, "meta": {"c": c}} for n, c in PAIRS]}}),
        ("x.json", [[n, c] for n, c in PAIRS]),
        ("x.json", {"filenames": NAMES, "label": CLASSES}),
        ("x.json", {"f": dict(enumerate(NAMES)), "c": dict(enumerate(CLASSES))}),
        ("x.json", {"columns": ["f", "c"], "data": [[n, c] for n, c in PAIRS]}),
        ("x.json", {n: {"file_attributes": {"kind": c}, "size": 9} for n, c in PAIRS}),
        ("meta/deep/x.json", [{"f": n, "annotations": [{"label": c}]} for n, c in PAIRS]),
        ("x.jsonl", "".join(json.dumps({"img": n, "gt": c}) + "\n" for n, c in PAIRS)),
        ("meta/x.csv", "Datei;Tierart\n" + "".join(f"{n};{c}\n" for n, c in PAIRS)),
        ("x.csv", "画像,種類\n" + "".join(f"{n},{c}\n" for n, c in PAIRS)),
        ("x.csv", "cls,where\n" + "".join(f"{c},C:\\data\\{n}\n" for n, c in PAIRS)),
        ("x.csv", "".join(f"{c},{n}\n" for n, c in PAIRS)),
        ("x.csv", "a,cat,dog,weight\n" + "".join(f"{n},{+(c == 'cat')},{+(c == 'dog')},{i}.5\n"
                                                for i, (n, c) in enumerate(PAIRS))),
        ("lists/x.txt", "".join(f"{n}\t{c}\n" for n, c in PAIRS)),
        ("x.txt", "file,kind\n" + "".join(f"{n},{c}\n" for n, c in PAIRS)),
        ("x.csv", '"","file","kind"\n' + "".join(f'"{i}","{n}","{c}"\n'
                                                for i, (n, c) in enumerate(PAIRS))),
    ],
)  # fmt: skip
def test_any_shape_in_which_values_name_files__is_read(name: str, content: object, tmp_path: Path):
    photos(tmp_path)
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / name).write_text(text, encoding="utf-8")
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == CLASSES
    assert not scanned.cautions


def test_a_workbook_with_rows__is_read(tmp_path: Path):
    import openpyxl

    book = openpyxl.Workbook()
    for row in [("Bild", "Art"), *PAIRS]:
        book.active.append(row)
    book.save(photos(tmp_path) / "x.xlsx")
    assert labels(recognition.read_folder(tmp_path)) == CLASSES


def test_a_workbook_without_its_reader__is_told_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import openpyxl

    book = openpyxl.Workbook()
    for row in [("Bild", "Art"), *PAIRS]:
        book.active.append(row)
    book.save(photos(tmp_path) / "x.xlsx")
    monkeypatch.setattr("forge_core.catalog.formats.documents.workbook.NEEDS", "not_there")
    (caution,) = recognition.read_folder(tmp_path).cautions
    assert "x.xlsx" in caution.message
    assert "vision-forge[excel]" in caution.message


def test_several_columns_that_may_be_the_label__are_asked_for(tmp_path: Path):
    rows = [(n, c, k) for (n, c), k in zip(PAIRS, ["red", "red", "blue", "red"], strict=True)]
    text = "f,animal,colour\n" + "".join(",".join(row) + "\n" for row in rows)
    (photos(tmp_path) / "x.csv").write_text(text)
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == [None] * 4
    assert kinds(scanned) == [("unread_labels", "label_column")]
    assert scanned.cautions[0].choices == ("animal", "colour")
    told = recognition.read_folder(tmp_path, ReadOptions(label_column="colour"))
    assert labels(told) == ["red", "red", "blue", "red"]
    assert not told.cautions


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", "Photos:\n\n![a cat](a.jpg)\n![a dog](b.jpg)\n"),
        ("notes.txt", "Taken in May.\nThe best one is a.jpg, then b.jpg.\nNone is sharp.\nBye.\n"),
        ("sizes.csv", "file,width,height\n" + "".join(f"{n},640,480\n" for n in NAMES)),
        ("sums.txt", "".join(f"{i:032x}  {n}\n" for i, n in enumerate(NAMES))),
        ("LICENSE.txt", "a.jpg\nb.jpg\n"),
        ("boxes.txt", "".join(f"{n} {i} {i + 9} {i + 5} {i + 7}\n" for i, n in enumerate(NAMES))),
    ],
)
def test_notices_and_lists_of_sizes__raise_no_alarm(name: str, text: str, tmp_path: Path):
    (photos(tmp_path) / name).write_text(text)
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "flat"
    assert not scanned.cautions


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.yaml", "".join(f"- file: {n}\n  kind: {c}\n" for n, c in PAIRS)),
        ("x.xml", "<set>" + "".join(f"<p n='{n}' c='{c}'/>" for n, c in PAIRS) + "</set>"),
        ("x.dat", "".join(f"{n}::{c}\n" for n, c in PAIRS)),
    ],
)
def test_an_unknown_form_that_names_images__is_told(name: str, text: str, tmp_path: Path):
    (photos(tmp_path) / name).write_text(text)
    scanned = recognition.read_folder(tmp_path)
    assert kinds(scanned) == [("unread_labels", None)]
    assert name in scanned.cautions[0].message


@pytest.mark.parametrize(
    ("word", "encoding"),
    [
        *(("Hündin", "cp1252"), ("štěně", "cp1250"), ("köpek güneş", "cp1254")),
        *(("собака", "cp1251"), ("собака", "koi8-r"), ("собака", "cp866"), ("σκύλος", "cp1253")),
        *(("été", "mac-roman"), ("汽车", "gb18030"), ("いぬ", "cp932")),
        *(("naïve", "cp1252"), ("biały żółty", "cp1250"), ("cat", "utf-16-le")),
    ],
)
def test_each_code_page__is_told_from_the_others(word: str, encoding: str, tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_bytes(f"f,l\n0.jpg,{word}\n1.jpg,cat\n".encode(encoding))
    assert text_encoding.of(path) == encoding
