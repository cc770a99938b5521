"""The net below all formats: a document that names images that are there is never passed over.

What was not read is looked at once more. A document that would give those images a label, a split,
or nobody knows what is told before anything else, with the choice that helps. Lists of sizes and
checksums, notices and whatever only repeats the labels that were read are not worth a word.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import PurePosixPath

from forge_core.catalog.formats.documents import column_values, text_encoding, workbook
from forge_core.catalog.formats.scan.file_walk import DOCUMENT_EXTENSIONS, Walked
from forge_core.catalog.formats.scan.label_records import counted
from forge_core.catalog.formats.scan.scanned_folder import (
    CAUTIONS,
    Caution,
    ReadOptions,
    ScannedFolder,
)
from forge_core.catalog.formats.tables import paired_files, table_choice
from forge_core.catalog.formats.tables.table_choice import Reading
from forge_core.catalog.importing.import_problems import printable
from forge_core.imaging import formats

_MOST_DOCUMENTS = 200
_MOST_TOLD = 5
_READ_BYTES = 2**20
_PROSE = re.compile(r"readme|licen[cs]e|copying|changelog|citation|requirements|credits", re.I)
_TOKEN = re.compile(r"""[^\s"'<>|,;:=()\[\]{}*?]+""")
_LEAST_SHARE = 0.3
_PICKLES = (".pkl", ".pickle")
_OPAQUE = (".mat", ".npy", *_PICKLES)


def told(
    scanned: ScannedFolder, level: Walked, walked: Walked, lists: Sequence[str] = ()
) -> ScannedFolder:
    """The same with a caution for each document that names its images and was not read.

    Args:
        scanned: What was read.
        level: The folder that it was read from.
        walked: The folder that was asked for, which may lie above.
        lists: Documents that were read besides, relative to `walked`.
    """
    above = level.root.relative_to(walked.root).as_posix()
    start = "" if above == "." else f"{above}/"
    read = {*lists, *(f"{start}{document}" for document in scanned.documents)}
    labels = {f"{start}{entry.path}": entry.label_name for entry in scanned.entries}
    found = [
        caution
        for document in _unread(walked, read)
        if (caution := _judge(walked, document, labels, start)) is not None
    ]
    found += _paired(walked, read, labels)
    found += _packed(walked, labels)
    if len(found) > _MOST_TOLD:
        more = len(found) - _MOST_TOLD
        rest = Caution(
            kind="unread_labels",
            message=f"{counted(more, 'more document')} name images that are there and are not "
            "read; the list of what was left out names them.",
        )
        found = [*found[:_MOST_TOLD], rest]
    cautions = [*scanned.cautions, *found, *_guessed(scanned)]
    order = list(CAUTIONS)
    cautions.sort(key=lambda caution: order.index(caution.kind))
    return replace(scanned, cautions=tuple(cautions))


def _guessed(scanned: ScannedFolder) -> Iterator[Caution]:
    """A word about each code page that was guessed, and that letters of labels come from."""
    for document in scanned.documents:
        path = scanned.root / document
        if path.suffix.lower() in (".parquet", *table_choice.BINARY):
            continue
        with suppress(OSError):
            encoding = text_encoding.of(path)
            if text_encoding.is_guess(encoding):
                yield Caution(
                    kind="encoding",
                    message=f"{printable(document)} is not in UTF-8. It looks like {encoding}: "
                    "look whether the classes are spelled right, or choose another.",
                    option="encoding",
                    choices=text_encoding.CHOICES,
                )
                return


def _unread(walked: Walked, read: set[str]) -> list[str]:
    stems = walked.image_stems
    found = [
        path
        for path in walked.documents
        if path not in read
        and path.rpartition(".")[0] not in stems
        and not _PROSE.search(PurePosixPath(path).stem)
        and not table_choice.is_filler(path)
    ]
    return sorted(found, key=lambda path: (path.count("/"), path))[:_MOST_DOCUMENTS]


