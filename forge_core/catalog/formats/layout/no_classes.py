"""Folders that look like classes and are none: of the unlabelled, of copies, or not to be named."""

from dataclasses import replace

from forge_core.catalog.formats.layout import origins, signals
from forge_core.catalog.formats.scan import folder_names, label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.scanned_folder import Caution, ReadOptions, ScannedFile
from forge_core.catalog.importing import entry_names
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.errors import InvalidInput


def without_unlabelled(
    entries: list[ScannedFile], options: ReadOptions, cautions: list[Caution]
) -> list[ScannedFile]:
    """Folders called no_label or unknown are no classes, unless a person says so."""
    given = {entry.label_name for entry in entries if entry.label_name is not None}
    names = {name for name in given if folder_names.says_unlabelled(name)}
    if not names:
        return entries
    is_class = options.unlabelled_names == "class"
    number = label_records.counted(sum(entry.label_name in names for entry in entries))
    verb = "is a class because you chose it" if is_class else f"is no class: {number} unlabelled"
    cautions.append(
        Caution(
            kind="unlabelled_name",
            message=f"{signals.listed(names)} {verb}.",
            option="unlabelled_names",
            choices=("unlabelled", "class"),
        )
    )
    if is_class:
        return entries
    return [replace(e, label_name=None) if e.label_name in names else e for e in entries]


def without_copies(
    walked: Walked, entries: list[ScannedFile], options: ReadOptions, cautions: list[Caution]
) -> list[ScannedFile]:
    """A folder that holds the images of all others once more is no class, unless chosen."""
    if options.unlabelled_names == "class":
        return entries
    name = origins.second_copies(
        walked.root,
        {entry.path: entry.label_name for entry in entries},
        {entry.path: entry.size_bytes for entry in entries},
    )
    if not name:
        return entries
    number = label_records.counted(sum(entry.label_name == name for entry in entries))
    cautions.append(
        Caution(
            kind="unlabelled_name",
            message=f"“{printable(name)}” holds every image of the other folders once more: it is "
            f"no class, and its {number} have the labels of their copies.",
            option="unlabelled_names",
            choices=("unlabelled", "class"),
        )
    )
    return [replace(e, label_name=None) if e.label_name == name else e for e in entries]


def with_class_names(
    placed: list[ScannedFile],
) -> tuple[list[ScannedFile], list[ImportProblem]]:
    """The entries with normalised class names; one problem for each name that cannot be one."""
    names: dict[str, str] = {}
    refused: dict[str, ImportProblem] = {}
    entries: list[ScannedFile] = []
    for entry in placed:
        group = entry.group_key or label_records.original_of(entry.path)
        source = (entry.source_dataset or "")[: label_records.MAX_SOURCE_DATASET] or None
        label = entry.label_name
        if label is not None and label not in names and label not in refused:
            try:
                names[label] = entry_names.normalise_class_name(label)
            except InvalidInput as error:
                refused[label] = ImportProblem(
                    printable(label), "bad_class_name", f"{error} Its images are left out."
                )
        if label in refused:
            continue
        name = None if label is None else names[label]
        if (group, source, name) != (entry.group_key, entry.source_dataset, label):
            entry = replace(entry, group_key=group, source_dataset=source, label_name=name)
        entries.append(entry)
    return entries, list(refused.values())
