"""JSON of any shape as tables: each place that holds many alike things is one.

Understood are lists of objects, of lists and of texts, objects of objects, names with values,
labels with lists of names, columns side by side, pandas' forms, and JSON lines. What is nested in
an object becomes columns with dots: `annotations.label`.
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from forge_core.catalog.formats.documents import text_encoding
from forge_core.catalog.formats.documents.cells import as_text, join

MAX_BYTES = 512 * 2**20
KEY, VALUE = "key", "value"
_DEEPEST = 5
_DEEPEST_FIELD = 12
_SAMPLE = 50
Row = dict[str, str]


def columns(path: Path, encoding: str | None = None) -> tuple[str, tuple[str, ...]]:
    """The place of the largest table in a document, and its columns.

    Raises:
        ValueError: It is no JSON or too large.
    """
    found = tables(path, encoding)
    if not found:
        return "", ()
    part = max(found, key=lambda name: len(found[name]))
    return part, columns_of(found[part])


def columns_of(table: list[Row]) -> tuple[str, ...]:
    """Every column that the first rows have."""
    return tuple(dict.fromkeys(name for row in table[:_SAMPLE] for name in row))


def rows(path: Path, part: str, encoding: str | None = None) -> Iterator[tuple[int, Row]]:
    """The rows of the table at a place.

    Raises:
        ValueError: It is no JSON or too large.
    """
    yield from enumerate(tables(path, encoding).get(part, []), start=1)


def tables(path: Path, encoding: str | None = None) -> dict[str, list[Row]]:
    """Every table in a document by its place, "" for the whole.

    Args:
        path: An existing file.
        encoding: What a person said of text that is not in Unicode.

    Raises:
        ValueError: It is no JSON or too large.
    """
    told = path.stat()
    if told.st_size > MAX_BYTES:
        raise ValueError("it is too large")
    return _tables(path, told.st_mtime_ns, told.st_size, encoding)


@lru_cache(maxsize=2)
def _tables(path: Path, _changed: int, _size: int, encoding: str | None) -> dict[str, list[Row]]:
    return dict(of_value(_content(path, encoding)))


def _content(path: Path, encoding: str | None) -> Any:
    text = path.read_text(encoding=text_encoding.of(path, encoding))
    try:
        return json.loads(text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 and path.suffix.lower() == ".json":
            raise
        return [json.loads(line) for line in lines]


def spread(cells: Row) -> Row:
    """A row of which cells that are objects of JSON are columns of their own."""
    row: Row = {}
    for name, cell in cells.items():
        if cell[:1] == "{" and cell.rstrip()[-1:] == "}":
            try:
                content = json.loads(cell)
            except (ValueError, RecursionError):
                content = None
            if isinstance(content, dict) and content.keys() != {"choices"}:
                row |= _flat(content, f"{name}.")
                continue
        row[name] = cell
    return row


def of_value(value: Any, place: str = "", depth: int = 0) -> Iterator[tuple[str, list[Row]]]:
    """The tables inside a value of JSON, outermost first."""
    if depth > _DEEPEST or not value:
        return
    if isinstance(value, list):
        if table := _of_list(value):
            yield place, table
    elif isinstance(value, dict):
        if table := _of_object(value):
            yield place, table
        for name, inner in value.items():
            if isinstance(inner, dict | list):
                yield from of_value(inner, f"{place}.{name}".lstrip("."), depth + 1)


def _of_list(items: list[Any]) -> list[Row]:
    if all(isinstance(item, dict) for item in items):
        return [_flat(item) for item in items]
    if all(isinstance(item, list) for item in items):
        return [{f"column {n}": as_text(v) for n, v in enumerate(i, 1)} for i in items]
    if all(isinstance(item, str | int | float) for item in items):
        return [{VALUE: as_text(item)} for item in items]
    return []


def _of_object(content: dict[str, Any]) -> list[Row]:
    values = list(content.values())
    if _are_columns(content):
        return [
            {name: as_text(part) for name, part in zip(content, row, strict=True)}
            for row in zip(*values, strict=True)
        ]
    names, data = content.get("columns"), content.get("data")
    if isinstance(names, list) and isinstance(data, list) and data and isinstance(data[0], list):
        return [
            {str(n): as_text(v) for n, v in zip(names, row, strict=False)}
            for row in data
            if isinstance(row, list)
        ]
    if all(isinstance(value, dict) for value in values):
        keys = [tuple(value) for value in values]
        if len(values) > 1 and len(set(keys)) == 1 and _is_flat(values) and _counts(keys[0]):
            return [  # pandas writes each column as an object of its own
                {name: as_text(content[name][key]) for name in content} for key in keys[0]
            ]
        return [{KEY: key, **_flat(value)} for key, value in content.items()]
    if all(isinstance(value, list) for value in values):
        return [
            {KEY: key, VALUE: as_text(part)}
            for key, value in content.items()
            for part in value
            if not isinstance(part, dict | list)
        ]
    plain = {k: v for k, v in content.items() if isinstance(v, str | int | float | list)}
    if len(plain) == len(content):
        return [{KEY: key, VALUE: as_text(value)} for key, value in plain.items()]
    return []


def _are_columns(content: dict[str, Any]) -> bool:
    """Whether lists of one length stand side by side, at least two and not each under a label."""
    values = list(content.values())
    if len(values) < 2 or not all(isinstance(value, list) for value in values):
        return False
    kinds = {str: 0, int: 0}
    for value in values:
        if not value or len(value) != len(values[0]) or isinstance(value[0], dict | list):
            return False
        kinds[str if isinstance(value[0], str) else int] += 1
    names = {name.lower() for name in content}
    return kinds[int] > 0 or bool(names & {"label", "labels", "class", "classes", "target"})


def _is_flat(values: list[dict[str, Any]]) -> bool:
    return not any(isinstance(part, dict | list) for value in values for part in value.values())


def _counts(keys: tuple[str, ...]) -> bool:
    return all(key.isdecimal() for key in keys)


def _flat(item: dict[str, Any], start: str = "", depth: int = 0) -> Row:
    """An object as one row; lists of objects give lists of each of their fields."""
    row: Row = {}
    for name, value in item.items():
        column = f"{start}{name}"
        if isinstance(value, dict):
            row |= _flat(value, f"{column}.", depth + 1) if depth < _DEEPEST_FIELD else {}
        elif isinstance(value, list) and any(isinstance(part, dict) for part in value):
            gathered: dict[str, list[str]] = {}
            for part in value:
                if isinstance(part, dict) and depth < _DEEPEST_FIELD:
                    for inner, text in _flat(part, f"{column}.", depth + 1).items():
                        gathered.setdefault(inner, []).append(text)
            row |= {inner: join(list(dict.fromkeys(texts))) for inner, texts in gathered.items()}
        else:
            row[column] = as_text(value)
    return row
