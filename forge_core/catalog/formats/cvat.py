"""CVAT for images 1.1: an XML of images, of which the tags are read as labels.

Boxes, polygons and the rest are passed over. A subset is the split where it is called as one. An
XML with a document type is refused, because only those can hold entities.

Source: CVAT documentation, "XML annotation format", version 1.1.
"""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from forge_core.catalog.formats.documents import table_file
from forge_core.catalog.formats.scan import label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, ScannedFolder, split_of_name
from forge_core.errors import InvalidInput

_BLOCK = 2**16
_START = b"<annotations"


def recognises(walked: Walked) -> bool:
    """An XML at the top whose root is `annotations` with a version."""
    return bool(_documents(walked))


def read(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """Every image that the XML lists, with its one tag.

    Raises:
        InvalidInput: The XML is damaged or has a document type.
    """
    documents = _documents(walked)
    records = (record for document in documents for record in _records(walked, document))
    return label_records.place(
        walked,
        records,
        layout="cvat",
        heading=f"CVAT images, {label_records.named(documents)}",
        documents=documents,
        several=options.several,
    )


def _documents(walked: Walked) -> list[str]:
    found = []
    for path in walked.documents_named(".xml", depth=0):
        try:
            with (walked.root / path).open("rb") as file:
                head = file.read(_BLOCK)
        except OSError:
            continue
        if _START in head and b"<version>" in head:
            found.append(path)
    return found


def _records(walked: Walked, document: str) -> Iterator[Record]:
    number = 0
    try:
        for image in _images(walked, document):
            number += 1
            tags = (tag.get("label", "") for tag in image.iterfind("tag"))
            yield Record(
                path=image.get("name", ""),
                row=f"{document} image {number}",
                labels=tuple(dict.fromkeys(label for label in tags if label.strip())),
                split=split_of_name(image.get("subset", "")),
            )
    except InvalidInput:
        raise
    except (ElementTree.ParseError, OSError, ValueError) as error:
        raise table_file.unreadable(document, error) from error


def _images(walked: Walked, document: str) -> Iterator[ElementTree.Element]:
    """The image elements one by one; each is forgotten after use, so memory stays flat."""
    parser: Any = ElementTree.XMLPullParser(["start", "end"])
    root: ElementTree.Element | None = None
    overlap = b""
    with (walked.root / document).open("rb") as file:
        while block := file.read(_BLOCK):
            if b"<!DOCTYPE" in overlap + block or b"<!ENTITY" in overlap + block:
                raise InvalidInput(
                    f"{document} has a document type, which no export of CVAT has.",
                    next_step="Export it again as “CVAT for images 1.1”.",
                )
            overlap = block[-16:]
            parser.feed(block)
            for event, element in parser.read_events():
                if root is None:
                    root = element
                elif event == "end" and element.tag == "image":
                    yield element
                    root.clear()
    parser.close()
