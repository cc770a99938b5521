"""Tables that name an image a row: our own labels.csv, Kaggle's id and label, one-hot columns.

Columns are found by name in any order (see `columns.NAMES`) or told by hand. Several tables that
are called as splits (train.csv, val.csv) are read together.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from forge_core.catalog.formats import folders
from forge_core.catalog.formats.documents import columns as roles
from forge_core.catalog.formats.documents import table_file
from forge_core.catalog.formats.documents.table_file import TableFile
from forge_core.catalog.formats.scan import label_records
from forge_core.catalog.formats.scan.file_walk import TABLE_EXTENSIONS, Walked
from forge_core.catalog.formats.scan.label_records import Record
from forge_core.catalog.formats.scan.name_index import Finder
from forge_core.catalog.formats.scan.scanned_folder import (
    ReadOptions,
    ScannedFolder,
    TableChoice,
    split_of_document,
    split_of_name,
)
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.errors import InvalidInput

TABLE_NAME = "labels.csv"
OWN_NAMES = (TABLE_NAME, "labels.parquet")
SPLITS = ("train", "val", "test", "held_out")
_SAMPLE = 200
_NO_SPLIT = frozenset({"", "none", "unassigned", "unsplit", "nan"})
_TRUE = frozenset({"true", "1", "yes"})
_MARKS = frozenset({"0", "1", "0.0", "1.0"})
_IDENTITIES = ("asset_id", "content_hash")
_OTHERS_TABLES = ("metadata", "_classes")


def is_own(walked: Walked) -> bool:
    """A labels.csv or labels.parquet at the top, as the export writes it."""
    document = _own(walked)
    if document is None:
        return False
    opened = table_file.open_table(walked.root / document, document)
    return opened is None or roles.NAMES["path"][0] in (name.lower() for name in opened.columns)


def recognises(walked: Walked) -> bool:
    """A table at the top whose columns name images of the folder, and a label or a split."""
    readable = _readable(walked, ReadOptions(document=walked.asked))
    if not readable or walked.asked is not None:
        return bool(readable)
    # Folders that are labels are not given up for a table of a part of the images.
    is_part = not walked.is_catalog and folders.says_labels(walked)
    enough = len(walked.files) // 2 if is_part else 0
    return sum(1 for _ in islice(readable[0].rows(), enough)) >= enough


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
    readable = _readable(walked, options)
    if not readable:
        raise _not_readable(walked, options)
    chosen = _together(readable)
    opened = [(table, _mapping(table, walked, options)) for table in chosen]
    records = (
        record
        for table, mapping in opened
        for record in _records(
            walked, table, mapping, _split_of(table) if len(chosen) > 1 else None
        )
    )
    documents = [table.document for table in chosen]
    words = "A table of labels" if len(documents) == 1 else "Tables of labels"
    scanned = label_records.place(
        walked,
        records,
        layout="table",
        heading=f"{words}, {label_records.named(documents)}",
        documents=documents,
        notes=[*_notes(*opened[0]), *_other_tables(readable, chosen)],
    )
    return with_tables(scanned, walked, options)


def with_tables(scanned: ScannedFolder, walked: Walked, options: ReadOptions) -> ScannedFolder:
    """The same with every table of the folder, so that a person can assign columns by hand."""
    reads_table = scanned.layout in ("table", "vision_forge")
    read = {table.document: table for table in _readable(walked, options)} if reads_table else {}
    choices = [
        TableChoice(
            document=table.document,
            columns=table.columns,
            mapping=_mapping(table, walked, options) if table.document in read else {},
        )
        for table in _open_all(walked)
    ]
    first = next(iter(read), None)
    choices.sort(key=lambda choice: choice.document != first)
    return replace(scanned, tables=tuple(choices))


def _own(walked: Walked) -> str | None:
    found = walked.documents_named(*OWN_NAMES, depth=0)
    return next((path for path in found if path.lower() in OWN_NAMES), None)


def one_hot(table: TableFile, path_column: str) -> tuple[str, ...]:
    """The columns after the path that hold only 0 and 1, if at least two and all of them do."""
    others = tuple(column for column in table.columns if column and column != path_column)
    seen = False
    with suppress(InvalidInput):
        for _, cells in islice(table.rows(), _SAMPLE):
            seen = True
            if any(cells.get(column, "").strip() not in _MARKS for column in others):
                return ()
    return others if seen and len(others) > 1 else ()


def marked(cells: dict[str, str], classes: Sequence[str]) -> tuple[str, ...]:
    """The classes that a one-hot row marks."""
    return tuple(name for name in classes if cells.get(name, "").strip() in ("1", "1.0"))


def _at_top(walked: Walked) -> list[str]:
    return walked.documents_named(*TABLE_EXTENSIONS, depth=0)


def _open_all(walked: Walked, needed: Sequence[str] = ()) -> list[TableFile]:
    asked = replace(walked, asked=None)
    opened = (table_file.open_table(walked.root / p, p, needed) for p in _at_top(asked))
    return [table for table in opened if table is not None]


def _readable(walked: Walked, options: ReadOptions) -> list[TableFile]:
    """Tables that can be read as labels, the best first."""
    needed = tuple(column for column in options.columns.values() if column)
    tables = _open_all(walked, needed)
    if options.document is not None:
        tables = [table for table in tables if options.document.endswith(table.document)]
    scores: dict[str, float] = {}
    for table in tables:
        wanted = options.document is not None or bool(options.columns)
        score = _score(table, walked, options)
        if score > 0 or (wanted and score == 0):
            scores[table.document] = score
    usable = [table for table in tables if table.document in scores]
    usable.sort(key=lambda table: (-scores[table.document], table.document))
    return usable


def _score(table: TableFile, walked: Walked, options: ReadOptions) -> float:
    """How well a table fits: the part of its first rows whose image is there; negative if none."""
    stem = table.path.stem.lower()
    mapping = _mapping(table, walked, options)
    if "path" not in mapping:
        return -1.0
    is_told = options.document is not None or bool(options.columns)
    if not is_told and (stem in _OTHERS_TABLES or "submission" in stem):
        return -1.0
    is_ours = roles.NAMES["path"][0] == mapping["path"].lower()
    says_something = "label" in mapping or "split" in mapping or is_ours
    if not says_something and not one_hot(table, mapping["path"]):
        return 0.0 if is_told else -1.0
    found = _part_found(table, mapping["path"], walked.finder)
    return found + 0.001 * is_ours


def _part_found(table: TableFile, column: str, finder: Finder) -> float:
    """The part of the first rows whose image is there; a damaged row ends the looking."""
    asked = hits = 0
    with suppress(InvalidInput):
        for _, cells in islice(table.rows(), _SAMPLE):
            path = cells.get(column, "").replace("\\", "/").removeprefix("./")
            if path.strip():
                asked += 1
                is_url = "://" in path
                names = dict.fromkeys((path, path.strip()))
                hits += any(finder.find(name, is_url=is_url) for name in names)
    return hits / asked if asked else 0.0


def _mapping(table: TableFile, walked: Walked, options: ReadOptions) -> dict[str, str]:
    """Role to column: by name, where several could name the images the one that finds most."""
    mapping = roles.guess(table.columns)
    candidates = roles.path_columns(table.columns)
    if len(candidates) > 1 and "path" not in options.columns:
        finder = walked.finder
        mapping["path"] = max(candidates, key=lambda name: _part_found(table, name, finder))
    roles.check(options.columns, table.columns, table.document)
    told = set(options.columns.values())
    guessed = {role: name for role, name in mapping.items() if name not in told}
    path = options.columns.get("path") or guessed.get("path")
    others = {role: name for role, name in guessed.items() if name != path}
    mapping = {**({"path": path} if path else {}), **others, **options.columns}
    return {role: name for role, name in mapping.items() if name}


def _together(readable: list[TableFile]) -> list[TableFile]:
    """The best table, with the others beside it that are called as splits if it is."""
    best = readable[0]
    if _split_of(best) is None:
        return [best]
    return sorted(
        (t for t in readable if _split_of(t) is not None and t.columns == best.columns),
        key=lambda table: SPLITS.index(_split_of(table) or "train"),
    )


def _split_of(table: TableFile) -> str | None:
    return split_of_document(table.document)


def _records(
    walked: Walked, table: TableFile, mapping: dict[str, str], table_split: str | None
) -> Iterator[Record | ImportProblem]:
    path_column = mapping["path"]
    classes = _marking(table, mapping)
    for row, cells in table.rows():
        path = _path_of(walked, cells, path_column)
        split = read_split(cells.get(mapping.get("split", ""), ""))
        if isinstance(split, str) and split not in SPLITS:
            yield bad_split(path, split, row)
            continue
        augmented = cells.get(mapping.get("augmented", ""), "").strip().lower()
        label = cells.get(mapping.get("label", ""), "")
        yield Record(
            path=path,
            row=row,
            labels=marked(cells, classes) if classes else tuple(_labels(label)),
            split=split or table_split,
            source_dataset=cells.get(mapping.get("source", ""), "").strip() or None,
            is_augmented=augmented in _TRUE,
            group_key=cells.get(mapping.get("group", ""), "") or None,
        )


def _path_of(walked: Walked, cells: dict[str, str], path_column: str) -> str:
    """What a row calls its image; by id or hash, where the catalog has no such path."""
    path = cells.get(path_column, "")
    if walked.lookup is None or walked.finder.has(path):
        return path
    for column in _IDENTITIES:
        if found := walked.lookup(cells.get(column, "").strip()):
            return found
    return path


def _marking(table: TableFile, mapping: dict[str, str]) -> tuple[str, ...]:
    """The one-hot columns, where nothing else says the label."""
    return () if "label" in mapping or "split" in mapping else one_hot(table, mapping["path"])


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


def _notes(table: TableFile, mapping: dict[str, str]) -> list[str]:
    """Which columns were understood, where their names are not the obvious ones."""
    told = [
        f"“{printable(mapping[role])}” as {title.lower()}"
        for role, title in roles.ROLES.items()
        if role in mapping and not roles.is_obvious(role, mapping[role])
    ]
    notes = [f"Read {', '.join(told)}."] if told else []
    classes = _marking(table, mapping)
    if classes:
        shown = ", ".join(f"“{printable(name)}”" for name in classes[:5])
        more = f" and {len(classes) - 5} more" if len(classes) > 5 else ""
        notes.append(f"A 1 in the columns {shown}{more} marks the label.")
    return notes


def _other_tables(readable: list[TableFile], chosen: list[TableFile]) -> list[str]:
    others = [printable(t.document) for t in readable if t not in chosen]
    if not others:
        return []
    return [f"{', '.join(others[:3])} could be read instead: name it to choose it."]


def _not_readable(walked: Walked, options: ReadOptions) -> InvalidInput:
    document = options.document or next(iter(_at_top(walked)), None)
    if document is None:
        return InvalidInput(
            "There is no table beside the images.",
            next_step="Put a .csv, .tsv or .parquet with a row an image into the top folder.",
        )
    table = table_file.open_table(walked.root / document, document)
    if table is None:
        return InvalidInput(
            f"{printable(document)} cannot be read as a table of labels.",
            next_step="Save it as CSV in UTF-8, with a first line that names the columns.",
        )
    roles.check(options.columns, table.columns, document)
    names = ", ".join(printable(name) for name in table.columns[:12])
    return InvalidInput(
        f"No column of {printable(document)} is known to name the images (it has {names}).",
        next_step="Say which column is the path and which the label (on the command line: "
        "--columns path=…,label=…), or call them file_path and label_name.",
    )
