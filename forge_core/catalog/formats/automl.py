"""Google AutoML Vision and Vertex AI: a CSV without header, `[ML_USE,]gs://bucket/path,label`.

The address is cut to the names that lie here. A line without label is an unlabelled image, one
with several labels is reported. Lines with box coordinates belong to object detection and are
read as labels of the whole image.

Source: Google Cloud, "Preparing your training data" (AutoML Vision) and "Prepare image training
data for classification" (Vertex AI).
"""

import csv
import re
from collections.abc import Iterator

from forge_core.catalog.formats.documents import table_file, text_encoding
from forge_core.catalog.formats.scan import label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, ScannedFolder

ML_USES: dict[str, str | None] = {
    "train": "train",
    "training": "train",
    "validate": "val",
    "validation": "val",
    "test": "test",
    "unassigned": None,
    "": None,
}
_NUMBER = re.compile(r"-?\d*\.\d+|[01]")


def recognises(walked: Walked) -> bool:
    """A CSV at the top whose first line names an object of Google Cloud Storage."""
    return _document(walked) is not None


def read(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """The image of each line.

    Raises:
        InvalidInput: The CSV is damaged.
    """
    document = _document(walked) or ""
    return label_records.place(
        walked,
        _records(walked, document),
        layout="google_automl",
        heading=f"Google AutoML, {label_records.named([document])}",
        documents=[document],
        several=options.several,
    )


def _document(walked: Walked) -> str | None:
    for path in walked.documents_named(".csv", depth=0):
        table = table_file.open_table(walked.root / path, path, encoding=walked.encoding)
        if table is None:
            continue
        first = [cell.strip() for cell in table.columns]
        address = first[1:2] if first[0].lower() in ML_USES else first[:1]
        if address and address[0].lower().startswith("gs://"):
            return path
    return None


def _records(walked: Walked, document: str) -> Iterator[Record]:
    path = walked.root / document
    try:
        with path.open(encoding=text_encoding.of(path, walked.encoding), newline="") as file:
            reader = csv.reader(file, strict=True)
            for cells in reader:
                cells = [cell.strip() for cell in cells]
                if not any(cells):
                    continue
                has_use = cells[0].lower() in ML_USES
                address, *labels = cells[1:] if has_use else cells
                yield Record(
                    path=address if has_use or address else "",
                    row=f"{document} line {reader.line_num}",
                    labels=tuple(
                        label for label in labels if label and not _NUMBER.fullmatch(label)
                    ),
                    split=ML_USES[cells[0].lower()] if has_use else None,
                )
    except (csv.Error, UnicodeError, OSError, ValueError) as error:
        raise table_file.unreadable(document, error) from error
