"""Draw the map of the catalog: embed what is not embedded yet, and learn once where images lie."""

from dataclasses import dataclass

from db.records import Job
from forge_core.jobs import kinds, queue
from forge_core.people.actor import Actor
from forge_core.predictions.embeddings import computing, networks, vector_store
from forge_core.predictions.embeddings.maps import fitting, placing
from forge_core.predictions.embeddings.networks import NetworkSource
from forge_core.progress import SILENT, Progress
from forge_core.workspace import Workspace

KIND = kinds.MAP.name
_EMBEDDING_SHARE = 0.6


@dataclass(frozen=True, kw_only=True)
class MapReport:
    """What was drawn."""

    network: str
    """Whose embeddings, as `networks.parse` reads it."""
    key: str
    """Of that network, as `map_points.load` takes it."""
    num_placed: int
    """Images with a place."""
    num_missing: int
    """Originals without one: their files cannot be read."""
    num_embedded: int
    """Images that a network had to look at first."""
    is_new: bool
    """Whether the layout was made now; else images that came since were placed in the one that is
    there, and no other moved."""


def draw_map(
    workspace: Workspace,
    source: NetworkSource | None = None,
    *,
    again: bool = False,
    device: str = "auto",
    progress: Progress = SILENT,
) -> MapReport:
    """Give every original a place on the map of one network's embeddings.

    A map that is there stays as it is: images that came since are placed in it.

    Args:
        workspace: The workspace.
        source: The network; by default that of the map that is there, else `networks.choose`.
        again: Lay all images out anew, though there is a map.
        device: auto, cpu or cuda:N.
        progress: Told the thousandths; asked at each step.

    Raises:
        InvalidInput: There is no image, or no network.
        NotFound: There is no such run or checkpoint.
        CheckpointRejected: The checkpoint does not predict here as it did when it was saved.
        WeightsUnavailable: The pretrained weights cannot be had.
        StorageUnavailable: The disk of the cache folder is full, or fails.
        Cancelled: The map is as it was; what was embedded is kept.
    """
    embedding = computing.embed_catalog(
        workspace,
        source or choose(workspace),
        device=device,
        progress=progress.within(0.0, _EMBEDDING_SHARE),
    )
    facts = embedding.network
    found = computing.read_catalog(workspace, facts, embedding.revision_id)
    is_new = again or placing.find(workspace, facts) is None
    if is_new:
        fitted = fitting.fit(found.values, progress=progress.within(_EMBEDDING_SHARE, 1.0))
        progress.check()
        placing.write(workspace, facts, fitted)
    return MapReport(
        network=facts.source,
        key=facts.key,
        num_placed=len(found.columns),
        num_missing=found.num_missing,
        num_embedded=embedding.num_computed,
        is_new=is_new,
    )


def choose(workspace: Workspace) -> NetworkSource:
    """The network of the map that is there, else the one that embeds where none is named.

    Raises:
        InvalidInput: There is no network.
    """
    for facts in vector_store.list_networks(workspace):
        if placing.find(workspace, facts) is not None:
            return networks.parse(facts.source)
    return networks.choose(workspace)


def submit(
    workspace: Workspace,
    source: NetworkSource | None = None,
    *,
    again: bool = False,
    actor: Actor,
) -> Job:
    """Draw the map in the background.

    Raises:
        InvalidInput: None is named, and there is no network.
        JobFailed: The background process cannot be started; the job stays queued.
    """
    chosen = source or choose(workspace)
    return queue.submit(
        workspace,
        KIND,
        f"Draw the map with {chosen.words}",
        {"network": str(chosen), "again": again},
        actor=actor,
        run_id=chosen.run_id,
    )
