"""Every feed brings the same pixels; the GPU's ways are followed here on a processor."""

from pathlib import Path

import pytest
import torch

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.errors import ImageRejected
from forge_core.training.inputs.image_sets import ImageSet
from forge_core.training.pixels import feeds
from forge_core.training.pixels.feeds import HostFeed, PinnedFeed, PixelFeed, ResidentFeed
from forge_core.training.pixels.pack import PixelPack
from tests.forge_core.training.arrange import Drawer, draw_png

TRANSFORM = EvalTransform(resize=20, crop=16)
CPU = torch.device("cpu")
WANTED = [[3, 1, 3], [0], [5, 4], [2, 2, 1, 0], [6]]


def make_images(drawer: Drawer) -> ImageSet:
    """Seven images of different shapes."""
    images = [
        drawer.add(f"{number}.png", draw_png(number % 3, number, (24 + 3 * number, 30)), number % 3)
        for number in range(7)
    ]
    return ImageSet(tuple(images), drawer.read)


@pytest.mark.parametrize("kind", ["host", "pinned", "resident"])
@pytest.mark.parametrize("is_cold", [True, False])
def test_batches__bring_the_pixels_of_the_pack(
    tmp_path: Path, kind: str, is_cold: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "UPLOAD_BYTES", 4_000)  # in several parts
    drawer = Drawer()
    images = make_images(drawer)
    pack = PixelPack(tmp_path, TRANSFORM)
    if not is_cold:
        pack.prepare(images, lambda: None)
    made: dict[str, PixelFeed] = {
        "host": HostFeed(images, pack),
        "pinned": PinnedFeed(HostFeed(images, pack), CPU),
    }
    feed = made.get(kind) or ResidentFeed(images, pack, CPU)

    # Kept beyond their turn, as a network keeps its inputs until the backward pass.
    found = list(feed.batches(WANTED))

    assert [len(batch) for batch in found] == [len(batch) for batch in WANTED]
    for positions, batch in zip(WANTED, found, strict=True):
        for position, pixels in zip(positions, batch, strict=True):
            expected = pack.find(images.images[position])
            assert expected is not None
            assert torch.equal(pixels, expected)
    assert len(drawer.reads) <= 9, "an image that two batches ahead want at once is read twice"


def test_host_feed__decodes_only_a_few_batches_ahead(tmp_path: Path) -> None:
    drawer = Drawer()
    images = drawer.make("train", (10, 10, 10))
    feed = HostFeed(images, PixelPack(tmp_path, TRANSFORM)).batches([[i] for i in range(30)])
    next(feed)
    assert len(drawer.reads) <= 1 + feeds.AHEAD_BATCHES + 1
    feed.close()  # type: ignore[attr-defined]


def test_host_feed__a_damaged_image_is_named_when_its_batch_comes(tmp_path: Path) -> None:
    drawer = Drawer()
    images = make_images(drawer)
    drawer.files["4.png"] = b"broken"
    feed = HostFeed(images, PixelPack(tmp_path, TRANSFORM)).batches(WANTED)
    assert len(next(feed)) == 3
    assert len(next(feed)) == 1
    with pytest.raises(ImageRejected, match=r"4\.png"):
        next(feed)


def test_choose_feed__on_a_processor_pixels_are_where_they_are(tmp_path: Path) -> None:
    images = make_images(Drawer())
    assert isinstance(feeds.choose_feed(images, PixelPack(tmp_path, TRANSFORM), CPU), HostFeed)


@pytest.mark.parametrize(
    ("free_bytes", "step_bytes", "expected"),
    [
        (10**9, 0, "Resident"),
        (1_000, 0, "Pinned"),
        (10**9, 10**9 - 10**6, "Resident"),
        (10**9, 10**9 - 10**4, "Pinned"),  # the pixels fit, beside a step they do not
    ],
)
def test_choose_feed__on_a_gpu_what_fits_beside_a_step(
    tmp_path: Path,
    free_bytes: int,
    step_bytes: int,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The choice alone: both ways are replaced, since no GPU is needed to choose."""
    images = make_images(Drawer())
    pack = PixelPack(tmp_path, TRANSFORM)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free_bytes, free_bytes))
    monkeypatch.setattr(feeds, "ResidentFeed", lambda images, pack, device: "Resident")
    monkeypatch.setattr(feeds, "PinnedFeed", lambda host, device: "Pinned")
    gpu = torch.device("cuda:0")
    assert feeds.choose_feed(images, pack, gpu) == "Pinned", "the pack is not full yet"
    pack.prepare(images, lambda: None)
    assert feeds.choose_feed(images, pack, gpu, step_bytes) == expected
