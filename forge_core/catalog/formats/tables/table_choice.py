"""Which documents of a folder are tables of labels, and what their columns are used for.

Columns are known by their names (see `columns.NAMES`), or else by what they hold: one whose values
name images that are there is the path, one with few values that come again may be the label.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePosixPath

from forge_core.catalog.formats.documents import column_values, json_rows, table_file, workbook
from forge_core.catalog.formats.documents import columns as roles
from forge_core.catalog.formats.documents.column_values import Row
from forge_core.catalog.formats.documents.table_file import TableFile
from forge_core.catalog.formats.scan import label_records, questions
from forge_core.catalog.formats.scan.file_walk import TABLE_EXTENSIONS, Walked
from forge_core.catalog.formats.scan.scanned_folder import (
    ReadOptions,
    split_of_document,
    split_of_name,
)
from forge_core.catalog.formats.tables import split_numbers
from forge_core.errors import InvalidInput

LISTS = (".txt", ".lst", ".list", ".tab")
WIDE = (*TABLE_EXTENSIONS, *table_file.JSON_ENDINGS, *table_file.WORKBOOK_ENDINGS, *LISTS)
"""Endings of documents whose rows can be read, whatever they are called."""
WORKBOOKS = table_file.WORKBOOK_ENDINGS
BINARY = (".parquet", *WORKBOOKS, ".xls", ".ods")
LEAST_FOUND = column_values.LEAST_FOUND
OTHERS_TABLES = ("metadata", "_classes")
DEEPEST = 4
SAMPLE = 200
_MOST_DOCUMENTS = 200
_FLAG = re.compile(r"(?:is|has)[_A-Z ]")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a table would be read."""

    table: TableFile
    mapping: dict[str, str]
    """Role to column."""
    one_hot: tuple[str, ...] = ()
    """Columns whose marks are the label, where no column of its own is."""
    found: float = 0.0
    """The part of the first rows whose image is there."""
    knows_label: bool = False
    """Whether the label was chosen, or is known by its column's name or by marks."""
    choices: tuple[str, ...] = ()
    """Columns of which any may be the label, while none is."""
    others: tuple[str, ...] = ()
    """Columns that say something else, or nobody knows what."""
    rows: tuple[Row, ...] = ()
    """The first rows."""

    @property
    def labels(self) -> dict[str, str]:
        """What the first rows say of each image."""
        path, label = self.mapping["path"], self.mapping.get("label", "")
        return {row.get(path, ""): row.get(label, "") for row in self.rows}

    @property
    def says_something(self) -> bool:
        """Whether an image would get a label or a split."""
        is_ours = self.mapping.get("path", "").lower() == roles.NAMES["path"][0]
        return "label" in self.mapping or "split" in self.mapping or bool(self.one_hot) or is_ours


def is_list(reading: Reading) -> bool:
    """Whether it is a list without a header that is called as a split, and gives labels."""
    return (
        reading.mapping.get("label", "").startswith("column ")
        and reading.table.path.suffix.lower() in LISTS
        and reading.found >= LEAST_FOUND
        and split_of_document(reading.table.document) is not None
    )


def documents(walked: Walked, *, wide: bool) -> list[str]:
    """Documents that may be tables: those at the top, or all that can be opened, shallow first."""
    if not wide:
        return walked.documents_named(*TABLE_EXTENSIONS, depth=0)
    stems = walked.image_stems
    found = [
        path
        for path in walked.documents_named(*WIDE, depth=DEEPEST)
        if path.rpartition(".")[0] not in stems
    ]
    return sorted(found, key=lambda path: (path.count("/"), path))[:_MOST_DOCUMENTS]


def readings(walked: Walked, options: ReadOptions, *, wide: bool) -> list[Reading]:
    """Tables that can be read as labels, the best first."""
    needed = tuple(column for column in options.columns.values() if column)
    is_told = options.document is not None or bool(needed) or options.label_column is not None
    scores: list[tuple[float, Reading]] = []
    for document in documents(walked, wide=wide):
        if options.document is not None and not options.document.endswith(document):
            continue
        reading = read(walked, document, options)
        if reading is None or "path" not in reading.mapping:
            continue
        is_others = not wide and PurePosixPath(document).stem.lower() in OTHERS_TABLES
        if not is_told and (is_others or is_filler(document)):
            continue
        if options.label_column is not None:
            if reading.mapping.get("label") != options.label_column:
                continue
        elif not reading.says_something and not is_told:
            continue
        score = reading.found if reading.says_something else 0.0
        if score > 0 or is_told:
            is_ours = reading.mapping["path"].lower() == roles.NAMES["path"][0]
            scores.append((score + 0.001 * is_ours + 0.01 * reading.knows_label, reading))
    who = {r.table.document for _, r in scores if questions.says_who(r.table.document)}
    if who and not is_told and others_label(walked, who):
        scores = [pair for pair in scores if pair[1].table.document not in who]
    scores.sort(key=lambda pair: (-pair[0], -_size(pair[1].table), pair[1].table.document))
    return [reading for _, reading in scores]


