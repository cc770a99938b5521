"""Decoded pixels, kept once for all runs: one uint8 array file an image, named by its content.

What is stored is exactly `EvalTransform.resize_image` of the file, so that training, validation
and prediction see the same pixels. The folder is a cache: it can be deleted at any time, and
several processes may fill it at once.
"""

import os
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.errors import ForgeError, ImageRejected
from forge_core.imaging import hashing
from forge_core.imaging.decode import DecodeLimits, decode_image
from forge_core.training.data import ImageSet, TrainingImage

DEFAULT_BUDGET_BYTES = 20 * 2**30
MEMORY_BYTES = 256 * 2**20
"""Pixels that one process keeps in memory; small sets are then read from disk only once."""


@dataclass(frozen=True)
class RejectedImage:
    """An image that a run leaves out, and why."""

    source: str
    reason: str
    """Machine word: one of `imaging.decode.REASONS`."""
    message: str


class PixelPack:
    """Gives the resized pixels of image files, decoding each file once.

    Args:
        folder: Cache folder that runs share; created when needed.
        eval_transform: Says to which size and with which filter files are resized.
        budget_bytes: Disk that the files of this size may use; beyond it images are decoded
            each time they are asked for.
        limits: Bounds on the files that are decoded.
    """

    def __init__(
        self,
        folder: Path,
        eval_transform: EvalTransform,
        *,
        budget_bytes: int = DEFAULT_BUDGET_BYTES,
        limits: DecodeLimits | None = None,
    ) -> None:
        side = "long" if eval_transform.fit == "pad" else "short"
        self.folder = folder / f"{side}{eval_transform.resize}-{eval_transform.interpolation}"
        self._eval_transform = eval_transform
        self._limits = limits or DecodeLimits()
        self._room_bytes = budget_bytes - _folder_bytes(self.folder)
        self._memory: dict[str, torch.Tensor] = {}
        self._memory_room_bytes = MEMORY_BYTES
        self._lock = threading.Lock()
        self.is_full = False

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state)
        self._lock = threading.Lock()

    def pixels(self, image: TrainingImage, read: Callable[[str], bytes]) -> torch.Tensor:
        """The (3, H, W) uint8 pixels of an image; not to be written to.

        Raises:
            ImageRejected: When the file is missing, is not the one that was hashed, or cannot
                be decoded.
        """
        kept = self._memory.get(image.content_hash)
        if kept is not None:
            return kept
        path = self._path(image.content_hash)
        pixels = _load(path)
        if pixels is None:
            pixels = self._decode(image, read)
            self._store(path, pixels)
        with self._lock:
            if pixels.nbytes <= self._memory_room_bytes:
                self._memory_room_bytes -= pixels.nbytes
                self._memory[image.content_hash] = pixels
        return pixels

    def prepare(self, images: ImageSet, on_image: Callable[[], None]) -> list[RejectedImage]:
        """Decode what is not decoded yet, and name what cannot be used.

        Args:
            images: Images of one split.
            on_image: Called after each image, in order; what it raises ends the work.

        Returns:
            The images to leave out, in the order of `images`.
        """

        def check(image: TrainingImage) -> RejectedImage | None:
            if self._path(image.content_hash).exists():
                return None
            try:
                self.pixels(image, images.read)
            except ImageRejected as error:
                return RejectedImage(image.source, error.reason, error.message)
            return None

        rejected = []
        for outcome in _ordered_map(check, images.images):
            if outcome is not None:
                rejected.append(outcome)
            on_image()
        return rejected

    def _path(self, content_hash: str) -> Path:
        return self.folder / content_hash[:2] / f"{content_hash}.npy"

    def _decode(self, image: TrainingImage, read: Callable[[str], bytes]) -> torch.Tensor:
        try:
            data = read(image.source)
        except (OSError, ForgeError) as error:
            raise ImageRejected(
                f"{image.source} could not be read.",
                reason="unreadable",
                next_step="Put the file back, or remove the asset.",
                detail=str(error),
            ) from error
        if hashing.content_hash(data) != image.content_hash:
            raise ImageRejected(
                f"{image.source} is not the file that was imported: its content has changed.",
                reason="changed",
                next_step="Put the original file back, or import the new one.",
            )
        return self._eval_transform.resize_image(decode_image(data, limits=self._limits).image)

    def _store(self, path: Path, pixels: torch.Tensor) -> None:
        with self._lock:
            if pixels.nbytes > self._room_bytes:
                self.is_full = True
                return
            self._room_bytes -= pixels.nbytes
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex}.tmp")
        try:
            with temporary.open("wb") as file:
                np.save(file, pixels.numpy(), allow_pickle=False)
            temporary.replace(path)
        except OSError:  # a full or read-only disk costs speed, not the run
            temporary.unlink(missing_ok=True)
            self.is_full = True


def _load(path: Path) -> torch.Tensor | None:
    try:
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        return None
    except (ValueError, OSError, EOFError):  # cut off by a full disk: decode it again
        return None
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[0] != 3:
        return None
    return torch.from_numpy(array)


def _ordered_map(
    check: Callable[[TrainingImage], RejectedImage | None], images: Sequence[TrainingImage]
) -> Iterator[RejectedImage | None]:
    """`map` over threads (Pillow decodes outside the interpreter lock), a bounded way ahead."""
    num_threads = min(16, os.cpu_count() or 1)
    source = iter(images)
    with ThreadPoolExecutor(num_threads) as executor:
        waiting = deque(executor.submit(check, image) for image in islice(source, num_threads * 4))
        try:
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(executor.submit(check, image) for image in islice(source, 1))
        finally:
            for future in waiting:
                future.cancel()


def _folder_bytes(folder: Path) -> int:
    total = 0
    for path in folder.glob("*/*.npy"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # somebody is clearing the cache
            continue
    return total
