"""Which images a run was trained on, by their bytes: what it says of them is no test of it."""

import numpy as np
import numpy.typing as npt

from db.enums import Split
from forge_core.catalog.revisions import as_of
from forge_core.runs import records
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace

Hashes = npt.NDArray[np.bytes_]
"""Content hashes, sorted; dtype S32."""


def read_hashes(workspace: Workspace, run_id: int) -> Hashes:
    """Content hashes of the training images of the run's revision.

    Raises:
        NotFound: There is no such run.
    """
    run = records.get_run(workspace, run_id)
    columns = as_of.read_columns(workspace, run.revision_id, split=Split.TRAIN, with_files=True)
    used = columns.label_ids > 0
    if not TrainConfig.from_dict(run.config).use_augmented:
        used &= ~columns.is_augmented
    assert columns.content_hashes is not None, "read with files"
    return np.unique(columns.content_hashes[used])


def holds(trained: Hashes, content_hash: str) -> bool:
    """Whether an image with this hash, in hex digits, is among them."""
    key = np.array(bytes.fromhex(content_hash), trained.dtype)
    place = int(np.searchsorted(trained, key))
    return place < len(trained) and bool(trained[place] == key)
