"""The map: its points as arrays in one answer, and what a line drawn on it surrounds."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from starlette.responses import Response
from starlette.routing import Route

from forge_core.api import parsing
from forge_core.api.endpoints import (
    NO_STORE,
    ApiRequest,
    WorkspaceProvider,
    read_route,
    write_route,
)
from forge_core.catalog.listing import filter_fields, text_values
from forge_core.catalog.listing.finds import kept_selections
from forge_core.errors import InvalidInput
from forge_core.predictions.embeddings.maps import map_points

ALIGNED = 8


def routes(provider: WorkspaceProvider) -> list[Route]:
    """`/map`, `/map/matching` and `/map/lasso`."""
    return [
        Route("/map", read_route(provider, show_map)),
        Route("/map/matching", read_route(provider, list_matching)),
        Route("/map/lasso", write_route(provider, keep_inside), methods=["POST"]),
    ]


def show_map(asked: ApiRequest) -> Response:
    """The points and what colours them; with `run`, what its network answers.

    `network` is the key of the network whose map is meant, here and in the other routes; without it
    that whose map was drawn last.

    The answer is the length of a JSON head in 4 bytes, the head, and the arrays that it names, each
    from a multiple of 8 bytes on: its name, type (as JavaScript's typed arrays) and offset.
    """
    query = parsing.parse_query(asked.request.query_params, ("run", "network"))
    points = map_points.load(asked.workspace, query.get("network", ""))
    columns = points.columns
    arrays: dict[str, npt.NDArray[Any]] = {
        "places": points.places,
        "ids": np.frombuffer(columns.ids.tobytes(), np.uint8),
        "labels": columns.label_ids,
        "splits": columns.splits,
        "doubts": map_points.read_doubts(asked.workspace, points),
    }
    if "run" in query:
        run_id = text_values.parse_number(query["run"], "run")
        arrays["answers"] = map_points.read_answers(asked.workspace, points, run_id)
    head = {
        "state": points.state,
        "revision": points.revision_id,
        "number": len(points),
        "missing": points.num_missing,
        "network": points.network.words,
    }
    return Response(pack(head, arrays), media_type="application/octet-stream", headers=NO_STORE)


def list_matching(asked: ApiRequest) -> Response:
    """Of each point a byte, 1 where the filter has its image; `state` in the head, as of `/map`."""
    allowed = (*filter_fields.FIELDS, "network")
    values = parsing.parse_query(asked.request.query_params, allowed)
    points = map_points.load(asked.workspace, values.pop("network", ""))
    matching = map_points.read_matching(asked.workspace, points, filter_fields.read(values))
    data = pack({"state": points.state}, {"matching": matching.astype(np.uint8)})
    return Response(data, media_type="application/octet-stream", headers=NO_STORE)


def keep_inside(asked: ApiRequest) -> Mapping[str, Any]:
    """Keep the images inside a `line` (corners on the map of a `state`) as a selection.

    `selection` is its number, null where the line surrounds no image.
    """
    parsing.check_fields(asked.body, ("line", "state", "network"), "The request")
    line, state = asked.body.get("line"), asked.body.get("state")
    network = text_values.parse_text(asked.body.get("network", ""), "network")
    if not isinstance(line, list) or not isinstance(state, str):
        raise InvalidInput("The request needs line, a list of corners, and state, a text.")
    corners = [_parse_corner(corner) for corner in line[: map_points.MOST_CORNERS + 1]]
    points = map_points.load(asked.workspace, network)
    inside = map_points.list_inside(points, corners, state)
    if not inside:
        return {"selection": None, "number": 0}
    name = f"{len(inside):,} {'image' if len(inside) == 1 else 'images'} of the map"
    kept = kept_selections.keep(asked.workspace, inside, name=name, actor=asked.actor)
    return {"selection": kept.selection_id, "number": len(inside)}


def _parse_corner(corner: Any) -> tuple[float, float]:
    is_pair = isinstance(corner, list) and len(corner) == 2
    if not is_pair or not all(type(each) in (int, float) for each in corner):
        raise InvalidInput("A corner is two numbers.")
    return float(corner[0]), float(corner[1])


def pack(head: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """As `show_map` describes it; little-endian, C order."""
    listed, parts, offset = [], [], 0
    for name, array in arrays.items():
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        listed.append({"name": name, "type": array.dtype.name, "offset": offset})
        parts.append(little.tobytes().ljust(_aligned(little.nbytes), b"\0"))
        offset += len(parts[-1])
    text = json.dumps({**head, "arrays": listed}).encode()
    text = text.ljust(_aligned(len(text) + 4) - 4)
    return b"".join([len(text).to_bytes(4, "little"), text, *parts])


def _aligned(size: int) -> int:
    return -(-size // ALIGNED) * ALIGNED
