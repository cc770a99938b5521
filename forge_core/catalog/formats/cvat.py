"""CVAT for images 1.1: an XML of images, of which the tags are read as labels.

Where all tags are called alike (`animal`), their attributes are (`species`); where there are
several, or tags fall into several kinds of which an image has one each, that is asked.

Several XML files may hold the work of several persons on the same images: where a task or a job has
an assignee, its tags are their votes.

Boxes, polygons and the rest are passed over. A subset is the split where it is called as one. An
XML with a document type is refused, because only those can hold entities.

Source: CVAT documentation, "XML annotation format", version 1.1.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import permutations
from typing import Any
from xml.etree import ElementTree

from forge_core.catalog.formats.documents import table_file
from forge_core.catalog.formats.scan import label_records, questions
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, ScannedFolder, split_of_name
from forge_core.catalog.importing.import_problems import printable
from forge_core.errors import InvalidInput

_BLOCK = 2**16
_MOST_IN_KINDS = 200  # tags that are sorted into kinds
_START = b"<annotations"


def recognises(walked: Walked) -> bool:
    """An XML at the top whose root is `annotations` with a version."""
    return bool(_documents(walked))


def read(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """Every image that the XML lists, with its one tag or the attribute that is asked for.

    Raises:
        InvalidInput: The XML is damaged or has a document type, or there is no such question.
    """
    documents = _documents(walked)
    tags = _Tags()
    for document in documents:
        for image in _elements(walked, document):
            tags.add(image)
    found, of_tags = tags.questions()
    asked = questions.ask(found, options.question, documents)
    records = (
        Record(
            path=image.get("name", ""),
            row=f"{document} image {number}",
            labels=tuple(
                dict.fromkeys(
                    answer for name, answer in _answers(image, of_tags) if asked.counts(name)
                )
            ),
            split=split_of_name(image.get("subset", "")),
            is_vote=bool(assignees),
            author=assignees.get(image.get("task_id", ""), assignees.get("")),
        )
        for document in documents
        for assignees in [_assignees(walked, document)]
        for number, image in enumerate(_elements(walked, document), start=1)
    )
    scanned = label_records.place(
        walked,
        records,
        layout="cvat",
        heading=f"CVAT images, {label_records.named(documents)}",
        documents=documents,
        notes=[*asked.notes, *tags.notes(asked.chosen)],
        several=options.several,
        votes=options.votes,
    )
    return replace(scanned, cautions=(*asked.cautions, *scanned.cautions))


class _Tags:
    """What the tags of a file are called, which stand together, and what attributes they have."""

    def __init__(self) -> None:
        self._labels: Counter[str] = Counter()
        self._together: set[tuple[str, str]] = set()
        self._attributes: dict[str, Counter[str]] = defaultdict(Counter)
        self._num_several = 0
        self._num_tagged = 0

    def add(self, image: ElementTree.Element) -> None:
        """Count the tags of an image."""
        labels = sorted({tag.get("label", "").strip() for tag in image.iterfind("tag")} - {""})
        self._labels.update(labels)
        self._together.update(permutations(labels, 2))
        self._num_tagged += bool(labels)
        self._num_several += len(labels) > 1
        for name, value in _attributes(image):
            self._attributes[name][value] += 1

    def questions(self) -> tuple[list[str], dict[str, str]]:
        """The question of each answer that may be the label, and of each tag its question."""
        attributes = [n for n, values in self._attributes.items() if len(values) > 1]
        if len(self._labels) < 2 and attributes:
            return [n for n in attributes for _ in range(self._attributes[n].total())], {}
        kinds = self._kinds()
        of_tags = {label: " / ".join(kind[:3]) for kind in kinds for label in kind}
        return [of_tags[label] for label in self._labels.elements()], of_tags

    def notes(self, chosen: str | None) -> list[str]:
        """The attributes that are not read, beside tags that are."""
        others = sorted(name for name, values in self._attributes.items() if len(values) > 1)
        if chosen is not None or len(self._labels) < 2 or not others:
            return []
        return [f"Attributes of the tags are not read: {', '.join(map(printable, others[:5]))}."]

    def _kinds(self) -> list[list[str]]:
        """Tags in groups of which an image has one each; one group where they fall into none."""
        names = sorted(self._labels)
        if 2 * self._num_several < self._num_tagged or len(names) > _MOST_IN_KINDS:
            return [names]
        kinds: list[list[str]] = []
        for name in names:
            apart = [k for k in kinds if any((name, other) not in self._together for other in k)]
            kinds = [k for k in kinds if k not in apart]
            kinds.append(sorted([name, *(other for kind in apart for other in kind)]))
        return sorted(kinds) if min(map(len, kinds)) > 1 else [names]


def _answers(image: ElementTree.Element, of_tags: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Pairs of question and answer."""
    if not of_tags:
        yield from _attributes(image)
        return
    for tag in image.iterfind("tag"):
        label = tag.get("label", "").strip()
        if label:
            yield of_tags[label], label


def _attributes(image: ElementTree.Element) -> Iterator[tuple[str, str]]:
    for tag in image.iterfind("tag"):
        for attribute in tag.iterfind("attribute"):
            value = (attribute.text or "").strip()
            if value:
                yield attribute.get("name", "attribute"), value


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


def _assignees(walked: Walked, document: str) -> dict[str, str]:
    """Who worked on each task, by its id; "" for images that name no task."""
    meta = next(_elements(walked, document, "meta"), None)
    found = {}
    for kind in ("task", "job"):
        for part in () if meta is None else meta.iter(kind):
            if user := part.findtext("assignee/username", "").strip():
                found[part.findtext("id", "").strip()] = user
    if len(set(found.values())) == 1:
        found[""] = next(iter(found.values()))
    return found


def _elements(walked: Walked, document: str, tag: str = "image") -> Iterator[ElementTree.Element]:
    try:
        yield from _read_elements(walked, document, tag)
    except InvalidInput:
        raise
    except (ElementTree.ParseError, OSError, ValueError) as error:
        raise table_file.unreadable(document, error) from error


def _read_elements(walked: Walked, document: str, tag: str) -> Iterator[ElementTree.Element]:
    """Elements of a name one by one; each is forgotten after use, so memory stays flat."""
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
                elif event == "end" and element.tag == tag:
                    yield element
                    root.clear()
    parser.close()
