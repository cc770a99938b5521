"""Look at the catalog: filtered pages, counts, single images."""

import uuid
from dataclasses import dataclass, field, replace

from db.enums import Split
from db.records import Asset, AssetFilter, CountRow
from db.repositories.pages import SORTS, check_cursor
from forge_core.errors import InvalidInput, NotFound
from forge_core.workspace import Workspace

MAX_PAGE = 500
NONE = "none"
ANY = "any"


@dataclass(frozen=True, kw_only=True)
class AssetPage:
    """Some assets in order, and where the next page starts (None at the end)."""

    assets: list[Asset]
    next_cursor: str | None
    confidences: dict[uuid.UUID, float] = field(default_factory=dict)
    """Of the run's predictions, 0 to 1, where the sort is by confidence."""


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Living images of the catalog; augmented copies are counted apart."""

    images: int
    unlabelled: int
    augmented: int


def check_filter(where: AssetFilter) -> AssetFilter:
    """The filter itself, when its values can be asked for.

    Raises:
        InvalidInput: The label is no number, "none" or "any", or the split is unknown.
    """
    if where.label not in (None, NONE, ANY) and not isinstance(where.label, int):
        raise InvalidInput(
            f"The label filter is a class number, {NONE!r} or {ANY!r}, not {where.label!r}."
        )
    if where.split is not None and where.split not in (*Split, NONE):
        raise InvalidInput(
            f"There is no split {where.split!r}.",
            next_step=f"Use one of {', '.join(Split)}, {NONE}.",
        )
    return where


def check_sort(where: AssetFilter, sort: str) -> None:
    """Refuse an order that does not exist or does not fit the filter.

    Raises:
        InvalidInput: There is no such sort, or it needs the run whose confidence is meant.
    """
    if sort not in SORTS:
        raise InvalidInput(f"There is no sort {sort!r}.", next_step=f"Use {', '.join(SORTS)}.")
    if SORTS[sort].by_confidence and where.run is None:
        raise InvalidInput(
            f"The sort {sort!r} needs a run: whose confidence is meant?",
            next_step="Add the number of a run to the filter.",
        )


def list_assets(
    workspace: Workspace,
    where: AssetFilter,
    *,
    sort: str = "newest",
    after: str | None = None,
    limit: int = 100,
    skip: int = 0,
) -> AssetPage:
    """One page of the images that match.

    Args:
        workspace: The workspace.
        where: Which images.
        sort: `newest`, `oldest` or `path`; with a `run` in the filter also `least_confident` and
            `most_confident`, of the images that it has a prediction of.
        after: The cursor of the page before; None for the first page.
        limit: 1 to 500.
        skip: Images to leave out first; for a jump, behind the nearest bookmark.

    Raises:
        InvalidInput: The filter, sort, cursor or limit cannot be used.
    """
    check_filter(where)
    check_sort(where, sort)
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidInput(f"A page has 1 to {MAX_PAGE} images, {limit} were asked for.")
    if skip < 0:
        raise InvalidInput(f"Cannot skip {skip} images.")
    if after is not None:
        try:
            check_cursor(sort, after)
        except ValueError:
            raise InvalidInput(
                f"{after[:60]!r} is not the place of an image in the order {sort!r}."
            ) from None
    with workspace.database.read() as uow:
        rows = uow.pages.list_rows(where, sort=sort, after=after, limit=limit + 1, skip=skip)
    shown = rows[:limit]
    return AssetPage(
        assets=[row.asset for row in shown],
        next_cursor=shown[-1].cursor if len(rows) > limit else None,
        confidences={
            row.asset.asset_id: row.confidence for row in shown if row.confidence is not None
        },
    )


def count_assets(workspace: Workspace, where: AssetFilter) -> int:
    """How many images match; `run` does not matter.

    From the kept counts for any combination of label, split and origin, and for a source or a
    review state alone; otherwise the matching images are counted.
    """
    check_filter(where)
    where = replace(where, run=None, text=where.text or None)
    with workspace.database.read() as uow:
        if where == AssetFilter(source=where.source) and where.source is not None:
            return dict(uow.counts.list_facet("source")).get(where.source, 0)
        if where == AssetFilter(review=where.review) and where.review is not None:
            wanted = "" if where.review == NONE else where.review
            return dict(uow.counts.list_facet("review")).get(wanted, 0)
        if where.source is not None or where.review is not None or where.text:
            return uow.assets.count_matching(where)
        return sum(row.num_assets for row in uow.counts.list_all() if _matches(row, where))


def list_ids(workspace: Workspace, where: AssetFilter) -> list[uuid.UUID]:
    """Ids of all images that match, oldest first."""
    check_filter(where)
    with workspace.database.read() as uow:
        return uow.assets.list_ids(where)


def get_asset(workspace: Workspace, asset_id: uuid.UUID | str) -> Asset:
    """One image of the catalog.

    Raises:
        NotFound: There is none with this id.
    """
    with workspace.database.read() as uow:
        asset = uow.assets.find(_parse_id(asset_id))
    if asset is None:
        raise NotFound(f"There is no image {asset_id} in the catalog; it may have been removed.")
    return asset


def list_sources(workspace: Workspace) -> list[tuple[str, int]]:
    """Each source with its number of images, by name."""
    with workspace.database.read() as uow:
        return uow.counts.list_facet("source")


def totals(workspace: Workspace) -> Totals:
    """The figures of the header line."""
    with workspace.database.read() as uow:
        rows = uow.counts.list_all()
    own = [row for row in rows if not row.is_augmented]
    return Totals(
        images=sum(row.num_assets for row in own),
        unlabelled=sum(row.num_assets for row in own if row.label_id is None),
        augmented=sum(row.num_assets for row in rows if row.is_augmented),
    )


def _matches(row: CountRow, where: AssetFilter) -> bool:
    return (
        _matches_label(row.label_id, where.label)
        and (where.split is None or (row.split_type or NONE) == where.split)
        and (where.augmented is None or row.is_augmented == where.augmented)
    )


def _matches_label(label_id: int | None, wanted: int | str | None) -> bool:
    if wanted == ANY:
        return label_id is not None
    return wanted is None or (label_id or NONE) == wanted


def _parse_id(asset_id: uuid.UUID | str) -> uuid.UUID:
    try:
        return asset_id if isinstance(asset_id, uuid.UUID) else uuid.UUID(asset_id)
    except ValueError:
        raise InvalidInput(f"{str(asset_id)[:60]!r} is not the id of an image.") from None
