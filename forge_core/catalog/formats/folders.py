"""Folders that are labels: a class a folder, split folders, or images side by side."""

from collections import Counter
from dataclasses import replace

from forge_core.catalog.formats.scan import label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.name_index import FoundFile
from forge_core.catalog.formats.scan.scanned_folder import (
    ReadOptions,
    ScannedFile,
    ScannedFolder,
    split_of_name,
)
from forge_core.catalog.importing import entry_names
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.errors import InvalidInput


def is_split_class(walked: Walked) -> bool:
    """Split folders, or class folders with split folders inside."""
    by_top = _by_top(walked)
    by_top.pop("", None)
    return bool(by_top) and bool(_split_folders(by_top, []) or _holds_splits_inside(by_top))


def is_folder_per_class(walked: Walked) -> bool:
    """Any folders."""
    return any(file.top for file in walked.files)


def says_labels(walked: Walked) -> bool:
    """Whether folders give at least two classes."""
    if is_split_class(walked):
        return len({file.parts[-2] for file in walked.files if len(file.parts) > 2}) > 1
    return len({file.top for file in walked.files} - {""}) > 1


def is_flat(walked: Walked) -> bool:
    """Whatever is left: always true."""
    return True


def read_split_class(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """Split folders with a folder per class inside, or with unlabelled images, or inside out.

    A folder that is called as a split, stands beside other class folders and holds images itself
    is a class. Folders beside split folders give their name to their images where a split has a
    class of that name, and leave them unlabelled otherwise.
    """
    by_top = _by_top(walked)
    loose = by_top.pop("", [])
    notes: list[str] = []
    if split_tops := _split_folders(by_top, notes):
        heading, placed = _place_splits(by_top, split_tops, notes)
    else:
        heading = "A folder per class, with split folders inside"
        placed = [
            ScannedFile(f.path, f.top, split_of_name(f.parts[1]), f.size_bytes)
            for group in by_top.values()
            for f in group
        ]
    return _scanned(walked, "split_class", heading, placed, loose, notes)


def read_folder_per_class(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """The folder at the top is the class, however deep the image lies."""
    by_top = _by_top(walked)
    loose = by_top.pop("", [])
    notes: list[str] = []
    _split_folders(by_top, notes)
    placed = [ScannedFile(f.path, f.top, None, f.size_bytes) for g in by_top.values() for f in g]
    deep = sorted(top for top, group in by_top.items() if any(len(f.parts) > 2 for f in group))
    if deep:
        named = ", ".join(f"“{printable(top)}”" for top in deep[:3])
        more = f" and {len(deep) - 3} more" if len(deep) > 3 else ""
        notes.append(f"Folders inside {named}{more} belong to that class.")
    return _scanned(walked, "folder_per_class", "A folder per class", placed, loose, notes)


def read_flat(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """Images side by side, all unlabelled, however deep they lie."""
    heading = "Images without labels" if walked.files else "No images were found"
    return _scanned(walked, "flat", heading, _unlabelled(walked.files), [], [])


def _by_top(walked: Walked) -> dict[str, list[FoundFile]]:
    by_top: dict[str, list[FoundFile]] = {}
    for file in walked.files:
        by_top.setdefault(file.top, []).append(file)
    return by_top


def _split_folders(by_top: dict[str, list[FoundFile]], notes: list[str]) -> set[str]:
    """Which top folders are splits; notes those that are called so and are classes."""
    named = {top for top in by_top if split_of_name(top) is not None}
    if len(named) == len(by_top):
        return named
    splits = {top for top in named if all(len(f.parts) > 2 for f in by_top[top])}
    for top in sorted(named - splits):
        notes.append(
            f"“{printable(top)}” is taken for a class, because it holds images itself and stands"
            " beside other folders."
        )
    return splits


def _place_splits(
    by_top: dict[str, list[FoundFile]], split_tops: set[str], notes: list[str]
) -> tuple[str, list[ScannedFile]]:
    placed: list[ScannedFile] = []
    unlabelled: Counter[str] = Counter()
    for top in sorted(split_tops):
        split = split_of_name(top)
        for file in by_top[top]:
            label = file.parts[1] if len(file.parts) > 2 else None
            unlabelled[top] += label is None
            placed.append(ScannedFile(file.path, label, split, file.size_bytes))
    classes = {entry.label_name for entry in placed} - {None}
    for top in sorted(by_top.keys() - split_tops):
        label = top if top in classes else None
        placed += [ScannedFile(f.path, label, None, f.size_bytes) for f in by_top[top]]
        notes.append(
            f"“{printable(top)}” stands beside the split folders: its images get no split"
            + ("." if label else " and no label.")
        )
    if not classes:
        return "Split folders with images that have no labels", placed
    for top in sorted(split_tops):
        if unlabelled[top]:
            notes.append(
                f"{label_records.counted(unlabelled[top])} directly in “{printable(top)}” stay "
                "without a label."
            )
    return "Split folders with a folder per class inside", placed


def _holds_splits_inside(by_top: dict[str, list[FoundFile]]) -> bool:
    return all(
        len(file.parts) > 2 and split_of_name(file.parts[1]) is not None
        for group in by_top.values()
        for file in group
    )


def _unlabelled(files: list[FoundFile]) -> list[ScannedFile]:
    return [ScannedFile(file.path, None, None, file.size_bytes) for file in files]


def _scanned(
    walked: Walked,
    layout: str,
    heading: str,
    placed: list[ScannedFile],
    loose: list[FoundFile],
    notes: list[str],
) -> ScannedFolder:
    if loose:
        number = label_records.counted(len(loose))
        notes.append(f"{number} outside any folder stay without a label.")
    entries, refused = _with_class_names([*placed, *_unlabelled(loose)])
    return ScannedFolder(
        root=walked.root,
        layout=layout,
        heading=heading,
        entries=sorted(entries, key=lambda entry: entry.path),
        problems=[
            *walked.problems,
            *(walked.documents[path] for path in sorted(walked.documents)),
            *refused,
        ],
        notes=[*walked.notes, *notes, *label_records.similar_names(entries)],
    )


def _with_class_names(
    placed: list[ScannedFile],
) -> tuple[list[ScannedFile], list[ImportProblem]]:
    """The entries with normalised class names; one problem for each name that cannot be one."""
    names: dict[str, str] = {}
    refused: dict[str, ImportProblem] = {}
    entries: list[ScannedFile] = []
    for entry in placed:
        entry = replace(entry, group_key=label_records.original_of(entry.path))
        label = entry.label_name
        if label is None:
            entries.append(entry)
            continue
        if label not in names and label not in refused:
            try:
                names[label] = entry_names.normalise_class_name(label)
            except InvalidInput as error:
                refused[label] = ImportProblem(
                    printable(label), "bad_class_name", f"{error} Its images are left out."
                )
        if label in names:
            entries.append(replace(entry, label_name=names[label]))
    return entries, list(refused.values())
