"""Rows of the gallery, their counts and their past."""

from collections.abc import Mapping
from typing import Any

from starlette.routing import Route

from db.records import AssetFilter
from forge_core.api import parsing, shapes
from forge_core.api.endpoints import ApiRequest, WorkspaceProvider, read_route
from forge_core.catalog.listing import (
    asset_list,
    filter_fields,
    positions,
    suggestions,
    text_values,
)
from forge_core.catalog.listing.suggestions import Suggester
from forge_core.catalog.opinions import answering
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput
from forge_core.imaging.decode import DecodeLimits
from forge_core.workspace import Workspace

DEFAULT_LIMIT = 100
MAX_CURSOR_CHARACTERS = 1100  # a path may be the cursor


def routes(provider: WorkspaceProvider) -> list[Route]:
    """`/assets`, `/assets/count` and `/assets/{id}/history`."""
    return [
        Route("/assets", read_route(provider, list_assets)),
        Route("/assets/count", read_route(provider, count_assets)),
        Route("/assets/{asset_id}/history", read_route(provider, list_history)),
    ]


def list_assets(asked: ApiRequest) -> Mapping[str, Any]:
    """A page of rows that match the filter, the cursor of the next page, and a revision.

    The rows are at least as new as the revision.

    It starts behind the cursor `after`, or at `position` in the list (0 is the first image). With
    `suggest` each row has what that run's network suggests, or with "labels" what its label looks
    like instead. Blind questions (`asked_of`) have rows without label, path and all that tells of
    them.
    """
    allowed = (*filter_fields.FIELDS, "sort", "after", "limit", "position", "suggest")
    values = parsing.parse_query(asked.request.query_params, allowed, after=MAX_CURSOR_CHARACTERS)
    where = parsing.read_filter(values, asked.actor)
    sort = values.get("sort", "newest")
    limit = text_values.parse_number(values.get("limit", DEFAULT_LIMIT), "limit")
    by = text_values.parse_suggester(values.get("suggest"), "suggest")
    if "position" not in values:
        return read_page(
            asked.workspace, where, sort=sort, by=by, limit=limit, after=values.get("after")
        )
    if "after" in values:
        raise InvalidInput("A page starts at a position or behind a cursor, not at both.")
    position = text_values.parse_number(values["position"], "position")
    return read_page(asked.workspace, where, sort=sort, by=by, limit=limit, position=position)


def read_page(
    workspace: Workspace,
    where: AssetFilter,
    *,
    sort: str,
    by: Suggester | None,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
    position: int | None = None,
) -> dict[str, Any]:
    """What `/assets` answers: `assets`, `next` and `revision`.

    Args:
        workspace: The workspace.
        where: Of what the person may see: see `parsing.read_filter`.
        sort: Order of the images.
        by: Whose suggestions stand in the rows.
        limit: Most rows.
        after: The cursor that the page starts behind.
        position: Where in the list it starts instead.

    Raises:
        InvalidInput: The filter, the order, the limit, the cursor or the position makes no sense.
    """
    revision_id = history.latest_revision_id(workspace)
    if position is not None:
        page = positions.list_at(workspace, where, position=position, sort=sort, limit=limit)
    else:
        page = asset_list.list_assets(workspace, where, sort=sort, after=after, limit=limit)
    window = DecodeLimits.from_settings(workspace.image_settings).window.name()
    if where.asked_of is not None:
        rows = [shapes.shape_blind(one, is_listed=True, window=window) for one in page.assets]
        return {"assets": rows, "next": page.next_cursor, "revision": revision_id}
    suggested = None if by is None else suggestions.suggest(workspace, by, page.assets)
    return {
        "assets": shapes.shape_rows(
            page.assets,
            suggested=suggested,
            confidences=page.confidences,
            window=window,
        ),
        "next": page.next_cursor,
        "revision": revision_id,
    }


def count_assets(asked: ApiRequest) -> Mapping[str, Any]:
    """How many match the filter, of how many, and how many have no label yet.

    With a `sort` that goes by a run's predictions, only those that it has are counted.
    """
    allowed = (*filter_fields.FIELDS, "sort")
    values = parsing.parse_query(asked.request.query_params, allowed)
    where = parsing.read_filter(values, asked.actor)
    sort = values.get("sort", "newest")
    totals = asset_list.totals(asked.workspace)
    total = totals.images + totals.augmented
    matching = asset_list.count_assets(asked.workspace, where, sort=sort)
    return {"matching": matching, "total": total, "unlabelled": totals.unlabelled}


def list_history(asked: ApiRequest) -> Mapping[str, Any]:
    """Every change of one image, newest first; of one that waits for a blind answer, nothing."""
    asset_id = text_values.parse_id(asked.request.path_params["asset_id"])
    if answering.list_open(asked.workspace, asked.actor, [asset_id]):
        return {"entries": []}
    entries = history.asset_history(asked.workspace, asset_id)
    return {"entries": [shapes.shape_history(entry) for entry in reversed(entries)]}
