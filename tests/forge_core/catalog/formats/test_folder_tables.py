"""A table of labels beside the images of a folder: found, read, or refused with its rows named."""

from collections import Counter
from pathlib import Path

import pytest

from forge_core.catalog.formats import recognition
from forge_core.errors import InvalidInput
from tests.forge_core.catalog.formats.test_folders import found, make_files, make_table, problems


def test_read_folder__a_table_of_labels(tmp_path: Path) -> None:
    make_files(tmp_path, "images/1.png", "images/2.png", "images/3.png", "images/4.png")
    make_table(
        tmp_path,
        "asset_id,file_path,label_name,split_type,source_dataset,is_augmented",
        "a,images/1.png,cat,train,pets,False",
        'b,images/2.png,"dog, big",held_out,pets,True',
        "c,images/3.png,,,,",
    )
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "vision_forge"
    assert scanned.title == (
        "A table of labels, labels.csv. 1 image has no label there and comes in unlabelled."
    )
    assert found(scanned) == {
        "images/1.png": ("cat", "train"),
        "images/2.png": ("dog, big", "held_out"),
        "images/3.png": (None, None),
    }
    assert [entry.source_dataset for entry in scanned.entries] == ["pets", "pets", None]
    assert [entry.is_augmented for entry in scanned.entries] == [False, True, False]
    assert problems(scanned) == [("images/4.png", "not_listed")]


def test_read_folder__a_table_inside_a_wrapping_folder(tmp_path: Path) -> None:
    make_files(tmp_path, "pets/images/1.png")
    make_table(tmp_path / "pets", "file_path,label_name", "images/1.png,cat")
    scanned = recognition.read_folder(tmp_path)
    assert scanned.root == tmp_path / "pets"
    assert found(scanned) == {"images/1.png": ("cat", None)}


def test_read_folder__bad_rows_are_reported_and_left_out(tmp_path: Path) -> None:
    make_files(tmp_path / "elsewhere", "secret.png")
    root = make_files(tmp_path / "set", *(f"{i}.png" for i in range(1, 6)))
    (root / "link.png").symlink_to(tmp_path / "elsewhere" / "secret.png")
    long_name = "x" * 200
    make_table(
        root,
        "file_path,label_name,split_type",
        "1.png,cat,train",
        "1.png,dog,train",
        "2.png,cat,weekend",
        f"3.png,{long_name},train",
        "none.png,cat,train",
        "../elsewhere/secret.png,cat,train",
        f"{tmp_path}/elsewhere/secret.png,cat,train",
        "link.png,cat,train",
        ",cat,train",
        "",
        "./4.png,cat",
        "5.png",
    )
    scanned = recognition.read_folder(root)
    assert found(scanned) == {
        "1.png": (None, "train"),
        "4.png": ("cat", None),
        "5.png": (None, None),
    }
    assert Counter(reason for _, reason in problems(scanned)) == {
        "several_labels": 1,
        "bad_split": 1,
        "bad_class_name": 1,
        "missing_file": 1,
        "outside": 2,
        "link": 1,
        "bad_name": 1,
    }


@pytest.mark.parametrize(
    "text",
    [
        "\ufefffile_path,label_name,split_type\n1.png,cat,train\n",
        "file_path;label_name;split_type\r\n1.png;cat;train\r\n",
        "file_path\tlabel_name\tsplit_type\n1.png\tcat\ttrain",
        " File_Path , label_name , split_type\n 1.png , cat , train \n",
        "label_name,split_type,file_path\ncat,train,1.png\n",
    ],
)
def test_read_folder__tables_as_spreadsheets_write_them(text: str, tmp_path: Path) -> None:
    make_files(tmp_path, "1.png")
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8", newline="")
    assert found(recognition.read_folder(tmp_path)) == {"1.png": ("cat", "train")}


def test_read_folder__another_name_for_the_table(tmp_path: Path) -> None:
    make_files(tmp_path, "1.png")
    make_table(tmp_path, "file_path,label_name", "1.png,cat", name="pets.csv")
    make_table(tmp_path, "id,breakfast", "1,egg", name="other.csv")
    scanned = recognition.read_folder(tmp_path)
    assert scanned.title.startswith("A table of labels, pets.csv.")
    assert problems(scanned) == [("other.csv", "not_an_image")]


def test_read_folder__an_empty_table_is_an_error(tmp_path: Path) -> None:
    make_files(tmp_path, "1.png")
    (tmp_path / "labels.csv").write_bytes(b"")
    with pytest.raises(InvalidInput) as caught:
        recognition.read_folder(tmp_path)
    assert "labels.csv" in caught.value.message
    assert caught.value.next_step


@pytest.mark.parametrize(
    "row", [b'1.png,"cat\n', b"1.png,cat,1,2,3\n", b"1.png," + b"x" * 200_000 + b"\n"]
)
def test_read_folder__a_row_that_cannot_be_read_is_named_and_the_rest_is_read(
    row: bytes, tmp_path: Path
) -> None:
    make_files(tmp_path, "1.png", "2.png")
    content = b"file_path,label_name\n" + row + b"2.png,dog\n"
    (tmp_path / "labels.csv").write_bytes(content)
    scanned = recognition.read_folder(tmp_path)
    assert found(scanned) == {"2.png": ("dog", None)}
    assert "1.png" in {path for path, _ in problems(scanned)}
    assert {reason for _, reason in problems(scanned)} & {"bad_row", "bad_class_name"}
