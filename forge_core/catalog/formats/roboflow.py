"""Roboflow's multi-class export: `_classes.csv` in train, valid and test, one column a class.

Variants that Roboflow made of one original share its name up to `.rf.`; they become one group.
The header has a space after each comma.

Source: exports of roboflow.com in the format "Multi-Class Classification", see docs/formats.md.
"""

from collections.abc import Iterator

from forge_core.catalog.formats import table
from forge_core.catalog.formats.documents import table_file
from forge_core.catalog.formats.scan import label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, ScannedFolder, split_of_name

TABLE_NAME = "_classes.csv"
_PATH = "filename"


def recognises(walked: Walked) -> bool:
    """A `_classes.csv` at the top or in folders below it."""
    return bool(_documents(walked))


def read(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """The image of each row with the one class that it marks.

    Raises:
        InvalidInput: A table is damaged.
    """
    documents = _documents(walked)
    records = (record for document in documents for record in _records(walked, document))
    return label_records.place(
        walked,
        records,
        layout="roboflow",
        heading=f"Roboflow classes, {label_records.named(list(documents))}",
        documents=documents,
        several=options.several,
    )


def _documents(walked: Walked) -> list[str]:
    return [
        path
        for path in walked.documents_named(TABLE_NAME, depth=1)
        if path.rsplit("/", 1)[-1].lower() == TABLE_NAME
    ]


def _records(walked: Walked, document: str) -> Iterator[Record]:
    opened = table_file.open_table(walked.root / document, document, encoding=walked.encoding)
    if opened is None or _PATH not in (name.lower() for name in opened.columns):
        raise table_file.unreadable(document, ValueError(f"no column {_PATH}"))
    path_column = next(name for name in opened.columns if name.lower() == _PATH)
    classes = [name for name in opened.columns if name and name != path_column]
    folder = document.rpartition("/")[0]
    for row, cells in opened.rows():
        path = cells.get(path_column, "")
        yield Record(
            path=path,
            row=row,
            folder=folder,
            labels=table.marked(cells, classes),
            split=split_of_name(folder.rpartition("/")[2]),
            group_key=label_records.original_of(path),
        )
