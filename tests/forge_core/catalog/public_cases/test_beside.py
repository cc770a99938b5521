"""Kind 2: lists and files beside the images, and images inside tables and arrays."""

import io
import json
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from PIL import Image
from pyarrow import parquet

from forge_core.catalog.formats import recognition
from forge_core.catalog.importing import import_plan
from forge_core.workspace import Workspace
from tests.forge_core.catalog.public_cases.conftest import Look
from tests.forge_core.catalog.public_cases.test_tables import labels, photos


def splits(scanned) -> Counter:
    return Counter(entry.split for entry in scanned.entries)


def test_food101__classes_from_folders_and_splits_from_lists(look: Look):
    found = look("food101")
    assert Counter(found.labels.values()) == {"apple_pie": 4, "ramen": 4}
    assert Counter(found.splits.values()) == {"train": 6, "test": 2}
    assert not found.cautions


def test_webdataset__labels_beside_the_images(look: Look):
    assert Counter(look("webdataset").labels.values()) == {"0": 2, "1": 2}


def test_hf_parquet__images_and_names_come_out(look: Look):
    found = look("hf_parquet")
    assert found.error is None
    assert None not in found.labels.values()
    assert not any(label.isdecimal() for label in found.labels.values())


def test_a_list_of_validation_images__labels_what_the_folders_do_not(tmp_path: Path):
    photos(tmp_path, *(f"train/{c}/{n}.jpg" for c in ("cat", "dog") for n in "ab"))
    photos(tmp_path, "val/1.jpg", "val/2.jpg")
    (tmp_path / "val" / "annotations.txt").write_text("1.jpg\tcat\t0\t9\n2.jpg\tdog\t3\t8\n")
    scanned = recognition.read_folder(tmp_path)
    found = {entry.path: entry.label_name for entry in scanned.entries}
    assert (found["val/1.jpg"], found["val/2.jpg"]) == ("cat", "dog")
    assert "val/annotations.txt gives the label of 2 images" in scanned.title


def test_a_list_with_other_classes__is_told_and_not_mixed_in(tmp_path: Path):
    photos(tmp_path, *(f"train/{c}/{n}.jpg" for c in ("cat", "dog") for n in "ab"))
    photos(tmp_path, "val/1.jpg", "val/2.jpg")
    (tmp_path / "marks.csv").write_text("file,label\nval/1.jpg,good\nval/2.jpg,bad\n")
    scanned = recognition.read_folder(tmp_path)
    assert None in labels(scanned)
    assert [caution.kind for caution in scanned.cautions] == ["unread_labels", "unlabelled_split"]


def test_an_image_in_the_lists_of_two_splits__gets_none(tmp_path: Path):
    photos(tmp_path, *(f"{c}/{n}.jpg" for c in ("cat", "dog") for n in "ab"))
    (tmp_path / "train.txt").write_text("cat/a\ncat/b\ndog/a\n")
    (tmp_path / "test.txt").write_text("dog/a\ndog/b\n")
    scanned = recognition.read_folder(tmp_path)
    assert splits(scanned) == {"train": 2, "test": 1, None: 1}
    assert "In the lists of two splits, and so in none: 1 image." in scanned.title


@pytest.mark.parametrize(
    ("ending", "content"),
    [
        ("cls", "{}"),
        ("txt", "{}\n"),
        ("json", '{{"label": "{}"}}'),
        ("json", '{{"meta": 1, "class": ["{}"]}}'),
        ("xml", "<annotation><object><name>{}</name></object></annotation>"),
    ],
)
def test_a_label_beside_each_image__is_read(ending: str, content: str, tmp_path: Path):
    photos(tmp_path)
    for name, label in zip("abcd", ("cat", "dog", "cat", "dog"), strict=True):
        (tmp_path / f"{name}.{ending}").write_text(content.format(label))
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "sidecars"
    assert labels(scanned) == ["cat", "dog", "cat", "dog"]


@pytest.mark.parametrize("content", ["{} 0.5 0.5 0.1 0.2\n", "A photo, number {}, of a dog.\n"])
def test_boxes_and_captions_beside_images__are_no_labels(content: str, tmp_path: Path):
    photos(tmp_path)
    for number, name in enumerate("abcd"):
        (tmp_path / f"{name}.txt").write_text(content.format(number))
    assert labels(recognition.read_folder(tmp_path)) == [None] * 4


def test_shards_in_a_tar__are_unpacked_and_read(sqlite_workspace: Workspace, tmp_path: Path):
    with tarfile.open(tmp_path / "shard.tar", "w") as archive:
        for number in range(4):
            for ending, data in (("png", picture(number)), ("cls", str(number % 2).encode())):
                info = tarfile.TarInfo(f"{number:04}.{ending}")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    plan = import_plan.prepare(sqlite_workspace, tmp_path / "shard.tar")
    assert plan.classes == {"0": 2, "1": 2}
    import_plan.discard(plan)


def picture(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (shade * 40, 9, 9)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("is_struct", [True, False])
def test_parquet_with_bytes__is_laid_out_with_names(
    is_struct: bool, sqlite_workspace: Workspace, tmp_path: Path
):
    images = [picture(number) for number in range(4)]
    column = [{"bytes": data, "path": None} for data in images] if is_struct else images
    features = {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
    table = pyarrow.table({"image": column, "label": [0, 1, 1, 0]})
    table = table.replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})}
    )
    (tmp_path / "data").mkdir()
    parquet.write_table(table, tmp_path / "data" / "test-00000-of-00001.parquet")
    plan = import_plan.prepare(sqlite_workspace, tmp_path)
    assert plan.classes == {"cat": 2, "dog": 2}
    assert plan.splits == {"test": 4}
    assert plan.scanned.locate(plan.files[0]).read_bytes() in images
    import_plan.discard(plan)
    assert not plan.folder.exists()
    assert tmp_path.exists()


def test_numpy_arrays__are_laid_out_with_splits(sqlite_workspace: Workspace, tmp_path: Path):
    pixels = np.arange(3 * 8 * 8, dtype=np.uint8).reshape(3, 8, 8)
    arrays = {"x_train": pixels, "y_train": np.array([0, 1, 1])}
    arrays |= {"x_test": pixels[:1], "y_test": np.array([[1]])}
    np.savez(tmp_path / "mnist.npz", **arrays)
    plan = import_plan.prepare(sqlite_workspace, tmp_path)
    assert plan.classes == {"0": 1, "1": 3}
    assert plan.splits == {"train": 3, "test": 1}
    import_plan.discard(plan)


def test_arrays_of_objects__are_never_unpickled(sqlite_workspace: Workspace, tmp_path: Path):
    photos(tmp_path / "set", "a.jpg")
    np.savez(tmp_path / "x.npz", images=np.array([{"a": 1}], dtype=object))
    with pytest.raises(Exception, match=r"No image|cannot be read"):
        import_plan.prepare(sqlite_workspace, tmp_path / "x.npz")
