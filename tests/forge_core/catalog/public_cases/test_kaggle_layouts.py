"""Sets as Kaggle lays them out: a table of a part of the images, numbers that come again."""

from collections import Counter
from pathlib import Path

import pytest

from forge_core.catalog.formats import recognition
from forge_core.catalog.formats.layout import file_names
from forge_core.catalog.formats.scan.scanned_folder import ScannedFolder
from tests.forge_core.catalog.public_cases.test_tables import kinds, labels, photos


def read(root: Path, images: list[str], **documents: str) -> ScannedFolder:
    photos(root, *images)
    for name, text in documents.items():
        (root / name.replace("__", "/")).with_suffix(".csv").write_text(text, "utf-8")
    return recognition.read_folder(root)


def said(scanned: ScannedFolder) -> dict[str, tuple[str | None, str | None]]:
    return {entry.path: (entry.label_name, entry.split) for entry in scanned.entries}


@pytest.mark.parametrize("table", ["train_labels", "trainLabels", "train"])
def test_numbers_that_train_and_test_share__are_those_of_the_table(table: str, tmp_path: Path):
    images = [f"{split}/{number}.png" for split in ("train", "test") for number in range(1, 5)]
    text = "id,label\n1,frog\n2,deer\n3,frog\n4,deer\n"
    scanned = read(tmp_path, images, **{table: text})
    assert said(scanned) == {
        **{f"test/{n}.png": (None, "test") for n in range(1, 5)},
        **{f"train/{n}.png": (("deer", "frog")[n % 2], "train") for n in range(1, 5)},
    }
    assert not scanned.cautions


def test_a_split_folder_that_the_table_leaves_out__comes_in_unlabelled(tmp_path: Path):
    images = [*(f"imgs/train/c{n % 2}/{n}.jpg" for n in range(4)), "imgs/test/7.jpg"]
    rows = "".join(f"p{n // 2},c{n % 2},{n}.jpg\n" for n in range(4))
    scanned = read(tmp_path, images, drivers=f"subject,classname,img\n{rows}")
    assert said(scanned)["imgs/test/7.jpg"] == (None, "test")
    assert said(scanned)["imgs/train/c1/3.jpg"] == ("c1", "train")
    assert [entry.group_key for entry in scanned.entries] == [None, "p0", "p1", "p0", "p1"]


def test_an_image_that_the_table_leaves_out_of_its_own_split__stays_out(tmp_path: Path):
    images = [f"train/{name}" for name in ("a.jpg", "b.jpg", "c.jpg")]
    scanned = read(tmp_path, images, labels="file,label\na.jpg,cat\nb.jpg,dog\n")
    assert said(scanned) == {"train/a.jpg": ("cat", "train"), "train/b.jpg": ("dog", "train")}


def test_a_list_of_test_images_without_labels__gives_both_splits(tmp_path: Path):
    images = [f"images/{name}.jpg" for name in ("Train_0", "Train_1", "Test_0")]
    tables = {"train": "id,scab,rust\nTrain_0,1,0\nTrain_1,0,1\n", "test": "id\nTest_0\n"}
    scanned = read(tmp_path, images, **tables)
    assert list(said(scanned).values()) == [(None, "test"), ("scab", "train"), ("rust", "train")]


def test_a_sample_of_an_answer__labels_nothing(tmp_path: Path):
    images = ["train/daisy/1.jpg", "train/rose/2.jpg", "test/3.jpg"]
    scanned = read(tmp_path, images, sample_submission="id,class\n3,daisy\n")
    assert said(scanned)["test/3.jpg"] == (None, "test")


@pytest.mark.parametrize(
    ("column", "values", "splits"),
    [
        ("Train/Test", ("Train", "Train", "Test", "Test"), ["train", "train", "test", "test"]),
        ("dataset", ("train", "valid", "test", "test"), ["train", "val", "test", "test"]),
        ("is_valid", ("False", "False", "True", "False"), ["train", "train", "val", "train"]),
        ("is_train", ("1", "0", "1", "1"), ["train", "test", "train", "train"]),
        ("usage", ("Casual", "Casual", "Sports", "Formal"), [None] * 4),
        ("fold", ("0", "1", "2", "0"), [None] * 4),
    ],
)
def test_a_column_of_splits__is_known_by_its_values(
    column: str, values: tuple[str, ...], splits: list[str | None], tmp_path: Path
):
    rows = zip(("a.jpg", "b.jpg", "c.jpg", "d.jpg"), ("cat", "dog") * 2, values, strict=True)
    table = f"file,label,{column}\n" + "".join(f"{','.join(row)}\n" for row in rows)
    scanned = read(tmp_path, [], meta=table)
    assert [entry.split for entry in scanned.entries] == splits
    assert labels(scanned) == ["cat", "dog", "cat", "dog"]


