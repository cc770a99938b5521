"""Formats of other tools: real files where somebody has some, else what the tool itself wrote."""

import html
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forge_core.catalog.formats import recognition
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, ScannedFolder
from forge_core.errors import ForgeError, InvalidInput
from tests.chance import examples

Labels = dict[str, str | None]


def make_files(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"pixels")
    return root


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")


def labels(scanned: ScannedFolder) -> Labels:
    return {entry.path: entry.label_name for entry in scanned.entries}


def splits(scanned: ScannedFolder) -> dict[str, str | None]:
    return {entry.path: entry.split for entry in scanned.entries}


def reasons(scanned: ScannedFolder) -> Counter[str]:
    return Counter(problem.reason for problem in scanned.problems)


def label_studio_task(number: int, image: str, *choices: str) -> dict[str, object]:
    """A task as Label Studio exports it."""
    value = {"choices": list(choices)}
    result = {"value": value, "from_name": "choice", "to_name": "image", "type": "choices"}
    annotation = {"id": 100 + number, "result": [result] if choices else [], "lead_time": 1.5}
    return {"id": number, "data": {"image": image}, "annotations": [annotation]}


# --- real files -----------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["ann.csv", "ann_wo_ext.csv"])
def test_kaggle__id_and_label_with_and_without_extension(
    table: str, shared_data: Callable[[str], Path]
):
    folder = shared_data("formats") / "kaggle_dataset" / "image_csv"
    scanned = recognition.read_folder(folder, ReadOptions(document=table))
    assert scanned.layout == "table"
    found = [label for _, label in sorted(labels(scanned).items())]
    assert found == ["dog", "cat", "dog", "cat", "cat"]
    assert scanned.tables[0].document == table
    assert scanned.tables[0].mapping == {"path": "image_name", "label": "label_name"}


def test_kaggle__several_marked_columns_are_reported(shared_data: Callable[[str], Path]):
    folder = shared_data("formats") / "kaggle_dataset" / "image_csv_multi_label"
    scanned = recognition.read_folder(folder)
    found = [label for _, label in sorted(labels(scanned).items())]
    assert found == ["dog", "cat", "person", None, None, None]
    assert reasons(scanned)["several_labels"] == 3


def test_kaggle__a_text_list(shared_data: Callable[[str], Path]):
    scanned = recognition.read_folder(shared_data("formats") / "kaggle_dataset" / "image_txt")
    assert scanned.layout == "imagenet_txt"
    assert Counter(labels(scanned).values()) == {"cat": 3, "dog": 2}


def test_imagenet_txt__numbers_stand_for_lines_of_synsets(shared_data: Callable[[str], Path]):
    scanned = recognition.read_folder(shared_data("formats") / "imagenet_txt_dataset" / "basic")
    assert scanned.layout == "imagenet_txt"
    assert labels(scanned) == {"images/1.jpg": "label_0", "images/2.jpg": "label_5"}
    assert set(splits(scanned).values()) == {"train"}
    assert reasons(scanned) == {"missing_file": 2}


@pytest.mark.parametrize("folder", ["coco_labels", "coco_roboflow"])
def test_coco__one_category_is_a_label_and_several_are_reported(
    folder: str, shared_data: Callable[[str], Path]
):
    scanned = recognition.read_folder(shared_data("formats") / "coco_dataset" / folder)
    assert scanned.layout == "coco"
    by_name = {path.rsplit("/", 1)[-1]: label for path, label in labels(scanned).items()}
    assert by_name == {"a.jpg": "b", "b.jpg": None}
    assert sorted(filter(None, splits(scanned).values())) == ["train", "val"]
    assert reasons(scanned) == {"several_labels": 1}


def test_coco__a_json_in_its_own_folder_can_be_named(shared_data: Callable[[str], Path]):
    folder = shared_data("formats") / "coco_dataset" / "coco_labels"
    options = ReadOptions(document="annotations/labels_train.json")
    scanned = recognition.read_folder(folder, options)
    assert labels(scanned) == {"images/train/a.jpg": "b"}


