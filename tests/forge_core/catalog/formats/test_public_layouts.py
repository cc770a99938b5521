"""More layouts of public data sets: masks, numbers of splits, lists of other kinds, left-overs."""

import json
from pathlib import Path

import pytest

from forge_core.catalog.formats import recognition
from forge_core.catalog.formats.scan.scanned_folder import ScannedFolder
from forge_core.catalog.importing import import_plan
from forge_core.errors import InvalidInput
from forge_core.workspace import Workspace
from tests.forge_core.catalog.public_cases.test_tables import photos


def labels(scanned: ScannedFolder) -> dict[str, str | None]:
    return {entry.path: entry.label_name for entry in scanned.entries}


def splits(scanned: ScannedFolder) -> list[str | None]:
    return [entry.split for entry in scanned.entries]


def kinds(scanned: ScannedFolder) -> list[str]:
    return [caution.kind for caution in scanned.cautions]


def test_masks_beside_images__get_no_label_and_are_told(tmp_path: Path):
    for kind in ("COVID", "Normal"):
        photos(tmp_path / kind / "images", "1.png", "2.png")
        photos(tmp_path / kind / "masks", "1.png", "2.png")
    scanned = recognition.read_folder(tmp_path)
    assert all((label is None) == ("masks" in path) for path, label in labels(scanned).items())
    assert "masks" in kinds(scanned)


def test_mvtec__defects_are_classes_and_their_masks_are_none(tmp_path: Path):
    for thing in ("bottle", "cable"):
        photos(tmp_path / thing / "train" / "good", "0.png", "1.png")
        photos(tmp_path / thing / "test" / "good", "0.png")
        photos(tmp_path / thing / "test" / "bent", "0.png")
        photos(tmp_path / thing / "ground_truth" / "bent", "0_mask.png")
    found = {(e.split, e.label_name) for e in recognition.read_folder(tmp_path).entries}
    assert found == {("train", "good"), ("test", "good"), ("test", "bent"), (None, None)}


@pytest.mark.parametrize("names", [("Mask", "No Mask"), ("masks", "hats"), ("with_mask", "bare")])
def test_classes_called_masks__are_classes(names: tuple[str, str], tmp_path: Path):
    for name in names:
        photos(tmp_path / name, "1.jpg", "2.jpg")
    assert set(labels(recognition.read_folder(tmp_path)).values()) == set(names)


def test_numbers_of_a_partition__are_splits_and_no_classes(tmp_path: Path):
    photos(tmp_path / "img", "1.jpg", "2.jpg", "3.jpg")
    (tmp_path / "list_eval_partition.txt").write_text("1.jpg 0\n2.jpg 1\n3.jpg 2\n")
    scanned = recognition.read_folder(tmp_path)
    assert set(labels(scanned).values()) == {None}
    assert splits(scanned) == ["train", "val", "test"]


@pytest.mark.parametrize("values", ["012", "011"])
def test_a_column_of_numbers_for_splits__is_told(values: str, tmp_path: Path):
    photos(tmp_path, "1.jpg", "2.jpg", "3.jpg")
    rows = "".join(f"{n}.jpg,{'ab'[n % 2]},{v}\n" for n, v in enumerate(values, start=1))
    (tmp_path / "metadata_all.csv").write_text(f"filename,label,split\n{rows}")
    scanned = recognition.read_folder(tmp_path)
    assert len(scanned.entries) == 3
    assert splits(scanned) == (["train", "val", "test"] if values == "012" else [None] * 3)
    assert "split_numbers" in kinds(scanned)


def test_folders_of_another_depth__that_repeat_the_classes_are_passed_over(tmp_path: Path):
    for folder in ("Fnt", "Hnd/Img", "Img/Good/Bmp"):
        for number in (1, 2, 3):
            photos(tmp_path / folder / f"Sample00{number}", f"{number}.png")
    scanned = recognition.read_folder(tmp_path)
    assert set(labels(scanned).values()) == {"Sample001", "Sample002", "Sample003"}
    assert "which_folder" in kinds(scanned)


def test_imagenet_of_kaggle__splits_lie_deep_beside_tables(tmp_path: Path):
    deep = tmp_path / "ILSVRC" / "Data" / "CLS-LOC"
    for name in ("n01", "n02"):
        photos(deep / "train" / name, f"{name}_1.JPEG", f"{name}_2.JPEG")
    photos(deep / "val", "val_1.JPEG")
    (tmp_path / "LOC_val_solution.csv").write_text("ImageId,PredictionString\nval_1,n01 1 2 3 4\n")
    scanned = recognition.read_folder(tmp_path)
    assert sorted(map(str, labels(scanned).values())) == ["None", "n01", "n01", "n02", "n02"]
    assert splits(scanned) == ["train"] * 4 + ["val"]
    assert "unread_labels" in kinds(scanned)


def test_a_table_of_tabs__is_no_list_whose_label_is_the_rest_of_the_line(tmp_path: Path):
    photos(tmp_path, *(f"10{n}.jpg" for n in range(4)))
    rows = "".join(f"10{n}\tAnimalia\tVespa {'ab'[n % 2]}\t20{n}\n" for n in range(4))
    (tmp_path / "occurrence.txt").write_text(f"gbifID\tkingdom\tspecies\tyear\n{rows}")
    found = labels(recognition.read_folder(tmp_path))
    assert list(found.values()) == ["Vespa a", "Vespa b"] * 2


