"""Texts in CSV files that a spreadsheet would run as formulas, written so that it does not.

A class called `=HYPERLINK(...)` is a formula to Excel. An apostrophe before it makes it a text
there; read back by us it is removed again, so that every text comes back as it was.
"""

_STARTS = ("=", "+", "-", "@", "\t", "\r")
MARK = "'"


def escape(text: str) -> str:
    """The text as a cell of a CSV: with an apostrophe before what would be run."""
    return MARK + text if text.lstrip(MARK).startswith(_STARTS) else text


def unescape(cell: str) -> str:
    """The text that `escape` made a cell of."""
    is_marked = cell.startswith(MARK) and cell.lstrip(MARK).startswith(_STARTS)
    return cell[1:] if is_marked else cell
