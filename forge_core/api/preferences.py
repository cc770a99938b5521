"""What a person has set for themselves, read and written by their own browser."""

from collections.abc import Mapping
from typing import Any

from starlette.routing import Route

from forge_core.api import parsing
from forge_core.api.endpoints import ApiRequest, WorkspaceProvider, read_route, write_route
from forge_core.catalog.listing import preferences
from forge_core.errors import InvalidInput

PATH = "/preferences/{name}"


def routes(provider: WorkspaceProvider) -> list[Route]:
    """`/preferences/{name}`, to read and to write."""
    return [
        Route(PATH, read_route(provider, show_preferences)),
        Route(PATH, write_route(provider, store_preferences), methods=["PUT"]),
    ]


def show_preferences(asked: ApiRequest) -> Mapping[str, Any]:
    """The settings of whoever asks; null where nothing was set."""
    name = asked.request.path_params["name"]
    return {"value": preferences.find(asked.workspace, name, actor=asked.actor)}


def store_preferences(asked: ApiRequest) -> Mapping[str, Any]:
    """Put the `value`, an object, in the place of the settings before."""
    parsing.check_fields(asked.body, ("value",), "The request")
    value = asked.body.get("value")
    if not isinstance(value, dict):
        raise InvalidInput("value is not a JSON object.")
    name = asked.request.path_params["name"]
    preferences.store(asked.workspace, name, value, actor=asked.actor)
    return {"value": value}
