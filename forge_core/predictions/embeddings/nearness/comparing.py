"""Compare every image with all others, and keep how strange it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from db.columns import AssetColumns
from db.records import Job
from db.repositories.scene_pairs import NewScenePair
from db.repositories.typicality import TypicalityRow
from db.unit_of_work import UnitOfWork
from forge_core.errors import InvalidInput
from forge_core.jobs import kinds, queue
from forge_core.people.actor import Actor
from forge_core.predictions import scoring
from forge_core.predictions.embeddings import computing, networks
from forge_core.predictions.embeddings.nearness import strangeness
from forge_core.predictions.embeddings.nearness.pairs import NearPairs, PairCollector
from forge_core.predictions.embeddings.nearness.strangeness import Strangeness
from forge_core.predictions.embeddings.networks import NetworkSource
from forge_core.progress import SILENT, Progress
from forge_core.workspace import Workspace

KIND = kinds.COMPARE.name
WRITTEN_AT_ONCE = 2_000
_EMBEDDING_SHARE = 0.7

Writer = Callable[[Callable[[UnitOfWork], None]], None]


@dataclass(frozen=True, kw_only=True)
class ComparisonReport:
    """What was compared."""

    network: str
    """By whose embeddings, as `networks.parse` reads it."""
    revision_id: int
    num_compared: int
    num_in_class: int
    """Of them those with a label that another image has too."""
    num_pairs: int
    """Pairs that are near each other; how near is nearly the same scene, a person says."""
    num_missing: int
    """Originals without an embedding: their files cannot be read."""


def compare_images(
    workspace: Workspace,
    source: NetworkSource | None = None,
    *,
    device: str = "auto",
    write: Writer | None = None,
    progress: Progress = SILENT,
) -> ComparisonReport:
    """Keep for each original how far it is from the images that are nearest to it.

    Images without an embedding are embedded first. What was kept before is replaced.

    Args:
        workspace: The workspace.
        source: The network that embeds; by default `networks.choose`.
        device: auto, cpu or cuda:N.
        write: Writes a part; a transaction each by default.
        progress: Told the thousandths; asked before each block.

    Raises:
        InvalidInput: There are fewer than two images, or there is no network.
        NotFound: There is no such run or checkpoint.
        CheckpointRejected: The checkpoint does not predict here as it did when it was saved.
        WeightsUnavailable: The pretrained weights cannot be had.
        StorageUnavailable: The disk of the cache folder is full, or fails.
        Cancelled: What was kept before stays.
    """
    source = source or networks.choose(workspace)
    embedding = computing.embed_catalog(
        workspace, source, device=device, progress=progress.within(0.0, _EMBEDDING_SHARE)
    )
    found = computing.read_catalog(workspace, embedding.network, embedding.revision_id)
    if len(found.columns) < 2:
        raise InvalidInput("There are no two images to compare.", next_step="Import images.")
    collector = PairCollector()
    strange = strangeness.measure(
        found.values,
        found.columns.label_ids,
        pairs=collector,
        progress=progress.within(_EMBEDDING_SHARE, 1.0),
    )
    progress.check()
    rows = _rows(found.columns, strange, str(source), embedding.revision_id)
    pairs = _pairs(found.columns, collector.finish(), str(source))
    write = write or scoring.transaction_of(workspace)
    _keep(write, rows)
    write(lambda uow: uow.scene_pairs.replace(pairs))
    return ComparisonReport(
        network=str(source),
        revision_id=embedding.revision_id,
        num_compared=len(rows),
        num_in_class=sum(row.class_strangeness is not None for row in rows),
        num_pairs=len(pairs),
        num_missing=found.num_missing,
    )


def submit(workspace: Workspace, source: NetworkSource | None = None, *, actor: Actor) -> Job:
    """Compare the images in the background.

    Raises:
        InvalidInput: None is named, and there is no network.
        JobFailed: The background process cannot be started; the job stays queued.
    """
    chosen = source or networks.choose(workspace)
    return queue.submit(workspace, KIND, "Look for outliers", {"network": str(chosen)}, actor=actor)


def _rows(
    columns: AssetColumns, strange: Strangeness, network: str, revision_id: int
) -> list[TypicalityRow]:
    assert columns.content_hashes is not None, "read with files"
    hashes, labels = columns.content_hashes, columns.label_ids.tolist()
    return [
        TypicalityRow(
            asset_id=columns.id_at(place),
            content_hash=hashes[place].ljust(32, b"\0").hex(),
            label_id=labels[place] or None,
            strangeness=overall,
            class_strangeness=None if np.isnan(in_class) else in_class,
            network=network,
            revision_id=revision_id,
        )
        for place, (overall, in_class) in enumerate(
            zip(strange.overall.tolist(), strange.in_class.tolist(), strict=True)
        )
    ]


def _pairs(columns: AssetColumns, near: NearPairs, network: str) -> list[NewScenePair]:
    assert columns.content_hashes is not None, "read with files"
    hashes = columns.content_hashes
    return [
        NewScenePair(
            first_id=columns.id_at(first),
            second_id=columns.id_at(second),
            similarity=cosine,
            first_hash=hashes[first].ljust(32, b"\0").hex(),
            second_hash=hashes[second].ljust(32, b"\0").hex(),
            network=network,
        )
        for first, second, cosine in zip(
            near.first.tolist(), near.second.tolist(), near.cosines.tolist(), strict=True
        )
    ]


def _keep(write: Writer, rows: Sequence[TypicalityRow]) -> None:
    """In short transactions; each row replaces that of its image."""
    for start in range(0, len(rows), WRITTEN_AT_ONCE):
        write(_adding(rows[start : start + WRITTEN_AT_ONCE]))


def _adding(rows: Sequence[TypicalityRow]) -> Callable[[UnitOfWork], None]:
    return lambda uow: uow.typicality.add(rows)
