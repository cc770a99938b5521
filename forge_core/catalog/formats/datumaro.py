"""Datumaro's own JSON, which Intel Geti writes as well: annotations/<subset>.json beside images.

Labels of whole images count; where there are none, boxes, masks and the rest give theirs. Images
lie in images/<subset>/ or beside the JSON.

Source: Datumaro documentation, "Datumaro format".
"""

from collections.abc import Iterator, Mapping
from typing import Any

from forge_core.catalog.formats.documents import class_names
from forge_core.catalog.formats.documents.class_names import shared
from forge_core.catalog.formats.scan import label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record
from forge_core.catalog.formats.scan.scanned_folder import (
    ReadOptions,
    ScannedFolder,
    split_of_document,
)


def recognises(walked: Walked) -> bool:
    """A JSON with items and the labels of categories."""
    return bool(_documents(walked))


def read(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """Every item with its one label."""
    documents = _documents(walked)
    records = (r for path, content in documents.items() for r in _records(path, content))
    return label_records.place(
        walked,
        records,
        layout="datumaro",
        heading=f"Datumaro items, {label_records.named(list(documents))}",
        documents=list(documents),
        notes=list(dict.fromkeys(n for c in documents.values() for n in shared(_names(c)))),
        several=options.several,
    )


def _documents(walked: Walked) -> dict[str, dict[str, Any]]:
    return {
        path: content
        for path, content in walked.json_documents(depth=2).items()
        if isinstance(content, dict)
        and isinstance(content.get("items"), list)
        and isinstance(content.get("categories"), dict)
        and isinstance(content["categories"].get("label"), dict)
    }


def _names(content: Mapping[str, Any]) -> dict[str, str]:
    labels = content["categories"]["label"].get("labels")
    return {
        str(number): label["name"]
        for number, label in enumerate(labels if isinstance(labels, list) else [])
        if isinstance(label, dict) and isinstance(label.get("name"), str)
    }


def _records(document: str, content: Mapping[str, Any]) -> Iterator[Record]:
    names = class_names.told_apart(_names(content))
    subset = document.rpartition("/")[2].rpartition(".")[0]
    for position, item in enumerate(content["items"]):
        if not isinstance(item, dict):
            continue
        image = item.get("image")
        path = image.get("path") if isinstance(image, dict) else None
        yield Record(
            path=path if isinstance(path, str) and path else str(item.get("id") or ""),
            row=f"{document} item {position + 1}",
            folder=f"images/{subset}",
            labels=tuple(_labels(item, names)),
            split=split_of_document(document),
        )


def _labels(item: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    whole: dict[str, None] = {}
    parts: dict[str, None] = {}
    annotations = item.get("annotations")
    for annotation in annotations if isinstance(annotations, list) else []:
        number = annotation.get("label_id") if isinstance(annotation, dict) else None
        if isinstance(number, int | float) and number == int(number):
            name = names.get(str(int(number)))
            if name is not None:
                (whole if annotation.get("type") == "label" else parts)[name] = None
    return list(whole or parts)
