"""Decoded pixels, kept once for all runs: shards of raw uint8, found by content hash.

What is stored is exactly `EvalTransform.resize_image` of the file, so that training, validation
and prediction see the same pixels. The folder is a cache: it can be deleted at any time, and
several processes may fill and read it at once.
"""

import os
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path

import PIL
import torch

from forge_core import disk_space
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.errors import ForgeError, ImageRejected
from forge_core.imaging import hashing
from forge_core.imaging.decode import DecodeLimits, decode_image
from forge_core.imaging.grey_window import GreyWindow
from forge_core.training.inputs.image_sets import ImageSet, RejectedImage, TrainingImage
from forge_core.training.pixels import kept, shards
from forge_core.training.pixels.shards import INDEX, PIXELS, Entry, ShardLock, ShardWriter

PIXEL_RULES = 1
"""Counted up whenever decoding or resizing changes: pixels that were kept before are not used."""
DEFAULT_BUDGET_BYTES = 20 * 2**30
CLAIM_BYTES = 64 * 2**20
"""What a process may write before it looks again at what the folder holds: the most by which each
process that fills it may overshoot the budget."""
LOOK_SECONDS = 0.5
"""Shortest time between two looks at what other processes have written."""
FULL_SECONDS = 10.0
"""How long a full disk or budget is believed before it is tried again."""
MAX_THREADS = 16


class _Shard:
    """A shard as this process sees it."""

    def __init__(self, index: Path) -> None:
        self.index = index
        self.read_bytes = 0
        """Of the index so far."""
        self.pixels = torch.empty(0, dtype=torch.uint8)
        """The mapped file; private, so that a stray write would reach no other process."""
        self.lock: ShardLock | None = None

    def view(self, entry: Entry) -> torch.Tensor:
        """The (3, H, W) uint8 pixels of an entry; nothing is copied.

        Raises:
            OSError: The shard was removed.
        """
        if self.lock is None:
            self.lock = ShardLock(self.index)
        if entry.end > len(self.pixels):  # it has grown since
            path = self.index.with_suffix(PIXELS)
            size = path.stat().st_size
            if size < entry.end:
                raise OSError("cut off")
            self.pixels = torch.from_file(str(path), size=size, dtype=torch.uint8)
        flat = self.pixels[entry.offset : entry.end]
        return flat.view(3, entry.height, entry.width)

    def close(self) -> None:
        if self.lock is not None:
            self.lock.close()
            self.lock = None


