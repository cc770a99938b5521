"""The points of the map as arrays, for whoever draws it; and which of them a line surrounds.

Places are kept in memory while images and map are the same; what colours a point (label, split,
doubt, answer) is read each time. Imports no torch.

Legend: N points in the order of the images' ids.
"""

import hashlib
import threading
import uuid
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from db.columns import AssetColumns
from db.records import AssetFilter
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import as_of, history
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.predictions.embeddings import vector_store
from forge_core.predictions.embeddings.maps import placing
from forge_core.predictions.embeddings.vector_store import NetworkFacts, VectorStore
from forge_core.workspace import Workspace

NO_DOUBT = 255
"""In `doubts`: the label was not judged."""
DOUBT_STEPS = 200
"""Of which `doubts` says how many, so that each quarter of them is whole."""
MOST_CORNERS = 1_000
MOST_KEPT = 2
"""Maps in memory: people may look at those of two networks."""

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class MapPoints:
    """Where the originals of the catalog lie."""

    network: NetworkFacts
    columns: AssetColumns
    """N assets with a place; with hashes."""
    places: Floats
    """(N, 2); most lie between -1 and 1."""
    num_missing: int
    """Originals without an embedding, so without a place."""
    revision_id: int
    """Labels and splits are those of this revision."""
    state: str
    """The same while the same images lie at the same places."""

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, kw_only=True)
class _Places:
    """What is kept in memory: the places of some images, and which of the images have one."""

    places: Floats
    is_there: Flags


def find_network(workspace: Workspace, key: str = "") -> NetworkFacts | None:
    """The network of this key, where its map was drawn; else None.

    Without a key that whose map was drawn or whose embeddings were written last.
    """
    there = [each for each in vector_store.list_networks(workspace) if key in ("", each.key)]
    return next((each for each in there if placing.find(workspace, each) is not None), None)


def load(workspace: Workspace, key: str = "") -> MapPoints:
    """The points of the map as the catalog is now.

    Args:
        workspace: The workspace.
        key: Of the network whose map is meant; see `find_network`.

    Raises:
        NotFound: No map was drawn.
    """
    facts = find_network(workspace, key)
    drawn = None if facts is None else placing.find(workspace, facts)
    if facts is None or drawn is None:
        raise NotFound("No map was drawn yet.", next_step="Draw it in the gallery, or `forge map`.")
    revision_id = history.latest_revision_id(workspace)
    columns = as_of.read_columns(workspace, revision_id, with_files=True)
    columns = columns.where(~columns.is_augmented)
    store = VectorStore(workspace, facts)
    assert columns.content_hashes is not None, "read with files"
    digest = hashlib.sha256(columns.ids.tobytes())
    digest.update(columns.content_hashes.tobytes())
    written = placing.path_of(workspace, facts).stat().st_mtime_ns
    state = f"{facts.key[:8]}-{digest.hexdigest()[:32]}-{len(store)}-{written}"
    kept_as = (str(workspace.cache_folder), facts.key, state)
    with _lock:
        if kept_as not in _kept:
            values, is_there = store.read(vector_store.keys_of(columns.content_hashes))
            found = _Places(places=drawn.place(values[is_there]), is_there=is_there)
            while len(_kept) >= MOST_KEPT:
                _kept.pop(next(iter(_kept)))
            _kept[kept_as] = found
        found = _kept[kept_as]
    return MapPoints(
        network=facts,
        columns=columns.where(found.is_there),
        places=found.places,
        num_missing=int(np.count_nonzero(~found.is_there)),
        revision_id=revision_id,
        state=state,
    )


def read_doubts(workspace: Workspace, points: MapPoints) -> npt.NDArray[np.uint8]:
    """How likely each label (N,) is wrong, in whole parts of 200 rounded down, or `NO_DOUBT`.

    Rounded down, so that a quarter holds exactly the images that a filter by it lists.
    """
    with workspace.database.read() as uow:
        ids, scores = uow.label_issues.list_scores_now()
    found = np.full(len(points), NO_DOUBT, np.uint8)
    places, is_there = _find(points.columns, ids)
    found[places] = (DOUBT_STEPS * np.array(scores, np.float64)[is_there]).astype(np.uint8)
    return found


def read_answers(workspace: Workspace, points: MapPoints, run_id: int) -> npt.NDArray[np.int32]:
    """The class that a run's network finds likeliest for each (N,); 0 where it did not look.

    Raises:
        NotFound: There is no such run.
    """
    with workspace.database.read() as uow:
        asset_list.check_run(uow, AssetFilter(run=run_id))
        ids, label_ids = uow.predictions.list_answers(run_id)
    found = np.zeros(len(points), np.int32)
    places, is_there = _find(points.columns, ids)
    found[places] = np.array(label_ids, np.int32)[is_there]
    return found


def read_matching(workspace: Workspace, points: MapPoints, where: AssetFilter) -> Flags:
    """Of each point (N,) whether the filter has its image.

    Raises:
        InvalidInput: The filter cannot be used.
        NotFound: What it names is not there.
    """
    if where == AssetFilter():
        return np.ones(len(points), np.bool_)
    places, _ = _find(points.columns, asset_list.list_ids(workspace, where))
    found = np.zeros(len(points), np.bool_)
    found[places] = True
    return found


def list_inside(points: MapPoints, corners: npt.ArrayLike, state: str) -> list[uuid.UUID]:
    """The images whose points lie inside a closed line, in the order of their ids.

    Args:
        points: The map.
        corners: (M, 2) of the line; where it crosses itself, what it surrounds twice is outside.
        state: Of the map that it was drawn on.

    Raises:
        InvalidInput: It is no line.
        Conflict: The map has other images or places by now.
    """
    line = np.asarray(corners, np.float64)
    is_line = line.ndim == 2 and line.shape[1] == 2 and 3 <= len(line) <= MOST_CORNERS
    if not is_line or not np.isfinite(line).all():
        raise InvalidInput(f"A line has 3 to {MOST_CORNERS:,} corners of two numbers.")
    if state != points.state:
        raise Conflict(
            "Images came or left since the map was shown.", next_step="Draw the line again."
        )
    low, high = line.min(axis=0), line.max(axis=0)
    near = np.flatnonzero(((points.places >= low) & (points.places <= high)).all(axis=1))
    x, y = points.places[near].T.astype(np.float64)
    is_inside = np.zeros(len(near), np.bool_)
    for (x1, y1), (x2, y2) in zip(line, np.roll(line, 1, axis=0), strict=True):
        if y1 != y2:
            crosses = (y1 > y) != (y2 > y)
            is_inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return [points.columns.id_at(int(place)) for place in near[is_inside]]


def _find(columns: AssetColumns, asset_ids: list[uuid.UUID]) -> tuple[npt.NDArray[np.int64], Flags]:
    """Positions of those assets that are there, and of each whether it is."""
    wanted = np.array([each.bytes for each in asset_ids], "S16")
    if not len(columns) or not len(wanted):
        return np.empty(0, np.int64), np.zeros(len(wanted), np.bool_)
    places = np.searchsorted(columns.ids, wanted).clip(max=len(columns) - 1)
    is_there: Flags = columns.ids[places] == wanted
    return places[is_there].astype(np.int64), is_there


_lock = threading.Lock()
_kept: dict[tuple[str, str, str], _Places] = {}
