"""Files as the writers of FiftyOne, Label Studio and Hugging Face make them."""

from pathlib import Path

import pytest

from forge_core.catalog.formats import recognition
from tests.forge_core.catalog.formats.test_formats import (
    label_studio_task,
    labels,
    make_files,
    reasons,
    splits,
    write,
)


@pytest.mark.parametrize(
    "content",
    [
        # fiftyone 1.22.1, FiftyOneImageClassificationDatasetExporter: plain, with classes, with
        # include_confidence, with include_attributes
        {"classes": None, "labels": {"one": "cat", "two": "dog", "one-2": "cat", "four": None}},
        {"classes": ["cat", "dog"], "labels": {"one": 0, "two": 1, "one-2": 0, "four": None}},
        {
            "classes": ["cat", "dog"],
            "labels": {
                "one": {"label": 0, "confidence": 0.5},
                "two": {"label": 1, "confidence": 0.5},
                "one-2": {"label": 0, "confidence": 0.5},
                "four": None,
            },
        },
        {
            "classes": None,
            "labels": {
                "one": {"label": "cat", "confidence": 0.5, "attributes": {}},
                "two": {"label": "dog", "confidence": 0.5, "attributes": {}},
                "one-2": {"label": "cat", "confidence": 0.5, "attributes": {}},
                "four": None,
            },
        },
    ],
)
def test_fiftyone__every_way_its_exporter_writes_labels(content: object, tmp_path: Path):
    make_files(tmp_path, *(f"data/{name}.png" for name in ("one", "two", "one-2", "four")))
    write(tmp_path / "labels.json", content)
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "fiftyone"
    assert labels(scanned) == {
        "data/one.png": "cat",
        "data/two.png": "dog",
        "data/one-2.png": "cat",
        "data/four.png": None,
    }


def test_fiftyone__folders_inside_data_and_split_folders(tmp_path: Path):
    make_files(tmp_path, "train/data/a/one.png", "train/data/b/one.png", "val/data/v1.2.png")
    write(tmp_path / "train/labels.json", {"classes": None, "labels": {"a/one": "cat"}})
    write(tmp_path / "val/labels.json", {"classes": ["cat", "dog"], "labels": {"v1.2": 1}})
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == {"train/data/a/one.png": "cat", "val/data/v1.2.png": "dog"}
    assert splits(scanned) == {"train/data/a/one.png": "train", "val/data/v1.2.png": "val"}
    assert reasons(scanned) == {"not_listed": 1}


LABEL_STUDIO_FILES = ("one.png", "img/a/two.png", "b/one.png", "b/four.png")
LABEL_STUDIO_FULL = [
    label_studio_task(1, "/data/upload/1/0123abcd-one.png", "cat"),
    label_studio_task(2, "/data/local-files/?d=img/a/two.png", "dog"),
    label_studio_task(3, "s3://bucket/b/one.png", "cat", "dog"),
    label_studio_task(4, "https://x.y/b/four.png"),
]
# label-studio-sdk 2.0.19, Converter.convert_to_json_min of the tasks above
LABEL_STUDIO_MIN = [
    {"image": "/data/upload/1/0123abcd-one.png", "id": 1, "choice": "cat", "annotator": "a@b.c"},
    {"image": "/data/local-files/?d=img/a/two.png", "id": 2, "choice": "dog", "annotator": 1},
    {"image": "s3://bucket/b/one.png", "id": 3, "choice": {"choices": ["cat", "dog"]}},
    {"image": "https://x.y/b/four.png", "id": 4, "annotator": "a@b.c"},
]
for _task in LABEL_STUDIO_MIN:
    _task |= {"annotation_id": 7, "created_at": "2024-01-01T10:00:00Z", "lead_time": 1.5}


@pytest.mark.parametrize("tasks", [LABEL_STUDIO_FULL, LABEL_STUDIO_MIN], ids=["json", "json-min"])
def test_label_studio__choices(tasks: object, tmp_path: Path):
    make_files(tmp_path, *LABEL_STUDIO_FILES)
    write(tmp_path / "project-1.json", tasks)
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "label_studio"
    assert labels(scanned) == {
        "one.png": "cat",
        "img/a/two.png": "dog",
        "b/one.png": None,
        "b/four.png": None,
    }
    assert reasons(scanned) == {"several_labels": 1}


def test_label_studio__uploads_may_keep_or_lose_their_prefix(tmp_path: Path):
    make_files(tmp_path, "images/0123abcd-one.png")
    write(tmp_path / "export.json", [LABEL_STUDIO_FULL[0]])
    assert labels(recognition.read_folder(tmp_path)) == {"images/0123abcd-one.png": "cat"}


def test_label_studio__cancelled_annotations_do_not_count(tmp_path: Path):
    make_files(tmp_path, "one.png")
    task = label_studio_task(1, "/data/upload/1/0123abcd-one.png", "cat")
    cancelled = {**task["annotations"][0], "was_cancelled": True}  # type: ignore[index]
    write(tmp_path / "export.json", [{**task, "annotations": [cancelled]}])
    assert labels(recognition.read_folder(tmp_path)) == {"one.png": None}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("metadata.csv", "file_name,label\n1.png,cat\nsub/2.png,dog\n"),
        (
            "metadata.jsonl",
            '{"file_name":"1.png","label":"cat"}\n{"file_name":"sub/2.png","label":"dog"}',
        ),
        ("metadata.csv", "text,file_name,label\nx,1.png,0\ny,sub/2.png,1\n"),
        (
            "metadata.jsonl",
            '{"file_name":"1.png","label":0}\n{"file_name":"sub/2.png","label":1}\n',
        ),
    ],
)
def test_hf_imagefolder__labels_as_text_or_number_with_split_folders(
    name: str, text: str, tmp_path: Path
):
    for split in ("train", "validation"):
        make_files(tmp_path / split, "1.png", "sub/2.png")
        write(tmp_path / split / name, text)
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "hf_imagefolder"
    first, second = ("0", "1") if "0" in text else ("cat", "dog")
    assert labels(scanned) == {
        "train/1.png": first,
        "train/sub/2.png": second,
        "validation/1.png": first,
        "validation/sub/2.png": second,
    }
    assert splits(scanned)["validation/1.png"] == "val"


def test_hf_imagefolder__one_metadata_file_for_all_splits(tmp_path: Path):
    make_files(tmp_path, "train/1.png", "test/2.png")
    write(tmp_path / "metadata.csv", "file_name,label\ntrain/1.png,cat\ntest/2.png,dog\n")
    scanned = recognition.read_folder(tmp_path)
    assert splits(scanned) == {"train/1.png": "train", "test/2.png": "test"}
