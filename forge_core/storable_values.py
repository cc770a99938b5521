"""Texts and numbers that both databases keep and that JSON carries back to a browser.

Postgres refuses NUL in a text, SQLite cuts it off in some of its functions. Half of a UTF-16 pair
(a lone surrogate: what a script made by cutting a text, or Python from a file name that is not
UTF-8) can be written as JSON and then neither stored nor sent. NaN, Infinity and whole numbers
beyond 64 bits are in Python's JSON and in nobody else's. Whatever comes from outside is checked
here before it goes anywhere; what the program itself has to say is made readable.
"""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from forge_core.errors import InvalidInput

MAX_DEPTH = 32
"""Of lists and objects inside one another."""
LARGEST_NUMBER = 2**63 - 1
"""In JSON that is kept as it is."""
LARGEST_IN_A_COLUMN = 2**31 - 1
"""Numbers of runs, classes and revisions, sides and counts: Postgres' integer."""
_REFUSED_TEXTS = "a NUL character or half of a character (a lone surrogate)"


def check(value: Any, name: str, *, largest: int = LARGEST_NUMBER) -> None:
    """Refuse a value of JSON that cannot be stored or sent back, or that holds such a value.

    Names of an object's fields count too.

    Args:
        value: What `json.loads` gives, or a text or number of another origin.
        name: What it is, as a person reads it at the beginning of a sentence.
        largest: Whole number, up and down.

    Raises:
        InvalidInput: Saying what is wrong with it; the value itself is not repeated.
    """
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        each, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise InvalidInput(f"{name} is nested deeper than {MAX_DEPTH} levels.")
        if isinstance(each, str):
            if not is_text(each):
                raise InvalidInput(
                    f"{name} holds {_REFUSED_TEXTS}, which cannot be stored.",
                    next_step="Write it without.",
                )
        elif isinstance(each, float):
            if not math.isfinite(each):
                raise InvalidInput(f"{name} holds NaN or Infinity, which is not a number.")
        elif isinstance(each, int):
            if not -largest <= each <= largest:
                raise InvalidInput(f"{name} holds a whole number beyond {largest:,}.")
        elif isinstance(each, Mapping):
            waiting.extend((entry, depth + 1) for entry in each)
            waiting.extend((entry, depth + 1) for entry in each.values())
        elif isinstance(each, list | tuple):
            waiting.extend((entry, depth + 1) for entry in each)


def is_text(text: str) -> bool:
    """Whether it holds neither NUL nor a lone surrogate."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def readable(value: Any) -> Any:
    """A value of JSON, or a record of such, without what cannot be stored or sent.

    For messages of our own.

    NUL and lone surrogates become escapes (backslash, udcff), NaN and Infinity become None. A value
    that is storable stays equal.
    """
    if isinstance(value, str):
        return readable_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {readable(name): readable(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(readable(entry) for entry in value)
    if is_dataclass(value) and not isinstance(value, type):
        told = {field.name: readable(getattr(value, field.name)) for field in fields(value)}
        return replace(value, **told)
    return value


def readable_text(text: str) -> str:
    """The text with NUL and lone surrogates as escapes."""
    if is_text(text):
        return text
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()
