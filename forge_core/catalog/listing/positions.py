"""Where a list of a million images is at 40 %: every k-th key, found once a filter.

A scroll bar asks for a position. The nearest bookmark before it is a cursor; the few images
between are skipped in the index. Bookmarks are kept in memory until the catalog has a newer
revision; while people label, a list may be out of date by `STALE_SECONDS`, so that a jump is
then near its place instead of late. So may one by predictions, duplicates or assignments, which
change without a revision.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from db.records import AssetFilter
from db.repositories.asset_lists import SORTS
from forge_core.catalog.listing import asset_list
from forge_core.catalog.listing.asset_list import AssetPage
from forge_core.errors import InvalidInput
from forge_core.workspace import Workspace

EVERY = 1_000
STALE_SECONDS = 30.0
MAX_LISTS = 64


@dataclass(frozen=True, kw_only=True)
class Bookmarks:
    """Cursors of one list. `cursors[i]` is behind the first `(i + 1) * every` images."""

    revision_id: int
    every: int
    cursors: tuple[str, ...]

    def place_before(self, position: int) -> tuple[str | None, int]:
        """The last cursor before a position (None: the start), and the images to skip after it."""
        number = min(position // self.every, len(self.cursors))
        return (self.cursors[number - 1] if number else None), position - number * self.every


def bookmarks(workspace: Workspace, where: AssetFilter, sort: str = "newest") -> Bookmarks:
    """The bookmarks of a list, from memory or made now (about half a second for a million).

    Raises:
        InvalidInput: The filter or the sort cannot be used.
    """
    asset_list.check_filter(where)
    asset_list.check_sort(where, sort)
    key = (workspace.settings.resolved_database_url, where, sort)
    with workspace.database.read() as uow:
        asset_list.check_run(uow, where)
        latest = uow.revisions.latest_id()
        kept = _find(key, latest)
        if kept is not None:
            return kept
        cursors = uow.asset_lists.list_bookmarks(where, sort=sort, every=EVERY)
    made = Bookmarks(revision_id=latest, every=EVERY, cursors=tuple(cursors))
    with _lock:
        _kept[key] = (made, time.monotonic())
        _kept.move_to_end(key)
        while len(_kept) > MAX_LISTS:
            _kept.popitem(last=False)
    return made


def list_at(
    workspace: Workspace,
    where: AssetFilter,
    *,
    position: int,
    sort: str = "newest",
    limit: int = 100,
) -> AssetPage:
    """The page that starts at a position of the list, 0 being the first image.

    Raises:
        InvalidInput: The filter, sort, position or limit cannot be used.
    """
    if position < 0:
        raise InvalidInput(f"There is no position {position}; the first is 0.")
    after, skip = bookmarks(workspace, where, sort).place_before(position)
    return asset_list.list_assets(
        workspace, where, sort=sort, after=after, limit=limit, skip=min(skip, MAX_SKIP)
    )


def _find(key: tuple[str, AssetFilter, str], latest: int) -> Bookmarks | None:
    with _lock:
        found = _kept.get(key)
        if found is None:
            return None
        made, at = found
        follows = key[1].follows_revisions() and SORTS[key[2]].joined is None
        is_current = made.revision_id == latest and follows
        if not is_current and time.monotonic() - at > STALE_SECONDS:
            return None
        _kept.move_to_end(key)
        return made


MAX_SKIP = 50 * EVERY
_lock = threading.Lock()
_kept: OrderedDict[tuple[str, AssetFilter, str], tuple[Bookmarks, float]] = OrderedDict()
