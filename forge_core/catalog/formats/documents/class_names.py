"""Lists that say which name a number stands for, and names that several numbers share."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePosixPath

from forge_core.catalog.formats.documents import columns as roles
from forge_core.catalog.formats.documents import json_rows, table_file, text_encoding
from forge_core.catalog.formats.scan import folder_names
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.importing.import_problems import printable
from forge_core.errors import InvalidInput
from forge_core.imaging import formats

_WORDS = re.compile(
    r"class|label|name|map|index|synset|categor|dict|legend|breed|species|disease|idx|2id|id2", re.I
)
_ENDINGS = (".json", ".txt", ".csv", ".tsv", ".names")
_NUMBERED = re.compile(r"\s*(\d{1,9})\s*[,:;=\t. ]\s*(.+)")
_NUMBER_BEHIND = re.compile(r"\s*(\S.*?)[,:;=\t ]\s*(\d{1,9})\s*")
_BY_LETTER = re.compile(r"/([A-Za-z])/((?i:\1).*)")
"""A name of Places365, in a folder of its first letter: `/a/airfield`, `/f/field/wild`."""
_MOST_BYTES = 2**20
_MOST_LISTS = 30


@dataclass(frozen=True, kw_only=True)
class Named:
    """What the numbers of a table are called."""

    names: Mapping[str, str]
    """Number as text to name; no name stands twice."""
    document: str
    note: str


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """Id to name, with the id behind names that several ids have: `crane (134)`."""
    times = Counter(name.strip() for name in names.values())
    return {
        key: f"{name.strip()} ({key})" if times[name.strip()] > 1 else name
        for key, name in names.items()
    }


def shared(names: Mapping[str, str]) -> list[str]:
    """A note for each name that several ids have."""
    times = Counter(name.strip() for name in names.values())
    return [
        f"“{printable(name)}” is the name of {number} classes, which stay apart by their numbers."
        for name, number in times.items()
        if number > 1
    ]


def beside(
    walked: Walked,
    labels: Iterable[str],
    documents: Sequence[str],
    columns: Collection[str] = (),
) -> Named | None:
    """The list in a folder that names all of these labels, if they are numbers.

    Codes of letters (MEL) are named by a table with a column called as that of the labels.

    Args:
        walked: The folder.
        labels: All that occur.
        documents: The tables that were read, which name nothing.
        columns: What the columns of the labels are called there.
    """
    asked = set(labels)
    if not asked:
        return None
    if columns and (joined := _by_column(walked, asked, documents, columns)):
        return joined
    if not all(label.isascii() and label.isdecimal() for label in asked):
        return None
    found = [
        path
        for path in replace(walked, asked=None).documents_named(*_ENDINGS, depth=2)
        if path not in documents and path.rpartition(".")[0] not in walked.image_stems
    ]
    found.sort(key=lambda p: (not _WORDS.search(PurePosixPath(p).stem), p.count("/"), p))
    numbers = {str(int(label)) for label in asked}
    for document in found[:_MOST_LISTS]:
        names, is_counted = _names(walked, document)
        if len(set(names.values())) * 2 <= len(names) or len(names) >= 100_000:
            continue  # a table of labels or of splits, not of names
        if sum(map(_is_picture, names.values())) * 2 > len(names):
            continue  # a list of images
        start = ""
        if is_counted and "0" not in numbers:
            if str(len(names)) in numbers:
                names = {str(int(number) + 1): name for number, name in names.items()}
                start = " Its first line is 1."
            else:
                start = " Its first line is taken for 0, which no image has: look at the classes."
        if numbers <= names.keys():
            is_called = bool(_WORDS.search(PurePosixPath(document).stem))
            if not is_called and len(names) > 2 * len(asked):
                continue
            more = "".join(f" {note}" for note in shared(names))
            apart = told_apart(names)
            return Named(
                names=apart | {label: apart[str(int(label))] for label in asked},
                document=document,
                note=f"Numbers are named by {printable(document)}.{start}{more}",
            )
    return None


def _by_column(
    walked: Walked, asked: set[str], documents: Sequence[str], columns: Collection[str]
) -> Named | None:
    """A table of codes and names that has a column called as that of the labels."""
    tables = replace(walked, asked=None).documents_named(".csv", ".tsv", depth=2)
    for document in [path for path in tables if path not in documents][:_MOST_LISTS]:
        path = walked.root / document
        table = table_file.open_table(path, document, encoding=walked.encoding)
        keys = [c for c in table.columns if c in columns] if table is not None else []
        if table is None or len(keys) != 1 or path.stat().st_size > _MOST_BYTES:
            continue
        try:
            rows = [cells for _, cells in table.rows()]
        except InvalidInput:
            continue
        codes = [row_key(cells.get(keys[0], "")) for cells in rows]
        named = [
            column
            for column in table.columns
            if roles.is_known("label", column) or roles.is_known("path", column)
            if column != keys[0]
        ]
        for column in named:
            names = dict(zip(codes, (cells.get(column, "").strip() for cells in rows), strict=True))
            is_list = len(names) == len(codes) and all(names.values())
            if is_list and {row_key(label) for label in asked} <= names.keys():
                if any(map(_is_picture, names.values())) or names.keys() == set(names.values()):
                    continue
                apart = told_apart(names)
                more = "".join(f" {note}" for note in shared(names))
                return Named(
                    names={label: apart[row_key(label)] for label in asked},
                    document=document,
                    note=f"“{printable(keys[0])}” is named by {printable(document)}.{more}",
                )
    return None


def row_key(code: str) -> str:
    """A code as it is compared: 04 is 4."""
    plain = code.strip()
    return str(int(plain)) if plain.isascii() and plain.isdecimal() and len(plain) < 19 else plain


def _is_picture(name: str) -> bool:
    words = name.split() or [""]
    return any(PurePosixPath(word).suffix.lower() in formats.EXTENSIONS for word in words)


def by_folders(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Number to name, where all images of a number lie in one folder, and each in another.

    Args:
        pairs: Path of an image and its label. Images in folders that hold several numbers, such
            as those of a split, count for nothing.
    """
    known = [(path.split("/")[:-1], label) for path, label in pairs]
    labels = {label for _, label in known}
    if len(labels) < 2 or not all(label.isascii() and label.isdecimal() for label in labels):
        return {}
    for level in range(1, 5):
        inside: dict[str, set[str]] = {}
        for folders, label in known:
            if len(folders) >= level:
                inside.setdefault(folders[-level], set()).add(label)
        mixed = [name for name, numbers in inside.items() if len(numbers) > 1]
        if not all(folder_names.split_of_folder(name) for name in mixed):
            continue
        pure = [
            (numbers.copy().pop(), name) for name, numbers in inside.items() if len(numbers) == 1
        ]
        names = dict(pure)
        is_plain = any(
            name.isdecimal() or folder_names.split_of_folder(name) for name in names.values()
        )
        if len(pure) == len(names) == len(labels) and not is_plain:
            return names
    return {}