def test_roboflow__variants_of_one_original_are_one_group(shared_data: Callable[[str], Path]):
    scanned = recognition.read_folder(shared_data("nail_roboflow"))
    assert scanned.layout == "roboflow"
    classes = {"Bluish Nail", "Healthy Nail", "Koilonychia", "Terry-s nail"}
    assert set(labels(scanned).values()) == classes
    assert set(splits(scanned).values()) == {"train", "val", "test"}
    assert 1 < scanned.num_groups < len(scanned.entries)
    groups = {entry.group_key for entry in scanned.entries if "/23_PNG_jpg.rf." in entry.path}
    assert groups == {"23_PNG_jpg"}
    assert scanned.why == "there is a _classes.csv"


def test_automl__addresses_are_cut_to_the_names_that_lie_here(
    shared_data: Callable[[str], Path], tmp_path: Path
):
    table = (shared_data("formats") / "google_automl" / "automl.csv").read_text()
    lines = table.splitlines()
    write(tmp_path / "automl.csv", table)
    listed = [line.split(",") for line in lines[:30] + lines[-30:]]
    make_files(tmp_path, *(f"photos/{address.rsplit('/', 1)[-1]}" for _, address, _ in listed))
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "google_automl"
    found = {path.rsplit("/", 1)[-1]: label for path, label in labels(scanned).items()}
    assert found == {address.rsplit("/", 1)[-1]: label for _, address, label in listed}
    assert reasons(scanned)["missing_file"] == len(lines) - len({a for _, a, _ in listed})


@pytest.mark.parametrize(
    ("use", "split"),
    [
        ("TRAIN", "train"),
        ("TRAINING", "train"),
        ("validation", "val"),
        ("VALIDATE", "val"),
        ("TEST", "test"),
        ("UNASSIGNED", None),
    ],
)
def test_automl__every_word_for_a_split(use: str, split: str | None, tmp_path: Path):
    make_files(tmp_path, "a/1.jpg", "b/1.jpg", "2.jpg", "3.jpg")
    write(
        tmp_path / "data.csv",
        f"{use},gs://bucket/set/a/1.jpg,cat\n{use},gs://bucket/set/b/1.jpg,dog\n"
        f"{use},gs://bucket/2.jpg\n{use},gs://bucket/3.jpg,cat,dog\n",
    )
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == {"a/1.jpg": "cat", "b/1.jpg": "dog", "2.jpg": None, "3.jpg": None}
    assert set(splits(scanned).values()) == {split}
    assert reasons(scanned) == {"several_labels": 1}


def test_automl__without_a_split_column(tmp_path: Path):
    make_files(tmp_path, "1.jpg")
    write(tmp_path / "data.csv", "gs://bucket/1.jpg,cat\n")
    assert labels(recognition.read_folder(tmp_path)) == {"1.jpg": "cat"}


def test_ground_truth__class_names_of_the_job(shared_data: Callable[[str], Path], tmp_path: Path):
    manifest = (shared_data("formats") / "groundtruth_classification/output.manifest").read_text()
    write(tmp_path / "output.manifest", manifest)
    make_files(tmp_path, "images/image_0007.jpeg", "images/image_0016.jpeg")
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "ground_truth"
    assert labels(scanned) == {
        "images/image_0007.jpeg": "Helicopter",
        "images/image_0016.jpeg": "Ferry",
    }


def test_vott__tables_called_as_splits_are_read_together(shared_data: Callable[[str], Path]):
    scanned = recognition.read_folder(shared_data("formats") / "vott_csv_dataset" / "dataset")
    assert scanned.layout == "table"
    assert labels(scanned) == {
        "img0001.jpg": "helmet",
        "img0002.jpg": "person",
        "img0003.jpg": None,
        "img0004.jpg": "helmet",
    }
    assert Counter(splits(scanned).values()) == {"train": 2, "test": 2}


@pytest.mark.parametrize("folder", ["imagenet_dataset", "imagenet_subsets_dataset"])
def test_imagenet_folders(folder: str, shared_data: Callable[[str], Path]):
    scanned = recognition.read_folder(shared_data("formats") / folder)
    assert set(labels(scanned).values()) == {"label_0", "label_1", None}


def test_open_images__confirmed_labels_by_name(shared_data: Callable[[str], Path]):
    scanned = recognition.read_folder(shared_data("formats") / "open_images_dataset" / "v6")
    assert scanned.layout == "open_images"
    assert labels(scanned) == {
        "images/train/a.jpg": "Generic label #0",
        "images/train/b.jpg": None,  # somebody said that the label is not there
        "images/test/c.jpg": None,  # two labels
    }
    assert splits(scanned)["images/test/c.jpg"] == "test"
    assert reasons(scanned)["several_labels"] == 1


CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><project><id>3</id><name>test</name></project></meta>
  <image height="8" id="0" name="img0.jpg" subset="Test" task_id="39" width="8">
    <box label="label1" occluded="1" xbr="4" xtl="0" ybr="4" ytl="2" z_order="1">
      <attribute name="a1">true</attribute>
    </box>
    <tag label="cat" source="manual"></tag>
  </image>
  <image height="8" id="0" name="img0.jpg" subset="Train" task_id="37" width="8">
    <tag label="dog &amp; wolf" source="manual"/><tag label="cat" source="manual"/>
  </image>
  <image height="8" id="1" name="img1.jpg" subset="Train" task_id="37" width="8"/>
</annotations>
"""


def test_cvat__tags_are_labels_and_subsets_are_splits(tmp_path: Path):
    files = ("images/Test/img0.jpg", "images/Train/img0.jpg", "images/Train/img1.jpg")
    make_files(tmp_path, *files)
    write(tmp_path / "annotations.xml", CVAT)
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "cvat"
    assert labels(scanned) == dict(zip(files, ["cat", None, None], strict=True))
    assert splits(scanned) == dict(zip(files, ["test", "train", "train"], strict=True))
    assert reasons(scanned) == {"several_labels": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + CVAT.split("\n", 1)[1], "has a document type"),
        (CVAT.replace("</annotations>", ""), "cannot be read"),
        (CVAT.replace("<image", "<image <", 1), "cannot be read"),
    ],
)
def test_cvat__a_damaged_or_dangerous_file_is_refused(text: str, message: str, tmp_path: Path):
    make_files(tmp_path, "img0.jpg")
    write(tmp_path / "annotations.xml", text)
    with pytest.raises(InvalidInput, match=message):
        recognition.read_folder(tmp_path)


# --- what the tools' own writers wrote ------------------------------------------------------


# --- what may not happen ---------------------------------------------------------------------

OUTSIDE = ("/etc/passwd.png", "../secret.png", "a/../../secret.png", "C:\\x.png", "c:/x.png")
BAD_PATHS = (*OUTSIDE, "\\\\server\\x.png", "a\x00.png", "file:///etc/x.png")


def label_files(path: str) -> dict[str, tuple[str, object]]:
    """One label file a format: its name, and a content that names 1.png and a bad path."""
    rows = [("1.png", "cat"), (path, "dog")]
    images = [{"id": n, "file_name": name} for n, (name, _) in enumerate(rows)]
    categories = [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}]
    annotations = [{"id": n, "image_id": n, "category_id": n} for n in range(2)]
    coco = {"images": images, "categories": categories, "annotations": annotations}
    tasks = [label_studio_task(n, name, label) for n, (name, label) in enumerate(rows)]
    lines = "".join(f"{name},{label}\n" for name, label in rows)
    objects = "".join(json.dumps({"file_name": n, "label": x}) + "\n" for n, x in rows)
    return {
        "vision_forge": ("labels.csv", "file_path,label_name\n" + lines),
        "table": ("any.csv", "id,label\n" + lines),
        "roboflow": ("_classes.csv", f"filename, cat, dog\n1.png, 1, 0\n{path}, 0, 1\n"),
        "google_automl": ("a.csv", f"TRAIN,gs://b/1.png,cat\nTRAIN,{path},dog\n"),
        "hf_imagefolder": ("metadata.jsonl", objects),
        "fiftyone": ("labels.json", {"classes": None, "labels": dict(rows)}),
        "coco": ("annotations.json", coco),
        "label_studio": ("tasks.json", tasks),
        "imagenet_txt": ("train.txt", f"1.png cat\n{path} dog\n"),
        "cvat": (
            "annotations.xml",
            "<annotations><version>1.1</version>"
            + "".join(
                f'<image name="{html.escape(n)}"><tag label="{x}"/></image>'
                for n, x in rows
                if "\x00" not in n
            )
            + "</annotations>",
        ),
        "open_images": (
            "imagelabels.csv",
            "ImageID,Source,LabelName,Confidence\n"
            + "".join(f"{n},verification,{x},1\n" for n, x in rows),
        ),
        "ground_truth": (
            "output.manifest",
            "".join(
                json.dumps({"source-ref": n, "job-metadata": {"class-name": x}}) + "\n"
                for n, x in rows
            ),
        ),
    }


@pytest.mark.parametrize("path", BAD_PATHS)
@pytest.mark.parametrize("name", list(label_files("")))
def test_a_path_that_leads_out_is_refused_with_its_row_named(name: str, path: str, tmp_path: Path):
    if name == "cvat" and "\x00" in path:
        pytest.skip("XML cannot hold a NUL")
    document, content = label_files(path)[name]
    make_files(tmp_path, "secret.png", "set/1.png")
    write(tmp_path / "set" / document, content)
    scanned = recognition.read_folder(tmp_path / "set")
    assert scanned.layout == name
    assert labels(scanned) == {"1.png": "cat"}
    problem = next(p for p in scanned.problems if p.reason in ("outside", "bad_name"))
    assert problem.message.startswith(document)
    assert problem.message.isprintable()


SPLITTING = st.sampled_from(["1.png", "cat", ",", ";", "\t", "\n", '"', "file_path", "label", "id"])
HEADERS = [
    *("", "file_path,label\n", "id;class\n", "filename\t", "ImageID,LabelName,Confidence\n"),
    *("<annotations><version>", '<annotations><version/><image name="1.png">', '{"source-ref":'),
    *("TRAIN,gs://b/1.png,", "1.png 0\n"),
]
anything = st.lists(SPLITTING | st.text(max_size=5), max_size=40).map("".join)
KEYS = [
    *("images", "annotations", "categories", "labels", "classes", "data", "image", "id", "x"),
    *("file_name", "name", "category_id", "image_id", "result", "value", "choices", "split"),
    *("annotator", "lead_time"),
]
json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=25,
)


@pytest.mark.slow
@settings(max_examples=examples(30), deadline=None)
@given(text=anything, header=st.sampled_from(HEADERS))
@example(text="1.png,\U00018d09", header="TRAIN,gs://b/1.png,")  # a label that no screen shows
@pytest.mark.parametrize(
    "name",
    [
        *("labels.csv", "any.csv", "x.tsv", "_classes.csv", "metadata.csv", "metadata.jsonl"),
        *("train.txt", "output.manifest", "imagelabels.csv", "annotations.xml"),
    ],
)
def test_any_text_in_a_table_is_read_or_refused(
    name: str, text: str, header: str, tmp_path_factory: pytest.TempPathFactory
):
    folder = make_files(tmp_path_factory.mktemp("set"), "1.png", "cat/2.png")
    (folder / name).write_text(header + text, encoding="utf-8", newline="", errors="replace")
    try:
        scanned = recognition.read_folder(folder)
    except ForgeError:
        return
    assert {entry.path for entry in scanned.entries} <= {"1.png", "cat/2.png"}
    assert all(problem.message.isprintable() for problem in scanned.problems)


@settings(max_examples=examples(30), deadline=None)
@given(content=json_like)
@pytest.mark.parametrize("name", ["labels.json", "any.json", "annotations/train.json"])
def test_any_json_is_read_or_passed_over(
    name: str, content: object, tmp_path_factory: pytest.TempPathFactory
):
    folder = make_files(tmp_path_factory.mktemp("set"), "1.png", "cat/2.png")
    write(folder / name, content)
    scanned = recognition.read_folder(folder)
    assert {entry.path for entry in scanned.entries} <= {"1.png", "cat/2.png"}


def test_a_json_that_is_nested_too_deep_is_passed_over(tmp_path: Path):
    make_files(tmp_path, "1.png")
    write(tmp_path / "labels.json", "[" * 200_000)
    assert recognition.read_folder(tmp_path).layout == "flat"


# --- choosing ---------------------------------------------------------------------------------


def test_a_format_can_be_forced(tmp_path: Path):
    make_files(tmp_path, "cat/1.png", "dog/2.png")
    write(tmp_path / "labels.csv", "file_path,label_name\ncat/1.png,wolf\ndog/2.png,wolf\n")
    assert set(labels(recognition.read_folder(tmp_path)).values()) == {"wolf"}
    forced = recognition.read_folder(tmp_path, ReadOptions(format_name="folder_per_class"))
    assert set(labels(forced).values()) == {"cat", "dog"}
    assert forced.why == "you chose it"
    with pytest.raises(InvalidInput, match="cannot be read as COCO"):
        recognition.read_folder(tmp_path, ReadOptions(format_name="coco"))
    with pytest.raises(InvalidInput, match="no format"):
        recognition.read_folder(tmp_path, ReadOptions(format_name="voc"))
