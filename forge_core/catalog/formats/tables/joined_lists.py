"""Lists that a number joins: one of images, one of their classes, one of their splits.

CUB-200 keeps `images.txt` (number and path), `image_class_labels.txt` (number of an image and of a
class), `train_test_split.txt` (1 is train) and `classes.txt`; databases export tables alike.

Source: the README of CUB-200-2011.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePosixPath

from forge_core.catalog.formats.documents import class_names, column_values, table_file
from forge_core.catalog.formats.documents import columns as roles
from forge_core.catalog.formats.documents.column_values import Row
from forge_core.catalog.formats.documents.table_file import TableFile
from forge_core.catalog.formats.scan import label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, ScannedFolder, split_of_name
from forge_core.catalog.formats.tables import row_labels, table_choice
from forge_core.catalog.importing.import_problems import printable
from forge_core.errors import InvalidInput

_ENDINGS = (".txt", ".csv", ".tsv", ".lst", ".list", ".dat")
_MOST_DOCUMENTS = 40
_SPLIT_NAME = re.compile(r"split|train.*test|test.*train|is_?train", re.IGNORECASE)
_LABEL_NAME = re.compile(r"class|label|categor|target", re.IGNORECASE)
_CODE = re.compile(r"(?=.*\d)[\w-]{8,64}")
_FLAGS = frozenset({"0", "1"})


@dataclass(frozen=True, kw_only=True)
class _List:
    """A table with a column of numbers that stand for images."""

    table: TableFile
    key: str
    value: str
    """The column of the path, the class or the split."""


@dataclass(frozen=True, kw_only=True)
class _Joined:
    """The lists of one set."""

    images: _List
    labels: _List | None
    splits: _List | None

    @property
    def documents(self) -> list[str]:
        """Their names, that of the images first."""
        lists = (self.images, self.labels, self.splits)
        return [one.table.document for one in lists if one is not None]


def recognises(walked: Walked) -> bool:
    """A list of numbers and images, and another one of such numbers with a class or a split."""
    return _find(walked) is not None


def read(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """Every image of the list, with the class and the split that its number has in the others.

    Raises:
        InvalidInput: There are no such lists, or one is damaged.
    """
    joined = _find(walked)
    if joined is None:
        raise InvalidInput(
            "There are no lists that a number joins.",
            next_step="Lay a list of numbers and images beside one of numbers and classes.",
        )
    labels = _by_key(joined.labels)
    splits = _by_key(joined.splits)
    named = class_names.beside(walked, _distinct(labels), joined.documents)
    names = named.names if named is not None else {}
    records = [
        replace(record, labels=tuple(names.get(label, label) for label in record.labels))
        for record in _records(joined.images, labels, splits)
    ]
    first, *others = joined.documents
    return label_records.place(
        walked,
        records,
        layout="joined_lists",
        heading=f"Lists joined by number, {label_records.named(joined.documents)}",
        documents=[*joined.documents, *([named.document] if named else [])],
        notes=[
            f"The numbers of {printable(first)} are looked up in {label_records.named(others)}.",
            *([named.note] if named else []),
        ],
        several=options.several,
    )


def _records(
    images: _List, labels: Mapping[str, list[str]], splits: Mapping[str, list[str]]
) -> Iterator[Record]:
    folder = images.table.document.rpartition("/")[0]
    for row, cells in images.table.rows():
        number = _number(cells.get(images.key, ""))
        found = [split for word in splits.get(number, []) if (split := _split(word)) is not None]
        yield Record(
            path=cells.get(images.value, ""),
            row=row,
            folder=folder,
            labels=tuple(dict.fromkeys(labels.get(number, []))),
            split=found[0] if found else None,
        )


def _split(word: str) -> str | None:
    flags = {"1": "train", "0": "test"}
    return flags.get(word) or split_of_name(word)


def _by_key(found: _List | None) -> dict[str, list[str]]:
    by_key: dict[str, list[str]] = {}
    for _, cells in found.table.rows() if found is not None else ():
        values = row_labels.of_cell(cells.get(found.value, "")) if found is not None else []
        by_key.setdefault(_number(cells.get(found.key, "") if found else ""), []).extend(values)
    return by_key


def _distinct(labels: Mapping[str, Sequence[str]]) -> set[str]:
    return {label for values in labels.values() for label in values}


def _find(walked: Walked) -> _Joined | None:
    if walked.asked is not None or walked.is_catalog:
        return None
    key = "\0joined lists"
    if key not in walked.memory:
        walked.memory[key] = _look_for(walked)
    found: _Joined | None = walked.memory[key]
    return found


def _look_for(walked: Walked) -> _Joined | None:
    forms: list[tuple[TableFile, list[Row]]] = []
    for document in walked.documents_named(*_ENDINGS, depth=1)[:_MOST_DOCUMENTS]:
        path = walked.root / document
        opened = table_file.open_table(path, document, encoding=walked.encoding)
        for table in table_choice.forms(opened) if opened is not None else ():
            if len(table.columns) > 1:
                rows: list[Row] = []
                with suppress(InvalidInput):
                    rows.extend(cells for _, cells in islice(table.rows(), table_choice.SAMPLE))
                forms.append((table, rows))
    for table, rows in forms:
        images = _list_of_images(walked, table, rows)
        if images is None:
            continue
        keys = {_number(cells.get(images.key, "")) for _, cells in table.rows()}
        others = [
            (_kind(found, some), found)
            for other, some in forms
            if other.document != table.document
            and (found := _partner(other, some, images.key, keys)) is not None
        ]
        labels = [found for kind, found in others if kind == "label"]
        labels.sort(key=lambda one: not _LABEL_NAME.search(PurePosixPath(one.table.document).stem))
        splits = [found for kind, found in others if kind == "split"]
        if labels or splits:
            return _Joined(
                images=images,
                labels=labels[0] if labels else None,
                splits=splits[0] if splits else None,
            )
    return None


def _list_of_images(walked: Walked, table: TableFile, rows: Sequence[Row]) -> _List | None:
    """A table that numbers images and says nothing else of them that could be a class."""
    folder = table.document.rpartition("/")[0]

    def finds(value: str) -> bool:
        return column_values.has_ending(value) and walked.finder.finds(value, folder=folder)

    path = column_values.path_column(rows, table.columns, finds)
    if path is None:
        return None
    rest = [name for name in table.columns if name and name != path]
    keys = [name for name in rest if _are_keys(rows, name)]
    named = roles.guess_others(table.columns, path)
    if not keys or named.get("label", keys[0]) not in keys:
        return None
    if column_values.label_columns(rows, [name for name in rest if name not in keys]).columns:
        return None
    return _List(table=table, key=keys[0], value=path)


def _are_keys(rows: Sequence[Row], column: str) -> bool:
    """Whether a column numbers the rows, or calls each by a code of its own (a UUID)."""
    values = [value for row in rows if (value := row.get(column, "").strip())]
    is_code = len(set(values)) == len(values) > 2 and all(map(_CODE.fullmatch, values))
    return is_code or column_values.is_count(rows, column)


def _partner(table: TableFile, rows: Sequence[Row], key: str, keys: set[str]) -> _List | None:
    """A table that says one thing of at least half of the numbers, and not of others."""
    order = sorted(table.columns, key=lambda name: name != key)
    for column in order:
        numbers = [_number(row.get(column, "")) for row in rows]
        if not column or len(set(numbers)) < 3 or not all(n in keys for n in numbers):
            continue
        rest = [name for name in table.columns if name and name != column]
        named = roles.guess([column, *rest])
        value = named.get("label") or named.get("split")
        if value is None or value == column:
            value = rest[0] if len(rest) == 1 else None
        if value is None:
            continue
        counts = Counter(row.get(value, "").strip() for row in rows)
        said = {_number(cells.get(column, "")) for _, cells in table.rows()}
        if len(counts) < max(2, len(rows)) and 2 * len(said & keys) >= len(keys):
            return _List(table=table, key=column, value=value)
    return None


def _kind(found: _List, rows: Sequence[Row]) -> str:
    values = {row.get(found.value, "").strip() for row in rows} - {""}
    name = f"{PurePosixPath(found.table.document).stem} {found.value}"
    if values and all(split_of_name(value) is not None for value in values):
        return "split"
    return "split" if values <= _FLAGS and _SPLIT_NAME.search(name) else "label"


def _number(text: str) -> str:
    plain = text.strip()
    return str(int(plain)) if plain.isascii() and plain.isdecimal() and len(plain) < 19 else plain