def is_filler(document: str) -> bool:
    """Whether a table only shows the form of an answer: Kaggle's sample_submission.csv."""
    return "submission" in PurePosixPath(document).stem.lower()


def others_label(walked: Walked, who: Collection[str]) -> bool:
    """Whether another document labels images: then these only say who is seen (`says_who`)."""
    options = ReadOptions(encoding=walked.encoding)
    for document in documents(replace(walked, asked=None), wide=True):
        reading = None if document in who else read(walked, document, options)
        if reading is None or reading.found < LEAST_FOUND:
            continue
        if reading.one_hot or reading.choices or "label" in reading.mapping:
            return True
    return False


def read(walked: Walked, document: str, options: ReadOptions) -> Reading | None:
    """How a document would be read as a table, None where it is none."""
    needed = tuple(column for column in options.columns.values() if column)
    path = walked.root / document
    opened = table_file.open_table(path, document, needed, encoding=options.encoding)
    if opened is None and needed:  # for the message that names the columns it has
        opened = table_file.open_table(path, document, encoding=options.encoding)
    if opened is None:
        return None
    tries = list(forms(opened))
    if options.columns:
        tries = [t for t in tries if set(needed) <= set(t.columns)] or tries[:1]
    best: Reading | None = None
    for table in tries:
        reading = _reading(table, walked, options)
        better = best is None or (reading.found, reading.says_something) > (
            best.found,
            best.says_something,
        )
        if better:
            best = reading
    return best


def _size(table: TableFile) -> int:
    """Bytes of a table: of those that fit equally well, the largest says most."""
    with suppress(OSError):
        return table.path.stat().st_size
    return 0


def together(found: Sequence[Reading]) -> list[Reading]:
    """The best table, with the others that are called as splits if it is."""
    best = found[0]
    if split_of_document(best.table.document) is None:
        return [best]
    order = ("train", "val", "test", "held_out")
    kin = label_records.without_split(best.table.document)
    same = [
        other
        for other in found
        if split_of_document(other.table.document) is not None
        and other.table.columns == best.table.columns
        and label_records.without_split(other.table.document) == kin
    ]
    return sorted(same, key=lambda r: order.index(split_of_document(r.table.document) or "train"))


def forms(table: TableFile) -> Iterator[TableFile]:
    """The ways to take a document for a table: with header and without, each part of a JSON."""
    if not table.separator:
        yield table
        if table.path.suffix.lower() in WORKBOOKS:
            with suppress(OSError, ValueError):
                for part, columns in workbook.sheets(table.path):
                    if part != table.part:
                        yield replace(table, part=part, columns=columns)
        if table.path.suffix.lower() in table_file.JSON_ENDINGS:
            with suppress(OSError, ValueError, RecursionError):
                for part, rows in json_rows.tables(table.path, table.encoding).items():
                    if part != table.part:
                        yield replace(table, part=part, columns=json_rows.columns_of(rows))
        return
    is_list = table.path.suffix.lower() in LISTS
    is_title = len(table.columns) > 1 and 2 * sum(map(bool, table.columns)) <= len(table.columns)
    if is_title:
        pass  # a title with blank cells beside it: the header stands further down
    elif not is_list or len(table.columns) > 1:
        yield table
    for separator in (None, " ") if is_list else (None,):
        form = table_file.without_header(table, separator)
        if form is not None:
            yield form


def _reading(table: TableFile, walked: Walked, options: ReadOptions) -> Reading:
    roles.check(options.columns, table.columns, table.document)
    rows: list[Row] = []
    with suppress(InvalidInput):
        rows.extend(cells for _, cells in islice(table.rows(), SAMPLE))
    folder = table.document.rpartition("/")[0]

    def finds(value: str) -> bool:
        return walked.finder.finds(value, folder=folder)

    told = {role: name for role, name in options.columns.items() if name}
    unused = {role for role, name in options.columns.items() if not name}
    path = told.get("path")
    if path is None:
        free = [name for name in table.columns if name not in told.values()]
        known = roles.path_columns(free)
        path = column_values.path_column(rows, free, finds, known)
        path = path or next(iter(known), None)
    if path is None or "path" in unused:
        return Reading(table=table, mapping={}, rows=tuple(rows))
    found = _part(rows, path, finds)
    if path.startswith("column ") and LEAST_FOUND <= found < 1:  # titles above, totals below
        rows = [row for row in rows if finds(row.get(path, ""))]
    is_row = table.first_row > 0 and column_values.has_ending(path) == _have_endings(rows, path)
    if found and is_row and not told and finds(path):  # there is no header
        return Reading(table=table, mapping={}, rows=tuple(rows))
    named = roles.guess_others(table.columns, path)
    mapping = {"path": path}
    mapping |= {r: n for r, n in named.items() if r not in told and n not in told.values()}
    mapping |= told
    if options.label_column in table.columns:
        mapping = {r: n for r, n in mapping.items() if n != options.label_column}
        mapping["label"] = options.label_column or ""
    mapping = {role: name for role, name in mapping.items() if role not in unused}
    _find_split(mapping, table, rows, unused | told.keys())
    if "split" not in {*mapping, *unused} and split_numbers.says_splits(table.document):
        free = [name for name in table.columns if name not in told.values() and name != path]
        parted = [name for name in free if split_numbers.are_numbers(rows, name)]
        if len(free) == len(parted) == 1:
            mapping = {"path": path, "split": parted[0]}
    is_told = "label" in told or options.label_column is not None
    if not is_told and not roles.is_known("label", mapping.get("label", "")):
        mapping.pop("label", None)  # only because there are two columns: what it holds decides
    reading = Reading(table=table, mapping=mapping, found=found, rows=tuple(rows))
    if "label" in mapping:
        free = [name for name in table.columns if name and name not in mapping.values()]
        words = None if is_told else column_values.words_for(rows, mapping["label"], free)
        if words is not None:
            reading = replace(reading, mapping={**mapping, "label": words})
        return replace(reading, knows_label=True)
    rest = [
        name
        for name in table.columns
        if name and name not in mapping.values() and not _is_name(rows, name, finds)
    ]
    if "label" in unused or not rest:
        return reading
    marks = () if "split" in mapping and len(rest) < 2 else _marks(rows, rest)
    if marks:
        return replace(reading, one_hot=marks, knows_label=True)
    if all(name.startswith("column ") for name in rest) and column_values.is_boxes(rows, rest):
        return reading
    choice = column_values.label_columns(rows, rest)
    if len(choice.columns) == 1:
        return replace(
            reading,
            mapping={**reading.mapping, "label": choice.columns[0]},
            others=choice.others,
        )
    if len(table.columns) == 2 and len(rest) == 1 and _may_be_label(rows, rest[0]):
        return replace(reading, mapping={**reading.mapping, "label": rest[0]})
    return replace(reading, choices=choice.columns, others=choice.others)