def _names(walked: Walked, document: str) -> tuple[dict[str, str], bool]:
    """Number to name, and whether the numbers are only those of the lines, counted from 0."""
    names, is_counted = _written(walked, document)
    sorted_in = [_BY_LETTER.fullmatch(name) for name in names.values()]
    if all(sorted_in):
        return {
            number: match[2] for number, match in zip(names, sorted_in, strict=True) if match
        }, is_counted
    return names, is_counted


def _written(walked: Walked, document: str) -> tuple[dict[str, str], bool]:
    path = walked.root / document
    try:
        if path.stat().st_size > _MOST_BYTES:
            return {}, False
        if document.lower().endswith(".json"):
            return _from_json(walked, document)
        is_table = document.lower().endswith((".csv", ".tsv"))
        if is_table and (named := _from_table(walked, document)):
            return named, False
        text = path.read_text(encoding=text_encoding.of(path, walked.encoding), errors="replace")
        if is_table and any(sign in text for sign in table_file.SEPARATORS):
            return {}, False  # several columns
        return _from_lines(text.splitlines())
    except (OSError, ValueError, RecursionError):
        return {}, False


def _from_lines(lines: Sequence[str]) -> tuple[dict[str, str], bool]:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    if not lines or not all(line.strip() for line in lines):
        return {}, False
    for form, number, name in ((_NUMBERED, 1, 2), (_NUMBER_BEHIND, 2, 1)):
        found = [form.fullmatch(line) for line in lines]
        numbers = {int(match[number]) for match in found if match}
        is_near = form is _NUMBERED or max(numbers, default=0) <= 2 * len(lines) + 10  # no years
        if len(numbers) == len(lines) and is_near:
            return {str(int(m[number])): m[name].strip() for m in found if m}, False
    return {str(number): line.strip().strip('"') for number, line in enumerate(lines)}, True


def _from_json(walked: Walked, document: str) -> tuple[dict[str, str], bool]:
    for table in json_rows.tables(walked.root / document, walked.encoding).values():
        columns = json_rows.columns_of(table)
        if columns == (json_rows.VALUE,):
            return {str(n): row[json_rows.VALUE] for n, row in enumerate(table)}, True
        if names := _from_pairs([tuple(row.values()) for row in table if len(row) == 2], table):
            return names, False
    return {}, False


def _from_pairs(pairs: Sequence[tuple[str, ...]], rows: Sequence[object]) -> dict[str, str]:
    if not pairs or len(pairs) != len(rows):
        return {}
    for number, name in ((0, 1), (1, 0)):
        numbers = [pair[number].strip() for pair in pairs]
        if all(n.isascii() and n.isdecimal() for n in numbers) and len(set(numbers)) == len(pairs):
            return {str(int(pair[number])): pair[name] for pair in pairs if pair[name].strip()}
    return {}


def _from_table(walked: Walked, document: str) -> dict[str, str]:
    table = table_file.open_table(walked.root / document, document, encoding=walked.encoding)
    if table is None or len(table.columns) != 2:
        return {}
    rows = [
        tuple(cells.get(c, "") for c in table.columns) for _, cells in islice(table.rows(), 100_000)
    ]
    if names := _from_pairs([table.columns, *rows], [table.columns, *rows]):
        return names
    return _from_pairs(rows, rows)
