"""Votes in words, and what those are called that are nobody's: they count, but of no person."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

AMBIGUOUS = "ambiguous"
"""What a vote says, in words, that names no class: no one class is right."""
_ANONYMOUS = re.compile(r"anonymous (\d+)")


def anonymous(number: int) -> str:
    """The author of a vote without a name, by its place among those of its image, from 1 on."""
    return f"anonymous {number}"


def describe(author: str, label_id: int | None, names: Mapping[int, str]) -> str:
    """A vote in words, as "ben: square"."""
    return f"{author}: {AMBIGUOUS if label_id is None else names[label_id]}"


def is_anonymous(author: str) -> bool:
    """Whether an author is no person: two images' "anonymous 1" may be two people."""
    return _ANONYMOUS.fullmatch(author) is not None


def numbered(there: Sequence[tuple[str, str]], source: str) -> Iterator[str]:
    """Names for the anonymous votes of one image that a source brings, in their order.

    First those that the source brought before, so that it replaces them; then new ones, so that the
    votes of another source stay.

    Args:
        there: Author and source of each vote that the image has.
        source: Of the votes to come.
    """
    known = sorted((_number(author), origin) for author, origin in there if is_anonymous(author))
    yield from (anonymous(number) for number, origin in known if origin == source)
    yield from (anonymous(number) for number in _after(number for number, _ in known))


def _number(author: str) -> int:
    match = _ANONYMOUS.fullmatch(author)
    return int(match[1]) if match else 0


def _after(numbers: Iterable[int]) -> Iterator[int]:
    number = max(numbers, default=0)
    while True:
        number += 1
        yield number
