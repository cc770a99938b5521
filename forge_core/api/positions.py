"""Where the next wanted image of a list is, and where one image is: positions, not rows."""

from collections.abc import Mapping
from typing import Any

from starlette.routing import Route

from forge_core.api import parsing
from forge_core.api.endpoints import ApiRequest, WorkspaceProvider, read_route
from forge_core.catalog.listing import filter_fields, neighbours, text_values
from forge_core.errors import InvalidInput

DIRECTIONS = {"next": False, "previous": True}


def routes(provider: WorkspaceProvider) -> list[Route]:
    """`/assets/near` and `/assets/position`."""
    return [
        Route("/assets/near", read_route(provider, find_near)),
        Route("/assets/position", read_route(provider, find_position)),
    ]


def find_near(asked: ApiRequest) -> Mapping[str, Any]:
    """The nearest `wanted` image in a `direction` of the image `from`: its id and distance.

    Without `from` the search begins at the list's end that the direction leads away from. `by`
    is the run that doubts. The id is null where there is none.
    """
    allowed = (*filter_fields.FIELDS, "sort", "wanted", "direction", "from", "by")
    values = parsing.parse_query(asked.request.query_params, allowed)
    direction = values.get("direction", "next")
    if direction not in DIRECTIONS:
        raise InvalidInput(f"direction is next or previous, not {direction[:60]!r}.")
    found = neighbours.find_near(
        asked.workspace,
        parsing.read_filter(values, asked.actor),
        wanted=values.get("wanted", neighbours.UNLABELLED),
        sort=values.get("sort", "newest"),
        start=text_values.parse_id(values["from"]) if "from" in values else None,
        backwards=DIRECTIONS[direction],
        by=text_values.parse_suggester(values.get("by"), "by"),
    )
    if found is None:
        return {"id": None, "distance": None}
    return {"id": str(found.asset_id), "distance": found.distance}


def find_position(asked: ApiRequest) -> Mapping[str, Any]:
    """The place of the `image` in the list, null when it is not in it."""
    values = parsing.parse_query(
        asked.request.query_params, (*filter_fields.FIELDS, "sort", "image")
    )
    position = neighbours.find_position(
        asked.workspace,
        parsing.read_filter(values, asked.actor),
        text_values.parse_id(values.get("image")),
        sort=values.get("sort", "newest"),
    )
    return {"position": position}
