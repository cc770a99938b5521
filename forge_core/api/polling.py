"""What changed since the browser last looked: a number to poll, and rows as they are now.

Streams would hold one of the six connections that a browser opens to a host, so the gallery
asks for the newest revision every second or two and for the rows on screen when it moved.
"""

from collections.abc import Mapping
from typing import Any

from starlette.routing import Route

from forge_core.api import parsing, shapes
from forge_core.api.endpoints import ApiRequest, WorkspaceProvider, read_route
from forge_core.catalog.listing import asset_list, text_values
from forge_core.catalog.opinions import answering
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput
from forge_core.imaging.decode import DecodeLimits

MAX_IDS = 500
MAX_IDS_CHARACTERS = MAX_IDS * 37


def routes(provider: WorkspaceProvider) -> list[Route]:
    """`/revision` and `/assets/now`."""
    return [
        Route("/revision", read_route(provider, show_revision)),
        Route("/assets/now", read_route(provider, list_now)),
    ]


def show_revision(asked: ApiRequest) -> Mapping[str, Any]:
    """Number of the newest revision of the catalog."""
    parsing.parse_query(asked.request.query_params, ())
    return {"revision": history.latest_revision_id(asked.workspace)}


def list_now(asked: ApiRequest) -> Mapping[str, Any]:
    """The named images as they are now, and the revision that they are at least of.

    `ids` are up to `MAX_IDS` ids with commas between; one that is missing in the answer is no
    longer in the catalog. With `suggest` each row has what that run's network suggests. Of one that
    waits for a blind answer of this person there is nothing that tells of its label.
    """
    allowed = ("ids", "suggest")
    query = parsing.parse_query(asked.request.query_params, allowed, ids=MAX_IDS_CHARACTERS)
    suggest = text_values.parse_suggester(query.get("suggest"), "suggest")
    ids = [text_values.parse_id(text) for text in query.get("ids", "").split(",") if text]
    if len(ids) > MAX_IDS:
        raise InvalidInput(f"{len(ids)} images were asked for, at most {MAX_IDS} at once.")
    now = asset_list.list_now(asked.workspace, ids, suggest=suggest)
    window = DecodeLimits.from_settings(asked.workspace.image_settings).window.name()
    rows = shapes.shape_rows(now.assets, suggested=now.suggested, window=window)
    blind = answering.list_open(asked.workspace, asked.actor, ids)
    for position, asset in enumerate(now.assets):
        if asset.asset_id in blind:
            rows[position] = shapes.shape_blind(asset, window=window)
    return {"revision": now.revision_id, "assets": rows}