def _find_split(
    mapping: dict[str, str], table: TableFile, rows: Sequence[Row], decided: Collection[str]
) -> None:
    """Take the column for the splits that holds their words, whatever it is called.

    A column that is called so and holds none of them (usage: Casual) is given up.
    """
    if "split" in decided:
        return
    named = mapping.get("split")
    values = {v for row in rows if (v := row.get(named, "").strip())} if named else set()
    if named and any(split_of_name(v) for v in values):
        return
    is_vague = named is not None and not roles.is_obvious("split", named)
    if is_vague and values and not split_numbers.are_numbers(rows, named or ""):
        del mapping["split"]
    kept = {mapping["path"], *(mapping[role] for role in decided if role in mapping)}
    free = [name for name in table.columns if name and name not in kept]
    spoken = [name for name in free if _are_splits(rows, name)]
    flags = [name for name in free if split_numbers.is_flag(rows, name)]
    found = spoken or ([] if "split" in mapping else flags)
    if len(found) == 1:
        for role in [role for role, name in mapping.items() if name == found[0]]:
            del mapping[role]
        mapping["split"] = found[0]


def _are_splits(rows: Sequence[Row], column: str) -> bool:
    """Whether a column holds words for splits and nothing else, and two of them at least."""
    found = {split_of_name(value) for row in rows if (value := row.get(column, "")).strip()}
    return len(found) > 1 and None not in found


def _may_be_label(rows: Sequence[Row], column: str) -> bool:
    """Whether the one other column may be the label though it holds but one value, or few rows."""
    is_flag = len({row.get(column, "").strip() for row in rows}) == 2 and _FLAG.match(column)
    if is_flag:
        return True
    if column_values.is_no_label(rows, column) or column_values.is_count(rows, column):
        return False
    values = {row.get(column, "").strip() for row in rows} - {""}
    return len(values) == 1 or len(rows) <= 20


def _marks(rows: Sequence[Row], rest: Sequence[str]) -> tuple[str, ...]:
    """The columns of marks: all that are left, or those of which each row marks one, or several."""
    is_mark = frozenset({"0", "1", "0.0", "1.0"})
    if len(rest) > 1 and rows and all(r.get(n, "").strip() in is_mark for r in rows for n in rest):
        return tuple(rest)
    return column_values.one_hot(rows, rest) or column_values.multi_hot(rows, rest)


def _is_name(rows: Sequence[Row], column: str, finds: column_values.Finds) -> bool:
    """Whether a column names the images once more, in texts that are no numbers of classes."""
    values = {row.get(column, "").strip() for row in rows} - {""}
    words = [value for value in values if not value.isdecimal()]
    return len(words) > 0.9 * len(values) and _share(words, finds) > LEAST_FOUND


def _share(values: Sequence[str], finds: column_values.Finds) -> float:
    return sum(map(finds, values)) / len(values) if values else 0.0


def _have_endings(rows: Sequence[Row], column: str) -> bool:
    values = [value for row in rows if (value := row.get(column, "").strip())]
    return 2 * sum(map(column_values.has_ending, values)) > len(values)


def _part(rows: Sequence[Row], column: str, finds: column_values.Finds) -> float:
    asked = [value for row in rows if (value := row.get(column, "")).strip()]
    share = _share(asked, finds)
    # Prose has words in its columns, of which some are names: without a header each row counts.
    return share * len(asked) / len(rows) if asked and column.startswith("column ") else share
