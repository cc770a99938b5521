"""Hugging Face's imagefolder with metadata: metadata.csv, .jsonl or .parquet beside the images.

`file_name` is relative to the metadata file; splits are folders (train, validation, test).

Source: the guide "Create an image dataset" of the library `datasets`, section ImageFolder.
"""

import json
from collections.abc import Iterator

from db.records import Asset
from forge_core.catalog.formats import table
from forge_core.catalog.formats.documents import columns as roles
from forge_core.catalog.formats.documents import sinks, table_file, text_encoding
from forge_core.catalog.formats.documents.sinks import Sink, Written
from forge_core.catalog.formats.scan import label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, ScannedFolder, split_of_name
from forge_core.catalog.importing.import_problems import ImportProblem
from forge_core.errors import InvalidInput

NAMES = ("metadata.jsonl", "metadata.csv", "metadata.parquet")
PATH = "file_name"
_FOLDERS = {"val": "validation"}
_TRUE = ("true", "1")


def recognises(walked: Walked) -> bool:
    """A metadata file with `file_name` at the top or in folders below it."""
    return any(_has_file_name(walked, document) for document in _documents(walked))


def read(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """The image of each row with its label; numbers and texts alike become names of classes.

    Raises:
        InvalidInput: A metadata file is damaged.
    """
    documents = _documents(walked)
    records = (record for document in documents for record in _records(walked, document, options))
    return label_records.place(
        walked,
        records,
        layout="hf_imagefolder",
        heading=f"Hugging Face imagefolder, {label_records.named(list(documents))}",
        documents=documents,
        several=options.several,
    )


def _documents(walked: Walked) -> list[str]:
    return [
        path
        for path in walked.documents_named(*NAMES, depth=2)
        if path.rsplit("/", 1)[-1].lower() in NAMES
    ]


def _has_file_name(walked: Walked, document: str) -> bool:
    try:
        row = next(_rows(walked, document), None)
    except InvalidInput:
        return False
    return row is not None and PATH in row[1]


def _records(
    walked: Walked, document: str, options: ReadOptions
) -> Iterator[Record | ImportProblem]:
    folder = document.rpartition("/")[0]
    mapping: dict[str, str] | None = None
    split_of_folder = next(
        (split for part in reversed(folder.split("/")) if (split := split_of_name(part))), None
    )
    for row, cells in _rows(walked, document):
        if mapping is None:
            mapping = roles.guess([name for name in cells if name != PATH])
            mapping.update(options.columns)
        path = cells.get(PATH, "")
        split = table.read_split(cells.get(mapping.get("split", ""), ""))
        if isinstance(split, str) and split not in table.SPLITS:
            yield table.bad_split(path, split, row)
            continue
        label = cells.get(mapping.get("label", ""), "")
        yield Record(
            path=path,
            row=row,
            folder=folder,
            labels=tuple(part for part in table_file.split_list(label) if part.strip()),
            split=split or split_of_folder or split_of_name(path.split("/")[0]),
            source_dataset=cells.get(mapping.get("source", ""), "") or None,
            is_augmented=cells.get(mapping.get("augmented", ""), "").lower() in _TRUE,
            group_key=cells.get(mapping.get("group", ""), "") or None,
            review_note=cells.get(mapping.get("note", ""), "") or None,
        )


def _rows(walked: Walked, document: str) -> Iterator[tuple[str, dict[str, str]]]:
    path = walked.root / document
    if not document.lower().endswith(".jsonl"):
        opened = table_file.open_table(path, document, encoding=walked.encoding)
        if opened is None:
            raise table_file.unreadable(document, ValueError("no table"))
        yield from opened.rows()
        return
    try:
        with path.open(encoding=text_encoding.of(path, walked.encoding)) as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    cells = json.loads(line)
                    if not isinstance(cells, dict):
                        raise ValueError(f"line {number} is no object")
                    yield (
                        f"{document} line {number}",
                        {name: table_file.as_text(value) for name, value in cells.items()},
                    )
    except (ValueError, OSError, RecursionError) as error:
        raise table_file.unreadable(document, error) from error


def folder_of(asset: Asset, has_splits: bool) -> str:
    """`train`, `validation`, `test`, `held_out` or `unassigned`; the top when there is no split."""
    split = sinks.split_folder(asset)
    return _FOLDERS.get(split, split) if has_splits else ""


def write_labels(sink: Sink, written: Written) -> None:
    """A metadata.jsonl in each split folder, all with the same fields, texts never empty of type.

    JSON Lines and not CSV, in which the reader of `datasets` takes "007" for a number and "NA" for
    nothing.
    """
    folders: dict[str, list[tuple[str, Asset]]] = {}
    for asset, path in written:
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, []).append((name, asset))
    for folder, members in folders.items():
        with sink.open_text(f"{folder}/{NAMES[0]}" if folder else NAMES[0]) as file:
            for name, asset in members:
                fields = {
                    PATH: name,
                    "label": asset.label_name or "",
                    "source_dataset": asset.source_dataset,
                    "group_key": asset.group_key or "",
                    "is_augmented": asset.is_augmented,
                    "review_note": asset.review_note,
                }
                file.write(f"{sinks.to_json(fields)}\n")
