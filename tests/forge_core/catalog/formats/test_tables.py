"""Tables of labels: what their columns mean, how they are written, what is done with odd ones."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from forge_core.catalog.formats import recognition
from forge_core.catalog.formats.documents import columns
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, ScannedFolder
from forge_core.errors import InvalidInput


def make_files(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"pixels")
    return root


def labels(scanned: ScannedFolder) -> dict[str, str | None]:
    return {entry.path: entry.label_name for entry in scanned.entries}


def reasons(scanned: ScannedFolder) -> Counter[str]:
    return Counter(problem.reason for problem in scanned.problems)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("id,breed", {"path": "id", "label": "breed"}),
        ("Image Name,Class", {"path": "Image Name", "label": "Class"}),
        ("filename,target,usage", {"path": "filename", "label": "target", "split": "usage"}),
        ("file_path,label_id,label_name", {"path": "file_path", "label": "label_name"}),
        ("img-id,x,y,patient_id", {"path": "img-id", "label": "y", "group": "patient_id"}),
        ("image,anything", {"path": "image", "label": "anything"}),
        ("a,b,c", {}),
    ],
)
def test_guess__columns_by_their_names(header: str, expected: dict[str, str]):
    assert columns.guess(header.split(",")) == expected


@pytest.mark.parametrize("text", ["path=a,label=b c", " path = a , label= b c "])
def test_parse__roles_and_columns(text: str):
    assert columns.parse([text, "group=d"]) == {"path": "a", "label": "b c", "group": "d"}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("t.csv", b"id,label\n1,cat\n2,dog\n"),
        ("t.csv", b"\xef\xbb\xbfid;label\r\n1;cat\r\n2;dog\r\n"),
        ("t.tsv", b"id\tlabel\n1\tcat\n2\tdog\n"),
        ("t.csv", b"id|label\n1|cat\n2|dog\n"),
        ("t.csv", "id\tlabel\n1\tcat\n2\tdog\n".encode("utf-16")),  # Excel's "Unicode text"
        ("t.csv", b'"label","id"\n"cat","1.png"\n"dog","photos/2.png"\n'),
        ("t.csv", b"id,label\n./photos/1.png,cat\nphotos\\2.png,dog\n"),
        ("t.csv", b"id,label\nset/photos/1.png,cat\nset/photos/2.png,dog\n"),
        ("t.csv", b"id,label\nhttps://x.y/set/photos/1.png?size=9,cat\ns3://b/2.png,dog\n"),
    ],
)
def test_read__a_table_however_it_was_written(name: str, data: bytes, tmp_path: Path):
    make_files(tmp_path, "photos/1.png", "photos/2.png")
    (tmp_path / name).write_bytes(data)
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "table"
    assert labels(scanned) == {"photos/1.png": "cat", "photos/2.png": "dog"}


def test_read__parquet_with_numbers_lists_and_nothing(tmp_path: Path):
    make_files(tmp_path, *(f"{number}.png" for number in range(5)))
    rows = {"id": range(5), "target": [0.0, 1.0, None, 2.0, 2.0], "split": ["train"] * 5}
    pd.DataFrame(rows).to_parquet(tmp_path / "set.parquet")
    scanned = recognition.read_folder(tmp_path)
    assert list(labels(scanned).values()) == ["0", "1", None, "2", "2"]
    assert {entry.split for entry in scanned.entries} == {"train"}
    lists = [["cat"], ["dog"], [], ["cat", "dog"], ["dog", "dog"]]
    pd.DataFrame({"id": range(5), "labels": lists}).to_parquet(tmp_path / "set.parquet")
    scanned = recognition.read_folder(tmp_path)
    assert list(labels(scanned).values()) == ["cat", "dog", None, None, "dog"]
    assert reasons(scanned) == {"several_labels": 1}


def test_read__a_damaged_parquet_is_passed_over(tmp_path: Path):
    make_files(tmp_path, "cat/1.png", "dog/2.png")
    (tmp_path / "set.parquet").write_bytes(b"PAR1 and then nothing PAR1")
    assert recognition.read_folder(tmp_path).layout == "folder_per_class"


def test_read__the_column_that_names_most_files_is_taken(tmp_path: Path):
    make_files(tmp_path, "a.png", "b.png")
    (tmp_path / "t.csv").write_text("path,image,label\nold/1,a.png,cat\nold/2,b.png,dog\n")
    scanned = recognition.read_folder(tmp_path)
    assert scanned.tables[0].mapping == {"path": "image", "label": "label"}
    assert labels(scanned) == {"a.png": "cat", "b.png": "dog"}


def test_read__a_submission_with_made_up_labels_is_not_read(tmp_path: Path):
    make_files(tmp_path, "train/1.png", "train/2.png", "test/1.png", "test/2.png")
    (tmp_path / "train.csv").write_text("id,label\n1,cat\n2,dog\n")
    (tmp_path / "test.csv").write_text("id\n1\n2\n")
    (tmp_path / "sample_submission.csv").write_text("id,label\n1,cat\n2,cat\n")
    scanned = recognition.read_folder(tmp_path)
    learnt, asked = {"train/1.png": "cat", "train/2.png": "dog"}, ("test/1.png", "test/2.png")
    assert labels(scanned) == {**learnt, **dict.fromkeys(asked)}
    splits = {entry.path: entry.split for entry in scanned.entries}
    assert splits == {**dict.fromkeys(learnt, "train"), **dict.fromkeys(asked, "test")}
    assert reasons(scanned) == {"not_an_image": 2}


def test_read__equal_names_are_told_apart_by_their_split_or_named(tmp_path: Path):
    make_files(tmp_path, "a/1.png", "b/1.png", "training/2.png", "test/2.png")
    (tmp_path / "t.csv").write_text("id,label,split\n1.png,cat,\n2.png,dog,train\n")
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == {"training/2.png": "dog"}
    (problem,) = [p for p in scanned.problems if p.reason == "ambiguous"]
    assert problem.message == "“1.png” of t.csv line 2 can mean 2 files; left out."


def test_read__folders_are_believed_before_a_table_of_a_few(tmp_path: Path):
    make_files(tmp_path, *(f"{c}/{n}.png" for c in ("cat", "dog") for n in range(5)))
    (tmp_path / "favourites.csv").write_text("file,label\ncat/1.png,best\n")
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "folder_per_class"
    assert scanned.tables[0].document == "favourites.csv"
    told = recognition.read_folder(tmp_path, ReadOptions(document="favourites.csv"))
    assert labels(told) == {"cat/1.png": "best"}


def test_read__a_column_can_be_used_for_nothing(tmp_path: Path):
    make_files(tmp_path, "1.png")
    (tmp_path / "t.csv").write_text("id,label,split\n1,cat,train\n")
    options = ReadOptions(format_name="table", columns={"split": "", "label": "", "group": "label"})
    (entry,) = recognition.read_folder(tmp_path, options).entries
    assert (entry.label_name, entry.split, entry.group_key) == (None, None, "cat")


def test_read__rows_in_two_splits_are_named(tmp_path: Path):
    make_files(tmp_path, "1.png")
    (tmp_path / "t.csv").write_text("id,label,split\n1,cat,train\n1,cat,test\n")
    scanned = recognition.read_folder(tmp_path)
    (entry,) = scanned.entries
    assert (entry.label_name, entry.split) == ("cat", "train")
    assert reasons(scanned) == {"duplicate": 1}


def test_read__long_group_keys_and_sources_are_kept_short(tmp_path: Path):
    make_files(tmp_path, "1.png", "2.png")
    long = "x" * 200
    (tmp_path / "t.csv").write_text(
        f"id,label,group,source\n1,cat,{long}a,{long}\n2,cat,{long}b,{long}\n"
    )
    first, second = recognition.read_folder(tmp_path).entries
    assert first.group_key != second.group_key
    assert max(len(entry.group_key or "") for entry in (first, second)) <= 128
    assert first.source_dataset == "x" * 64


@pytest.mark.parametrize("form", ["wrapper", "wrapper/deeper"])
def test_read__a_label_file_inside_folders_that_only_wrap(form: str, tmp_path: Path):
    make_files(tmp_path, f"{form}/data/1.png", f"{form}/data/2.png", "README.txt")
    (tmp_path / form / "labels.json").write_text('{"classes": null, "labels": {"1": "cat"}}')
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "fiftyone"
    assert scanned.root == tmp_path / form
    assert labels(scanned) == {"data/1.png": "cat"}


def test_read__a_label_file_that_is_not_there(tmp_path: Path):
    make_files(tmp_path, "1.png")
    with pytest.raises(InvalidInput, match=r"There is no label file “x\.csv”"):
        recognition.read_folder(tmp_path, ReadOptions(document="x.csv"))
    with pytest.raises(InvalidInput, match="There is no table beside the images"):
        recognition.read_folder(tmp_path, ReadOptions(format_name="table"))


def test_read__real_labels_beside_photos(shared_data: Callable[[str], Path]):
    scanned = recognition.read_folder(shared_data("imagenet_samples_100"))
    assert scanned.tables[0].mapping == {"path": "file", "label": "name"}
    assert len(set(labels(scanned).values())) == 100
    assert labels(scanned)["n01440764_tench.JPEG"] == "tench"
