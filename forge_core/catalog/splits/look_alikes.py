"""Groups of near-duplicates of the catalog: what the hash finds, verified on the pixels.

One answer for all who ask: the Review page, leaks, grouped splits. An image is decoded when it is
compared for the first time; its fingerprint is kept in the cache by content hash.
"""

import hashlib
import itertools
import os
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from db.records import Asset
from forge_core.catalog.revisions.column_cache import ALONE, CatalogColumns, Codes
from forge_core.catalog.splits import same_pictures, similarity
from forge_core.errors import ImageRejected, NotFound, StorageUnavailable
from forge_core.imaging import decode, fingerprints, hashing
from forge_core.imaging.decode import DecodeLimits
from forge_core.imaging.fingerprints import SIDE, VERSION, Fingerprint
from forge_core.imaging.thumbnail_file import ThumbnailFile
from forge_core.progress import SILENT, Progress
from forge_core.workspace import Workspace

FOLDER = "fingerprints"
FAR_BITS = 6
"""Of a very large catalog only hashes this near are looked up: more takes minutes."""
MOST_JOINED = 100_000
"""Images of one layout that are compared with each other; of more, nearer hashes only."""
_AT_ONCE = 512
_REMEMBERED = 8
_Key = tuple[str, int, bytes]


@dataclass(frozen=True, kw_only=True)
class LookAlikes:
    """Which images show one picture, as of one state of the catalog."""

    groups: Codes
    """(N,) the row of the first image of a group; `ALONE` for the others."""
    bits: int
    """How many bits of two hashes could differ for the images to be compared."""
    num_candidates: int
    """Images whose hashes are near another's, so that their pixels were compared."""
    num_flat: int
    """Images without structure (one colour, an even gradient): any two would look alike."""
    num_cut: int
    """Images with so many candidates that not all were compared."""
    num_unread: int
    """Candidates whose files cannot be read, or are not those of the import: left alone."""


_known: OrderedDict[_Key, LookAlikes] = OrderedDict()
"""The last answers of this process: a plan, its doing and the leaks after it ask the same."""


def find(
    workspace: Workspace, catalog: CatalogColumns, *, bits: int, progress: Progress = SILENT
) -> LookAlikes:
    """Groups of near-duplicates among the images that are no augmented copies.

    Args:
        workspace: Where the files and the cache are.
        catalog: With hashes.
        bits: Most differing bits of two hashes for their images to be compared on the pixels.
        progress: Told of images read, then of pairs compared.
    """
    rows = np.flatnonzero(catalog.hashed & ~catalog.augmented)
    key = _key_of(workspace, catalog, rows, bits)
    if key in _known:
        _known.move_to_end(key)
        return _known[key]
    reach = min(bits, FAR_BITS) if len(rows) > similarity.MANY else bits
    joined = similarity.find_groups(catalog.hashes[rows], bits=reach)
    candidates, num_chopped = _bounded(catalog.hashes[rows], joined.groups, reach)
    places = np.flatnonzero(candidates >= 0)
    prints = _read(workspace, catalog.asset_ids(rows[places]), progress)
    found = same_pictures.find(
        prints,
        candidates[places],
        num_compared=len(rows),
        tell=lambda done, total: progress.advance(done, total, "pairs compared"),
    )
    groups = np.full(len(catalog), ALONE, dtype=np.int64)
    grouped = np.flatnonzero(found >= 0)
    groups[rows[places[grouped]]] = rows[places[found[grouped]]]
    answer = LookAlikes(
        groups=groups,
        bits=reach,
        num_candidates=len(places),
        num_flat=joined.num_flat,
        num_cut=num_chopped,
        num_unread=sum(each is None for each in prints),
    )
    if not answer.num_unread:  # what cannot be read now may be put back
        _known[key] = answer
        while len(_known) > _REMEMBERED:
            _known.popitem(last=False)
    return answer


def with_looks(
    workspace: Workspace, catalog: CatalogColumns, bits: int | None, *, progress: Progress = SILENT
) -> CatalogColumns:
    """The catalog with the groups of near-duplicates; as it is where these are not asked for."""
    if bits is None:
        return catalog
    found = find(workspace, catalog, bits=bits, progress=progress)
    return replace(catalog, looks=found.groups)


