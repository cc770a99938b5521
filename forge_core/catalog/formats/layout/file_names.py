"""Classes in file names: `cat.0.jpg`, `dog_12.png`, `0007-tulip.jpg`, or a pattern of a person.

A pattern is written with `{class}` for the class, `#` for a number and `*` for anything.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from forge_core.catalog.formats.scan import folder_names
from forge_core.errors import InvalidInput

CLASS = "{class}"
SURE = (
    "{class}.#", "{class}_#", "{class}-#", "{class} #", "{class} (#)", "{class}(#)", "{class}#",
    "#_{class}", "#-{class}", "#.{class}", "#{class}",
)  # fmt: skip
"""Patterns of which a set is labelled by at once: all that is no number is the class."""
LIKELY = ("{class}_*", "{class}-*", "{class}.*", "{class} *", "*_{class}", "*-{class}")
"""Patterns that are only proposed."""

_NEARLY_ALL = 0.95
_MOST_CLASSES = 1_000
_FEWEST_NAMES = 6
_LONGEST_CODE = 5
_PIECES = re.compile(r"(\{class\}|#|\*)")

# fmt: off
_NO_CLASS = frozenset({
    "img", "image", "images", "dsc", "dscn", "dscf", "pic", "picture", "photo", "pxl", "mvimg",
    "screenshot", "scan", "scanned", "frame", "frames", "page", "video", "vid", "whatsapp", "snap",
    "capture", "file", "sample", "document", "doc", "untitled", "copy", "crop", "patch", "tile",
    "view", "slide", "slice", "camera", "cam", "p", "im", "i", "id", "no", "nr", "n", "x", "y", "z",
    "front", "back", "left", "right", "top", "bottom", "side", "train", "val", "valid", "test",
    "ilsvrc", "coco", "isic", "unnamed", "download", "index", "data", "input", "output", "gopr",
    "fb", "wa", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    "px", "session", "the", "a", "b", "c", "v", "part", "set", "batch", "patient", "subject",
    "case",
})
# fmt: on
"""What cameras and programs write before a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A pattern that most file names follow."""

    pattern: str
    is_sure: bool
    example: str
    """A file name and its class, for a person."""
    classes: Counter[str]


def is_pattern(text: str) -> bool:
    """Whether a text is meant as a pattern."""
    return CLASS in text


def check(pattern: str) -> None:
    """See that a person's pattern can be used.

    Raises:
        InvalidInput: It does not hold `{class}` exactly once.
    """
    if pattern.count(CLASS) != 1 or len(pattern) > 100:
        raise InvalidInput(
            f"{pattern[:60]!r} is no pattern of file names.",
            next_step="Write {class} where the class stands, # for a number, * for anything: "
            "{class}_# reads dog_12.jpg as dog.",
        )


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    words = {CLASS: "(.+?)", "#": r"\d+", "*": ".*?" if pattern.startswith("*") else ".*"}
    if pattern.startswith("*"):
        words[CLASS] = f"([^{re.escape(pattern[1:2] or ' ')}]+)"
    return re.compile(
        "".join(words.get(p, re.escape(p)) for p in _PIECES.split(pattern)), re.DOTALL
    )


def class_of(pattern: str, file_name: str) -> str | None:
    """The class that a pattern finds in a file name, None where the name does not follow it."""
    match = _compiled(pattern).fullmatch(file_name.rpartition(".")[0] or file_name)
    found = match[1].strip(" ._-") if match else ""
    return found or None


def propose(names: Sequence[str]) -> Proposal | None:
    """The pattern that gives sensible classes to nearly all of these file names, if any."""
    worded = [name for name in names if _has_word(name)]
    if len(worded) < 4:
        return None
    for patterns, is_sure in ((SURE, True), (LIKELY, False)):
        found = [p for pattern in patterns if (p := _judge(pattern, worded, is_sure)) is not None]
        if found:
            return max(found, key=lambda proposal: proposal.classes.total())
    return None


def splits_before(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Each class called as `train_cat` to its split and its class; empty unless all are so."""
    found: dict[str, tuple[str, str]] = {}
    for name in names:
        first, mark, rest = name.replace("-", "_").partition("_")
        split = folder_names.split_of_folder(first)
        if split is None or not mark or not _is_word(rest):
            return {}
        found[name] = (split, name[len(first) + 1 :])
    return found if len({split for split, _ in found.values()}) > 1 else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of nearly all file names that might be the class."""

    pattern: str
    """Which takes it."""
    values: Counter[str]


def find_parts(names: Sequence[str]) -> list[Part]:
    """The parts of names like `26_1_0_20170116.jpg` that repeat, so that each could be the class.

    None where no part does, or where names are those of cameras and counters.
    """
    stems = [name.partition(".")[0] for name in names]
    for mark in ("_", "-"):
        rows = [stem.split(mark) for stem in stems]
        usual, number = Counter(len(row) for row in rows).most_common(1)[0]
        rows = [row for row in rows if len(row) == usual]
        if usual < 3 or number < max(_FEWEST_NAMES, _NEARLY_ALL * len(names)):
            continue
        columns = [Counter(column) for column in zip(*rows, strict=True)]
        first = {word for value in columns[0] for word in folder_names.words_of(value)}
        if {word for word in first if not word.isdigit()} & _NO_CLASS:
            return []
        return [
            Part(pattern=_taking(place, columns, mark), values=column)
            for place, column in enumerate(columns)
            if _repeats(column, number)
        ]
    return []


def _repeats(column: Counter[str], number: int) -> bool:
    """Whether a part has few values; dates, times and running numbers are long."""
    is_long = all(value.isdigit() and len(value) > _LONGEST_CODE for value in column)
    return 2 <= len(column) <= min(_MOST_CLASSES, number // 2) and "" not in column and not is_long


def _taking(place: int, columns: Sequence[Counter[str]], mark: str) -> str:
    before = columns[:place]
    piece = "#" if all(value.isdecimal() for column in before for value in column) else "*"
    rest = [] if place == len(columns) - 1 and place else ["*"]
    return mark.join([*[piece] * place, CLASS, *rest])


def _judge(pattern: str, names: Sequence[str], is_sure: bool) -> Proposal | None:
    classes: Counter[str] = Counter()
    example = ""
    for name in names:
        found = class_of(pattern, name)
        if found is not None:
            classes[found] += 1
            example = example or f"{name} → {found}"
            if len(classes) > _MOST_CLASSES:
                return None
    total = classes.total()
    if total < _NEARLY_ALL * len(names) or not 2 <= len(classes) <= total // 2:
        return None
    if not _are_classes(classes):
        return None
    return Proposal(pattern=pattern, is_sure=is_sure, example=example, classes=classes)


def _are_classes(classes: Counter[str]) -> bool:
    """Whether words read like what is shown, not like cameras or counters."""
    once = sum(number == 1 for number in classes.values())
    return once * 4 <= len(classes) and all(_is_word(name) for name in classes)


def _is_word(name: str) -> bool:
    words = folder_names.words_of(name)
    letters = [word for word in words if not word.isdigit()]
    return bool(letters) and not set(letters) <= _NO_CLASS and any(len(w) > 1 for w in letters)


def _has_word(name: str) -> bool:
    return any(c.isalpha() for c in name.rpartition(".")[0])


def names_of(paths: Iterable[str]) -> list[str]:
    """The file names at the ends of paths."""
    return [path.rsplit("/", 1)[-1] for path in paths]
