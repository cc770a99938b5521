"""Reads a folder of images and says what it is: classes, splits, and what is left out.

Only names and sizes are looked at: no pixels, no database, nothing is written.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from forge_core.catalog import entry_names, folder_walk, labels_table
from forge_core.catalog.folder_walk import FoundFile
from forge_core.catalog.formats.scanned import ScannedFile, ScannedFolder, split_of_name
from forge_core.catalog.import_problems import ImportProblem, printable
from forge_core.errors import InvalidInput, NotFound

DEFAULT_MAX_FILES = 1_000_000


def detect_layout(folder: Path, *, max_files: int = DEFAULT_MAX_FILES) -> ScannedFolder:
    """What `folder` would be imported as.

    Layouts, in the order they are looked for:

    1. "csv": labels.csv (or one other CSV with a `file_path` column) beside the images.
    2. "split_class": folders called train, val, test, held_out (see `SPLIT_BY_NAME`), with a
       folder per class inside, or with unlabelled images; or class folders with split folders
       inside. A folder with such a name that stands beside other class folders and holds images
       itself is a class. Folders beside split folders give their name to their images where a
       split has a class of that name, and leave them unlabelled otherwise.
    3. "folder_per_class": the folder at the top is the class, however deep the image lies.
    4. "flat": images side by side, unlabelled.

    A folder that holds nothing but one other folder is looked through, unless that is called as
    a split. Left out quietly: hidden files and what operating systems add. Reported: all other
    files that are no images, empty files, links, names that cannot be kept.

    Args:
        folder: An existing folder. A link to a folder is followed; links inside are not, unless
            they point to a file of the same folder tree.
        max_files: Most files that are looked at.

    Raises:
        NotFound: There is no such folder.
        InvalidInput: It holds more files than `max_files`, or its table cannot be read.
    """
    root = _existing(folder)
    walked = folder_walk.walk(root, max_files)
    files, problems = walked.files, walked.problems
    notes: list[str] = []
    while (wrapper := _only_folder(files, walked.tables)) is not None:
        root = root / wrapper
        skip = len(wrapper) + 1
        problems = [replace(p, path=p.path.removeprefix(f"{wrapper}/")) for p in problems]
        tables = {t[skip:]: p for t, p in walked.tables.items() if t.startswith(f"{wrapper}/")}
        walked = replace(walked, tables=tables)
        files = [FoundFile(f.path[skip:], f.size_bytes) for f in files]
        notes = [
            f"“{printable(wrapper)}” is taken for the folder of the whole collection, not for a"
            " class."
        ]
    table = labels_table.find_table(root, sorted(walked.tables))
    if table is not None:
        problems = problems + [p for path, p in sorted(walked.tables.items()) if path != table]
        return _read_csv(root, table, files, problems, notes)
    problems = problems + [walked.tables[name] for name in sorted(walked.tables)]
    return _read_folders(root, files, problems, notes)


def _existing(folder: Path) -> Path:
    try:
        root = folder.expanduser().resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise NotFound(
            f"There is no folder “{printable(str(folder))}”.", next_step="Check the path."
        ) from error
    if not root.is_dir():
        raise NotFound(
            f"“{printable(str(folder))}” is not a folder.",
            next_step="Name the folder that holds the images.",
        )
    return root


def _only_folder(files: list[FoundFile], tables: Iterable[str]) -> str | None:
    """The one folder that all images are in, when it only wraps them."""
    tops = {file.top for file in files}
    if len(tops) != 1 or any("/" not in path for path in tables):
        return None
    (top,) = tops
    return top if top and split_of_name(top) is None else None


def _read_folders(
    root: Path, files: list[FoundFile], problems: list[ImportProblem], notes: list[str]
) -> ScannedFolder:
    by_top: dict[str, list[FoundFile]] = {}
    for file in files:
        by_top.setdefault(file.top, []).append(file)
    loose = by_top.pop("", [])
    layout: str
    if not files:
        layout, heading, placed = "flat", "No images were found", []
    elif not by_top:
        layout, heading, placed = "flat", "Images without labels", _unlabelled(loose)
    elif split_tops := _split_folders(by_top, notes):
        layout = "split_class"
        heading, placed = _place_splits(by_top, split_tops, notes)
    elif _holds_splits_inside(by_top):
        layout, heading = "split_class", "A folder per class, with split folders inside"
        placed = [
            ScannedFile(f.path, f.top, split_of_name(f.parts[1]), f.size_bytes)
            for group in by_top.values()
            for f in group
        ]
    else:
        layout, heading = "folder_per_class", "A folder per class"
        placed = [
            ScannedFile(f.path, f.top, None, f.size_bytes) for g in by_top.values() for f in g
        ]
        _note_deeper_folders(by_top, notes)
    if loose and by_top:
        placed += _unlabelled(loose)
        notes.append(f"{_images(len(loose))} outside any folder stay without a label.")
    entries, refused = _with_class_names(placed)
    _note_similar_names(entries, notes)
    return _scanned(root, layout, heading, entries, problems + refused, notes)


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
                f"{_images(unlabelled[top])} directly in “{printable(top)}” stay without a label."
            )
    return "Split folders with a folder per class inside", placed


def _holds_splits_inside(by_top: dict[str, list[FoundFile]]) -> bool:
    return all(
        len(file.parts) > 2 and split_of_name(file.parts[1]) is not None
        for group in by_top.values()
        for file in group
    )


def _note_deeper_folders(by_top: dict[str, list[FoundFile]], notes: list[str]) -> None:
    deep = sorted(top for top, group in by_top.items() if any(len(f.parts) > 2 for f in group))
    if deep:
        named = ", ".join(f"“{printable(top)}”" for top in deep[:3])
        more = f" and {len(deep) - 3} more" if len(deep) > 3 else ""
        notes.append(f"Folders inside {named}{more} belong to that class.")


def _note_similar_names(entries: list[ScannedFile], notes: list[str]) -> None:
    by_folded: dict[str, set[str]] = {}
    for entry in entries:
        if entry.label_name is not None:
            by_folded.setdefault(entry.label_name.casefold(), set()).add(entry.label_name)
    for names in by_folded.values():
        if len(names) > 1:
            shown = " and ".join(f"“{name}”" for name in sorted(names))
            notes.append(f"{shown} differ only in capital letters and become separate classes.")


def _with_class_names(
    placed: list[ScannedFile],
) -> tuple[list[ScannedFile], list[ImportProblem]]:
    """The entries with normalised class names; one problem for each name that cannot be one."""
    names: dict[str, str] = {}
    refused: dict[str, ImportProblem] = {}
    entries: list[ScannedFile] = []
    for entry in placed:
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


def _read_csv(
    root: Path,
    table: str,
    files: list[FoundFile],
    problems: list[ImportProblem],
    notes: list[str],
) -> ScannedFolder:
    sizes = {file.path: file.size_bytes for file in files}
    refused_before = {problem.path for problem in problems}
    rows, row_problems = labels_table.read_table(root / table)
    problems = problems + row_problems
    placed: dict[str, ScannedFile] = {}
    listed = {problem.path for problem in row_problems}
    for row in rows:
        listed.add(row.file_path)
        if row.file_path in placed:
            message = f"“{printable(row.file_path)}” is listed twice; its first row was used."
            problems.append(ImportProblem(printable(row.file_path), "duplicate", message))
        elif row.file_path in sizes:
            placed[row.file_path] = ScannedFile(
                row.file_path,
                row.label_name,
                row.split,
                sizes[row.file_path],
                row.source_dataset,
                row.is_augmented,
            )
        elif row.file_path not in refused_before:
            message = f"“{printable(row.file_path)}” is listed, but there is no such image."
            problems.append(ImportProblem(printable(row.file_path), "missing_file", message))
    for path in sizes:
        if path not in listed:
            message = f"“{printable(path)}” is not listed in {printable(table)}; left out."
            problems.append(ImportProblem(printable(path), "not_listed", message))
    heading = f"A table of labels, {printable(table)}"
    return _scanned(root, "csv", heading, list(placed.values()), problems, notes)


def _scanned(
    root: Path,
    layout: str,
    heading: str,
    entries: list[ScannedFile],
    problems: list[ImportProblem],
    notes: list[str],
) -> ScannedFolder:
    return ScannedFolder(
        root=root,
        layout=layout,
        heading=heading,
        entries=sorted(entries, key=lambda entry: entry.path),
        problems=problems,
        notes=notes,
    )


def _unlabelled(files: list[FoundFile]) -> list[ScannedFile]:
    return [ScannedFile(file.path, None, None, file.size_bytes) for file in files]


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"
