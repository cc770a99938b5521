"""The pack gives the pixels of the eval transform's resize, and decodes each file once."""

from io import BytesIO
from pathlib import Path

import pytest
import torch
from PIL import Image

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.errors import ImageRejected
from forge_core.imaging.decode import DecodeLimits
from forge_core.training.data import ImageSet
from forge_core.training.pack import PixelPack
from tests.forge_core.training.arrange import Drawer

TRANSFORM = EvalTransform(resize=20, crop=16)


def nothing() -> None:
    """Ignore progress."""


def test_pixels__are_those_of_the_resize_first_and_from_disk(tmp_path: Path) -> None:
    drawer = Drawer()
    images = drawer.make("train", (2, 2, 2))
    for _ in range(2):  # decoded by the first pack, read from disk by the second
        pack = PixelPack(tmp_path, TRANSFORM)
        for image in images.images:
            original = Image.open(BytesIO(drawer.files[image.source])).convert("RGB")
            assert torch.equal(pack.pixels(image, drawer.read), TRANSFORM.resize_image(original))
    assert len(drawer.reads) == 6


def test_prepare__decodes_once_for_all_packs_of_the_folder(tmp_path: Path) -> None:
    drawer = Drawer()
    images = drawer.make("train", (3, 3, 3))
    seen: list[int] = []
    assert PixelPack(tmp_path, TRANSFORM).prepare(images, lambda: seen.append(1)) == []
    assert len(seen) == len(drawer.reads) == 9

    PixelPack(tmp_path, TRANSFORM).prepare(images, nothing)
    assert len(drawer.reads) == 9
    PixelPack(tmp_path, EvalTransform(resize=24, crop=16)).prepare(images, nothing)
    assert len(drawer.reads) == 18, "another size is another pack"
    assert not list(tmp_path.rglob("*.tmp"))


def test_prepare__names_damaged_missing_and_changed_files(tmp_path: Path) -> None:
    drawer = Drawer()
    good = drawer.make("train", (1, 1, 1)).images
    truncated = drawer.add("cut.png", drawer.files[good[0].source][:200], 0)
    text = drawer.add("notes.png", b"not an image at all", 1)
    missing = drawer.add("gone.png", drawer.files[good[1].source] + b" ", 1)
    del drawer.files["gone.png"]
    changed = drawer.add("swapped.png", drawer.files[good[2].source] + b" ", 2)
    drawer.files["swapped.png"] = drawer.files[good[0].source]
    images = ImageSet((good[0], truncated, good[1], text, missing, changed, good[2]), drawer.read)

    rejected = PixelPack(tmp_path, TRANSFORM).prepare(images, nothing)

    assert [(image.source, image.reason) for image in rejected] == [
        ("cut.png", "truncated"),
        ("notes.png", "not_an_image"),
        ("gone.png", "unreadable"),
        ("swapped.png", "changed"),
    ]
    assert all(image.message for image in rejected)


def test_pixels__limits_hold(tmp_path: Path) -> None:
    drawer = Drawer()
    image = drawer.make("train", (1, 1, 1)).images[0]
    pack = PixelPack(tmp_path, TRANSFORM, limits=DecodeLimits(max_pixels=100))
    with pytest.raises(ImageRejected, match="pixels"):
        pack.pixels(image, drawer.read)


def test_pixels__a_file_cut_off_by_a_full_disk_is_decoded_again(tmp_path: Path) -> None:
    drawer = Drawer()
    image = drawer.make("train", (1, 1, 1)).images[0]
    first = PixelPack(tmp_path, TRANSFORM)
    expected = first.pixels(image, drawer.read)
    (stored,) = tmp_path.rglob("*.npy")
    stored.write_bytes(stored.read_bytes()[:300])

    assert torch.equal(PixelPack(tmp_path, TRANSFORM).pixels(image, drawer.read), expected)
    assert torch.equal(PixelPack(tmp_path, TRANSFORM).pixels(image, drawer.read), expected)
    assert len(drawer.reads) == 2, "the second decode repaired the file"


def test_pixels__over_budget_decodes_each_time_and_says_so(tmp_path: Path) -> None:
    drawer = Drawer()
    images = drawer.make("train", (2, 2, 2))
    # 24 x 30 px become 20 x 25: 1,500 bytes of pixels and 128 of header; room for three
    pack = PixelPack(tmp_path, TRANSFORM, budget_bytes=3 * 1700)
    assert pack.prepare(images, nothing) == []
    assert pack.is_full
    assert len(list(tmp_path.rglob("*.npy"))) == 3

    again = PixelPack(tmp_path, TRANSFORM, budget_bytes=3 * 1700)
    assert again.prepare(images, nothing) == []
    assert len(list(tmp_path.rglob("*.npy"))) == 3, "what lies there counts"


def test_prepare__ends_when_the_caller_says_so(tmp_path: Path) -> None:
    drawer = Drawer()
    images = drawer.make("train", (40, 40, 40))

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        PixelPack(tmp_path, TRANSFORM).prepare(images, stop)
    assert len(drawer.reads) < 120
