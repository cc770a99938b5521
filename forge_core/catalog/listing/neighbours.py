"""From one image of a list on to the next that is wanted, however far it is."""

import uuid
from dataclasses import dataclass, replace

from db.enums import ReviewState
from db.records import ANY, NONE, AssetFilter
from db.repositories.opinions import DIFFER
from forge_core.catalog.listing import asset_list
from forge_core.catalog.listing.suggestions import IMPORTS, OPINIONS, SUSPECT, Suggester
from forge_core.errors import InvalidInput
from forge_core.workspace import Workspace

UNLABELLED = "unlabelled"
DOUBTED = "doubted"
WANTED = (UNLABELLED, DOUBTED)
"""Without a label; labelled, but the run says another class."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """An image of a list, and how many images further on it is (1: the very next)."""

    asset_id: uuid.UUID
    distance: int


def find_near(
    workspace: Workspace,
    where: AssetFilter,
    *,
    wanted: str,
    sort: str = "newest",
    start: uuid.UUID | None = None,
    backwards: bool = False,
    by: Suggester | None = None,
) -> Found | None:
    """The nearest wanted image of a list behind another one.

    The images between are counted in an index, not loaded.

    Args:
        workspace: The workspace.
        where: Which images the list has.
        wanted: One of `WANTED`.
        sort: The order of the list.
        start: Search behind this image, which need not match the filter any more; from the
            first image on with None.
        backwards: Search before it instead, or from the last image.
        by: The run that doubts, or the judging of labels.

    Returns:
        None when there is none, or the order does not have `start`.

    Raises:
        InvalidInput: The filter, the order or what is wanted cannot be used.
        NotFound: There is no such run.
    """
    asset_list.check_filter(where)
    asset_list.check_sort(where, sort)
    if where.asked_of is not None:  # it would tell which has a label, and of which a run doubts it
        return None
    narrowed = _narrow(where, wanted, by)
    if narrowed is None:
        return None
    with workspace.database.read() as uow:
        asset_list.check_run(uow, narrowed)
        after = None
        if start is not None:
            after = uow.asset_lists.find_cursor(start, where, sort=sort)
            if after is None:
                return None
        found = uow.asset_lists.find_near(narrowed, sort=sort, after=after, backwards=backwards)
        if found is None:
            return None
        asset_id, cursor = found
        distance = uow.asset_lists.count_between(
            where, sort=sort, after=after, until=cursor, backwards=backwards
        )
    return Found(asset_id=asset_id, distance=distance)


def find_position(
    workspace: Workspace, where: AssetFilter, asset_id: uuid.UUID, *, sort: str = "newest"
) -> int | None:
    """Where an image is in a list, 0 being the first place; None when it is not in it.

    Raises:
        InvalidInput: The filter or the order cannot be used.
        NotFound: There is no such run.
    """
    asset_list.check_filter(where)
    asset_list.check_sort(where, sort)
    with workspace.database.read() as uow:
        asset_list.check_run(uow, where)
        cursor = uow.asset_lists.find_cursor(asset_id, where, sort=sort)
        if cursor is None:
            return None
        if not uow.asset_lists.is_at(where, cursor, sort=sort):
            return None
        return (
            uow.asset_lists.count_between(
                where, sort=sort, after=None, until=cursor, backwards=False
            )
            - 1
        )


def _narrow(where: AssetFilter, wanted: str, by: Suggester | None) -> AssetFilter | None:
    """The filter of what is wanted within the list; None when it cannot hold any."""
    if wanted == UNLABELLED:
        return replace(where, label=NONE) if where.label in (None, NONE) else None
    if wanted != DOUBTED:
        raise InvalidInput(
            f"Nothing is wanted by {wanted[:60]!r}.", next_step=f"Use one of {', '.join(WANTED)}."
        )
    if by == OPINIONS:
        return replace(where, opinions=DIFFER)
    if by == IMPORTS:
        is_asked = where.review in (None, ReviewState.CONTESTED)
        return replace(where, review=ReviewState.CONTESTED) if is_asked else None
    if isinstance(by, str):
        return replace(where, issue_min=max(where.issue_min or 0.0, SUSPECT))
    run = by if by is not None else where.run
    if run is None or where.run not in (None, run):
        raise InvalidInput("Which run doubts? Name the one that the filter names, if it does.")
    if where.label == NONE or where.disagrees is False:
        return None
    return replace(
        where, run=run, disagrees=True, label=ANY if where.label is None else where.label
    )
