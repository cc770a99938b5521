"""Embed the images of the catalog: those that have no vector yet, or lost it.

Augmented copies are not embedded: they show what their originals show. What was written stays when
the work ends early; the next time goes on with what is missing.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch

from db.columns import AssetColumns, Whole
from db.records import AssetAsOf, Job
from forge_core.catalog.revisions import as_of, history
from forge_core.catalog.revisions.as_of import AssetsAsOf
from forge_core.jobs import kinds, queue
from forge_core.people.actor import Actor
from forge_core.predictions import image_batches
from forge_core.predictions.embeddings import networks, vector_store
from forge_core.predictions.embeddings.networks import EmbeddingNetwork, NetworkSource
from forge_core.predictions.embeddings.vector_store import NetworkFacts, VectorStore
from forge_core.progress import SILENT, Progress
from forge_core.runs.probabilities.blocks import Halves
from forge_core.training.inputs.image_sets import RejectedImage
from forge_core.workspace import Workspace

KIND = kinds.EMBED.name
PAGE_IMAGES = 512
WRITE_SECONDS = 5.0


@dataclass(kw_only=True)
class EmbeddingReport:
    """What was done."""

    network: NetworkFacts
    revision_id: int
    """The images are those of this revision."""
    num_images: int
    """Originals that the catalog has."""
    num_computed: int = 0
    """Of them those that had no vector, or a damaged one."""
    num_rejected: int = 0
    """Images whose file cannot be read, or is not the one that was imported."""
    rejected: list[RejectedImage] = field(default_factory=list)
    """The first thousand of them."""


@dataclass(frozen=True, kw_only=True)
class CatalogEmbeddings:
    """The embeddings of the catalog's originals as of a revision."""

    columns: AssetColumns
    """N assets in the order of their ids, each with a vector; with paths and hashes."""
    values: Halves
    """(N, D)."""
    num_missing: int
    """Originals without one."""


def embed_catalog(
    workspace: Workspace,
    source: NetworkSource | None = None,
    *,
    device: str = "auto",
    progress: Progress = SILENT,
    on_rejected: Callable[[RejectedImage], None] | None = None,
) -> EmbeddingReport:
    """Embed every original of the catalog that has no vector of this network yet.

    Args:
        workspace: The workspace.
        source: The network; by default `networks.choose`.
        device: auto, cpu or cuda:N.
        progress: Told the images done; asked before each batch.
        on_rejected: Told of each image that cannot be embedded.

    Raises:
        NotFound: There is no such run or checkpoint.
        InvalidInput: There is no such device, or no network.
        CheckpointRejected: The checkpoint does not predict here as it did when it was saved.
        WeightsUnavailable: The pretrained weights cannot be had.
        StorageUnavailable: The disk of the cache folder is full, or fails.
        Cancelled: What was embedded until then is kept.
    """
    network = networks.load(workspace, source or networks.choose(workspace), device)
    revision_id = history.latest_revision_id(workspace)
    assets = as_of.read(workspace, revision_id)
    originals = np.flatnonzero(~assets.columns.is_augmented)
    report = EmbeddingReport(
        network=network.facts, revision_id=revision_id, num_images=len(originals)
    )
    keys = vector_store.keys_of(_hashes(assets.columns))
    with closing(VectorStore(workspace, network.facts)) as store:
        missing = originals[~store.find_there(keys[originals])]
        _embed(workspace, network, store, assets, missing, report, progress, on_rejected)
    return report


def read_catalog(
    workspace: Workspace, facts: NetworkFacts, revision_id: int | None = None
) -> CatalogEmbeddings:
    """The embeddings of the originals as of a revision, by default the newest."""
    if revision_id is None:
        revision_id = history.latest_revision_id(workspace)
    columns = as_of.read_columns(workspace, revision_id, with_files=True)
    columns = columns.where(~columns.is_augmented)
    store = VectorStore(workspace, facts)
    values, is_there = store.read(vector_store.keys_of(_hashes(columns)))
    return CatalogEmbeddings(
        columns=columns.where(is_there),
        values=values if bool(is_there.all()) else values[is_there],
        num_missing=int(np.count_nonzero(~is_there)),
    )


def submit(workspace: Workspace, source: NetworkSource | None = None, *, actor: Actor) -> Job:
    """Embed the images in the background.

    Raises:
        InvalidInput: None is named, and there is no network.
        JobFailed: The background process cannot be started; the job stays queued.
    """
    chosen = source or networks.choose(workspace)
    title = f"Embed the images with {chosen.words}"
    return queue.submit(
        workspace, KIND, title, {"network": str(chosen)}, actor=actor, run_id=chosen.run_id
    )


def _embed(
    workspace: Workspace,
    network: EmbeddingNetwork,
    store: VectorStore,
    assets: AssetsAsOf,
    missing: Whole,
    report: EmbeddingReport,
    progress: Progress,
    on_rejected: Callable[[RejectedImage], None] | None,
) -> None:
    ids: list[str] = []
    values: list[Halves] = []
    written_at = time.monotonic()

    def write() -> None:
        if ids:
            store.append(_keys(ids), np.concatenate(values))
            report.num_computed += len(ids)
            ids.clear()
            values.clear()

    done, total = 0, len(missing)
    try:
        for batch in image_batches.read_batches(
            workspace,
            _batches(assets, missing),
            network.transform,
            grey_window=network.transform.grey_window,
        ):
            progress.check()
            if batch.usable:
                values.append(network.embed(torch.stack([inputs for _, inputs in batch.usable])))
                ids += [asset.content_hash for asset, _ in batch.usable]
            image_batches.name_rejected(report, batch.rejected, on_rejected)
            done += len(batch.assets)
            if len(ids) >= PAGE_IMAGES or time.monotonic() - written_at > WRITE_SECONDS:
                write()
                written_at = time.monotonic()
            progress.advance(done, total, f"Looking at {total:,} images")
    finally:
        write()


def _batches(assets: AssetsAsOf, places: Whole) -> Iterator[Sequence[AssetAsOf]]:
    for start in range(0, len(places), image_batches.BATCH_IMAGES):
        yield [assets[int(each)] for each in places[start : start + image_batches.BATCH_IMAGES]]


def _hashes(columns: AssetColumns) -> npt.NDArray[np.bytes_]:
    assert columns.content_hashes is not None, "read with files"
    return columns.content_hashes


def _keys(content_hashes: Sequence[str]) -> npt.NDArray[np.bytes_]:
    hashes = np.array([bytes.fromhex(each) for each in content_hashes], "S32")
    return vector_store.keys_of(hashes)
