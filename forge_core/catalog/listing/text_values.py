"""Strict reading of values that came as text: bounded, typed, and refused with a sentence.

Each reader takes the value and the name by which a refusal calls it.
"""

import re
import uuid
from datetime import date
from typing import Any

from forge_core import storable_values
from forge_core.catalog.listing.suggestions import IMPORTS, JUDGING, OPINIONS
from forge_core.errors import InvalidInput

MAX_TEXT_CHARACTERS = 256
YES_NO = {"yes": True, "no": False, "true": True, "false": False}
_WHOLE_NUMBER = re.compile(r"[0-9]{1,15}")
_DECIMAL = re.compile(r"[0-9]{1,3}(\.[0-9]{1,20})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_text(value: Any, name: str, limit: int = MAX_TEXT_CHARACTERS) -> str:
    """Text of at most `limit` characters that can be stored.

    Raises:
        InvalidInput: It is not that.
    """
    if not isinstance(value, str) or len(value) > limit:
        raise InvalidInput(f"{name} is not text of at most {limit} characters.")
    storable_values.check(value, name)
    return value


def parse_number(value: Any, name: str) -> int:
    """A whole number from 0 on.

    Raises:
        InvalidInput: It is none, or larger than any number of the catalog.
    """
    if not isinstance(value, int | str) or isinstance(value, bool):
        raise InvalidInput(f"{name} is not a whole number.")
    if not _WHOLE_NUMBER.fullmatch(str(value)):
        raise InvalidInput(f"{name} is not a whole number: {str(value)[:60]!r}.")
    if int(value) > storable_values.LARGEST_IN_A_COLUMN:
        raise InvalidInput(f"{name} is larger than any number here: {value}.")
    return int(value)


def parse_run(value: Any, name: str) -> int | None:
    """The number of a run that a database can hold; None where none was sent.

    Raises:
        InvalidInput: It is no such number.
    """
    return None if value is None else parse_number(value, name)


def parse_suggester(value: Any, name: str) -> int | str | None:
    """The number of a run, or the word for the judging of labels, people or imports; None for none.

    Raises:
        InvalidInput: It is neither.
    """
    return str(value) if value in (JUDGING, OPINIONS, IMPORTS) else parse_run(value, name)


def parse_part(value: Any, name: str) -> float:
    """A number from 0 to 1.

    Raises:
        InvalidInput: It is none.
    """
    if not _DECIMAL.fullmatch(str(value)) or float(value) > 1:
        raise InvalidInput(f"{name} is a number from 0 to 1, not {str(value)[:60]!r}.")
    return float(value)


def parse_day(value: Any, name: str) -> date:
    """A day as YYYY-MM-DD.

    Raises:
        InvalidInput: It is none.
    """
    try:
        if _DAY.fullmatch(str(value)):
            return date.fromisoformat(str(value))
    except ValueError:
        pass
    raise InvalidInput(f"{name} is a day such as 2026-11-22, not {str(value)[:60]!r}.")


def parse_yes_no(value: Any, name: str) -> bool:
    """Yes or no.

    Raises:
        InvalidInput: It is neither.
    """
    if not isinstance(value, str) or value not in YES_NO:
        raise InvalidInput(f"{name} is yes or no, not {str(value)[:60]!r}.")
    return YES_NO[value]


def parse_id(value: Any) -> uuid.UUID:
    """The id of an image, written as 8-4-4-4-12 hex digits.

    Raises:
        InvalidInput: It is not one.
    """
    if isinstance(value, str) and len(value) == 36:
        try:
            return uuid.UUID(value)
        except ValueError:
            pass
    raise InvalidInput(f"{str(value)[:60]!r} is not the id of an image.")
