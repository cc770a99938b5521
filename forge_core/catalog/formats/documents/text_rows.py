"""Rows of separated text in which single lines may be wrong: those are named, the rest is read."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

FIRST_SPACE = "first space"
"""A separator: the first white space of a line; what follows is one cell, spaces and all."""
_TOLD = re.compile(r"""["']?sep=(.|\\t)["']?\s*""", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_MOST_LINES = 100  # of one cell in quotes


def told_separator(line: str) -> str | None:
    """The separator of Excel's line `sep=;`, None where a line is no such."""
    match = _TOLD.fullmatch(line)
    if match is None:
        return None
    return "\t" if match[1] == "\\t" else match[1]


def read(lines: Iterable[str], separator: str) -> Iterator[tuple[int, list[str] | str]]:
    """Each row as (the number of its last line, its cells), or what is wrong with it.

    A quote that is never closed makes one bad row of its line, and reading goes on behind it.
    Spaces as separators count once however many there are.
    """
    ahead: list[str] = []
    source = iter(lines)
    number = 0
    while True:
        line = ahead.pop(0) if ahead else next(source, None)
        if line is None:
            return
        number += 1
        if '"' not in line or separator == FIRST_SPACE:
            yield number, _plain(line.rstrip("\r\n"), separator)
            continue
        held = [line]
        while (values := _quoted(held, separator)) is None and len(held) < _MOST_LINES:
            more = ahead.pop(0) if ahead else next(source, None)
            if more is None:
                break
            held.append(more)
        if values is None or isinstance(values, str):
            yield number, values or "opens a quote that is not closed"
            ahead = held[1:] + ahead
        else:
            number += len(held) - 1
            yield number, values


def _plain(line: str, separator: str) -> list[str]:
    if separator == FIRST_SPACE:
        return [cell.strip().strip('"') for cell in line.split(maxsplit=1)]
    if separator == " ":
        return line.split()
    return line.split(separator) if line else []


def is_first_space(rows: Sequence[Sequence[str]]) -> bool:
    """Whether what follows the first word of each line is one text, such as a class of two words.

    So it is where lines have different numbers of words, and where the words behind the first go
    together: as many texts as there are words in one place. Two answers side by side vary freely.

    Args:
        rows: The words of each line.
    """
    tails = [row[1:] for row in rows if row]
    if not all(tails) or all(word.isdecimal() for tail in tails for word in tail):
        return False
    if len({len(tail) for tail in tails}) > 1:
        return not any(all(_NUMBER.fullmatch(word) for word in tail) for tail in tails)
    columns = list(zip(*tails, strict=True))
    if len(columns) < 2 or any(_NUMBER.fullmatch(word) for tail in tails for word in tail):
        return False
    texts = {" ".join(tail) for tail in tails}
    return 2 * len(texts) <= len(tails) and len(texts) == max(len(set(c)) for c in columns)


def _quoted(held: list[str], separator: str) -> list[str] | str | None:
    """The cells, what is wrong with them, or None while a quote is open."""
    text = "".join(held)
    try:
        rows = list(
            csv.reader(
                [text] if len(held) == 1 else held,
                delimiter=separator,
                strict=True,
                skipinitialspace=separator == " ",
            )
        )
    except csv.Error as error:
        if "unexpected end" in str(error):
            return None
        return "has a quote inside a cell" if len(held) == 1 else "opens a quote that is not closed"
    if len(rows) != 1:
        return "opens a quote that is not closed" if rows else []
    return [cell for cell in rows[0] if cell] if separator == " " else rows[0]
