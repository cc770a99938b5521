"""What lies beside a table of labels that says nothing of splits: split folders, lists of others.

Kaggle's train.csv labels the images of `train/` alone; those of `test/`, or of test.csv, belong to
the set and have no label. They come in, each with its split.
"""

from dataclasses import replace

from forge_core.catalog.formats.layout import folder_tree
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import counted
from forge_core.catalog.formats.scan.scanned_folder import (
    ReadOptions,
    ScannedFile,
    ScannedFolder,
    split_of_document,
)
from forge_core.catalog.formats.tables import label_overlay, table_choice
from forge_core.catalog.importing.import_problems import printable

_TABLES = ("table", "by_content", "imagenet_txt", "joined_lists")


def completed(scanned: ScannedFolder, level: Walked, options: ReadOptions) -> ScannedFolder:
    """The same with splits, and with the images of splits of which the table lists none.

    Args:
        scanned: What was read.
        level: The folder it was read from.
        options: How the person wants it to be read.
    """
    if scanned.layout not in _TABLES or level.is_catalog:
        return scanned
    if not scanned.entries or any(entry.split is not None for entry in scanned.entries):
        return scanned
    listed = {entry.path for entry in scanned.entries}
    splits = _of_folders(level, listed) or _of_lists(scanned, level, listed, options)
    if not splits:
        return scanned
    new = [
        ScannedFile(file.path, None, splits[file.path], file.size_bytes)
        for file in level.files
        if file.path in splits and file.path not in listed
    ]
    kept = [replace(entry, split=splits.get(entry.path)) for entry in scanned.entries]
    notes = ["Splits are those of the folders or lists that the images stand in."]
    if new:
        verb = "comes" if len(new) == 1 else "come"
        told = sorted({entry.split for entry in new if entry.split})
        notes.append(
            f"{counted(len(new))} of {' and '.join(told)}, of which "
            f"{printable(scanned.documents[0])} lists none, {verb} in unlabelled."
        )
    in_now = {printable(entry.path) for entry in new}
    return replace(
        scanned,
        entries=sorted([*kept, *new], key=lambda entry: entry.path),
        notes=[*scanned.notes, *notes],
        problems=[
            problem
            for problem in scanned.problems
            if not (problem.reason == "not_listed" and problem.path in in_now)
        ],
    )


def _of_folders(level: Walked, listed: set[str]) -> dict[str, str]:
    """Path to the split of the folder: of all listed images, and of splits without such."""
    tree = folder_tree.read(level.files, level.root.name)
    found = {p.file.path: p.split for p in tree.placed if p.split is not None and not p.is_mask}
    known = {split for path, split in found.items() if path in listed}
    if not known:
        return {}
    return {path: split for path, split in found.items() if path in listed or split not in known}


def _of_lists(
    scanned: ScannedFolder, level: Walked, listed: set[str], options: ReadOptions
) -> dict[str, str]:
    """The same by lists that are called as splits and label nothing (test.csv)."""
    own = {split_of_document(document) for document in scanned.documents[:1]} - {None}
    others: dict[str, str] = {}
    everywhere = replace(level, asked=None)
    for document in table_choice.documents(everywhere, wide=True) if own else ():
        split = split_of_document(document)
        if split is None or split in own or document in scanned.documents:
            continue
        if table_choice.is_filler(document):
            continue
        reading = table_choice.read(everywhere, document, ReadOptions(encoding=options.encoding))
        if reading is None or reading.found < table_choice.LEAST_FOUND:
            continue
        if "label" in reading.mapping or reading.one_hot:
            continue
        paths = {path for path, _ in label_overlay.rows_of(everywhere, reading)}
        if not paths & (listed | others.keys()):
            others |= dict.fromkeys(paths, split)
    return {**dict.fromkeys(listed, own.pop() or ""), **others} if others else {}
