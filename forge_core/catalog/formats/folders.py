"""Folders that are labels: a class a folder, split folders, or images side by side.

What the folders mean is found by `layout.folder_tree` (splits, containers) and
`layout.class_levels` (which of several is the class); classes in file names by
`layout.file_names`. Here it becomes entries, notes and cautions.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

from forge_core.catalog.formats.layout import (
    class_levels,
    file_names,
    folder_tree,
    no_classes,
    origins,
    signals,
)
from forge_core.catalog.formats.layout.class_levels import INNERMOST, NOTHING, OUTERMOST, Levels
from forge_core.catalog.formats.layout.folder_tree import PlacedFile, Tree
from forge_core.catalog.formats.scan import folder_names, label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.scanned_folder import (
    Caution,
    ReadOptions,
    ScannedFile,
    ScannedFolder,
)
from forge_core.catalog.importing.import_problems import printable
from forge_core.errors import InvalidInput

MOST_PARTS = 4
"""Of file names that are asked about."""


def is_split_class(walked: Walked) -> bool:
    """Split folders, or class folders with split folders inside."""
    return any(placed.split is not None for placed in _tree(walked).placed)


def is_folder_per_class(walked: Walked) -> bool:
    """Folders that may be classes."""
    return any(placed.levels for placed in _tree(walked).placed)


def says_labels(walked: Walked) -> bool:
    """Whether folders give at least two classes."""
    placed = _tree(walked).placed
    levels = class_levels.find([p for p in placed if not p.beside])
    return len({levels.label_of(p.levels) for p in placed if not p.beside} - {None}) > 1


def is_flat(walked: Walked) -> bool:
    """Whatever is left: always true."""
    return True


def read_split_class(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """Split folders with a folder per class inside, or with unlabelled images, or inside out.

    Folders beside split folders give their name to their images where a split has a class of
    that name, and leave them unlabelled otherwise.
    """
    is_told = options.format_name is not None
    return _read(walked, options, "split_class", _tree(walked, splits=True if is_told else None))


def read_folder_per_class(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """A folder is the class; if the format was chosen, the outermost, and no folder is a split."""
    is_told = options.format_name is not None
    tree = _tree(walked, splits=False if is_told else None)
    if is_told and options.class_from is None:
        options = replace(options, class_from=OUTERMOST)
    return _read(walked, options, "folder_per_class", tree)


def read_flat(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """Images side by side, unlabelled unless their names or a person say more."""
    tree = _tree(walked, splits=False)
    placed = [p if p.is_mask else PlacedFile(p.file, None, ()) for p in tree.placed]
    return _read(walked, options, "flat", Tree(placed, [], [], [], tree.masks))


def _tree(walked: Walked, *, splits: bool | None = None) -> Tree:
    """What the folders say; found once for each way of judging."""
    key = f"\0tree {splits}"
    if key not in walked.memory:
        walked.memory[key] = folder_tree.read(walked.files, walked.root.name, splits=splits)
    found: Tree = walked.memory[key]
    return found


@dataclass
class _Reading:
    """What is decided on the way."""

    notes: list[str] = field(default_factory=list)
    cautions: list[Caution] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    """Path to the domain that an image is from."""
    splits: dict[str, str] = field(default_factory=dict)
    """Path to the split that the name of an image begins with."""
    groups: dict[str, str] = field(default_factory=dict)
    """Path to the patient or the like that an image is of."""


def _read(walked: Walked, options: ReadOptions, layout: str, tree: Tree) -> ScannedFolder:
    reading = _Reading()
    labels = _labels(walked, options, tree, layout, reading)
    entries = [
        ScannedFile(
            p.file.path,
            label,
            p.split or reading.splits.get(p.file.path),
            p.file.size_bytes,
            source_dataset=reading.sources.get(p.file.path),
            group_key=reading.groups.get(p.file.path),
        )
        for p, label in zip(tree.placed, labels, strict=True)
    ]
    entries = no_classes.without_unlabelled(entries, options, reading.cautions)
    entries = no_classes.without_copies(walked, entries, options, reading.cautions)
    _tell_folders(tree, entries, layout, reading)
    entries, refused = no_classes.with_class_names(entries)
    return ScannedFolder(
        root=walked.root,
        layout=layout,
        heading=_heading(layout, tree, entries),
        entries=sorted(entries, key=lambda entry: entry.path),
        problems=[
            *walked.problems,
            *(walked.documents[path] for path in sorted(walked.documents)),
            *refused,
        ],
        notes=[*walked.notes, *reading.notes, *label_records.similar_names(entries)],
        cautions=tuple(reading.cautions),
    )


def _heading(layout: str, tree: Tree, entries: list[ScannedFile]) -> str:
    is_labelled = any(entry.label_name is not None for entry in entries)
    has_folders = any(placed.levels for placed in tree.placed)
    if layout == "split_class":
        if not is_labelled:
            return "Split folders with images that have no labels"
        if not has_folders:
            return "Split folders of images with labels in their names"
        if tree.has_splits_inside:
            return "A folder per class, with split folders inside"
        return "Split folders with a folder per class inside"
    if layout == "folder_per_class":
        return "A folder per class" if is_labelled else "Folders of images that have no labels"
    if not entries:
        return "No images were found"
    return "Images with labels in their names" if is_labelled else "Images without labels"


def _labels(
    walked: Walked, options: ReadOptions, tree: Tree, layout: str, reading: _Reading
) -> list[str | None]:
    """The class of each placed image, before names are checked."""
    chosen = options.class_from
    if chosen == NOTHING:
        return [None] * len(tree.placed)
    if chosen is not None and file_names.is_pattern(chosen):
        file_names.check(chosen)
        return [file_names.class_of(chosen, p.file.parts[-1]) for p in tree.placed]
    inside = [p for p in tree.placed if not p.beside]
    levels = class_levels.find(inside)
    if chosen is not None:
        position = class_levels.chosen_level(chosen)
        if position is None:
            raise InvalidInput(
                f"{chosen[:60]!r} does not say where the class stands.",
                next_step="Use outermost, innermost, level-2, none, or a pattern of file names "
                "like {class}_#.",
            )
        doubt = levels.doubt and f"Folders lie in folders: you chose {chosen} for the class."
        levels = replace(levels, position=position, note="", doubt=doubt)
        if not any(p.levels for p in inside) and walked.wrappers:
            return [walked.wrappers[-1]] * len(tree.placed)
    if levels.doubt:
        reading.cautions.append(_which_folder(levels))
    if levels.note and chosen is None:
        reading.notes.append(levels.note)
    _remember_origins(inside, levels, reading)
    labels = {p.file.path: levels.label_of(p.levels) for p in inside}
    names = set(labels.values())
    for p in tree.placed:
        if p.is_mask:
            labels[p.file.path] = None
        elif p.beside:
            told = (*reversed(p.levels), p.beside)
            labels[p.file.path] = next((name for name in told if name in names), None)
    if not any(p.levels for p in inside) and chosen is None:
        return _from_file_names(walked, tree, layout, reading)
    return [labels[p.file.path] for p in tree.placed]


def _remember_origins(inside: list[PlacedFile], levels: Levels, reading: _Reading) -> None:
    reading.sources = origins.sources_of(inside, levels)
    reading.groups = origins.groups_of(inside, levels)
    if reading.sources:
        named = signals.listed(set(reading.sources.values()))
        reading.notes.append(f"{named} are kept as the source of their images.")
    if reading.groups:
        number = label_records.counted(len(set(reading.groups.values())), "folder")
        reading.notes.append(f"{number} of patients or the like are kept as groups.")


def _which_folder(levels: Levels) -> Caution:
    return Caution(
        kind="which_folder",
        message=levels.doubt,
        option="class_from",
        choices=(*levels.choices, NOTHING),
    )


def _from_file_names(
    walked: Walked, tree: Tree, layout: str, reading: _Reading
) -> list[str | None]:
    """Labels by the file names where they surely speak of classes; a caution where they may."""
    nothing: list[str | None] = [None] * len(tree.placed)
    found = None
    for split in (None, *dict.fromkeys(p.split for p in tree.placed)):
        pictures = [p for p in tree.placed if not p.is_mask]
        names = [p.file.parts[-1] for p in pictures if split is None or p.split == split]
        found = file_names.propose(names)
        if found is not None:
            break
    if found is not None and _repeats_splits(found.pattern, tree):
        found = None
    if found is None:
        if _ask_about_parts(tree, reading):
            return nothing
        if layout == "flat" and walked.wrappers and len(walked.files) > 1:
            _ask_about_one_folder(walked.wrappers[-1], reading)
        return nothing
    by_name = file_names.splits_before(found.classes)
    classes = signals.listed({by_name[name][1] for name in by_name} or found.classes)
    text = f"File names are read as classes by the pattern {found.pattern} ({found.example}): "
    text += f"{classes}."
    if not found.is_sure:
        text = (
            f"File names may speak of classes by the pattern {found.pattern} ({found.example}): "
            f"{classes}. The images come in without labels unless it is chosen."
        )
    choices = (found.pattern, NOTHING)
    reading.cautions.append(
        Caution(kind="file_names", message=text, option="class_from", choices=choices)
    )
    if not found.is_sure:
        return nothing
    labels = [
        None if p.is_mask else file_names.class_of(found.pattern, p.file.parts[-1])
        for p in tree.placed
    ]
    if not by_name:
        return labels
    parted = [by_name.get(label or "", (None, label)) for label in labels]
    for p, (split, _) in zip(tree.placed, parted, strict=True):
        reading.splits |= {p.file.path: split} if split else {}
    reading.notes.append("The splits before the classes are read, too.")
    return [label for _, label in parted]


def _ask_about_parts(tree: Tree, reading: _Reading) -> bool:
    """Ask which part of the file names is the class, where several numbers or codes might be."""
    names = [p.file.parts[-1] for p in tree.placed]
    parts = file_names.find_parts(names)[:MOST_PARTS] if names else []
    if not parts:
        return False
    told = "; ".join(
        f"{part.pattern} gives {len(part.values):,} classes ({signals.listed(part.values)})"
        for part in parts
    )
    reading.cautions.append(
        Caution(
            kind="file_names",
            message=f"File names have parts that may be the class, such as {printable(names[0])}: "
            f"{told}. The images come in without labels unless one is chosen.",
            option="class_from",
            choices=(*(part.pattern for part in parts), NOTHING),
        )
    )
    return True


def _repeats_splits(pattern: str, tree: Tree) -> bool:
    """Whether all file names of a split give one word, and each split another: no class."""
    by_split: dict[str | None, set[str | None]] = {}
    for p in tree.placed:
        found = file_names.class_of(pattern, p.file.parts[-1])
        by_split.setdefault(p.split, set()).add(found)
    names = [name for found in by_split.values() for name in found]
    return len(by_split) > 1 and len(names) == len(by_split) == len(set(names))


def _ask_about_one_folder(name: str, reading: _Reading) -> None:
    if folder_names.is_container(name) or folder_names.says_unlabelled(name):
        return
    text = (
        f"“{printable(name)}” is the only folder. It is taken for the whole collection, so the "
        "images have no label; choose “innermost” if it is a class."
    )
    choices = (INNERMOST, NOTHING)
    reading.cautions.append(
        Caution(kind="one_folder", message=text, option="class_from", choices=choices)
    )


def _tell_folders(tree: Tree, entries: list[ScannedFile], layout: str, reading: _Reading) -> None:
    """Notes and cautions about folders that were passed over, or that may be something else."""
    notes = reading.notes
    if tree.containers:
        named = signals.listed(tree.containers)
        notes.append(f"{named} only hold{'s' * (len(tree.containers) == 1)} the images inside.")
    if tree.copies:
        named = signals.listed(tree.copies)
        notes.append(f"{named} seems to hold the collection once more and is read like it.")
    if tree.masks:
        _tell_masks(tree, reading)
    if tree.doubtful:
        _tell_doubtful(tree, layout, reading)
    by_path = {entry.path: entry for entry in entries}
    _tell_beside(tree, by_path, layout, notes)
    if not any(entry.label_name is not None for entry in entries):
        return
    loose: Counter[str] = Counter()
    for p in tree.placed:
        if not p.levels and not p.beside and by_path[p.file.path].label_name is None:
            loose[p.file.top if p.split is not None else ""] += 1
    for top, number in sorted(loose.items()):
        where = f"directly in “{printable(top)}”" if top else "outside any folder"
        notes.append(f"No folder labels {label_records.counted(number)} {where}.")


def _tell_masks(tree: Tree, reading: _Reading) -> None:
    number = label_records.counted(sum(p.is_mask for p in tree.placed))
    reading.cautions.append(
        Caution(
            kind="masks",
            message=f"{number} in {signals.listed(tree.masks)} seem to be masks of the images "
            "beside them, and come in without a label. Take these folders away if the catalog is "
            "not to hold them.",
        )
    )


def _tell_doubtful(tree: Tree, layout: str, reading: _Reading) -> None:
    named = signals.listed(tree.doubtful)
    if layout == "split_class":
        text = f"{named} are taken for splits, though folders stand beside them that are none."
    else:
        text = (
            f"{named} is taken for a class, because it holds images itself and stands beside "
            "other folders."
        )
        reading.notes.append(text)
    reading.cautions.append(
        Caution(
            kind="split_or_class",
            message=text,
            option="format_name",
            choices=("split_class", "folder_per_class"),
        )
    )


def _tell_beside(
    tree: Tree, by_path: dict[str, ScannedFile], layout: str, notes: list[str]
) -> None:
    labelled: Counter[str] = Counter()
    for p in tree.placed:
        if p.beside and not p.is_mask:
            labelled[p.beside] += by_path[p.file.path].label_name is not None
    what = "the split folders" if layout == "split_class" else "the folder of the collection"
    is_split = layout == "split_class"
    for beside, number in sorted(labelled.items()):
        lost = ["split"] if is_split else []
        if not (is_split and number):
            lost.append("label")
        without = " and no ".join(lost)
        notes.append(f"“{printable(beside)}” stands beside {what}: its images get no {without}.")
