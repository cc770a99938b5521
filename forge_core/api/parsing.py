"""Strict reading of what a browser sends: bounded, typed, and refused with a sentence."""

import json
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request

from db.records import AssetFilter
from forge_core import storable_values
from forge_core.catalog.listing.asset_list import ANY, NONE
from forge_core.errors import InvalidInput

MAX_BODY_BYTES = 2 * 2**20
MAX_TEXT_CHARACTERS = 256
_WHOLE_NUMBER = re.compile(r"[0-9]{1,15}")
YES_NO = {"yes": True, "no": False, "true": True, "false": False}
_DECIMAL = re.compile(r"[0-9]{1,3}(\.[0-9]{1,20})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class BodyTooLarge(InvalidInput):
    """More bytes were sent than a request may have."""


async def read_json_object(request: Request) -> dict[str, Any]:
    """The JSON object in a request's body; at most `MAX_BODY_BYTES` are read.

    Its texts and numbers are as they were sent: `check_values` comes before anything is done
    with them.

    Raises:
        BodyTooLarge: The body is larger, whatever its Content-Length claims.
        InvalidInput: It is not a JSON object in UTF-8.
    """
    parts: list[bytes] = []
    size_bytes = 0
    async for part in request.stream():
        size_bytes += len(part)
        if size_bytes > MAX_BODY_BYTES:
            raise BodyTooLarge(f"The request is larger than {MAX_BODY_BYTES:,} bytes.")
        parts.append(part)
    try:
        body = json.loads(b"".join(parts).decode())
    except (ValueError, RecursionError) as error:
        raise InvalidInput("The request is not JSON.", detail=str(error)[:200]) from None
    if not isinstance(body, dict):
        raise InvalidInput("The request is not a JSON object.")
    return body


def check_values(value: Any, what: str) -> None:
    """Refuse texts and numbers that cannot be stored and answered, however deep they are.

    Raises:
        InvalidInput: It holds NUL, a lone surrogate, NaN, Infinity, a whole number of more than
            64 bits, or too many levels.
    """
    storable_values.check(value, what)


def check_fields(values: Mapping[str, Any], allowed: tuple[str, ...], what: str) -> None:
    """Nothing beyond the fields that are known, so that a misspelt filter never means "all".

    Raises:
        InvalidInput: A field is not known.
    """
    unknown = sorted(set(values) - set(allowed))
    if unknown:
        raise InvalidInput(
            f"{what} has no field {unknown[0][:60]!r}.", next_step=f"Known: {', '.join(allowed)}."
        )


def parse_query(query: QueryParams, allowed: tuple[str, ...], **limits: int) -> dict[str, str]:
    """The query parameters, each at most once, empty ones left out.

    Args:
        query: As the browser sent it.
        allowed: Names of the parameters that may be there.
        limits: Characters that a parameter may have, where not `MAX_TEXT_CHARACTERS`.

    Raises:
        InvalidInput: One is unknown, repeated or too long.
    """
    check_fields(query, allowed, "The address")
    if len(query.multi_items()) != len(query):
        raise InvalidInput("The address names a parameter twice.")
    for name, value in query.items():
        parse_text(value, name, limits.get(name, MAX_TEXT_CHARACTERS))
    return {name: value for name, value in query.items() if value}


def parse_filter(values: Mapping[str, Any]) -> AssetFilter:
    """An asset filter from text values such as `label=3`, `label=none`, `augmented=no`.

    Raises:
        InvalidInput: A value is not of its kind, such as a label that is no number.
    """
    return AssetFilter(
        **{
            name: parse(values[name], name)
            for name, parse in FILTER_FIELDS_AND_KINDS.items()
            if values.get(name) is not None
        }
    )


def write_filter(where: AssetFilter) -> dict[str, str]:
    """The filter as text values; `parse_filter` reads them back."""
    values = {name: getattr(where, name) for name in FILTER_FIELDS}
    return {name: _write(value) for name, value in values.items() if value not in (None, "")}


def _write(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.12f}".rstrip("0").rstrip(".")
    return str(value)


def parse_yes_no(value: Any, name: str) -> bool:
    """Yes or no.

    Raises:
        InvalidInput: It is neither.
    """
    if not isinstance(value, str) or value not in YES_NO:
        raise InvalidInput(f"{name} is yes or no, not {str(value)[:60]!r}.")
    return YES_NO[value]


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


def _parse_label(value: Any, name: str) -> int | str:
    return value if value in (NONE, ANY) else parse_number(value, name)


def _parse_group(value: Any, name: str) -> uuid.UUID | str:
    return ANY if value == ANY else parse_id(value)


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


def parse_text(value: Any, name: str, limit: int = MAX_TEXT_CHARACTERS) -> str:
    """Text of at most `limit` characters that can be stored.

    Raises:
        InvalidInput: It is not that.
    """
    if not isinstance(value, str) or len(value) > limit:
        raise InvalidInput(f"{name} is not text of at most {limit} characters.")
    storable_values.check(value, name)
    return value


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


FILTER_FIELDS_AND_KINDS: dict[str, Callable[[Any, str], Any]] = {
    "label": _parse_label,
    "split": parse_text,
    "source": parse_text,
    "text": parse_text,
    "augmented": parse_yes_no,
    "review": parse_text,
    "run": parse_number,
    "predicted": parse_number,
    "disagrees": parse_yes_no,
    "confidence_min": parse_part,
    "confidence_max": parse_part,
    "side_min": parse_number,
    "side_max": parse_number,
    "since": parse_day,
    "until": parse_day,
    "author": parse_text,
    "changed_since": parse_number,
    "duplicates": _parse_group,
    "assigned": parse_text,
}
"""Every field of an `AssetFilter`, and how its text is read."""
FILTER_FIELDS = tuple(FILTER_FIELDS_AND_KINDS)