def _paired(walked: Walked, read: set[str], labels: dict[str, str | None]) -> Iterator[Caution]:
    """A word about documents that are called as images without a label, and were not read."""
    if walked.is_catalog:
        return
    pairs = paired_files.by_image(walked.documents, [file.path for file in walked.files])
    unread = [
        path
        for image, kinds in pairs.items()
        if labels.get(image) is None
        for path in kinds.values()
        if path not in read
    ]
    if unread:
        verb = "is" if len(unread) == 1 else "are"
        yield _caution(
            f"{counted(len(unread), 'document')} called as an image each, such as "
            f"“{printable(unread[0])}”, may hold their labels, but {verb} not read: no label of a "
            "whole image is known in them (boxes and captions are none)."
        )


def _packed(walked: Walked, labels: dict[str, str | None]) -> Iterator[Caution]:
    """A word about archives beside images: they may hold more images, or the labels."""
    packed = [problem.path for problem in walked.problems if problem.reason == "archive"]
    if packed and (None in labels.values() or not labels):
        named = ", ".join(f"“{printable(path)}”" for path in packed[:3])
        more = f" and {len(packed) - 3:,} more" if len(packed) > 3 else ""
        yield _caution(
            f"{named}{more} may hold images or labels, but archives inside a folder are not "
            "unpacked. Unpack them there, or import an archive by itself."
        )


def _judge(
    walked: Walked, document: str, labels: dict[str, str | None], start: str
) -> Caution | None:
    """What to say of a document, None where it is of no weight."""
    ending = PurePosixPath(document).suffix.lower()
    shown = printable(document)
    if ending in table_choice.WIDE:
        reading = table_choice.read(walked, document, ReadOptions(encoding=walked.encoding))
        if reading is not None and reading.found >= table_choice.LEAST_FOUND:
            return _judge_table(walked, reading, labels, document.removeprefix(start))
    if ending in table_choice.WORKBOOKS and not workbook.is_readable():
        text = workbook.raw_text(walked.root / document)
        if _names_images(walked, text) or (not text and None in labels.values()):
            return _caution(
                f"{shown} may name images that are there, but is not read: it is an Excel "
                f"workbook, and {workbook.NEEDS} is not installed. {workbook.HOW}"
            )
        return None
    if ending in (*table_choice.WORKBOOKS, ".xls", ".ods") and None in labels.values():
        return _caution(
            f"{shown} may hold the labels of images that are there, but cannot be read as a "
            "workbook. Save its sheet as CSV."
        )
    if ending in table_choice.BINARY or ending in (".npz", ".npy", ".mat", ".pkl", ".pickle"):
        data = _bytes(walked, document).decode("latin-1")
        if _names_images(walked, data):
            return _caution(
                f"{shown} seems to name images that are there, but files of this kind are not "
                "read. Write its labels as CSV, with a column for the file names."
            )
        if ending in _OPAQUE and not any(labels.values()):
            why = "a pickle could run code" if ending in _PICKLES else "it names no images"
            return _caution(
                f"{shown} may hold the labels, but is not read: {why}. Write its labels as CSV, "
                "with a column for the file names."
            )
        return None
    text = _text(walked, document)
    if not text or not _names_images(walked, text):
        return None
    is_known = ending in DOCUMENT_EXTENSIONS and ending not in (".md", ".html", ".txt")
    if not is_known and _share_of_lines(walked, text) < _LEAST_SHARE:
        return None
    return _caution(
        f"{shown} names images that are there, but is not read: nothing is known in it that gives "
        "them a label. Write its labels as CSV, with a column for the file names and one for the "
        "label."
    )


