"""What the labels of all rows of a table mean together: numbers, names, and lists in a cell."""

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from forge_core.catalog.formats.documents import class_names
from forge_core.catalog.formats.documents.cells import as_text, join, split_list
from forge_core.catalog.formats.scan import folder_names
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record, counted
from forge_core.catalog.formats.scan.scanned_folder import Caution, ReadOptions
from forge_core.catalog.importing.import_problems import ImportProblem, printable

_WHOLE = re.compile(r"-?\d+\.0+")
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_LIST = re.compile(r"""(?:\{"choices":\s*)?(\[.*\])\s*\}?""", re.DOTALL)
_LONGEST_LIST = 4_000
_MISSING = frozenset({"nan", "NaN", "NAN", "NaT", "<NA>", "#N/A"})
_DOUBTFUL = frozenset({"None", "NULL", "Null", "null", "NA", "N/A", "n/a", "#NA"})
"""What programs write for nothing too, and what a person may call a class (pandas reads none)."""
_SIGNS = ("|", ";", ",", "+", "&", "/", " ")
_MOST_CLASSES = 10_000


@dataclass(frozen=True, kw_only=True)
class Settled:
    """The rows as they are taken in, and what to tell about them."""

    records: list[Record | ImportProblem]
    notes: list[str] = field(default_factory=list)
    cautions: tuple[Caution, ...] = ()
    documents: tuple[str, ...] = ()
    """Further documents that were read."""


def of_cell(cell: str) -> list[str]:
    """The labels of a cell: what a program writes for nothing is none, and 3.0 is 3."""
    found = []
    for part in split_list(_literal(cell)):
        plain = part.strip()
        if plain and plain not in _MISSING:
            found.append(plain.partition(".")[0] if _WHOLE.fullmatch(plain) else part)
    return found


def _literal(cell: str) -> str:
    """A cell that a program wrote as a list (['cat'], {"choices": ["cat"]}), as ours are."""
    match = _LIST.fullmatch(cell.strip())
    if match is None or len(cell) > _LONGEST_LIST:
        return cell
    try:
        parts = ast.literal_eval(match[1])  # texts and numbers only: nothing is run
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return cell
    plain = all(isinstance(part, str | int | float) for part in parts)
    return join([as_text(part) for part in parts]) if plain else cell


def settle(
    walked: Walked,
    records: list[Record | ImportProblem],
    documents: Sequence[str],
    options: ReadOptions,
    *,
    columns: Collection[str] = (),
    is_ours: bool = False,
) -> Settled:
    """Numbers get their names from a list beside them; cells with several labels are taken apart.

    A cell that may mean "no label" (None, unlabeled) is no class unless a person says so.

    Args:
        walked: The folder.
        records: All rows.
        documents: The tables they come from.
        options: What a person decided.
        columns: What the columns of the labels are called.
        is_ours: Whether an export of ours wrote them: then every label is what it says.
    """
    if is_ours:
        return Settled(records=records)
    records, doubts = without_unlabelled(records, documents, options)
    rows = [record for record in records if isinstance(record, Record)]
    notes: list[str] = []
    cautions = (*doubts, *_shortened(rows, documents))
    counts = Counter(label for row in rows for label in row.labels)
    named = class_names.beside(walked, counts, documents, columns)
    if named is not None:
        notes.append(named.note)
        records = [
            replace(r, labels=tuple(named.names.get(label, label) for label in r.labels))
            if isinstance(r, Record)
            else r
            for r in records
        ]
        return Settled(records=records, notes=notes, cautions=cautions, documents=(named.document,))
    if names := class_names.by_folders(_placed(walked, rows)):
        notes.append("Numbers are named by the folders of their images.")
        renamed = [
            replace(r, labels=tuple(names.get(label, label) for label in r.labels))
            if isinstance(r, Record)
            else r
            for r in records
        ]
        return Settled(records=renamed, notes=notes, cautions=cautions)
    sign = _sign(counts)
    if sign is None:
        return Settled(records=records, notes=notes, cautions=cautions)

    def one(record: Record | ImportProblem) -> Record | ImportProblem:
        if not isinstance(record, Record):
            return record
        labels = [part for label in record.labels for part in _parts(label, sign)]
        whole = record.labels[0] if len(record.labels) == 1 and len(labels) > 1 else None
        return replace(record, labels=tuple(labels), together=whole)

    return Settled(records=[one(record) for record in records], notes=notes, cautions=cautions)


