"""What a checkpoint made of its own validation and test images: what traffic is compared with.

Computed once for a checkpoint and kept in the cache folder, which may be deleted at any time.

Legend: M images, K classes, F features of the backbone.
"""

import io
from dataclasses import dataclass

import numpy as np

from db.enums import Split
from forge_core import local_files
from forge_core.catalog.revisions import as_of
from forge_core.errors import InvalidInput, NotFound
from forge_core.evaluation.answers import Flags, Floats, Whole
from forge_core.progress import SILENT, Progress
from forge_core.runs import records
from forge_core.runs.files import checkpoints
from forge_core.serving.traffic.rows import Halves, LoggedCheckpoint
from forge_core.workspace import Workspace

FOLDER = "drift"
LEAST_IMAGES = 100
MAX_OF_SPLIT = 1_500
"""Images of each split, drawn at random."""
_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Images that the checkpoint was not trained on, with their labels as of its revision."""

    checkpoint_sha256: str
    run_id: int
    class_names: tuple[str, ...]
    """In the order of the outputs."""
    embeddings: Halves
    """(M, F)."""
    probabilities: Floats
    """(M, K), as the checkpoint answers."""
    places: Whole
    """(M,) output of each image's class."""
    train_shares: Floats
    """(K,) of the training images."""

    @property
    def confidence(self) -> Floats:
        """(M,) of the first class."""
        found: Floats = self.probabilities.max(axis=1)
        return found

    @property
    def is_right(self) -> Flags:
        """(M,)."""
        found: Flags = self.probabilities.argmax(axis=1) == self.places
        return found


def find_kind(workspace: Workspace, logged: LoggedCheckpoint) -> tuple[int, str]:
    """The run of this workspace, and which of its weights, that answered.

    Raises:
        NotFound: They are not of this workspace.
    """
    if logged.run_id is not None:
        hashes = {logged.sha256, logged.origin_sha256}
        for each in checkpoints.list_recorded(workspace, logged.run_id):
            if each.content_hash in hashes:
                return logged.run_id, each.kind
    raise NotFound(
        f"The checkpoint {logged.sha256[:12]} that answered is not of a run of this workspace, so "
        "its traffic cannot be compared with its test images.",
        next_step="Name the workspace that trained it with --workspace.",
    )


def read(
    workspace: Workspace,
    logged: LoggedCheckpoint,
    device: str = "auto",
    progress: Progress = SILENT,
) -> Reference:
    """The reference of a checkpoint that answered, computed where it is not kept yet.

    Raises:
        NotFound: The checkpoint is not of this workspace.
        CheckpointRejected: It does not predict here as it did when it was saved.
        InvalidInput: Too few of its validation and test images can be read.
        Cancelled: Nothing was kept.
    """
    run_id, kind = find_kind(workspace, logged)
    sha256 = checkpoints.find_checkpoint(workspace, run_id, kind).content_hash
    path = workspace.cache_folder / FOLDER / f"{sha256}-{_VERSION}.npz"
    kept = _load(path.read_bytes(), sha256, run_id) if path.is_file() else None
    if kept is not None:
        return kept
    found = _compute(workspace, run_id, kind, device, progress)
    buffer = io.BytesIO()
    np.savez(
        buffer,
        class_names=np.array(found.class_names),
        embeddings=found.embeddings,
        probabilities=found.probabilities,
        places=found.places,
        train_shares=found.train_shares,
    )
    local_files.make_folder(path.parent)
    local_files.replace(path, buffer.getvalue())
    return found


def _load(data: bytes, sha256: str, run_id: int) -> Reference | None:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return Reference(
                checkpoint_sha256=sha256,
                run_id=run_id,
                class_names=tuple(str(name) for name in arrays["class_names"]),
                embeddings=arrays["embeddings"],
                probabilities=arrays["probabilities"],
                places=arrays["places"],
                train_shares=arrays["train_shares"],
            )
    except (OSError, ValueError, KeyError):  # torn: it is computed again
        return None


def _compute(
    workspace: Workspace, run_id: int, kind: str, device: str, progress: Progress
) -> Reference:
    from forge_core.inference.predictor import Predictor
    from forge_core.predictions import trained_images
    from forge_core.predictions.calibration import deciding

    predictor = Predictor.load(checkpoints.checkpoint_path(workspace, run_id, kind), device)
    revision_id = records.get_run(workspace, run_id).revision_id
    trained = trained_images.read_hashes(workspace, run_id)
    assets = [
        asset
        for split in (Split.VAL, Split.TEST)
        for asset in deciding.draw(workspace, predictor, revision_id, split, MAX_OF_SPLIT)
        if not trained_images.holds(trained, asset.content_hash)
    ]
    if len(assets) < LEAST_IMAGES:
        raise InvalidInput(
            f"Run {run_id} has {len(assets):,} validation and test images to compare traffic with, "
            f"and it takes {LEAST_IMAGES}.",
            next_step="Put more labelled images into val or test, and train again.",
        )
    seen = deciding.look(workspace, predictor, assets, 0, len(assets), progress)
    probabilities = (seen.logits / predictor.card.temperature).softmax(dim=1)
    largest = float(np.finfo(np.float16).max)
    return Reference(
        checkpoint_sha256=predictor.loaded.sha256,
        run_id=run_id,
        class_names=predictor.card.class_names,
        embeddings=seen.features.clamp(-largest, largest).numpy().astype(np.float16),
        probabilities=probabilities.double().numpy(),
        places=seen.places,
        train_shares=_train_shares(workspace, revision_id, predictor.card.label_ids),
    )


def _train_shares(workspace: Workspace, revision_id: int, label_ids: tuple[int, ...]) -> Floats:
    columns = as_of.read_columns(workspace, revision_id, split=Split.TRAIN)
    labels = columns.label_ids[~columns.is_augmented]
    counts = np.array([float((labels == label_id).sum()) for label_id in label_ids])
    shares: Floats = counts / max(counts.sum(), 1.0)
    return shares
