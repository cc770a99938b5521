"""Text lists of ImageNet's kind: `path number` a line, with the names in synsets.txt.

Lists with a name instead of a number (`1.jpg dog`) are read as well. A list that is called as a
split (train.txt, val.txt) gives it to its images.

Source: Caffe's ImageNet lists (train.txt, val.txt, synsets.txt); datumaro's imagenet_txt.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TextIO

from forge_core.catalog.formats import table
from forge_core.catalog.formats.documents import class_names, table_file, text_encoding
from forge_core.catalog.formats.scan import label_records, questions
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record
from forge_core.catalog.formats.scan.questions import Asked
from forge_core.catalog.formats.scan.scanned_folder import (
    ReadOptions,
    ScannedFolder,
    split_of_document,
)
from forge_core.catalog.formats.tables import row_labels, split_numbers, table_choice

NAME_LISTS = ("synsets.txt", "classes.txt", "synset_words.txt", "class_names.txt")
_SAMPLE = 100
_LONGEST_LINE = 4096


def recognises(walked: Walked) -> bool:
    """A text file at the top whose first lines end in a label and begin with an image's name."""
    documents = _of_one_kind(_documents(walked))
    if not documents or not table.folders_say(walked):
        return bool(documents)
    # Folders that are labels are not given up for a list of a part of the images.
    named = sum(1 for path in documents for _ in _lines(walked, path))
    return 2 * named >= len(walked.files)


def read(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """The image of each line.

    Raises:
        InvalidInput: A list cannot be read.
    """
    documents: Sequence[str] = _of_one_kind(_documents(walked))
    lists = documents
    asked, documents = _asked(walked, lists, options.question)
    labels = {label for path in documents for r in _records(walked, path, {}) for label in r.labels}
    named = class_names.beside(walked, labels, documents)
    names = named.names if named is not None else {}
    if named is None and documents:
        names = _from_folders(walked, documents)
    records, doubts = row_labels.without_unlabelled(
        [r for path in documents for r in _records(walked, path, names)], documents, options
    )
    scanned = label_records.place(
        walked,
        [replace(r, labels=()) for r in records if isinstance(r, Record)]
        if asked.is_open
        else records,
        layout="imagenet_txt",
        heading=f"A list of images and labels, {label_records.named(list(documents))}",
        documents=[*lists, *([named.document] if named else [])],
        notes=[
            *([named.note if named else "Numbers are named by the folders of their images."])
            * bool(names),
            *asked.notes,
        ],
        several=options.several,
    )
    return replace(scanned, cautions=(*scanned.cautions, *asked.cautions, *doubts))


def _of_one_kind(documents: Sequence[str]) -> Sequence[str]:
    """Lists of splits together; otherwise the best one."""
    are_splits = all(split_of_document(path) for path in documents)
    return documents if are_splits else documents[:1]


def _asked(
    walked: Walked, documents: Sequence[str], chosen: str | None
) -> tuple[Asked, Sequence[str]]:
    """Which of several questions is asked that lists answer, and the lists that answer it."""
    if len({label_records.without_split(path) for path in documents}) < 2:
        return Asked(chosen=None, is_open=False), documents
    said = {path: {r.path: r.labels for r in _records(walked, path, {})} for path in documents}
    by_document = questions.of_lists(said)
    if not by_document:
        return Asked(chosen=None, is_open=False), documents
    answers = (by_document[path] for path in documents for _ in said[path])
    asked = questions.ask(answers, chosen, documents)
    wanted = asked.chosen or by_document[documents[0]]
    return asked, [path for path in documents if by_document[path] == wanted]


def _from_folders(walked: Walked, documents: Sequence[str]) -> dict[str, str]:
    pairs = []
    for record in (r for path in documents for r in _records(walked, path, {})):
        files = walked.finder.look_up(record.path).files
        pairs += [(files[0].path, label) for label in record.labels if len(files) == 1]
    return class_names.by_folders(pairs)


def _at_top(walked: Walked) -> list[str]:
    return walked.documents_named(".txt", depth=0)


def _documents(walked: Walked) -> list[str]:
    """Lists of which at least half of the first lines name an image, the best first."""
    at_top = _at_top(walked)
    who = [path for path in at_top if questions.says_who(path)]
    if who and table_choice.others_label(walked, who):
        at_top = [path for path in at_top if path not in who]
    parts = {path: _part_found(walked, path) for path in at_top}
    found = [path for path in sorted(parts) if parts[path] >= 0.5]
    sizes = {path: (walked.root / path).stat().st_size for path in found}
    return sorted(found, key=lambda path: (-parts[path], -sizes[path]))


def _part_found(walked: Walked, document: str) -> float:
    if document.lower() in NAME_LISTS:
        return 0.0
    asked = hits = 0
    counts: set[int] = set()
    seen: set[str] = set()
    is_table = False
    try:
        with _open(walked, document) as file:
            for line in islice(file, _SAMPLE):
                is_table = is_table or line.count("\t") > 1
                path, labels = _split_line(line[:_LONGEST_LINE].rstrip("\n"), walked.finder.find)
                if path:
                    asked += 1
                    if labels and walked.finder.find(path):
                        hits += 1
                        counts.add(len(labels))
                        seen.update(labels)
    except (OSError, ValueError):
        return 0.0
    if seen and seen <= split_numbers.MEANING.keys() and split_numbers.says_splits(document):
        return 0.0
    if is_table or (asked > 1 and len(counts) == 1 and min(counts) > 1):
        return 0.0  # columns of a table, or boxes
    return hits / asked if asked else 0.0


def _records(walked: Walked, document: str, names: Mapping[str, str]) -> Iterator[Record]:
    split = split_of_document(document)
    for number, line in enumerate(_lines(walked, document), start=1):
        name, labels = _split_line(line, walked.finder.find)
        if name:
            yield Record(
                path=name,
                row=f"{document} line {number}",
                labels=tuple(_name_of(label, names) for label in labels),
                split=split,
            )


def _open(walked: Walked, document: str) -> TextIO:
    path = walked.root / document
    return path.open(encoding=text_encoding.of(path, walked.encoding), errors="replace")


def _lines(walked: Walked, document: str) -> Iterator[str]:
    try:
        with _open(walked, document) as file:
            for line in file:
                yield line.rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise table_file.unreadable(document, error) from error


def _split_line(line: str, is_there: Callable[[str], object]) -> tuple[str, list[str]]:
    """Path and labels: all numbers at the end, or else the last word.

    Where no image is called so, the label is what follows the name of one, spaces and all.
    """
    words = line.split(" ") if "\t" not in line else line.split("\t")
    end = len(words)
    while end > 1 and words[end - 1].removeprefix("-").isdecimal():
        end -= 1
    if end == len(words) and end > 1:
        end -= 1
    path, labels = " ".join(words[:end]).strip(), [word for word in words[end:] if word]
    if not is_there(path):
        for place in range(1, end):
            if is_there(" ".join(words[:place])):
                return " ".join(words[:place]), [" ".join(words[place:]).strip()]
    return path, labels


def _name_of(label: str, names: Mapping[str, str]) -> str:
    """The name that a number stands for, or the label itself."""
    return names.get(label, label)
