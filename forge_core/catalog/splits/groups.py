"""Which images belong together, so that a split does not tear them apart.

A group may come from several reasons at once: two images that look alike, of which one has the
same group key as a third, are one group of three.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from re import Pattern

import numpy as np

from db.unit_of_work import UnitOfWork
from forge_core.catalog.revisions import column_cache
from forge_core.catalog.revisions.column_cache import CatalogColumns, Codes
from forge_core.catalog.splits import look_alikes, similarity
from forge_core.catalog.splits.similarity import Components
from forge_core.errors import InvalidInput
from forge_core.progress import SILENT, Progress
from forge_core.workspace import Workspace

DEFAULT_BITS = 10
"""Differing bits of two perceptual hashes up to which their images are compared on the pixels.

The hash only says what to compare: at 10 bits it brings together 99 % and more of scaled and
re-encoded copies, and thousands of pictures that are none, which the pixels tell apart. Measured
by `benchmarks.duplicates`; its README has the table.
"""
NEAR_DUPLICATES, GROUP_KEY, PATH = "near_duplicates", "group_key", "path"
MAX_PATTERN = 200
_NESTED_REPEAT = re.compile(r"[+*}]\??\)+[+*{]")


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """What makes images belong together; nothing set groups nothing.

    Augmented copies always follow their parent and need no grouping.
    """

    near_duplicate_bits: int | None = None
    """Images that show one picture, looked for where perceptual hashes differ in at most so many
    bits; None: not by looks."""
    by_group_key: bool = False
    """Images with the same `group_key`: a column of the imported table, or one original."""
    path_pattern: str | None = None
    """A regular expression with a group in parentheses: what it captures of the path."""

    def __post_init__(self) -> None:
        bits = self.near_duplicate_bits
        if bits is not None and not 0 <= bits <= similarity.MAX_BITS:
            raise InvalidInput(
                f"Near-duplicates of {bits} differing bits were asked for.",
                next_step=f"Use 0 to {similarity.MAX_BITS}; {DEFAULT_BITS} is a good start.",
            )
        if self.path_pattern is not None:
            compile_pattern(self.path_pattern)

    def __bool__(self) -> bool:
        return self != Grouping()

    def __str__(self) -> str:
        words = []
        if self.near_duplicate_bits is not None:
            bits = self.near_duplicate_bits
            words.append(NEAR_DUPLICATES + ("" if bits == DEFAULT_BITS else f":{bits}"))
        if self.by_group_key:
            words.append(GROUP_KEY)
        if self.path_pattern is not None:
            words.append(f"{PATH}:{self.path_pattern}")
        return ",".join(words)


def parse(text: str) -> Grouping:
    """`near_duplicates[:BITS],group_key,path:REGEX` as a grouping; `path:` takes the rest.

    Raises:
        InvalidInput: A word is unknown, the bits are out of range, or the expression is wrong.
    """
    bits: int | None = None
    by_group_key = False
    pattern = None
    rest = text.strip()
    while rest:
        if rest.startswith(f"{PATH}:"):
            pattern, rest = rest.removeprefix(f"{PATH}:"), ""
            continue
        word, _, rest = rest.partition(",")
        name, _, value = word.strip().partition(":")
        if name == GROUP_KEY and not value:
            by_group_key = True
        elif name == NEAR_DUPLICATES and (not value or value.isdecimal()):
            bits = int(value) if value else DEFAULT_BITS
        else:
            raise InvalidInput(
                f"Images cannot be grouped by {word.strip()[:60]!r}.",
                next_step=f"Use {NEAR_DUPLICATES}, {GROUP_KEY}, {PATH}:REGEX, or several with "
                "commas, path last.",
            )
        rest = rest.strip()
    return Grouping(near_duplicate_bits=bits, by_group_key=by_group_key, path_pattern=pattern)


def compile_pattern(pattern: str) -> Pattern[str]:
    """The expression, ready for use.

    Raises:
        InvalidInput: It is no regular expression, captures nothing, is very long, or repeats a
            repetition, which can take for ever.
    """
    if len(pattern) > MAX_PATTERN or _NESTED_REPEAT.search(pattern):
        raise InvalidInput(
            f"The path expression {pattern[:40]!r} could take for ever to match.",
            next_step=f"Use at most {MAX_PATTERN} characters, and repeat no repetition like (a+)+.",
        )
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise InvalidInput(
            f"The path expression {pattern!r} is not a regular expression: {error}.",
            next_step=r"Write it like patient_(\d+), with the part that names the group in "
            "parentheses.",
        ) from error
    if compiled.groups == 0:
        raise InvalidInput(
            f"The path expression {pattern!r} captures nothing.",
            next_step=r"Put the part that names the group in parentheses, like patient_(\d+).",
        )
    return compiled


def load(
    workspace: Workspace, uow: UnitOfWork, grouping: Grouping, *, progress: Progress = SILENT
) -> CatalogColumns:
    """The living catalog with what this grouping needs of it.

    Images that may be near-duplicates are decoded where that was not done before.
    """
    pattern = grouping.path_pattern
    bits = grouping.near_duplicate_bits
    catalog = column_cache.load(
        uow,
        path_pattern=compile_pattern(pattern) if pattern else None,
        with_hashes=bits is not None,
    )
    return look_alikes.with_looks(workspace, catalog, bits, progress=progress)


def unite(catalog: CatalogColumns, grouping: Grouping) -> Codes:
    """For each of N images the first image of its group, (N,) int64; itself when it is alone.

    Augmented copies are not joined by looks: a copy looks like its parent, and follows it.
    """
    joined = Components(len(catalog))
    for codes in reasons(catalog, grouping).values():
        joined.join_equal(codes)
    return joined.roots


def reasons(catalog: CatalogColumns, grouping: Grouping) -> dict[str, Codes]:
    """By reason, the (N,) codes of the groups that it makes; -1 for images alone."""
    found: dict[str, Codes] = {}
    if grouping.near_duplicate_bits is not None:
        assert catalog.looks is not None, "the catalog was loaded for another grouping"
        found[NEAR_DUPLICATES] = catalog.looks
    if grouping.by_group_key:
        found[GROUP_KEY] = catalog.keys
    if grouping.path_pattern is not None:
        found[PATH] = catalog.patterns
    return found


def sizes_of(groups: Codes, members: Sequence[int] | Codes) -> Codes:
    """How many of these members each group has, largest first; only groups of two and more."""
    counts = np.bincount(groups[members]) if len(members) else np.zeros(0, dtype=np.int64)
    return np.sort(counts[counts > 1])[::-1].astype(np.int64)
