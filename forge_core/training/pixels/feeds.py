"""From the pack to the device: the pixels of a batch where the network computes.

Three ways, chosen by what fits and told to the person: `HostFeed` on a processor, where the
pixels already are; `PinnedFeed` through page-locked buffers beside the computation;
`ResidentFeed`, the whole split in the memory of the GPU. All give the same pixels.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor

from forge_core.training.inputs.image_sets import ImageSet
from forge_core.training.pixels import pack as pack_room
from forge_core.training.pixels.pack import PixelPack

AHEAD_BATCHES = 2
"""Batches whose missing files are decoded while an earlier one is computed."""
RESIDENT_SHARE = 0.4
"""Part of a GPU's free memory that the pixels of a split may take."""
UPLOAD_BYTES = 256 * 2**20

Positions = Sequence[Sequence[int]]
"""Places in an image set, batch by batch."""


class PixelFeed(Protocol):
    """Brings the pixels of batches to a device."""

    title: str
    """As a person reads it."""

    def batches(self, wanted: Positions) -> Iterator[list[Tensor]]:
        """For each batch N times (3, H, W) uint8 on the device, in order.

        Raises:
            ImageRejected: A file that is not in the pack yet cannot be used.
        """


class HostFeed:
    """Views of the mapped pack; what is not in it is decoded some batches ahead, by threads."""

    title = "from the pack"

    def __init__(self, images: ImageSet, pack: PixelPack) -> None:
        self._images = images
        self._pack = pack

    def batches(self, wanted: Positions) -> Iterator[list[Tensor]]:
        """See `PixelFeed`; on the processor."""
        waiting: deque[list[Tensor | Future[Tensor]]] = deque()
        with ThreadPoolExecutor(pack_room.num_threads()) as threads:
            try:
                for positions in wanted:
                    waiting.append([self._begin(position, threads) for position in positions])
                    if len(waiting) > AHEAD_BATCHES:
                        yield _finished(waiting.popleft())
                while waiting:
                    yield _finished(waiting.popleft())
            finally:
                threads.shutdown(wait=False, cancel_futures=True)

    def _begin(self, position: int, threads: ThreadPoolExecutor) -> Tensor | Future[Tensor]:
        image = self._images.images[position]
        found = self._pack.find(image)
        if found is not None:
            return found
        return threads.submit(self._pack.pixels, image, self._images.read)


def _finished(partial_epoch: list[Tensor | Future[Tensor]]) -> list[Tensor]:
    return [each if isinstance(each, Tensor) else each.result() for each in partial_epoch]


@dataclass(frozen=True)
class _Staged:
    """A batch on its way to the device."""

    flat: Tensor
    shapes: list[torch.Size]
    arrived: torch.cuda.Event | None


class PinnedFeed:
    """One copy a batch, from one of two page-locked buffers, beside the computation.

    While the GPU computes a batch, the next one is gathered and copied on a stream of its own.
    """

    title = "from the pack through page-locked memory"

    def __init__(self, host: HostFeed, device: torch.device) -> None:
        self._host = host
        self._device = device
        self._is_cuda = device.type == "cuda"
        self._stream = torch.cuda.Stream(device) if self._is_cuda else None  # type: ignore[no-untyped-call]
        self._buffers = [torch.empty(0, dtype=torch.uint8)] * 2
        self._copied: list[torch.cuda.Event | None] = [None, None]

    def batches(self, wanted: Positions) -> Iterator[list[Tensor]]:
        """See `PixelFeed`."""
        staged: _Staged | None = None
        for number, pixels in enumerate(self._host.batches(wanted)):
            following = self._stage(number % 2, pixels)
            if staged is not None:
                yield self._take(staged)
            staged = following
        if staged is not None:
            yield self._take(staged)

    def _stage(self, slot: int, pixels: list[Tensor]) -> _Staged:
        num_bytes = sum(image.nbytes for image in pixels)
        copied = self._copied[slot]
        if copied is not None:
            copied.synchronize()  # the buffer's last batch has left it
        if num_bytes > len(self._buffers[slot]):
            self._buffers[slot] = torch.empty(
                num_bytes + num_bytes // 4, dtype=torch.uint8, pin_memory=self._is_cuda
            )
        buffer = self._buffers[slot][:num_bytes]
        torch.cat([image.reshape(-1) for image in pixels], out=buffer)
        shapes = [image.shape for image in pixels]
        if self._stream is None:
            return _Staged(buffer.to(self._device, copy=True), shapes, None)
        with torch.cuda.stream(self._stream):
            flat = buffer.to(self._device, non_blocking=True)
            arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
            arrived.record(self._stream)
        self._copied[slot] = arrived
        return _Staged(flat, shapes, arrived)

    def _take(self, staged: _Staged) -> list[Tensor]:
        if staged.arrived is not None:
            computing = torch.cuda.current_stream(self._device)
            computing.wait_event(staged.arrived)
            staged.flat.record_stream(computing)  # its memory is not given away before
        return _cut(staged.flat, staged.shapes)