@pytest.mark.parametrize(
    "cell",
    ["['cat']", '["cat"]', '{"choices": ["cat"]}', "['cat', 'dog']", '{"choices":["cat","dog"]}'],
)
def test_a_cell_that_is_a_list_of_a_program__holds_its_parts(cell: str, tmp_path: Path):
    quoted = '"' + cell.replace('"', '""') + '"'
    table = f"file,label\na.jpg,{quoted}\nb.jpg,cat\nc.jpg,dog\nd.jpg,cat\n"
    scanned = read(tmp_path, [], labels=table)
    assert labels(scanned) == ["cat" if "dog" not in cell else None, "cat", "dog", "cat"]
    assert [caution.kind for caution in scanned.cautions] == ["several_in_cell"] * ("dog" in cell)


@pytest.mark.parametrize(("yes", "no"), [("True", "False"), ("ja", "nein"), ("YES", "NO")])
def test_marks_in_words__are_marks(yes: str, no: str, tmp_path: Path):
    table = f"file;is_cat;is_dog\na.jpg;{yes};{no}\nb.jpg;{no};{yes}\nc.jpg;{yes};{no}\n"
    scanned = read(tmp_path, ["a.jpg", "b.jpg", "c.jpg"], marks=table)
    assert labels(scanned) == ["is_cat", "is_dog", "is_cat"]


@pytest.mark.parametrize("codes", [("4", "5"), ("MEL", "NV")])
def test_codes__are_named_by_the_table_that_has_their_column(
    codes: tuple[str, str], tmp_path: Path
):
    rows = "".join(f"{name}.jpg,{codes[n % 2]}\n" for n, name in enumerate("abcd"))
    names = f"colour,code,name\nred,{codes[0]},Melanoma\nblue,{codes[1]},Naevus\n"
    scanned = read(tmp_path, [], annotations=f"image,code\n{rows}", legend=names)
    assert labels(scanned) == ["Melanoma", "Naevus"] * 2
    assert "legend.csv" in scanned.title


def test_masks_of_the_same_name__are_not_meant_by_a_table(tmp_path: Path):
    images = [f"{folder}/{n}.png" for folder in ("images", "masks") for n in "abcd"]
    rows = "".join(f"{n}.png,{'cat' if n < 'c' else 'dog'}\n" for n in "abcd")
    scanned = read(tmp_path, images, labels=f"file,label\n{rows}")
    assert {p: label for p, (label, _) in said(scanned).items() if label} == {
        f"images/{n}.png": "cat" if n < "c" else "dog" for n in "abcd"
    }


def test_folders_that_spread_hashes__are_no_classes(tmp_path: Path):
    names = [f"{n}{n + 1}{n + 2}a4f9c0d1e2b3c" for n in range(6)]
    images = [f"train/{name[0]}/{name[1]}/{name[2]}/{name}.jpg" for name in names]
    rows = "".join(f"{name},{7 + n % 2}\n" for n, name in enumerate(names))
    scanned = read(tmp_path, images, train=f"id,landmark_id\n{rows}")
    assert Counter(said(scanned).values()) == {("7", "train"): 3, ("8", "train"): 3}


def test_a_class_called_as_the_first_letter_of_its_files__is_one(tmp_path: Path):
    images = [f"{letter}/{letter}{n}.jpg" for letter in "AB" for n in range(3)]
    assert labels(read(tmp_path, images)) == ["A"] * 3 + ["B"] * 3


def test_archives_unpacked_side_by_side__are_no_classes(tmp_path: Path):
    parts = [f"cast/cast/{split}/{name}" for split in ("train", "test") for name in ("bad", "ok")]
    images = [f"{part}/1.jpg" for part in [*parts, "large/large/bad", "large/large/ok"]]
    found = said(read(tmp_path, images))
    assert found["cast/cast/test/bad/1.jpg"] == ("bad", "test")
    assert found["large/large/ok/1.jpg"] == ("ok", None)