def without_unlabelled(
    records: Sequence[Record | ImportProblem], documents: Sequence[str], options: ReadOptions
) -> tuple[list[Record | ImportProblem], tuple[Caution, ...]]:
    """The rows without labels that may mean "none" (None, N/A, unlabeled), and a word about them.

    Args:
        records: All rows, lines or files that say something of an image.
        documents: Where they stand.
        options: What a person decided.
    """
    counts = Counter(
        label
        for record in records
        if isinstance(record, Record)
        for label in record.labels
        if label in _DOUBTFUL or folder_names.says_unlabelled(label)
    )
    if not counts:
        return list(records), ()
    is_class = options.unlabelled_names == "class"
    names = ", ".join(f"“{printable(name)}”" for name, _ in counts.most_common(5))
    where = printable(documents[0]) if len(documents) == 1 else "the label files"
    message = f"{counted(counts.total(), 'line')} of {where} {_say(counts.total())} {names}: " + (
        "a class, because you chose it." if is_class else "taken as no label, not as a class."
    )
    caution = Caution(
        kind="unlabelled_name",
        message=message,
        option="unlabelled_names",
        choices=("unlabelled", "class"),
    )
    if is_class:
        return list(records), (caution,)
    kept: list[Record | ImportProblem] = [
        replace(record, labels=tuple(label for label in record.labels if label not in counts))
        if isinstance(record, Record)
        else record
        for record in records
    ]
    return kept, (caution,)


def _say(number: int) -> str:
    return "says" if number == 1 else "say"


def _placed(walked: Walked, rows: Sequence[Record]) -> Iterator[tuple[str, str]]:
    """Path of the image and label of each row, as long as all are numbers."""
    for row in rows:
        if not all(label.isascii() and label.isdecimal() for label in row.labels):
            yield "", ""
            return
        looked = walked.finder.look_up(row.path, folder=row.folder)
        if len(looked.files) == 1:
            yield from ((looked.files[0].path, label) for label in row.labels)


def _parts(label: str, sign: str) -> list[str]:
    return [part.strip() for part in label.split(sign) if part.strip()]


def _sign(counts: Counter[str]) -> str | None:
    """What stands between the labels of one cell, None where cells hold one each.

    A bar always does; other signs do where most parts of such cells are labels of their own
    elsewhere.
    """
    if len(counts) > _MOST_CLASSES:
        return None
    for sign in _SIGNS:
        several = [label for label in counts if len(_parts(label, sign)) > 1]
        if not several:
            continue
        alone = counts.keys() - set(several)
        parts = {part for label in several for part in _parts(label, sign)}
        # Most must be labels of their own: a set may have one that never stands alone.
        if sign == "|" or 2 * len(parts & alone) > len(parts):
            return sign
    return None


def _shortened(rows: Sequence[Record], documents: Sequence[str]) -> tuple[Caution, ...]:
    """A word about names like 1.23E+12, of which the digits are lost."""
    lost = [row.path for row in rows if _SHORTENED.fullmatch(row.path.strip())]
    if not lost:
        return ()
    message = (
        f"{counted(len(lost), 'name')} of images in {printable(documents[0])} were shortened by a "
        f"spreadsheet, like “{printable(lost[0])}”: their digits are lost, and their images get "
        "no label. Open the original in the spreadsheet as text, or export it anew."
    )
    return (Caution(kind="damaged_ids", message=message),)
