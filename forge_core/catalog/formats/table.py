"""Tables that name an image a row: our own labels.csv, Kaggle's id and label, one-hot columns.

Columns are found by name in any order (see `columns.NAMES`), by what they hold, or told by hand.
Several tables that are called as splits (train.csv, val.csv) are read together.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from forge_core.catalog.formats import folders
from forge_core.catalog.formats.documents import column_values, table_file
from forge_core.catalog.formats.documents import columns as roles
from forge_core.catalog.formats.scan import label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record
from forge_core.catalog.formats.scan.name_index import FoundFile
from forge_core.catalog.formats.scan.scanned_folder import (
    Caution,
    ReadOptions,
    ScannedFolder,
    TableChoice,
    split_of_document,
    split_of_name,
)
from forge_core.catalog.formats.tables import persons, row_labels, split_numbers, table_choice
from forge_core.catalog.formats.tables.table_choice import Reading
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.errors import InvalidInput

TABLE_NAME = "labels.csv"
OWN_NAMES = (TABLE_NAME, "labels.parquet")
SPLITS = ("train", "val", "test", "held_out")
_NO_SPLIT = frozenset({"", "none", "unassigned", "unsplit", "nan"})
_NO_COLUMN = "\x00"  # some tables have a column without a name
_TRUE = frozenset({"true", "1", "yes"})
_IDENTITIES = ("asset_id", "content_hash")


def is_own(walked: Walked) -> bool:
    """A labels.csv or labels.parquet at the top, as the export writes it."""
    document = _own(walked)
    if document is None:
        return False
    path = walked.root / document
    opened = table_file.open_table(path, document, encoding=walked.encoding)
    return opened is None or roles.NAMES["path"][0] in (name.lower() for name in opened.columns)


def recognises(walked: Walked) -> bool:
    """A table at the top whose columns name images of the folder, and a label or a split."""
    return _recognises(walked, wide=False)


def recognises_any(walked: Walked) -> bool:
    """Any document in which a column or a field names images of the folder, and a label."""
    return _recognises(walked, wide=True)


def _recognises(walked: Walked, *, wide: bool) -> bool:
    options = ReadOptions(document=walked.asked, encoding=walked.encoding)
    readable = table_choice.readings(walked, options, wide=wide)
    if walked.asked is not None:
        return bool(readable) and (not wide or readable[0].found >= 0.5)
    if wide:
        readable = [reading for reading in readable if reading.found >= 0.5]
    if not readable:
        return False
    chosen = table_choice.together(readable)
    if walked.is_catalog:
        return True
    if wide and _num_rows(chosen, len(walked.files) // 2) * 2 < len(walked.files):
        return False  # of a part of the images: told, not believed
    # Folders that are labels are not given up for a table of a part of the images, nor for a
    # column of which only the values say that it may hold a label.
    if not folders_say(walked):
        return True
    best = chosen[0]
    if best.choices or ("label" in best.mapping and not best.knows_label):
        return False
    enough = len(walked.files) // 2
    return _num_rows(chosen, enough) >= enough


def folders_say(walked: Walked) -> bool:
    """Whether folders give labels, here or inside folders that only wrap others."""
    level = walked
    while not folders.says_labels(level):
        tops = {file.top for file in level.files}
        if len(tops) != 1 or "" in tops:
            return False
        (top,) = tops
        level = replace(
            level, files=[FoundFile(f.path[len(top) + 1 :], f.size_bytes) for f in level.files]
        )
    return True


def _num_rows(chosen: Sequence[Reading], enough: int) -> int:
    """Rows of tables, counted as far as needed; a damaged one ends the counting."""
    number = 0
    with suppress(InvalidInput):
        for reading in chosen:
            number += sum(1 for _ in islice(reading.table.rows(), enough - number + 1))
    return number


def read_own(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """The table called labels, whatever else lies there.

    Raises:
        InvalidInput: It cannot be read, or no column names the images.
    """
    scanned = read(walked, replace(options, document=_own(walked)))
    return replace(scanned, layout="vision_forge")


def read(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """The table that names most images, or the one asked for, with the columns asked for.

    Raises:
        InvalidInput: There is none, it cannot be read, or no column names the images.
    """
    is_told = options.document is not None or options.label_column is not None
    return _read(walked, options, wide=is_told or bool(options.columns))


def read_any(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """The document that names most images, wherever it lies and whatever its form.

    Raises:
        InvalidInput: There is none, or it is damaged.
    """
    return replace(_read(walked, options, wide=True), layout="by_content")


def _read(walked: Walked, options: ReadOptions, *, wide: bool) -> ScannedFolder:
    readable = table_choice.readings(walked, options, wide=wide)
    if not readable:
        raise _not_readable(walked, options)
    asked, chosen, others, written_by = persons.ask(readable, options)
    is_ours = _is_ours(chosen[0])
    records = [
        record
        for reading in chosen
        for record in _records(
            walked,
            reading,
            split_of_document(reading.table.document) if len(chosen) > 1 else None,
            is_ours=is_ours,
            person=written_by.get(reading.table.document),
        )
    ]
    documents = [reading.table.document for reading in chosen]
    words = "A table of labels" if len(documents) == 1 else "Tables of labels"
    if asked.is_open:
        records = [replace(r, labels=()) if isinstance(r, Record) else r for r in records]
    settled = row_labels.settle(
        walked,
        records,
        documents,
        options,
        columns={r.mapping["label"] for r in chosen if "label" in r.mapping},
        is_ours=is_ours,
    )
    scanned = label_records.place(
        walked,
        settled.records,
        layout="table",
        heading=f"{words}, {label_records.named(documents)}",
        documents=[*documents, *others, *settled.documents],
        notes=[
            *_notes(chosen[0]),
            *asked.notes,
            *settled.notes,
            *_other_tables([r for r in readable if r.table.document not in others], chosen),
        ],
        several=options.several,
        votes=options.votes,
    )
    cautions = (
        *scanned.cautions,
        *asked.cautions,
        *settled.cautions,
        *_label_caution(chosen[0]),
        *_split_caution(chosen[0]),
    )
    return with_tables(replace(scanned, cautions=cautions), walked, options)


def with_tables(scanned: ScannedFolder, walked: Walked, options: ReadOptions) -> ScannedFolder:
    """The same with every table of the folder, so that a person can assign columns by hand."""
    everywhere = replace(walked, asked=None)
    documents = table_choice.documents(everywhere, wide=False)
    documents += [path for path in scanned.documents if path not in documents]
    choices = []
    for document in documents:
        is_read = document in scanned.documents
        plain = options if is_read else ReadOptions(encoding=options.encoding)
        reading = table_choice.read(everywhere, document, plain)
        if reading is not None:
            choices.append(
                TableChoice(
                    document=document,
                    columns=reading.table.columns,
                    mapping=reading.mapping if is_read else {},
                )
            )
    first = next(iter(scanned.documents), None)
    choices.sort(key=lambda choice: choice.document != first)
    return replace(scanned, tables=tuple(choices))


def _own(walked: Walked) -> str | None:
    found = walked.documents_named(*OWN_NAMES, depth=0)
    return next((path for path in found if path.lower() in OWN_NAMES), None)


def _is_ours(reading: Reading) -> bool:
    mapping = reading.mapping
    return mapping.get("path") == "file_path" and mapping.get("label") == "label_name"


def _label_caution(reading: Reading) -> list[Caution]:
    """What to say where no column, or one of several, may be the label."""
    if "label" in reading.mapping or reading.one_hot or not reading.choices:
        return []
    named = printable(reading.table.document)
    shown = ", ".join(f"“{printable(name)}”" for name in reading.choices[:8])
    return [
        Caution(
            kind="unread_labels",
            message=f"{named} names the images, but no column is known to hold their label. It "
            f"may be {shown}: choose one, or the images come in unlabelled.",
            option="label_column",
            choices=reading.choices,
        )
    ]


def _split_caution(reading: Reading) -> list[Caution]:
    """A word about splits that are numbers."""
    column = reading.mapping.get("split", _NO_COLUMN)
    found = split_numbers.meaning(reading.table, reading.rows, column)
    if found == {}:
        return []
    shown = f"The numbers in “{printable(column)}” of {printable(reading.table.document)}"
    if split_numbers.is_flag(reading.rows, column):
        return []
    text = f"{shown} are read as splits: 0 is train, 1 is val, 2 is test."
    if found is None:
        text = (
            f"{shown} are 0 and 1, and either may be train: the images come in without a split. "
            "Write train, val and test there."
        )
    return [Caution(kind="split_numbers", message=text)]


def marked(cells: dict[str, str], classes: Sequence[str]) -> tuple[str, ...]:
    """The classes that a one-hot row marks."""
    return tuple(
        name for name in classes if column_values.mark(cells.get(name, "")) in ("1", "1.0")
    )


def _records(
    walked: Walked,
    reading: Reading,
    table_split: str | None,
    *,
    is_ours: bool,
    person: str | None,
) -> Iterator[Record | ImportProblem]:
    mapping, classes = reading.mapping, reading.one_hot
    bad: list[ImportProblem] = []
    column = mapping.get("split", _NO_COLUMN)
    numbers = split_numbers.meaning(reading.table, reading.rows, column)
    folder = reading.table.document.rpartition("/")[0]
    near_split = split_of_document(reading.table.document)
    for row, cells in reading.table.rows(bad):
        path = _path_of(walked, cells, mapping["path"])
        word = cells.get(column, "").strip()
        split = None if numbers is None else read_split(numbers.get(word, word))
        if isinstance(split, str) and split not in SPLITS:
            yield bad_split(path, split, row)
            continue
        augmented = cells.get(mapping.get("augmented", _NO_COLUMN), "").strip().lower()
        label = cells.get(mapping.get("label", _NO_COLUMN), "")
        yield Record(
            path=path,
            row=row,
            folder=folder,
            labels=marked(cells, classes)
            if classes
            else tuple(_labels(label) if is_ours else row_labels.of_cell(label)),
            split=split or table_split,
            near_split=near_split,
            source_dataset=cells.get(mapping.get("source", _NO_COLUMN), "").strip() or None,
            is_augmented=augmented in _TRUE,
            group_key=cells.get(mapping.get("group", _NO_COLUMN), "") or None,
            review_note=cells.get(mapping.get("note", _NO_COLUMN), "") or None,
            is_vote="annotator" in mapping or person is not None,
            author=person or cells.get(mapping.get("annotator", _NO_COLUMN)),
        )
    yield from bad


def _path_of(walked: Walked, cells: dict[str, str], path_column: str) -> str:
    """What a row calls its image; by id or hash, where the catalog has no such path."""
    path = cells.get(path_column, "")
    if walked.lookup is None or walked.finder.has(path):
        return path
    for column in _IDENTITIES:
        if found := walked.lookup(cells.get(column, "").strip()):
            return found
    return path


def read_split(word: str) -> str | None:
    """The split that a word means, None for no split, the word itself where it is none."""
    plain = word.strip()
    if plain.lower() in _NO_SPLIT:
        return None
    return split_of_name(plain) or plain


def bad_split(path: str, split: str, row: str) -> ImportProblem:
    """The refusal of a row with a split that does not exist."""
    shown = printable(path.strip())
    text = (
        f"“{shown}” has the split “{printable(split)}” ({row}); left out. "
        f"Write one of {', '.join(SPLITS)}, or nothing."
    )
    return ImportProblem(shown, "bad_split", text)


def _labels(cell: str) -> list[str]:
    return [label for label in table_file.split_list(cell) if label.strip()]


def _notes(reading: Reading) -> list[str]:
    """Which columns were understood, where their names are not the obvious ones."""
    mapping = reading.mapping
    told = [
        f"“{printable(mapping[role])}” as {title.lower()}"
        for role, title in roles.ROLES.items()
        if role in mapping and not roles.is_obvious(role, mapping[role])
    ]
    notes = [f"Read {', '.join(told)}."] if told else []
    classes = reading.one_hot
    if classes:
        shown = ", ".join(f"“{printable(name)}”" for name in classes[:5])
        more = f" and {len(classes) - 5} more" if len(classes) > 5 else ""
        notes.append(f"A 1 in the columns {shown}{more} marks the label.")
        if any(
            row.get(name, "").strip() in ("-1", "-1.0") for row in reading.rows for name in classes
        ):
            notes.append("A -1 there marks nothing.")
    return notes


def _other_tables(readable: list[Reading], chosen: list[Reading]) -> list[str]:
    others = [printable(r.table.document) for r in readable if r not in chosen]
    if not others:
        return []
    return [f"{', '.join(others[:3])} could be read instead: name it to choose it."]


def _not_readable(walked: Walked, options: ReadOptions) -> InvalidInput:
    document = options.document or next(iter(table_choice.documents(walked, wide=False)), None)
    if document is None:
        return InvalidInput(
            "There is no table beside the images.",
            next_step="Put a .csv, .tsv or .parquet with a row an image into the top folder.",
        )
    path = walked.root / document
    table = table_file.open_table(path, document, encoding=options.encoding)
    if table is None:
        return InvalidInput(
            f"{printable(document)} cannot be read as a table of labels.",
            next_step="Save it as CSV, with a first line that names the columns.",
        )
    roles.check(options.columns, table.columns, document)
    names = ", ".join(printable(name) for name in table.columns[:12])
    return InvalidInput(
        f"No column of {printable(document)} is known to name the images (it has {names}).",
        next_step="Say which column is the path and which the label (on the command line: "
        "--columns path=…,label=…), or call them file_path and label_name.",
    )
