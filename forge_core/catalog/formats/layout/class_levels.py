"""Which of several folders above an image is its class, by what all of them are called.

A choice that could be another one is told (`Levels.doubt`), never taken in silence.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from forge_core.catalog.formats.layout.folder_tree import PlacedFile
from forge_core.catalog.formats.scan import folder_names
from forge_core.catalog.importing.import_problems import printable

OUTERMOST, INNERMOST, NOTHING = "outermost", "innermost", "none"
_LEVEL = re.compile(r"level[- ]?([1-9]\d?)")
_MOST_IDS = 20

# fmt: off
_CONDITIONS = frozenset({
    "sketch", "sketches", "photo", "photos", "art", "painting", "paintings", "cartoon", "cartoons",
    "clipart", "real", "synthetic", "quickdraw", "infograph", "product", "amazon", "dslr", "webcam",
    "caltech", "color", "colour", "gray", "grey", "grayscale", "greyscale", "segmented", "indoor",
    "outdoor", "day", "night", "left", "right", "front", "back", "top", "side", "raw", "original",
    "augmented", "cropped", "rgb", "depth", "infrared", "thermal", "lab", "field", "world", "close",
    "camera", "phone", "session", "fold", "x", "noisy", "clean", "summer", "winter", "scan",
})
# fmt: on
"""Words for how a picture was made, not for what it shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Where in `PlacedFile.levels` the class stands."""

    position: int
    """From the outside; negative from the inside."""
    doubt: str = ""
    """A sentence where another level could be the class; empty where there is none."""
    choices: tuple[str, ...] = ()
    """Names of the levels that could be chosen."""
    note: str = ""

    def label_of(self, levels: Sequence[str]) -> str | None:
        """The folder that is the class; the nearest where there are fewer."""
        if not levels:
            return None
        position = self.position
        return levels[
            max(position, -len(levels)) if position < 0 else min(position, len(levels) - 1)
        ]


def chosen_level(name: str) -> int | None:
    """The position that a person chose by name, or None where it names no level."""
    if name == OUTERMOST:
        return 0
    if name == INNERMOST:
        return -1
    match = _LEVEL.fullmatch(name)
    return int(match[1]) - 1 if match else None


def find(placed: Sequence[PlacedFile]) -> Levels:
    """The level of the class, judged by all images that lie in folders."""
    counts = Counter(p.levels for p in placed if p.levels)
    if _are_letters(counts):
        inside = [replace(p, levels=p.levels[1:]) for p in placed]
        found = find(inside)
        note = "Folders called as the first letter of those inside are passed over."
        position = found.position + (found.position >= 0)
        return replace(found, position=position, note=f"{found.note} {note}".strip())
    depths = {len(levels) for levels in counts}
    if depths <= {1}:
        return Levels(position=0)
    choices = _choices(max(depths))
    if len(depths) > 1:
        return _ragged(list(counts), choices)
    (depth,) = depths
    names = [{levels[i] for levels in counts} for i in range(depth)]
    varied = [i for i in range(depth) if len(names[i]) > 1]
    if not varied:
        return Levels(position=-1, choices=choices, doubt=_told(names, depth - 1))
    if len(varied) == 1:
        return _one_varies(names, varied[0], choices)
    position = _likeliest(placed, varied, names, counts)
    return Levels(position=position, choices=choices, doubt=_told(names, position))


def _are_letters(found: Iterable[tuple[str, ...]]) -> bool:
    """Whether the outermost folders only sort by the first letter (a/abbey), as SUN397 does."""
    levels = list(found)
    return (
        len({outer for outer, *_ in levels}) > 1
        and all(len(names) > 1 and len(names[0]) == 1 for names in levels)
        and all(names[1].casefold().startswith(names[0].casefold()) for names in levels)
    )


def _choices(depth: int) -> tuple[str, ...]:
    between = tuple(f"level-{number}" for number in range(2, min(depth, 6)))
    return (OUTERMOST, *between, INNERMOST)


def _one_varies(names: Sequence[set[str]], position: int, choices: tuple[str, ...]) -> Levels:
    """All other levels have one folder of one name: they say nothing about an image."""
    same = [next(iter(level)) for i, level in enumerate(names) if i != position]
    inner = position < len(names) - 1
    where = "Every class holds one folder" if inner else "All classes lie in one folder"
    classes = _listed(names[position])
    doubt = f"{where}, {_listed(same)}: it is passed over, and the classes are {classes}."
    return Levels(position=position, choices=choices, doubt=doubt)


def _ragged(found: Sequence[tuple[str, ...]], choices: tuple[str, ...]) -> Levels:
    """Some images lie deeper than others: the first level that differs is the class."""
    position = 0
    while all(len(levels) > position + 1 for levels in found) and (
        len({levels[position] for levels in found}) == 1
    ):
        position += 1
    inside: dict[str, set[str]] = defaultdict(set)
    for levels in found:
        if len(levels) > position + 1:
            inside[levels[position]].add(levels[position + 1])
    doubt = ""
    inner = set().union(*inside.values())
    ends = Counter(end for outer, end in {(levels[position], levels[-1]) for levels in found})
    if len(inside) > 1 and sum(number > 1 for number in ends.values()) * 2 > len(ends):
        # The same names end in several of the outer folders: those are parts or kinds of pictures.
        doubt = (
            f"Some images lie deeper than others: the classes are {_listed(ends)}, not "
            f"{_listed(inside)} outside."
        )
        return Levels(position=-1, choices=choices, doubt=doubt)
    if any(len(names) > 1 for names in inside.values()) and not _are_ids(inner, 0):
        outer = {levels[position] for levels in found}
        doubt = f"Some images lie deeper than others: the classes are {_listed(outer)}, not " + (
            f"{_listed(inner)} inside."
        )
    shown = _listed(inside)
    return Levels(
        position=position,
        choices=choices,
        doubt=doubt,
        note=f"Folders inside {shown} belong to that class." if inside else "",
    )


def _likeliest(
    placed: Sequence[PlacedFile],
    varied: Sequence[int],
    names: Sequence[set[str]],
    counts: Counter[tuple[str, ...]],
) -> int:
    """The innermost level that reads like classes, or the outermost where none does."""
    total = counts.total()
    shared = _shared_between_splits(placed, varied)
    fit = [
        i
        for i in varied
        if not _are_conditions(names[i])
        and not (_are_ids(names[i], total) and not all(_are_ids(names[j], 0) for j in varied))
        and (i in shared or not shared)
    ]
    return fit[-1] if fit else varied[0]


def _shared_between_splits(placed: Sequence[PlacedFile], varied: Sequence[int]) -> set[int]:
    """The levels of which some names stand in every split; empty where there are no splits."""
    by_split: dict[str, list[set[str]]] = {}
    for file in placed:
        if file.split is None or not file.levels:
            continue
        names = by_split.setdefault(file.split, [set() for _ in file.levels])
        for i, name in enumerate(file.levels):
            names[i].add(name)
    if len(by_split) < 2:
        return set()
    return {i for i in varied if set.intersection(*(names[i] for names in by_split.values()))}


def _are_conditions(names: set[str]) -> bool:
    words = [set(folder_names.words_of(name)) for name in names]
    return sum(bool(found & _CONDITIONS) for found in words) * 2 > len(words)


def _are_ids(names: set[str], total: int) -> bool:
    """Whether names read like numbers of patients, sessions or parts."""
    with_digits = sum(any(c.isdigit() for c in name) for name in names)
    if with_digits * 10 >= len(names) * 6:
        return True
    return len(names) > _MOST_IDS and 0 < total < 2 * len(names)


def _told(names: Sequence[set[str]], position: int) -> str:
    others = [_listed(level) for i, level in enumerate(names) if i != position]
    where = "the outermost ones" if position == 0 else "the innermost ones"
    if 0 < position < len(names) - 1:
        where = f"those of level {position + 1}"
    return (
        f"Folders lie in folders: {where} are taken for the classes "
        f"({_listed(names[position])}), not {' or '.join(others)}."
    )


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - 3:,} more" if len(ordered) > 3 else ""
    return ", ".join(f"“{printable(name)}”" for name in ordered[:3]) + more
