"""Where an image lies on the map: a small stored network, so that old images stay. No torch.

Legend: N images, D values of an embedding, C of its main directions, H units.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from forge_core import local_files
from forge_core.errors import StorageUnavailable
from forge_core.predictions.embeddings import vector_store
from forge_core.predictions.embeddings.vector_store import NetworkFacts
from forge_core.workspace import Workspace

FILE = "map.safetensors"
"""Beside the embeddings that it places."""
AT_ONCE = 20_000

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Placing:
    """The places of images by their embeddings."""

    basis: Floats
    """(D, C): main directions of embeddings of length 1."""
    middle: Floats
    """(C,)."""
    weights1: Floats
    """(C, H)."""
    bias1: Floats
    weights2: Floats
    """(H, H)."""
    bias2: Floats
    weights3: Floats
    """(H, 2)."""
    bias3: Floats

    def place(self, values: npt.NDArray[np.generic]) -> Floats:
        """Places (N, 2) of embeddings (N, D). Most lie between -1 and 1."""
        found = np.empty((len(values), 2), np.float32)
        for start in range(0, len(values), AT_ONCE):
            rows = slice(start, start + AT_ONCE)
            units = self.reduce(values[rows])
            units = np.maximum(units @ self.weights1 + self.bias1, 0)
            units = np.maximum(units @ self.weights2 + self.bias2, 0)
            found[rows] = units @ self.weights3 + self.bias3
        return found

    def reduce(self, values: npt.NDArray[np.generic]) -> Floats:
        """What the network is given (N, C)."""
        rows = np.asarray(values, np.float32)
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        reduced: Floats = (rows / np.maximum(length, 1e-12)) @ self.basis - self.middle
        return reduced


def path_of(workspace: Workspace, facts: NetworkFacts) -> Path:
    """Where the map of a network's embeddings is kept: beside them, and cleared with them."""
    return vector_store.folder_of(workspace, facts) / FILE


def write(workspace: Workspace, facts: NetworkFacts, placing: Placing) -> None:
    """Keep it in the place of the one before.

    Raises:
        StorageUnavailable: The disk of the cache folder is full, or fails.
    """
    arrays = {each.name: getattr(placing, each.name) for each in fields(placing)}
    try:
        local_files.replace(path_of(workspace, facts), save(arrays))
    except OSError as error:
        raise StorageUnavailable(
            f"The map could not be written to the cache folder: {error.strerror or error}.",
            next_step="Make room there, then draw it again.",
        ) from error


def find(workspace: Workspace, facts: NetworkFacts) -> Placing | None:
    """The one that is kept for a network's embeddings; None for none that can be used."""
    try:
        arrays = load_file(path_of(workspace, facts))
        placing = Placing(**arrays)
    except (OSError, TypeError, SafetensorError):  # none, torn, or of another version
        return None
    shapes = [array.ndim for array in arrays.values()]
    fits = len(shapes) == len(fields(Placing)) and placing.basis.shape[0] == facts.num_values
    return placing if fits and all(np.isfinite(each).all() for each in arrays.values()) else None
