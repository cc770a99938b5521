"""Images of assets in batches: read, held against their hash, decoded by several threads.

The bad ones are named and never used silently. While a network looks at one batch, the next is
being decoded.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from PIL import Image

from db.records import AssetAsOf
from forge_core.imaging.decode import DecodeLimits
from forge_core.runs import run_data
from forge_core.training.inputs.image_sets import RejectedImage
from forge_core.workspace import Workspace

BATCH_IMAGES = 32
AHEAD = 1
"""Batches that are decoded before they are asked for."""
MAX_REJECTED_KEPT = 1_000
T = TypeVar("T")


@dataclass(frozen=True)
class ImageBatch(Generic[T]):
    """What became of some images."""

    assets: Sequence[AssetAsOf]
    """All of them."""
    usable: Sequence[tuple[AssetAsOf, T]]
    """Those that can be used, in the same order, each with what was made of its image."""
    rejected: Sequence[RejectedImage]
    """The others, and why."""


class RejectionReport(Protocol):
    """What counts the images that cannot be used."""

    num_rejected: int
    rejected: list[RejectedImage]
    """The first thousand of them."""


def name_rejected(
    report: RejectionReport,
    rejected: Sequence[RejectedImage],
    on_rejected: Callable[[RejectedImage], None] | None,
) -> None:
    """Count images that cannot be used, keep the first of them, and tell of each."""
    for image in rejected:
        report.num_rejected += 1
        if len(report.rejected) < MAX_REJECTED_KEPT:
            report.rejected.append(image)
        if on_rejected is not None:
            on_rejected(image)


def in_batches(assets: Sequence[AssetAsOf]) -> Iterator[Sequence[AssetAsOf]]:
    """The assets in their order, `BATCH_IMAGES` at a time."""
    for start in range(0, len(assets), BATCH_IMAGES):
        yield assets[start : start + BATCH_IMAGES]


def read_batches(
    workspace: Workspace,
    batches: Iterable[Sequence[AssetAsOf]],
    make: Callable[[Image.Image], T],
    *,
    grey_window: str | None = None,
) -> Iterator[ImageBatch[T]]:
    """The images of each batch, in order.

    Args:
        workspace: Where the files are.
        batches: The assets; the next batch is asked for while one is looked at.
        make: Makes of an upright RGB image what is wanted; called by several threads.
        grey_window: That of a network; None for that of the settings.
    """
    limits = DecodeLimits.from_settings(workspace.image_settings)
    if grey_window is not None:
        limits = limits.with_window(grey_window)

    def prepare(asset: AssetAsOf) -> T | RejectedImage:
        image = run_data.read_image(workspace, asset, limits)
        return image if isinstance(image, RejectedImage) else make(image)

    waiting: deque[tuple[Sequence[AssetAsOf], list[Future[T | RejectedImage]]]] = deque()
    readers = ThreadPoolExecutor(run_data.READERS, thread_name_prefix="image-reader")
    try:
        for batch in batches:
            waiting.append((batch, [readers.submit(prepare, asset) for asset in batch]))
            if len(waiting) > AHEAD:
                yield _collect(*waiting.popleft())
        while waiting:
            yield _collect(*waiting.popleft())
    finally:  # also when whoever looks at them stops early
        readers.shutdown(cancel_futures=True)


def _collect(
    assets: Sequence[AssetAsOf], images: Sequence[Future[T | RejectedImage]]
) -> ImageBatch[T]:
    usable: list[tuple[AssetAsOf, T]] = []
    rejected: list[RejectedImage] = []
    for asset, future in zip(assets, images, strict=True):
        image = future.result()
        if isinstance(image, RejectedImage):
            rejected.append(image)
        else:
            usable.append((asset, image))
    return ImageBatch(assets, usable, rejected)
