"""Images of the catalog that look like one of them, or like a file."""

import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from db.records import Asset
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput
from forge_core.imaging import decode
from forge_core.imaging.decode import DecodeLimits
from forge_core.predictions.embeddings import computing, networks, similarity_index, vector_store
from forge_core.predictions.embeddings.computing import CatalogEmbeddings
from forge_core.predictions.embeddings.networks import NetworkSource
from forge_core.predictions.embeddings.similarity_index import SimilarityIndex
from forge_core.predictions.embeddings.vector_store import NetworkFacts, VectorStore
from forge_core.runs.probabilities.blocks import Halves
from forge_core.workspace import Workspace

MAX_FOUND = 1_000
MAX_SEEDS = 50
"""Images whose middle is searched for."""


@dataclass(frozen=True, kw_only=True)
class SimilarImage:
    """An image, and how alike it is."""

    rank: int
    """From 1, the most alike."""
    asset: Asset
    similarity: float
    """Cosine of the angle between the embeddings, -1 to 1."""


@dataclass(frozen=True, kw_only=True)
class SimilarImages:
    """What was found."""

    network: NetworkFacts
    """By whose embeddings."""
    found: list[SimilarImage]
    """The most alike first; the image itself is not among them."""
    num_missing: int
    """Originals that have no embedding, and were not compared."""


def find_similar(
    workspace: Workspace,
    wanted: uuid.UUID | Sequence[uuid.UUID] | bytes,
    *,
    top: int = 20,
    source: NetworkSource | None = None,
    device: str = "auto",
) -> SimilarImages:
    """The images that look most alike.

    Args:
        workspace: The workspace.
        wanted: An image of the catalog, several whose middle is meant, or the bytes of a file.
        top: How many, 1 to 1,000.
        source: Whose embeddings; by default those that were computed last.
        device: Where the network computes, if the image has no embedding yet.

    Raises:
        InvalidInput: There are no embeddings yet, nothing was wanted, or `top` cannot be used.
        NotFound: There is no such image.
        ImageRejected: The bytes are no image that can be read.
    """
    if not 1 <= top <= MAX_FOUND:
        raise InvalidInput(f"1 to {MAX_FOUND:,} images can be found, {top:,} were asked for.")
    facts = _find_facts(workspace, source)
    embeddings, index = _index_of(workspace, facts)
    if isinstance(wanted, bytes):
        seeds: Sequence[uuid.UUID] = ()
        vector = _vector_of(workspace, wanted, facts, device).astype(np.float32)
    else:
        seeds = [wanted] if isinstance(wanted, uuid.UUID) else list(dict.fromkeys(wanted))
        vector = _middle(workspace, seeds, facts, device)
    places, likeness = index.search(vector, min(top + len(seeds), len(index)))
    ids = [embeddings.columns.id_at(int(place)) for place in places]
    with workspace.database.read() as uow:
        assets = {asset.asset_id: asset for asset in uow.assets.list_by_ids(ids)}
    pairs = [
        (assets[asset_id], float(value))
        for asset_id, value in zip(ids, likeness.tolist(), strict=True)
        if asset_id in assets and asset_id not in seeds
    ]
    return SimilarImages(
        network=facts,
        found=[
            SimilarImage(rank=rank, asset=asset, similarity=value)
            for rank, (asset, value) in enumerate(pairs[:top], 1)
        ],
        num_missing=embeddings.num_missing,
    )


def _find_facts(workspace: Workspace, source: NetworkSource | None) -> NetworkFacts:
    there = vector_store.list_networks(workspace)
    fitting = [each for each in there if source is None or each.source == str(source)]
    if not fitting:
        by, named = (f" by {source.words}", f" --network {source}") if source else ("", "")
        raise InvalidInput(
            f"The images have not been embedded yet{by}, so none can be compared.",
            next_step=f"Run `forge embed{named}` first.",
        )
    return fitting[0]


def _middle(
    workspace: Workspace, seeds: Sequence[uuid.UUID], facts: NetworkFacts, device: str
) -> NDArray[np.float32]:
    """The direction (D,) in the middle of the embeddings of some images."""
    if not 1 <= len(seeds) <= MAX_SEEDS:
        raise InvalidInput(
            f"1 to {MAX_SEEDS} images can be searched for together; {len(seeds):,} were named."
        )
    vectors = np.stack([_vector_of(workspace, seed, facts, device) for seed in seeds])
    middle: NDArray[np.float32] = similarity_index.normalised(vectors).mean(dim=0).numpy()
    return middle


def _vector_of(
    workspace: Workspace, wanted: uuid.UUID | bytes, facts: NetworkFacts, device: str
) -> Halves:
    """The embedding (D,) of an image, computed where it is not there."""
    if isinstance(wanted, uuid.UUID):
        asset = asset_list.get_asset(workspace, wanted)
        key = np.array([bytes.fromhex(asset.content_hash)], "S32")
        values, is_there = VectorStore(workspace, facts).read(vector_store.keys_of(key))
        if bool(is_there[0]):
            found: Halves = values[0]
            return found
        wanted = workspace.store.read(asset.file_path)
    network = networks.load(workspace, networks.parse(facts.source), device)
    if network.facts.key != facts.key:
        raise InvalidInput(
            f"The network of {facts.words} is another one than when the images were embedded.",
            next_step="Run `forge embed` again.",
        )
    limits = DecodeLimits.from_settings(workspace.settings)
    limits = limits.with_window(network.transform.grey_window)
    image = decode.decode_image(wanted, limits=limits).image
    computed: Halves = network.embed(torch.stack([network.transform(image)]))[0]
    return computed


def _index_of(
    workspace: Workspace, facts: NetworkFacts
) -> tuple[CatalogEmbeddings, SimilarityIndex]:
    """From memory while neither the catalog nor the embeddings have changed."""
    revision_id = history.latest_revision_id(workspace)
    num_rows = len(VectorStore(workspace, facts))
    key = (str(workspace.cache_folder), facts.key, revision_id, num_rows)
    with _lock:
        if key not in _kept:
            embeddings = computing.read_catalog(workspace, facts, revision_id)
            _kept.clear()  # one is enough: they are large
            _kept[key] = (embeddings, SimilarityIndex(embeddings.values))
        return _kept[key]


_lock = threading.Lock()
_kept: dict[tuple[object, ...], tuple[CatalogEmbeddings, SimilarityIndex]] = {}
