"""Features of real photos by MobileNetV2 with its ImageNet weights, computed once a machine.

Kept in a folder of the cache (`XDG_CACHE_HOME`), by the folder's name and the input size, as the
product computes them.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from forge_core.imaging import decode
from forge_core.models import architectures
from forge_core.predictions.embeddings import networks

DATA = Path(__file__).parents[2] / "shared" / "data"
ARCHITECTURE = "mobilenet_v2"
_BATCH = 32
_ENDINGS = {".jpg", ".jpeg", ".png"}


@dataclass(frozen=True)
class Features:
    """N images of a folder with a folder a class."""

    values: NDArray[np.float32]
    """(N, D)."""
    paths: list[str]
    """N paths, below the folder; the class is the name of the last folder."""

    @property
    def class_names(self) -> list[str]:
        """K, in alphabetical order."""
        return sorted({Path(path).parent.name for path in self.paths})

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,) in [0, K)."""
        places = {name: place for place, name in enumerate(self.class_names)}
        return np.array([places[Path(path).parent.name] for path in self.paths])

    def is_in(self, folder: str) -> NDArray[np.bool_]:
        """(N,) whether the path begins with this folder."""
        return np.array([Path(path).parts[0] == folder for path in self.paths])


def read(
    folder: Path,
    input_size: int,
    *,
    edited: str = "",
    edit: Callable[[Image.Image], Image.Image] | None = None,
    stride: int = 1,
) -> Features:
    """The features of a folder's images, at this input size in pixels.

    Args:
        folder: With a folder a class.
        input_size: In pixels.
        edited: What `edit` does, in a word; what is kept goes by it.
        edit: Makes another image of each.
        stride: Of how many images one is looked at, where they are computed.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "vision-forge"
    kept = cache / "features" / f"{folder.name}-{ARCHITECTURE}-{input_size}{edited}.npz"
    if not kept.exists():
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS)
        paths = paths[::stride]
        values = _compute(paths, input_size, edit)
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            kept,
            values=values,
            paths=np.array([path.relative_to(folder).as_posix() for path in paths]),
        )
    with np.load(kept) as found:
        return Features(found["values"].astype(np.float32), [str(each) for each in found["paths"]])


def _compute(
    paths: list[Path], input_size: int, edit: Callable[[Image.Image], Image.Image] | None
) -> NDArray[np.float16]:
    transform = architectures.default_eval_transform(ARCHITECTURE, input_size, "pad")
    backbone = networks.pretrained_backbone(ARCHITECTURE, transform, "auto")
    found = []
    for start in range(0, len(paths), _BATCH):
        images = [decode.decode_file(path).image for path in paths[start : start + _BATCH]]
        inputs = [transform(image if edit is None else edit(image)) for image in images]
        found.append(backbone(torch.stack(inputs)).numpy().astype(np.float16))
    return np.concatenate(found)
