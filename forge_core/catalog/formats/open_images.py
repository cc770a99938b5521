"""Open Images labels of whole images: CSV files of ImageID, LabelName and Confidence.

Lists are called `<subset>-annotations-human-imagelabels.csv` (with or without `oidv6-` before it)
and give the split; `class-descriptions.csv` names the labels. Only labels that people or machines
confirmed (a confidence above one half) count: 0 says that a label is *not* there.

Source: storage.googleapis.com/openimages, "Image labels"; datumaro's open_images.
"""

from collections.abc import Iterator

from forge_core.catalog.formats.documents import table_file
from forge_core.catalog.formats.scan import label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record
from forge_core.catalog.formats.scan.scanned_folder import (
    ReadOptions,
    ScannedFolder,
    split_of_document,
)

LABELS_ENDING = "imagelabels.csv"
NAMES_ENDING = "class-descriptions.csv"
_COLUMNS = {"ImageID", "LabelName", "Confidence"}
_LOWEST = 0.5


def recognises(walked: Walked) -> bool:
    """A table that ends in imagelabels.csv with the columns of Open Images."""
    return bool(_documents(walked))


def read(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """The image of each row, with the one label that is confirmed.

    Raises:
        InvalidInput: A table is damaged.
    """
    documents = _documents(walked)
    names_files = walked.documents_named(NAMES_ENDING)
    names = _class_names(walked, names_files)
    records = (record for path in documents for record in _records(walked, path, names))
    return label_records.place(
        walked,
        records,
        layout="open_images",
        heading=f"Open Images labels, {label_records.named(documents)}",
        documents=[*documents, *names_files],
        several=options.several,
    )


def _documents(walked: Walked) -> list[str]:
    found = []
    for path in walked.documents_named(LABELS_ENDING):
        table = table_file.open_table(walked.root / path, path, encoding=walked.encoding)
        if table is not None and set(table.columns) >= _COLUMNS:
            found.append(path)
    return found


def _class_names(walked: Walked, documents: list[str]) -> dict[str, str]:
    """Code to name; older files have no header, so the first row counts as one more name."""
    names: dict[str, str] = {}
    for document in documents:
        table = table_file.open_table(walked.root / document, document, encoding=walked.encoding)
        if table is None or len(table.columns) < 2:
            continue
        code, name = table.columns[:2]
        names[code] = name
        for _, cells in table.rows():
            names[cells.get(code, "")] = cells.get(name, "")
    return names


def _records(walked: Walked, document: str, names: dict[str, str]) -> Iterator[Record]:
    table = table_file.open_table(walked.root / document, document, encoding=walked.encoding)
    if table is None:
        return
    split = split_of_document(document)
    for row, cells in table.rows():
        code = cells.get("LabelName", "").strip()
        label = names.get(code) or code
        yield Record(
            path=cells.get("ImageID", ""),
            row=row,
            labels=(label,) if label and _confidence(cells.get("Confidence", "")) else (),
            split=split,
        )


def _confidence(cell: str) -> bool:
    """Whether the label is there."""
    try:
        return float(cell) >= _LOWEST
    except ValueError:
        return False
