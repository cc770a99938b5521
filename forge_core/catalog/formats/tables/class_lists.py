"""Lists called as classes: `cat.txt` and `dog.txt` hold the names of images, and nothing else.

With a split in the name (`cat_train.txt`) its images get that too. Lists called as splits, folds
or parts of a set are none.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from forge_core.catalog.formats import folders
from forge_core.catalog.formats.documents import table_file, text_encoding
from forge_core.catalog.formats.layout import signals
from forge_core.catalog.formats.scan import folder_names, label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record
from forge_core.catalog.formats.scan.scanned_folder import Caution, ReadOptions, ScannedFolder

_ENDINGS = (".txt", ".lst", ".list")
_SAMPLE = 100
_LONGEST_LINE = 4096
_NAMED = 0.9
# fmt: off
_NO_CLASS = frozenset({
    "all", "annotation", "annotations", "batch", "class", "classes", "cv", "data", "dataset",
    "file", "filelist", "filenames", "files", "fold", "folds", "group", "image", "images",
    "imageset", "index", "item", "items", "key", "keys", "label", "labels", "list", "lists",
    "name", "names", "note", "notes", "order", "part", "parts", "path", "paths", "photo",
    "photos", "readme", "sample", "samples", "set", "shard", "sorted", "split", "splits",
    "subset", "total", "urls", "used", "wnids", "words",
})
# fmt: on
"""Words that say what such a list is, not what its images show."""


def recognises(walked: Walked) -> bool:
    """At least two lists of names of images alone, called as classes, and no class folders."""
    if walked.asked is not None or folders.says_labels(walked):
        return False
    return len({name for name, _ in _lists(walked).values()}) > 1


def read(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """The images of each list with its class; one in several lists has several labels.

    Raises:
        InvalidInput: A list cannot be read.
    """
    found = _lists(walked)
    records = [
        r for path, (name, split) in found.items() for r in _records(walked, path, name, split)
    ]
    listed = {file.path for record in records for file in walked.finder.look_up(record.path).files}
    rest = [
        Record(path=file.path, row=file.path) for file in walked.files if file.path not in listed
    ]
    scanned = label_records.place(
        walked,
        [*records, *rest],
        layout="class_lists",
        heading=f"A list of images for each class, {label_records.named(list(found))}",
        documents=list(found),
        several=options.several,
    )
    classes = signals.listed({name for name, _ in found.values()})
    caution = Caution(
        kind="class_lists",
        message=f"Lists of images are read as classes by their names: {classes}. Choose flat if "
        "they are something else.",
        option="format_name",
        choices=("class_lists", "flat"),
    )
    return replace(scanned, cautions=(*scanned.cautions, caution))


def _lists(walked: Walked) -> dict[str, tuple[str, str | None]]:
    """Path of each list to its class and split; none where one of them is no class."""
    key = "\0class lists"
    if key not in walked.memory:
        walked.memory[key] = dict(_find(walked))
    found: dict[str, tuple[str, str | None]] = walked.memory[key]
    return found


def _find(walked: Walked) -> Iterator[tuple[str, tuple[str, str | None]]]:
    for path in sorted(walked.documents_named(*_ENDINGS)):
        stem = path.rpartition("/")[2].rpartition(".")[0]
        parsed = folder_names.parse_split(stem)
        words = list(parsed.rest) if parsed else folder_names.words_of(stem)
        if not any(c.isalpha() for word in words for c in word) or _NO_CLASS & set(words):
            continue
        if _names_images(walked, path):
            yield path, (" ".join(words) if parsed else stem, parsed.split if parsed else None)


def _names_images(walked: Walked, document: str) -> bool:
    asked = hits = 0
    try:
        for line in islice(_lines(walked, document), _SAMPLE):
            asked += 1
            hits += len(line) <= _LONGEST_LINE and walked.finder.finds(line)
    except (OSError, ValueError):
        return False
    return asked > 0 and hits >= _NAMED * asked


def _records(walked: Walked, document: str, name: str, split: str | None) -> Iterator[Record]:
    try:
        for number, line in enumerate(_lines(walked, document), start=1):
            row = f"{document} line {number}"
            yield Record(path=line, row=row, labels=(name,), split=split)
    except (OSError, ValueError) as error:
        raise table_file.unreadable(document, error) from error


def _lines(walked: Walked, document: str) -> Iterator[str]:
    path = walked.root / document
    with path.open(encoding=text_encoding.of(path, walked.encoding), errors="replace") as file:
        yield from (text for line in file if (text := line.strip()))
