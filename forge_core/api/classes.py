"""The classes that a person can choose from, and new ones."""

from collections.abc import Mapping
from typing import Any

from starlette.routing import Route

from forge_core.api import parsing, shapes
from forge_core.api.endpoints import ApiRequest, WorkspaceProvider, read_route, write_route
from forge_core.catalog.editing import classes
from forge_core.catalog.listing import text_values


def routes(provider: WorkspaceProvider) -> list[Route]:
    """`/classes`, to read and to create."""
    return [
        Route("/classes", read_route(provider, list_classes)),
        Route("/classes", write_route(provider, create_class), methods=["POST"]),
    ]


def list_classes(asked: ApiRequest) -> Mapping[str, Any]:
    """Every class, in the order they were created."""
    labels = classes.list_classes(asked.workspace)
    return {"classes": [shapes.shape_label(label) for label in labels]}


def create_class(asked: ApiRequest) -> Mapping[str, Any]:
    """A new class with the asked name."""
    parsing.check_fields(asked.body, ("name",), "A new class")
    name = text_values.parse_text(asked.body.get("name"), "name")
    return shapes.shape_label(classes.create_class(asked.workspace, name, actor=asked.actor))