class PixelPack:
    """Gives the resized pixels of image files, decoding each file once.

    Args:
        root: Folder of packs that runs share; created when needed.
        eval_transform: Says to which size and with which filter files are resized.
        budget_bytes: Disk that all packs of the folder may use. Shards that no process uses make
            room for new ones; where that does not suffice, images are decoded each time they are
            asked for.
        limits: Bounds on the files that are decoded.
    """

    def __init__(
        self,
        root: Path,
        eval_transform: EvalTransform,
        *,
        budget_bytes: int = DEFAULT_BUDGET_BYTES,
        limits: DecodeLimits | None = None,
    ) -> None:
        self.root = root
        self.folder = root / folder_name(eval_transform)
        self._eval_transform = eval_transform
        self._limits = (limits or DecodeLimits()).with_window(eval_transform.grey_window)
        self._budget_bytes = budget_bytes
        self._room_bytes = 0
        self._full_until = -1.0
        self._shards: dict[Path, _Shard] = {}
        self._places: dict[bytes, tuple[_Shard, Entry]] = {}
        self._proven: set[bytes] = set()
        self._usable: set[bytes] = set()
        """What was decoded and may have found no room: nobody decodes it only to see whether it can
        be."""
        self._writer: ShardWriter | None = None
        self._looked_at = float("-inf")
        self._lock = threading.Lock()
        self.is_full = False
        self.disk_trouble = ""
        """Why the disk took no more, in words, whatever the budget says; empty while it takes."""
        with self._lock:
            self._look()

    def find(self, image: TrainingImage) -> torch.Tensor | None:
        """The (3, H, W) uint8 pixels if they are kept, else None; not to be written to."""
        key = bytes.fromhex(image.content_hash)
        with self._lock:
            if key not in self._places:
                self._look()
            return self._find(key)

    def bytes_kept(self, images: ImageSet) -> int | None:
        """Bytes of the pixels of all images; None while some are not kept."""
        total = 0
        with self._lock:
            self._look()
            for image in images.images:
                place = self._places.get(bytes.fromhex(image.content_hash))
                if place is None:
                    return None
                total += place[1].num_bytes
        return total

    def pixels(self, image: TrainingImage, read: Callable[[str], bytes]) -> torch.Tensor:
        """The (3, H, W) uint8 pixels of an image, kept from now on; not to be written to.

        Raises:
            ImageRejected: When the file is missing, is not the one that was hashed, or cannot
                be decoded.
        """
        found = self.find(image)
        if found is not None:
            return found
        key = bytes.fromhex(image.content_hash)
        pixels = self._decode(image, read).contiguous()
        self._store(key, pixels)
        if self.is_full:
            self._usable.add(key)
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
            try:
                if bytes.fromhex(image.content_hash) not in self._usable:
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

    def close(self) -> None:
        """Let other processes remove what this one used; pixels that were given stay valid."""
        with self._lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            for shard in self._shards.values():
                shard.close()

    def _find(self, key: bytes) -> torch.Tensor | None:
        """What is kept and proven; a damaged or removed entry is forgotten."""
        place = self._places.get(key)
        if place is None:
            return None
        shard, entry = place
        try:
            pixels = shard.view(entry)
        except (OSError, RuntimeError):  # removed or cut off; a failed mapping is a RuntimeError
            del self._places[key]
            return None
        if key not in self._proven:
            if zlib.crc32(pixels.view(-1).numpy().data) != entry.checksum:
                del self._places[key]
                return None
            self._proven.add(key)
        return pixels

    def _look(self) -> None:
        """Read what was added to the folder, by whomever, since the last look."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        # Newest first: the second copy of a damaged image is in a newer shard.
        for index in sorted(self.folder.glob(f"*{INDEX}"), reverse=True):
            shard = self._shards.setdefault(index, _Shard(index))
            with suppress(OSError):
                if index.stat().st_size < shard.read_bytes + shards.ENTRY_BYTES:
                    continue
                entries, shard.read_bytes = shards.read_entries(index, shard.read_bytes)
                for key, entry in entries:
                    self._places.setdefault(key, (shard, entry))

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

    def _store(self, key: bytes, pixels: torch.Tensor) -> None:
        """Keep pixels where there is room; without it they cost speed, not the run."""
        _, height, width = pixels.shape
        with self._lock:
            if not self._has_room(pixels.nbytes + shards.ENTRY_BYTES):
                return
            try:
                if self._writer is not None and self._writer.is_complete:
                    self._writer.close()
                    self._writer = None
                if self._writer is None:
                    self._writer = ShardWriter(self.folder)
                entry = self._writer.add(key, height, width, pixels.view(-1).numpy().data)
            except OSError as error:  # a full or read-only disk
                self.disk_trouble = (
                    "is full" if disk_space.is_full(error) else f"takes no more: {error.strerror}"
                )
                self._give_up()
                return
            self._room_bytes -= pixels.nbytes + shards.ENTRY_BYTES
            index = self._writer.index
            shard = self._shards.setdefault(index, _Shard(index))
            self._places[key] = (shard, entry)

    def _has_room(self, num_bytes: int) -> bool:
        if time.monotonic() < self._full_until:
            return False
        if num_bytes > self._room_bytes:
            free_bytes = kept.make_room(self.root, num_bytes, self._budget_bytes)
            self._room_bytes = min(free_bytes, max(CLAIM_BYTES, num_bytes))
            if num_bytes > self._room_bytes:
                self._give_up()
                return False
        return True

    def _give_up(self) -> None:
        self.is_full = True
        self._room_bytes = 0
        self._full_until = time.monotonic() + FULL_SECONDS


def folder_name(eval_transform: EvalTransform) -> str:
    """Of the pack with these pixels: it says all that they depend on beside the files."""
    window = GreyWindow.parse(eval_transform.grey_window).name()
    side = "long" if eval_transform.aspect == "pad" else "short"
    return (
        f"{side}{eval_transform.resize}-{eval_transform.interpolation}"
        f"-{PIXEL_RULES}-pillow{PIL.__version__}{window and f'-{window}'}"
    )


def num_threads() -> int:
    """Threads that decode at once: Pillow works outside the interpreter's lock."""
    return min(MAX_THREADS, os.cpu_count() or 1)


def _ordered_map(
    check: Callable[[TrainingImage], RejectedImage | None], images: Sequence[TrainingImage]
) -> Iterator[RejectedImage | None]:
    """`map` over threads, a bounded way ahead."""
    threads = num_threads()
    source = iter(images)
    with ThreadPoolExecutor(threads) as executor:
        waiting = deque(executor.submit(check, image) for image in islice(source, threads * 4))
        try:
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(executor.submit(check, image) for image in islice(source, 1))
        finally:
            for future in waiting:
                future.cancel()
