"""What lists beside folders add to them: splits, and labels of images that lie in no class folder.

Food-101 keeps its splits in meta/train.txt, Tiny ImageNet the labels of its validation images in
val/val_annotations.txt. A list is only believed where it adds to what the folders say.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from forge_core.catalog.formats.documents.cells import split_list
from forge_core.catalog.formats.scan import questions
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import clean_group_key, counted
from forge_core.catalog.formats.scan.scanned_folder import (
    ReadOptions,
    ScannedFile,
    ScannedFolder,
    split_of_document,
    split_of_name,
)
from forge_core.catalog.formats.tables import split_numbers, table_choice
from forge_core.catalog.formats.tables.table_choice import Reading
from forge_core.catalog.importing import entry_names
from forge_core.catalog.importing.import_problems import printable
from forge_core.errors import InvalidInput

_WHOLE = ("vision_forge", "hf_imagefolder", "fiftyone")
"""Formats that say of splits all that there is to say."""
_FOLDERS = ("split_class", "folder_per_class", "flat")
_MOST_DOCUMENTS = 30


@dataclass
class _Added:
    """What lists say, by path."""

    splits: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)
    """Images that lists put into two splits: they get none."""
    documents: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def completed(
    scanned: ScannedFolder, level: Walked, walked: Walked, options: ReadOptions
) -> tuple[ScannedFolder, list[str]]:
    """The same with what lists add, if folders were read; and the lists, relative to `walked`.

    Args:
        scanned: What was read.
        level: The folder it was read from.
        walked: The folder that was asked for, which may lie above: lists may stand there.
        options: How the person wants it to be read.
    """
    if options.format_name is not None or walked.is_catalog or scanned.layout in _WHOLE:
        return scanned, []
    has_splits = any(entry.split is not None for entry in scanned.entries)
    documents = table_choice.documents(walked, wide=True)[:_MOST_DOCUMENTS]
    if scanned.layout not in _FOLDERS and (has_splits or options.document is not None):
        documents = [document for document in documents if questions.says_who(document)]
    above = level.root.relative_to(walked.root).as_posix()
    start = "" if above == "." else f"{above}/"
    known = {f"{start}{entry.path}": entry for entry in scanned.entries}
    added = _Added()
    for document in documents:
        if document.removeprefix(start) in scanned.documents or table_choice.is_filler(document):
            continue
        reading = table_choice.read(walked, document, ReadOptions(encoding=options.encoding))
        if reading is not None and reading.found >= table_choice.LEAST_FOUND:
            if _add_groups(walked, reading, known, added):
                continue
            _add_splits(walked, reading, known, added)
            if scanned.layout in _FOLDERS:
                _add_labels(walked, reading, known, added)
    if not added.notes:
        return scanned, []
    splits = {path: s for path, s in added.splits.items() if path not in added.twice}
    entries = [
        replace(
            entry,
            split=entry.split or splits.get(path),
            label_name=entry.label_name or added.labels.get(path),
            group_key=entry.group_key or added.groups.get(path),
        )
        for path, entry in known.items()
    ]
    if added.twice:
        added.notes.append(
            f"In the lists of two splits, and so in none: {counted(len(added.twice))}."
        )
    read = {printable(document.removeprefix(start)) for document in added.documents}
    completed = replace(
        scanned,
        entries=entries,
        notes=[*scanned.notes, *added.notes],
        problems=[problem for problem in scanned.problems if problem.path not in read],
    )
    return completed, added.documents


def _add_groups(
    level: Walked, reading: Reading, known: dict[str, ScannedFile], added: _Added
) -> bool:
    """From a column of groups, or a list of who is seen; true where it says nothing else."""
    says_who = questions.says_who(reading.table.document)
    column = reading.mapping.get("group")
    if column is None and says_who:
        column = reading.mapping.get("label")
    if column is None:
        return False
    found = {
        path: key
        for path, cells in rows_of(level, reading)
        if path in known and known[path].group_key is None
        if (key := clean_group_key(cells.get(column, "")))
    }
    if found:
        added.groups |= found
        number = counted(len(set(found.values())), "group")
        added.notes.append(
            f"{printable(reading.table.document)} puts {counted(len(found))} into {number}."
        )
        if says_who:
            added.documents.append(reading.table.document)
    return says_who


def _add_splits(
    level: Walked, reading: Reading, known: dict[str, ScannedFile], added: _Added
) -> None:
    """From a list that is called as a split, or a column of splits, where folders say none."""
    document = reading.table.document
    whole = split_of_document(document)
    column = reading.mapping.get("split")
    if column is None and (whole is None or reading.one_hot):
        return
    numbers = split_numbers.meaning(reading.table, reading.rows, column) if column else {}
    if numbers is None:
        return
    found: dict[str, str] = {}
    for path, cells in rows_of(level, reading):
        word = cells.get(column, "").strip() if column is not None else ""
        split = split_of_name(numbers.get(word, word)) if column is not None else whole
        if split is not None and path in known:
            found[path] = split
    if not found or any(known[path].split not in (None, split) for path, split in found.items()):
        return
    agrees = "label" not in reading.mapping or _agrees(level, reading, known)
    if not agrees and reading.knows_label:
        return
    for path, split in found.items():
        if added.splits.setdefault(path, split) != split:
            added.twice.add(path)
    if all(known[path].split is not None for path in found):
        return
    rest = set(reading.table.columns) - set(reading.mapping.values()) - {""}
    if agrees and not reading.choices and (not rest or len(reading.table.columns) < 4):
        added.documents.append(document)
    added.notes.append(f"{printable(document)} gives the split of {counted(len(found))}.")


def _add_labels(
    level: Walked, reading: Reading, known: dict[str, ScannedFile], added: _Added
) -> None:
    """From a table of images without a label, if it speaks of the classes of the others."""
    column = reading.mapping.get("label")
    classes = {entry.label_name for entry in known.values()} - {None}
    if column is None or not classes or reading.table.document in added.documents:
        return
    by_number = _by_number(classes)
    found: dict[str, str] = {}
    for path, cells in rows_of(level, reading):
        labels = split_list(cells.get(column, ""))
        if path not in known or len(labels) != 1 or not labels[0].strip():
            continue
        try:
            name = entry_names.normalise_class_name(labels[0])
        except InvalidInput:
            return
        if name not in classes and name.isascii() and name.isdecimal():
            name = by_number.get(int(name), name)
        before = known[path].label_name
        if name not in classes or before not in (None, name) or found.get(path, name) != name:
            return
        found[path] = name
    new = {path: name for path, name in found.items() if known[path].label_name is None}
    if not new:
        return
    added.labels |= new
    added.documents.append(reading.table.document)
    added.notes.append(
        f"{printable(reading.table.document)} gives the label of {counted(len(new))} that the "
        "folders do not label."
    )


def _by_number(classes: set[str | None]) -> dict[int, str]:
    """Number to class, where all classes are called as numbers (00012) and none as another."""
    named = [name for name in classes if name is not None and name.isascii() and name.isdecimal()]
    found = {int(name): name for name in named}
    return found if len(found) == len(named) == len(classes - {None}) else {}


def _agrees(level: Walked, reading: Reading, known: dict[str, ScannedFile]) -> bool:
    """Whether the labels of a list are those of the folders, be it as numbers."""
    column = reading.mapping["label"]
    seen = {
        (known[path].label_name, cells.get(column, "").strip())
        for path, cells in rows_of(level, reading)
        if path in known
    }
    return len(seen) == len({first for first, _ in seen}) == len({second for _, second in seen})


def rows_of(level: Walked, reading: Reading) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a table whose image is there, with its path; a damaged file ends them."""
    folder = reading.table.document.rpartition("/")[0]
    try:
        for _, cells in reading.table.rows():
            looked = level.finder.look_up(cells.get(reading.mapping["path"], ""), folder=folder)
            if len(looked.files) == 1:
                yield looked.files[0].path, cells
    except InvalidInput:
        return
