"""The names of the catalog's own images, for label files that come without images.

A label file made elsewhere names images by a path that ends as it does here, by the name that an
export gave them, by their content hash or by their asset id. What fits several images is none.
"""

import re
import uuid
from collections.abc import Callable

from db.unit_of_work import UnitOfWork
from forge_core.catalog.formats.scan.name_index import Finder, FoundFile

_HASH = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
_EXPORTED = re.compile(r"([0-9a-f]{12})-.")  # `exports` puts it before a name that is taken

Lookup = Callable[[str], str | None]
"""From an asset id, a content hash or a name that an export gave, to a path of the catalog."""


class CatalogFinder(Finder):
    """Looks up what a label file calls an image among the images of the catalog."""

    def __init__(self, files: list[FoundFile], lookup: Lookup) -> None:
        super().__init__(files)
        self._lookup = lookup

    def find(
        self,
        path: str,
        *,
        folder: str = "",
        split: str | None = None,
        near: str = "",
        is_url: bool = False,
    ) -> list[FoundFile]:
        """As `Finder.find`; folders of the label file need not be those of the catalog."""
        found = super().find(path, is_url=is_url)
        if found:
            return found
        known = self._lookup(path.rsplit("/", 1)[-1])
        if known is not None and self.has(known):
            return [self._by_path[known]]
        return super().find(path, is_url=True)


def lookup_in(uow: UnitOfWork) -> Lookup:
    """Looks up ids and hashes while the transaction lasts."""

    def lookup(name: str) -> str | None:
        stem = name.lower()
        stem = stem if _HASH.fullmatch(stem) or _ID.fullmatch(stem) else stem.rsplit(".", 1)[0]
        if _HASH.fullmatch(stem):
            return _only([asset.file_path for asset in uow.assets.list_by_hashes([stem])])
        if _ID.fullmatch(stem):
            asset = uow.assets.find(uuid.UUID(stem))
            return asset.file_path if asset else None
        if made := _EXPORTED.match(stem):
            return _only(uow.assets.list_paths_by_hash_start(made[1]))
        return None

    return lookup


def _only(paths: list[str]) -> str | None:
    return paths[0] if len(paths) == 1 else None
