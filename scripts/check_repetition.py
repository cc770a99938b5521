"""Find what stands twice in the product: `python -m scripts.check_repetition`.

A run of more than `MOST_LINES` equal lines in two places of the code is a fact with two places.
Indentation does not count, nor do empty lines, comments, lone brackets and Python's imports, which
every file has in the same order.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("db", "forge_core", "pages")
SUFFIXES = (".py", ".js", ".css")
LEFT_OUT = "versions"
"""Folder of the migrations: each is frozen, so it keeps its own copy of what it needs."""
MOST_LINES = 10
_NOT_COUNTED = re.compile(r"[\s()\[\]{},;:]*|#.*|//.*|import .*|from .* import .*")


@dataclass(frozen=True)
class Repetition:
    """One run of equal lines in two places."""

    first: str
    """File and line where it begins, for example `db/records.py:12`."""
    second: str
    num_lines: int
    """Lines that count."""

    def __str__(self) -> str:
        return f"{self.second}: {self.num_lines} lines as at {self.first}"


def find_repetitions(
    files: Sequence[Path], *, most_lines: int = MOST_LINES, root: Path = ROOT
) -> list[Repetition]:
    """Runs of more than `most_lines` equal lines, each once, at its whole length.

    Args:
        files: What to read, in this order.
        most_lines: Shorter runs and those of this length are no repetition.
        root: Paths are told from here.
    """
    texts = [list(counted_lines(path.read_text("utf-8"))) for path in files]
    seen: dict[tuple[str, ...], tuple[int, int]] = {}
    found: list[Repetition] = []
    size = most_lines + 1
    for index, lines in enumerate(texts):
        end_of_last = -1
        for start in range(len(lines) - size + 1):
            window = tuple(line for _, line in lines[start : start + size])
            at = seen.setdefault(window, (index, start))
            other, other_start = at
            overlaps = other == index and start - other_start < size
            if at == (index, start) or overlaps or start < end_of_last:
                continue
            length = size
            while (
                start + length < len(lines)
                and other_start + length < len(texts[other])
                and lines[start + length][1] == texts[other][other_start + length][1]
            ):
                length += 1
            end_of_last = start + length
            found.append(
                Repetition(
                    f"{files[other].relative_to(root)}:{texts[other][other_start][0]}",
                    f"{files[index].relative_to(root)}:{lines[start][0]}",
                    length,
                )
            )
    return found


def counted_lines(text: str) -> Iterator[tuple[int, str]]:
    """Line number, from 1, and text without indentation of every line that counts."""
    is_in_import = False
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if is_in_import:
            is_in_import = not bare.startswith(")")
        elif bare.startswith(("from ", "import ")) and bare.endswith("("):
            is_in_import = True
        elif not _NOT_COUNTED.fullmatch(bare):
            yield number, bare


def main() -> int:
    """Print every repetition of the product; the exit status says whether there is one."""
    files = [
        path
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in SUFFIXES and LEFT_OUT not in path.parts
    ]
    found = find_repetitions([ROOT / "app.py", *files])
    for repetition in found:
        print(repetition)
    if found:
        print(
            f"{len(found)} runs of more than {MOST_LINES} lines stand twice: give each one place."
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
