"""Values of any kind as the cells of a table hold them: texts."""

from typing import Any

_LIST_SEPARATOR = "\x1f"


def as_text(value: Any) -> str:
    """A cell as a CSV would hold it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list | tuple):
        return _LIST_SEPARATOR.join(as_text(part) for part in value)
    return "" if value != value else str(value)  # NaN is what pandas writes for nothing


def split_list(cell: str) -> list[str]:
    """The parts of a cell that was a list; any other cell whole."""
    return [part for part in cell.split(_LIST_SEPARATOR) if part]


def join(parts: list[str]) -> str:
    """A cell that `split_list` takes apart again."""
    return _LIST_SEPARATOR.join(parts)
