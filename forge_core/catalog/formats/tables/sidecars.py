"""A label beside each image under the same name: WebDataset's .cls and .json, texts, VOC's XML.

`000000.jpg` with `000000.cls` is a sample of WebDataset, whose shards are tars; others write a JSON
or a text of one line. Supervisely keeps a JSON with tags in a folder of its own, labelme one with
flags or shapes. XML of Pascal VOC gives the names of its objects. Texts of several words a
file are captions or boxes and give no label.

Source: WebDataset's README, "The WebDataset Format"; the Pascal VOC devkit.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

from forge_core.catalog.formats import folders
from forge_core.catalog.formats.documents import class_names, text_encoding
from forge_core.catalog.formats.documents.cells import as_text
from forge_core.catalog.formats.scan import label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record
from forge_core.catalog.formats.scan.scanned_folder import (
    ReadOptions,
    ScannedFolder,
    split_of_document,
)
from forge_core.catalog.formats.tables import paired_files, row_labels
from forge_core.errors import InvalidInput

_FIELDS = (
    *("label_name", "class_name", "label", "labels", "class", "category", "cls", "target"),
    *("categories", "tag", "tags", "y", "label_id", "class_id"),
)
_LARGEST = 2**16
_SAMPLE = 200
_MOST_CLASSES = 1000
_BOX = re.compile(r"\s*\S+(?:\s+-?\d*\.?\d+){4,}\s*")


def recognises(walked: Walked) -> bool:
    """At least half of the images have a file of their name that holds a label."""
    if walked.asked is not None or folders.says_labels(walked):
        return False
    return _ending(walked) is not None


def read(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """Every image with what lies beside it; images without one come in unlabelled."""
    beside = _beside(walked)
    ending = _ending(walked) or paired_files.ENDINGS[0]
    documents = [path for image in beside for path in beside[image].values()]
    records = []
    for file in walked.files:
        document = beside.get(file.path, {}).get(ending, "")
        records.append(
            Record(
                path=file.path,
                row=document or file.path,
                labels=tuple(_labels(walked, document)),
                split=split_of_document(file.path),
            )
        )
    settled, doubts = row_labels.without_unlabelled(records, documents, options)
    records = [record for record in settled if isinstance(record, Record)]
    counts = Counter(label for record in records for label in record.labels)
    named = class_names.beside(walked, counts, documents)
    if named is not None:
        records = [
            replace(r, labels=tuple(named.names.get(x, x) for x in r.labels)) for r in records
        ]
    scanned = label_records.place(
        walked,
        records,
        layout="sidecars",
        heading=f"A {ending} file with the label beside each image",
        documents=[*documents, *([named.document] if named else [])],
        notes=[named.note] if named else [],
        several=options.several,
    )
    return replace(scanned, cautions=(*scanned.cautions, *doubts))


def _beside(walked: Walked) -> dict[str, dict[str, str]]:
    """Path of each image to the documents called as it, by ending."""
    return paired_files.by_image(walked.documents, [file.path for file in walked.files])


def _ending(walked: Walked) -> str | None:
    """The kind of file whose contents are labels: few different ones, in most of the samples."""
    beside = _beside(walked)
    if not walked.files or 2 * len(beside) < len(walked.files):
        return None
    for ending in paired_files.ENDINGS:
        paths = [kinds[ending] for kinds in beside.values() if ending in kinds]
        if 2 * len(paths) < len(beside):
            continue
        step = max(1, len(paths) // _SAMPLE)
        sample = [tuple(_labels(walked, path)) for path in paths[::step][:_SAMPLE]]
        told = [labels for labels in sample if labels]
        distinct = {label for labels in told for label in labels}
        most = max(2, int(0.7 * len(told)))
        if 2 * len(told) >= len(sample) and len(distinct) <= min(most, _MOST_CLASSES):
            return ending
    return None


def _labels(walked: Walked, document: str) -> list[str]:
    if not document:
        return []
    path = walked.root / document
    try:
        if path.stat().st_size > _LARGEST:
            return []
        data = path.read_bytes()
        if document.lower().endswith(".xml"):
            return list(_objects(data))
        text = data.decode(text_encoding.of(path, walked.encoding), "replace").strip()
        if document.lower().endswith(".json"):
            return list(_fields(json.loads(text)))
    except (OSError, ValueError, RecursionError, ElementTree.ParseError, InvalidInput):
        return []
    if not text or "\n" in text or len(text) > 128 or _BOX.fullmatch(text):
        return []
    return row_labels.of_cell(text)


def _fields(content: Any) -> Iterator[str]:
    if isinstance(content, dict):
        lower = {str(name).lower(): value for name, value in content.items()}
        for name in _FIELDS:
            value = lower.get(name)
            values = value if isinstance(value, list) else [value]
            texts = [text for part in values if (text := _text(part))]
            if texts:
                yield from (part for text in texts for part in row_labels.of_cell(text))
                return
        flags = lower.get("flags")  # labelme's marks of whole images
        if isinstance(flags, dict) and any(value is True for value in flags.values()):
            yield from (str(name) for name, value in flags.items() if value is True)
            return
        shapes = lower.get("shapes")
        if isinstance(shapes, list):
            yield from dict.fromkeys(text for shape in shapes if (text := _text(shape)))
    elif isinstance(content, str | int | float):
        yield from row_labels.of_cell(as_text(content))


def _text(part: Any) -> str:
    """A label: a text or number, or an object's value or name (a tag of Supervisely)."""
    if isinstance(part, dict):
        names = ("value", "name", "label", "tagname", "class_name")
        lower = {str(name).lower(): value for name, value in part.items()}
        return next((text for n in names if (text := _text(lower.get(n)))), "")
    return as_text(part) if isinstance(part, str | int | float) else ""


def _objects(data: bytes) -> Iterator[str]:
    """The names of a VOC file's objects, each once."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        return
    root = ElementTree.fromstring(data)
    names = (element.findtext("name", "").strip() for element in root.iter("object"))
    yield from dict.fromkeys(name for name in names if name)