def _judge_table(
    walked: Walked, reading: Reading, labels: dict[str, str | None], document: str
) -> Caution | None:
    shown = printable(reading.table.document)
    told_columns = [
        column
        for column in (reading.mapping.get("label"), *reading.choices)
        if column and not _repeats(walked, reading, column, labels)
    ]
    if reading.one_hot and not _repeats_marks(walked, reading, labels):
        return _caution(
            f"{shown} marks classes of images that are there, but is not read: other labels were "
            "found first.",
            option="document",
            choices=(document,),
        )
    if not told_columns:
        if any(labels.values()):
            return None
        path = reading.mapping["path"]
        said = [n for n in reading.table.columns if n and n != path and _says_something(reading, n)]
        others = [n for n in reading.others or said if not n.startswith("column ")]
        if not others:
            return None
        named = ", ".join(f"“{printable(name)}”" for name in others[:8])
        return _caution(
            f"{shown} names images that are there, but is not read: no column is known to hold "
            f"the label (it has {named}). Choose it, if there is one.",
            option="label_column",
            choices=tuple(others),
        )
    named = ", ".join(f"“{printable(name)}”" for name in told_columns[:8])
    if len(told_columns) == 1 and "label" in reading.mapping:
        return _caution(
            f"{shown} gives labels ({named}) to images that are there, but is not read: other "
            "labels were found first. Choose it to read it instead.",
            option="document",
            choices=(document,),
        )
    return _caution(
        f"{shown} names images that are there, but is not read: no column is known to hold the "
        f"label. It may be {named}.",
        option="label_column",
        choices=tuple(told_columns),
    )


def _says_something(reading: Reading, column: str) -> bool:
    """Whether a column that is known to hold no label holds two things at least, but no names."""
    values = Counter(row.get(column, "").strip() for row in reading.rows)
    return len(values) > 1 and (len(values) < len(reading.rows) or len(values) < 5)


def _repeats(walked: Walked, reading: Reading, column: str, labels: dict[str, str | None]) -> bool:
    """Whether a column says of its images what is known already, be it in other words."""
    pairs = (
        (row.get(reading.mapping["path"], ""), row.get(column, "").strip()) for row in reading.rows
    )
    return _are_one(walked, reading, pairs, labels)


def _repeats_marks(walked: Walked, reading: Reading, labels: dict[str, str | None]) -> bool:
    pairs = (
        (
            row.get(reading.mapping["path"], ""),
            "".join(
                name for name in reading.one_hot if column_values.mark(row.get(name, ""))[:1] == "1"
            ),
        )
        for row in reading.rows
    )
    return _are_one(walked, reading, pairs, labels)


def _are_one(
    walked: Walked,
    reading: Reading,
    pairs: Iterable[tuple[str, str]],
    labels: dict[str, str | None],
) -> bool:
    """Whether each value goes with one known label, and each label with one value."""
    folder = reading.table.document.rpartition("/")[0]
    seen: set[tuple[str, str]] = set()
    for name, value in pairs:
        files = walked.finder.look_up(name, folder=folder).files
        if len(files) != 1:
            continue
        label = labels.get(files[0].path)
        if label is None:
            if value:
                return False
            continue
        seen.add((label, value))
    ones, others = Counter(a for a, _ in seen), Counter(b for _, b in seen)
    return bool(seen) and max(ones.values()) == 1 and max(others.values()) == 1


def _names_images(walked: Walked, text: str) -> bool:
    """Whether a text holds the names of some of the images."""
    found: set[str] = set()
    least = min(2, len(walked.files))
    for token in _tokens(text):
        looked = walked.finder.look_up(token)
        found.update(file.path for file in looked.files[:1])
        if len(found) >= least:
            return True
    return False


def _share_of_lines(walked: Walked, text: str) -> float:
    lines = [line for line in islice(text.splitlines(), 400) if line.strip()]
    named = sum(any(walked.finder.finds(token) for token in _tokens(line)) for line in lines)
    return named / len(lines) if lines else 0.0


def _tokens(text: str) -> Iterator[str]:
    for match in islice(_TOKEN.finditer(text), 20_000):
        token = match[0].rstrip(".:")
        if PurePosixPath(token.replace("\\", "/")).suffix.lower() in formats.EXTENSIONS:
            yield token


def _bytes(walked: Walked, document: str) -> bytes:
    try:
        with (walked.root / document).open("rb") as file:
            return file.read(_READ_BYTES)
    except OSError:
        return b""


def _text(walked: Walked, document: str) -> str:
    with suppress(OSError):
        encoding = text_encoding.of(walked.root / document, walked.encoding)
        return _bytes(walked, document).decode(encoding, "replace")
    return ""


def _caution(message: str, option: str | None = None, choices: Sequence[str] = ()) -> Caution:
    return Caution(kind="unread_labels", message=message, option=option, choices=tuple(choices))