def test_lists_of_numbers_beside_folders__name_no_class_after_an_image(tmp_path: Path):
    names = ("glass", "metal")
    for name in names:
        photos(tmp_path / "set" / name, *(f"{name}{n}.jpg" for n in range(4)))
    rows = [f"{name}{n}.jpg {5 + names.index(name)}\n" for n in range(4) for name in names]
    (tmp_path / "one-indexed-files.txt").write_text("".join(rows))
    (tmp_path / "one-indexed-files_test.txt").write_text("".join(rows[:2]))
    found = labels(recognition.read_folder(tmp_path))
    assert {Path(path).name[:5]: label for path, label in found.items()} == {n: n for n in names}


def test_nabirds__codes_join_the_lists(tmp_path: Path):
    codes = [f"0000139e-21dc-4d0c-bfe1-4cae3c85c8{n:02}" for n in range(4)]
    photos(tmp_path / "images", *(f"{n}.jpg" for n in range(4)))
    rows = {
        "images": [f"{code} {n}.jpg" for n, code in enumerate(codes)],
        "image_class_labels": [f"{code} {(817, 860)[n % 2]}" for n, code in enumerate(codes)],
        "classes": ["22 Owls", "817 Oak Titmouse", "860 Barn Owl"],
    }
    for name, lines in rows.items():
        (tmp_path / f"{name}.txt").write_text("\n".join(lines))
    found = labels(recognition.read_folder(tmp_path))
    assert list(found.values()) == ["Oak Titmouse", "Barn Owl"] * 2


@pytest.mark.parametrize(
    "written",
    [".\\data\\A.JPG", "./data//a.jpg", "DATA/a.PNG", "data/./a.tif", "azureml://x/y/a.jpg"],
)
def test_names__mean_the_one_file_however_the_path_is_written(written: str, tmp_path: Path):
    photos(tmp_path / "data", "a.jpg", "b.jpg")
    (tmp_path / "train.csv").write_text(f"filename,label\n{written},cat\ndata/b.jpg,dog\n")
    assert list(labels(recognition.read_folder(tmp_path)).values()) == ["cat", "dog"]


def test_titles_above_the_header__are_no_columns(tmp_path: Path):
    photos(tmp_path, *(f"{n}.jpg" for n in range(6)))
    rows = "".join(f"{n}.jpg;{('Katze', 'Hund')[n % 2]};Anna\n" for n in range(6))
    text = f"Liste des Museums;;\nvom 1. Mai;;\n\nDatei;Tier;Bearbeiter\n{rows}"
    (tmp_path / "Liste.csv").write_text(text)
    assert list(labels(recognition.read_folder(tmp_path)).values()) == ["Katze", "Hund"] * 3


def test_names_and_images_that_are_left_over__are_told_together(tmp_path: Path):
    photos(tmp_path, "a.jpg", "cat 1.jpg", "cat 2.jpg")
    (tmp_path / "train.csv").write_text(
        "filename,label\na.jpg,dog\nkatze1.jpg,cat\nkatze2.jpg,cat\n"
    )
    assert "unmatched" in kinds(recognition.read_folder(tmp_path))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"type": "taxonomy", "value": {"taxonomy": [["Animal", "Cat"]]}}, "Animal > Cat"),
        ({"type": "rating", "value": {"rating": 4}}, "4"),
        ({"type": "rectanglelabels", "value": {"rectanglelabels": ["Cat"]}}, None),
    ],
)
def test_label_studio__results_that_are_no_choices(value: dict, expected: object, tmp_path: Path):
    photos(tmp_path, "a.jpg")
    task = {"data": {"image": "/data/upload/1/a.jpg"}, "annotations": [{"result": [value]}]}
    (tmp_path / "project.json").write_text(json.dumps([task]))
    scanned = recognition.read_folder(tmp_path)
    assert list(labels(scanned).values()) == [expected]
    assert ("unread_labels" in kinds(scanned)) == (expected is None)


def test_packed_and_unknown_files__that_may_hold_labels_are_told(tmp_path: Path):
    photos(tmp_path, "a.jpg", "b.jpg")
    (tmp_path / "labels.csv.gz").write_bytes(b"\x1f\x8b\x08\0" + b"\1" * 40)
    (tmp_path / "info.labels").write_text('{"files": [{"path": "a.jpg"}, {"path": "b.jpg"}]}')
    told = " ".join(caution.message for caution in recognition.read_folder(tmp_path).cautions)
    assert "labels.csv.gz" in told
    assert "info.labels" in told


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("data.zip", b"<!DOCTYPE html><html>", "a web page"),
        ("data.zip.001", b"PK\x03\x04" + b"x" * 90, "a part of a zip"),
        ("x.h5", b"\x89HDF\r\n\x1a\n\0\0", "HDF5"),
        ("train.tfrecord-00000-of-00002", b"\0\0\0\0", "TFRecord"),
    ],
)
def test_reasons__of_a_folder_without_images(
    name: str, content: bytes, reason: str, sqlite_workspace: Workspace, tmp_path: Path
):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(content)
    with pytest.raises(InvalidInput, match=reason):
        import_plan.prepare(sqlite_workspace, tmp_path / "in")


def test_raw_photographs__are_not_taken_for_the_thumbnail_inside(tmp_path: Path):
    photos(tmp_path / "cat", "a.jpg")
    (tmp_path / "cat" / "b.NEF").write_bytes(b"II*\0" + b"\0" * 60)
    assert list(labels(recognition.read_folder(tmp_path))) == ["a.jpg"]
