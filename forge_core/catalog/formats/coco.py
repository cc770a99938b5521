"""COCO JSON used for labels: an image whose annotations are all of one category has that label.

Images with annotations of several categories come in unlabelled and are reported. The split is
taken from the name of the JSON (labels_train.json, instances_val2017.json) or of its folder.

Source: cocodataset.org, "Data format"; its classification use as datumaro's coco_labels.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from db.records import Asset
from forge_core.catalog.formats import table
from forge_core.catalog.formats.documents import class_names, sinks
from forge_core.catalog.formats.documents.class_names import shared
from forge_core.catalog.formats.documents.sinks import Sink, Written
from forge_core.catalog.formats.scan import label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record, counted
from forge_core.catalog.formats.scan.scanned_folder import (
    ReadOptions,
    ScannedFolder,
    split_of_document,
    split_of_name,
)
from forge_core.catalog.importing.import_problems import ImportProblem, printable

_FOLDERS = ("annotations", "labels", "result")


def recognises(walked: Walked) -> bool:
    """A JSON with images, annotations and categories."""
    return bool(_documents(walked))


def read(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """Every image that the JSON files list."""
    documents = _documents(walked)
    records = (
        record for document, content in documents.items() for record in _records(document, content)
    )
    return label_records.place(
        walked,
        records,
        layout="coco",
        heading=f"COCO annotations, {label_records.named(list(documents))}",
        documents=list(documents),
        notes=list(dict.fromkeys(n for c in documents.values() for n in shared(_names(c)))),
        several=options.several,
    )


def _documents(walked: Walked) -> dict[str, dict[str, Any]]:
    return {
        path: content
        for path, content in walked.json_documents().items()
        if isinstance(content, dict)
        and all(part.lower() in _FOLDERS or split_of_name(part) for part in path.split("/")[:-1])
        and all(isinstance(content.get(k), list) for k in ("images", "annotations", "categories"))
    }


def _records(document: str, content: Mapping[str, Any]) -> Iterator[Record | ImportProblem]:
    folder = document.rpartition("/")[0]
    split = split_of_document(document)
    names = class_names.told_apart(_names(content))
    labels: dict[str, dict[str, None]] = {}
    unknown: Counter[str] = Counter()
    for annotation in content["annotations"]:
        if not isinstance(annotation, dict):
            continue
        category, image = _key(annotation.get("category_id")), _key(annotation.get("image_id"))
        if category is None or category not in names:
            unknown["a category that is not listed"] += 1
        elif image is None:
            unknown["no image"] += 1
        else:
            labels.setdefault(image, {})[names[category]] = None
    for what, number in unknown.items():
        text = f"{printable(document)}: {counted(number, 'annotation')} with {what}; not used."
        yield ImportProblem(printable(document), "bad_id", text)
    ids = Counter(_key(image.get("id")) for image in content["images"] if isinstance(image, dict))
    for position, image in enumerate(content["images"]):
        if not isinstance(image, dict):
            continue
        own = table.read_split(_text(image.get("split")))
        key = _key(image.get("id"))
        row = f"{document} image {position + 1}"
        if key is None or ids[key] > 1:
            why = "no id" if key is None else f"the id {key}, which another has as well"
            text = f"{printable(row)} has {why}: it gets no label."
            yield ImportProblem(printable(row), "bad_id", text)
        yield Record(
            path=_text(image.get("file_name")),
            row=row,
            folder=folder,
            labels=tuple(labels.get(key, ())) if key is not None and ids[key] == 1 else (),
            split=own if own in table.SPLITS else split,
            source_dataset=_text(image.get("source_dataset")) or None,
            is_augmented=image.get("is_augmented") is True,
            group_key=_text(image.get("group_key")) or None,
            review_note=_text(image.get("review_note")) or None,
        )


def _names(content: Mapping[str, Any]) -> dict[str, str]:
    """Id to name of the categories; one without a name is called by its id."""
    names: dict[str, str] = {}
    for category in content["categories"]:
        key = _key(category.get("id")) if isinstance(category, dict) else None
        if key is not None:
            names[key] = _text(category.get("name")) or key
    return names


def _key(value: Any) -> str | None:
    """An id as it can be looked up: 1, 1.0 and "1" are one, nothing is none."""
    if isinstance(value, float) and not value.is_integer():
        return None  # NaN and infinity among them
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(int(value)) if isinstance(value, float) else str(value).strip()
    whole, _, zeros = text.partition(".")
    return (whole if whole.isdecimal() and zeros and not zeros.strip("0") else text) or None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def folder_of(asset: Asset, has_splits: bool) -> str:
    """`images/<split>`."""
    return f"images/{sinks.split_folder(asset)}"


def write_labels(sink: Sink, written: Written) -> None:
    """`annotations/labels_<split>.json`: an annotation of the whole image for each label.

    `file_name` is relative to the folder of the export. Split, source and group are fields of an
    image that other readers pass over.
    """
    categories = {name: number for number, name in enumerate(sinks.class_names(written), start=1)}
    for split, group in sinks.by_split(written).items():
        with sink.open_text(f"annotations/labels_{split}.json") as file:
            file.write('{"info": {"description": "Vision Forge"}, "licenses": [], "categories": ')
            file.write(
                sinks.to_json(
                    [{"id": n, "name": name, "supercategory": ""} for name, n in categories.items()]
                )
            )
            file.write(', "images": [')
            sinks.write_json_items(file, (_image(n, *pair) for n, pair in enumerate(group, 1)))
            file.write('], "annotations": [')
            labelled = ((n, pair[0]) for n, pair in enumerate(group, 1) if pair[0].label_name)
            sinks.write_json_items(
                file, (_annotation(n, asset, categories) for n, asset in labelled)
            )
            file.write("]}")


def _image(number: int, asset: Asset, path: str) -> str:
    size = {"width": asset.width, "height": asset.height}
    return sinks.to_json({"id": number, "file_name": path, **size, **sinks.extras(asset)})


def _annotation(number: int, asset: Asset, categories: Mapping[str, int]) -> str:
    return sinks.to_json(
        {
            "id": number,
            "image_id": number,
            "category_id": categories[asset.label_name or ""],
            "bbox": [0, 0, asset.width, asset.height],
            "area": asset.width * asset.height,
            "iscrowd": 0,
            "segmentation": [],
        }
    )
