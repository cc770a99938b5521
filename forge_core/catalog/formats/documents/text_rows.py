"""Rows of separated text in which single lines may be wrong: those are named, the rest is read."""

import csv
import re
from collections.abc import Iterable, Iterator

_TOLD = re.compile(r"""["']?sep=(.|\\t)["']?\s*""", re.IGNORECASE | re.DOTALL)
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
        if '"' not in line:
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
    if separator == " ":
        return line.split()
    return line.split(separator) if line else []


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