def test_splits_before_classes_in_file_names(tmp_path: Path):
    images = [f"{s}_{c}_{n}.jpg" for s in ("train", "test") for c in ("cat", "dog") for n in "12"]
    scanned = read(tmp_path, images)
    assert said(scanned)["test_dog_2.jpg"] == ("dog", "test")
    assert kinds(scanned) == [("file_names", "class_from")]
    assert file_names.splits_before(["train_cat", "station_cat"]) == {}


def persons(root: Path, first: list[str], second: list[str], *names: str) -> ScannedFolder:
    tables = [
        "file,label\n"
        + "".join(f"{n}.jpg,{label}\n" for n, label in zip("abcd", said, strict=True))
        for said in (first, second)
    ]
    return read(root, [], **dict(zip(names, tables, strict=True)))


def test_a_table_of_each_person__holds_votes(tmp_path: Path):
    first, second = ["cat", "dog", "cat", "dog"], ["cat", "dog", "dog", "dog"]
    scanned = persons(tmp_path, first, second, "labels_anna", "labels_ben")
    assert labels(scanned) == ["cat", "dog", None, "dog"]
    assert [vote.author for vote in scanned.entries[2].votes] == ["anna", "ben"]
    assert kinds(scanned) == [("votes_differ", "votes")]


def test_a_table_of_each_question__is_asked_about(tmp_path: Path):
    first, second = ["cat", "dog", "cat", "dog"], ["red", "red", "blue", "blue"]
    scanned = persons(tmp_path, first, second, "labels_kind", "labels_colour")
    assert labels(scanned) == [None] * 4
    assert kinds(scanned)[0] == ("several_questions", "question")
    assert set(scanned.cautions[0].choices) == {"kind", "colour"}


def test_versions_of_a_table__are_no_persons(tmp_path: Path):
    first, second = ["cat", "dog", "cat", "dog"], ["cat", "dog", "dog", "dog"]
    scanned = persons(tmp_path, first, second, "labels_v1", "labels_v2")
    assert None not in labels(scanned)
    assert kinds(scanned) == [("unread_labels", "document")]


def test_who_is_seen__is_the_group_where_others_label(tmp_path: Path):
    photos(tmp_path)
    (tmp_path / "identity.txt").write_text("a.jpg 7\nb.jpg 7\nc.jpg 8\nd.jpg 9\n")
    (tmp_path / "list_eval_partition.txt").write_text("a.jpg 0\nb.jpg 0\nc.jpg 1\nd.jpg 2\n")
    marks = "a.jpg 1 -1\nb.jpg -1 1\nc.jpg 1 -1\nd.jpg 1 1\n"
    (tmp_path / "list_attr.txt").write_text(f"4\nMale Young\n{marks}")
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == [None] * 4
    assert [entry.group_key for entry in scanned.entries] == ["7", "7", "8", "9"]
    assert [entry.split for entry in scanned.entries] == ["train", "train", "val", "test"]
    assert kinds(scanned) == [("unread_labels", "document"), ("split_numbers", None)]
    assert "list_attr" in scanned.cautions[0].message


def test_age_and_gender__are_asked_about_beside_other_columns(tmp_path: Path):
    values = ("20s,M,Black,left", "20s,F,White,left", "20s,M,White,right", "3s,F,Black,right")
    rows = "".join(f"{n}.jpg,{value}\n" for n, value in zip("abcd", values, strict=True))
    scanned = read(tmp_path, [], faces=f"file,age,gender,race,side\n{rows}")
    assert labels(scanned) == [None] * 4
    assert set(scanned.cautions[0].choices) >= {"age", "gender", "race"}


def test_the_second_sheet_of_a_workbook__is_read(tmp_path: Path):
    openpyxl = pytest.importorskip("openpyxl")
    photos(tmp_path)
    book = openpyxl.Workbook()
    book.active.append(["made by", "quality"])
    sheet = book.create_sheet("parts")
    for row in (("file", "label"), *((f"{n}.jpg", "ok" if n < "c" else "bad") for n in "abcd")):
        sheet.append(row)
    book.save(tmp_path / "list.xlsx")
    assert labels(recognition.read_folder(tmp_path)) == ["ok", "ok", "bad", "bad"]
