"""Strict reading of what a browser sends: bounded, of known fields, refused with a sentence.

What the values say is read by `forge_core.catalog.listing.text_values`.
"""

import json
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request

from db.records import AssetFilter
from forge_core import storable_values
from forge_core.catalog.listing import filter_fields, text_values
from forge_core.catalog.opinions import answering
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor

MAX_BODY_BYTES = 2 * 2**20


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
    data = await read_bytes(request, MAX_BODY_BYTES)
    try:
        body = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise InvalidInput("The request is not JSON.", detail=str(error)[:200]) from None
    if not isinstance(body, dict):
        raise InvalidInput("The request is not a JSON object.")
    return body


async def read_bytes(request: Request, max_bytes: int) -> bytes:
    """A request's body; at most `max_bytes` are read.

    Raises:
        BodyTooLarge: The body is larger, whatever its Content-Length claims.
    """
    parts: list[bytes] = []
    size_bytes = 0
    async for part in request.stream():
        size_bytes += len(part)
        if size_bytes > max_bytes:
            raise BodyTooLarge(f"The request is larger than {max_bytes:,} bytes.")
        parts.append(part)
    return b"".join(parts)


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


def read_filter(values: Mapping[str, str], actor: Actor) -> AssetFilter:
    """The filter of an address, where this person may ask for it.

    Raises:
        InvalidInput: A value is none of its kind, or the questions of another person are asked for.
    """
    return answering.check_own(filter_fields.read(values), actor)


def parse_query(query: QueryParams, allowed: tuple[str, ...], **limits: int) -> dict[str, str]:
    """The query parameters, each at most once, empty ones left out.

    Args:
        query: As the browser sent it.
        allowed: Names of the parameters that may be there.
        limits: Characters that a parameter may have, where not `text_values.MAX_TEXT_CHARACTERS`.

    Raises:
        InvalidInput: One is unknown, repeated or too long.
    """
    check_fields(query, allowed, "The address")
    if len(query.multi_items()) != len(query):
        raise InvalidInput("The address names a parameter twice.")
    for name, value in query.items():
        limit = limits.get(name, text_values.MAX_TEXT_CHARACTERS)
        text_values.parse_text(value, name, limit)
    return {name: value for name, value in query.items() if value}