class ResidentFeed:
    """The pixels of a whole split in the device's memory: a batch costs no copy at all.

    Args:
        images: All of them, in the pack.
        pack: Where they are.
        device: Needs room for `PixelPack.bytes_kept` of them.
    """

    title = "in the memory of the GPU"

    def __init__(self, images: ImageSet, pack: PixelPack, device: torch.device) -> None:
        pixels = [pack.pixels(image, images.read) for image in images.images]
        flat = torch.empty(sum(image.nbytes for image in pixels), dtype=torch.uint8, device=device)
        first, waiting, waiting_bytes = 0, list[Tensor](), 0
        for image in pixels:
            waiting.append(image.reshape(-1))
            waiting_bytes += image.nbytes
            if waiting_bytes >= UPLOAD_BYTES:
                flat[first : first + waiting_bytes] = torch.cat(waiting).to(device)
                first, waiting, waiting_bytes = first + waiting_bytes, [], 0
        if waiting:
            flat[first:] = torch.cat(waiting).to(device)
        self._pixels = _cut(flat, [image.shape for image in pixels])

    def batches(self, wanted: Positions) -> Iterator[list[Tensor]]:
        """See `PixelFeed`."""
        for positions in wanted:
            yield [self._pixels[position] for position in positions]


def choose_feed(
    images: ImageSet, pack: PixelPack, device: torch.device, step_bytes: int = 0
) -> PixelFeed:
    """The fastest way that fits now for images that every epoch wants again.

    While the pack is still being filled that is another one than afterwards.

    Args:
        images: All of them.
        pack: Where they are, or will be.
        device: Where the network computes.
        step_bytes: Of the device's memory, what a step of the network takes beside the pixels.
    """
    num_bytes = pack.bytes_kept(images) if device.type == "cuda" else None
    if num_bytes is not None:
        free_bytes, _ = torch.cuda.mem_get_info(device)
        # What earlier steps used stays with torch, and is there for the next ones.
        free_bytes += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        if num_bytes <= min(RESIDENT_SHARE * free_bytes, free_bytes - step_bytes):
            return ResidentFeed(images, pack, device)
    return passing_feed(images, pack, device)


def passing_feed(images: ImageSet, pack: PixelPack, device: torch.device) -> PixelFeed:
    """The fastest way that takes no memory of the device for itself."""
    host = HostFeed(images, pack)
    return PinnedFeed(host, device) if device.type == "cuda" else host


def _cut(flat: Tensor, shapes: Sequence[torch.Size]) -> list[Tensor]:
    """Views of images that lie end to end."""
    bounds = [0]
    for shape in shapes:
        bounds.append(bounds[-1] + shape.numel())
    return [
        flat[first:last].view(shape)
        for (first, last), shape in zip(pairwise(bounds), shapes, strict=True)
    ]
