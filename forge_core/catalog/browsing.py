"""Look at the catalog: filtered pages, counts, single images."""

import uuid
from dataclasses import dataclass

from db.enums import Split
from db.records import Asset, AssetFilter, CountRow
from db.repositories.assets import SORTS
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


def list_assets(
    workspace: Workspace,
    where: AssetFilter,
    *,
    sort: str = "newest",
    after: str | None = None,
    limit: int = 100,
) -> AssetPage:
    """One page of the images that match.

    Args:
        workspace: The workspace.
        where: Which images.
        sort: `newest`, `oldest` or `path`.
        after: The cursor of the page before; None for the first page.
        limit: 1 to 500.

    Raises:
        InvalidInput: The filter, sort, cursor or limit cannot be used.
    """
    check_filter(where)
    if sort not in SORTS:
        raise InvalidInput(f"There is no sort {sort!r}.", next_step=f"Use {', '.join(SORTS)}.")
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidInput(f"A page has 1 to {MAX_PAGE} images, {limit} were asked for.")
    if after is not None and sort != "path":
        after = str(_parse_id(after))
    with workspace.database.read() as uow:
        assets = uow.assets.list_page(where, sort=sort, after=after, limit=limit + 1)
    more = len(assets) > limit
    assets = assets[:limit]
    if not more:
        return AssetPage(assets=assets, next_cursor=None)
    last = assets[-1]
    return AssetPage(
        assets=assets, next_cursor=last.file_path if sort == "path" else str(last.asset_id)
    )


def count_assets(workspace: Workspace, where: AssetFilter) -> int:
    """How many images match. From the kept counts unless source or text restrict."""
    check_filter(where)
    with workspace.database.read() as uow:
        if where.source is not None or where.text:
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
        return uow.assets.list_sources()


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