def bits_apart(catalog: CatalogColumns, groups: Codes) -> Codes:
    """Bits to the nearest other image of the group, (N,); 0 for images alone."""
    apart = np.zeros(len(catalog), dtype=np.int64)
    places = np.flatnonzero(groups >= 0)
    order = places[np.argsort(groups[places], kind="stable")]
    cuts = np.flatnonzero(np.diff(groups[order])) + 1
    for members in np.split(order, cuts) if len(order) else []:
        hashes = np.unique(catalog.hashes[members])
        if len(hashes) == 1:
            continue
        for member in members:
            bits = np.bitwise_count(hashes ^ catalog.hashes[member])
            twins = (catalog.hashes[members] == catalog.hashes[member]).sum() > 1
            apart[member] = 0 if twins else int(bits[bits > 0].min())
    return apart


def _key_of(workspace: Workspace, catalog: CatalogColumns, rows: Codes, bits: int) -> _Key:
    state = hashlib.blake2b(catalog.ids, digest_size=16)
    state.update(catalog.hashes.tobytes())
    state.update(rows.tobytes())
    state.update(workspace.image_settings.grey_window.encode())
    return str(workspace.folder), bits, state.digest()


def _bounded(hashes: similarity.Hashes, joined: Codes, bits: int) -> tuple[Codes, int]:
    """Joined sets of at most `MOST_JOINED`: larger ones by fewer bits, then cut; how many were."""
    bounded, num_cut = joined.copy(), 0
    while bits >= 0:
        codes, counts = np.unique(bounded[bounded >= 0], return_counts=True)
        large = codes[counts > MOST_JOINED]
        if not len(large):
            break
        bits -= 2
        for code in large:
            rows = np.flatnonzero(bounded == code)
            num_cut += len(rows)
            if bits >= 0:
                inner = similarity.find_groups(hashes[rows], bits=bits).groups
                bounded[rows] = np.where(inner >= 0, rows[inner], -1)
            else:
                bounded[rows] = rows[np.arange(len(rows)) // MOST_JOINED * MOST_JOINED]
    return bounded, num_cut


def _read(
    workspace: Workspace, asset_ids: Sequence[uuid.UUID], progress: Progress
) -> list[Fingerprint | None]:
    """Their fingerprints, in their order: kept ones, and the others made and kept."""
    if not asset_ids:
        return []
    limits = DecodeLimits.from_settings(workspace.image_settings)
    name = "-".join(filter(None, (FOLDER, limits.window.name())))
    cache = _cache_at(workspace.cache_folder / FOLDER / f"{name}.sqlite3")
    with workspace.database.read() as uow:
        assets = {asset.asset_id: asset for asset in uow.assets.list_by_ids(asset_ids)}
    found: list[Fingerprint | None] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as readers:
        for start in range(0, len(asset_ids), _AT_ONCE):
            progress.check()
            part = [assets.get(asset_id) for asset_id in asset_ids[start : start + _AT_ONCE]]
            kept = [None if asset is None else _kept(cache, asset) for asset in part]
            missing = {
                place: asset
                for place, asset in enumerate(part)
                if asset is not None and kept[place] is None
            }
            made = readers.map(
                _made, itertools.repeat(workspace), missing.values(), itertools.repeat(limits)
            )
            fresh = []
            for (place, asset), fingerprint in zip(missing.items(), made, strict=True):
                if fingerprint is not None:
                    kept[place] = fingerprint
                    data = fingerprints.pack(fingerprint)
                    fresh.append((bytes.fromhex(asset.content_hash), VERSION, data))
            cache.add(fresh)
            found += kept
            progress.advance(len(found), len(asset_ids), "images read")
    return found


def _kept(cache: ThumbnailFile, asset: Asset) -> Fingerprint | None:
    data = cache.find(bytes.fromhex(asset.content_hash), VERSION)
    return None if data is None else fingerprints.unpack(data)


def _made(workspace: Workspace, asset: Asset, limits: DecodeLimits) -> Fingerprint | None:
    """None where the file is gone, cannot be decoded, or is another one than was imported."""
    try:
        data = workspace.store.read(asset.file_path)
        if hashing.content_hash(data) != asset.content_hash:
            return None
        decoded = decode.decode_reduced(data, 2 * SIDE, limits=limits)
    except (NotFound, StorageUnavailable, ImageRejected):
        return None
    return fingerprints.make(decoded.image, decoded.width, decoded.height)


@lru_cache(maxsize=64)
def _cache_at(path: Path) -> ThumbnailFile:
    """One open file a path and process."""
    return ThumbnailFile(path)


def clear(workspace: Workspace) -> None:
    """Remove all kept fingerprints; they are made again when they are needed."""
    for path in (workspace.cache_folder / FOLDER).glob("*.sqlite3"):
        _cache_at(path).close()
        path.unlink(missing_ok=True)
