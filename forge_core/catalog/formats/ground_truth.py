"""SageMaker Ground Truth's image classification: a manifest of JSON lines.

Each line has `source-ref` and, for a labelling job called J, the number `J` and `J-metadata` with
its class-name.

Source: Amazon SageMaker developer guide, "Image Classification Job Output".
"""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from forge_core.catalog.formats.documents import table_file, text_encoding
from forge_core.catalog.formats.scan import label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record
from forge_core.catalog.formats.scan.scanned_folder import (
    ReadOptions,
    ScannedFolder,
    split_of_document,
)

_REFERENCE = "source-ref"
_METADATA = "-metadata"


def recognises(walked: Walked) -> bool:
    """A .manifest, .jsonl or .json at the top whose lines have a `source-ref`."""
    return _document(walked) is not None


def read(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """The image of each line.

    Raises:
        InvalidInput: A line is no JSON object.
    """
    document = _document(walked) or ""
    return label_records.place(
        walked,
        _records(walked, document),
        layout="ground_truth",
        heading=f"SageMaker Ground Truth, {label_records.named([document])}",
        documents=[document],
        several=options.several,
    )


def _document(walked: Walked) -> str | None:
    for path in walked.documents_named(".manifest", ".jsonl", depth=0):
        try:
            first = next(islice(_lines(walked, path), 1), None)
        except (ValueError, OSError, RecursionError):
            continue
        if first is not None and _REFERENCE in first[1]:
            return path
    return None


def _lines(walked: Walked, document: str) -> Iterator[tuple[int, dict[str, Any]]]:
    path = walked.root / document
    with path.open(encoding=text_encoding.of(path, walked.encoding)) as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                content = json.loads(line)
                if not isinstance(content, dict):
                    raise ValueError(f"line {number} is no object")
                yield number, content


def _records(walked: Walked, document: str) -> Iterator[Record]:
    try:
        for number, content in _lines(walked, document):
            reference = content.get(_REFERENCE)
            yield Record(
                path=reference if isinstance(reference, str) else "",
                row=f"{document} line {number}",
                labels=tuple(_labels(content)),
                split=split_of_document(document),
            )
    except (ValueError, OSError, RecursionError) as error:
        raise table_file.unreadable(document, error) from error


def _labels(content: Mapping[str, Any]) -> Iterator[str]:
    for key, value in content.items():
        if not key.endswith(_METADATA) or not isinstance(value, dict):
            continue
        if isinstance(value.get("class-name"), str):
            yield value["class-name"]
        elif isinstance(value.get("class-map"), dict):
            yield from (name for name in value["class-map"].values() if isinstance(name, str))
