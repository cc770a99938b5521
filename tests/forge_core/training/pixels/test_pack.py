"""The pack gives the pixels of the eval transform's resize, and decodes each file once."""

import time
from io import BytesIO
from pathlib import Path

import pytest
import torch
from PIL import Image

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.errors import ImageRejected
from forge_core.imaging.decode import DecodeLimits
from forge_core.training.inputs.image_sets import ImageSet
from forge_core.training.pixels import kept
from forge_core.training.pixels import pack as pack_room
from forge_core.training.pixels.pack import PixelPack
from tests.called import begin
from tests.forge_core.training.arrange import Drawer, fill_pack_for_ever

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


@pytest.mark.parametrize("damage", ["cut off", "overwritten", "pixels gone", "index cut off"])
def test_pixels__what_a_crash_left_is_decoded_again_once(tmp_path: Path, damage: str) -> None:
    drawer = Drawer()
    image = drawer.make("train", (1, 1, 1)).images[0]
    first = PixelPack(tmp_path, TRANSFORM)
    expected = first.pixels(image, drawer.read).clone()
    first.close()
    (stored,) = tmp_path.rglob("*.pixels")
    (index,) = tmp_path.rglob("*.index")
    if damage == "cut off":
        stored.write_bytes(stored.read_bytes()[:300])
    elif damage == "overwritten":
        stored.write_bytes(bytes(len(stored.read_bytes())))
    elif damage == "pixels gone":
        stored.unlink()
    else:
        index.write_bytes(index.read_bytes()[:-3])

    for _ in range(3):
        pack = PixelPack(tmp_path, TRANSFORM)
        assert torch.equal(pack.pixels(image, drawer.read), expected)
        pack.close()
    assert len(drawer.reads) == 2, "the second decode repaired it"


def test_pixels__over_budget_decodes_each_time_and_says_so(tmp_path: Path) -> None:
    drawer = Drawer()
    images = drawer.make("train", (2, 2, 2))
    # 24 x 30 px become 20 x 25: 1,500 bytes of pixels and 56 of index; room for three
    pack = PixelPack(tmp_path, TRANSFORM, budget_bytes=3 * 1600)
    assert pack.prepare(images, nothing) == []
    assert pack.is_full
    assert pack.prepare(images, nothing) == []
    assert len(drawer.reads) == 6, "all can be decoded: nobody looks again"
    assert sum(shard.count_images() for shard in kept.list_shards(tmp_path)) == 3
    pack.close()

    again = PixelPack(tmp_path, TRANSFORM, budget_bytes=3 * 1600)
    held = [again.find(image) for image in images.images]
    assert sum(pixels is not None for pixels in held) == 3
    assert again.prepare(images, nothing) == []
    assert sum(shard.count_images() for shard in kept.list_shards(tmp_path)) == 3, "in use"


def test_pixels__shards_that_nobody_uses_make_room(tmp_path: Path) -> None:
    drawer = Drawer()
    images = drawer.make("train", (2, 2, 2))
    other = EvalTransform(resize=22, crop=16)
    for transform in (TRANSFORM, other):
        pack = PixelPack(tmp_path, transform, budget_bytes=7 * 1900)
        pack.prepare(images, nothing)
        assert not pack.is_full
        pack.close()
    (left,) = kept.list_packs(tmp_path)
    assert (left.name, left.num_images) == (pack_room.folder_name(other), 6)


def test_find__pixels_of_another_decoder_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = Drawer().make("train", (1, 1, 1))
    for _ in range(2):
        pack = PixelPack(tmp_path, TRANSFORM)
        assert pack.find(images.images[0]) is None
        pack.prepare(images, nothing)
        pack.close()
        monkeypatch.setattr(pack_room.PIL, "__version__", "99.0")
    assert PixelPack(tmp_path, TRANSFORM).find(images.images[0]) is not None


def test_pixels__two_packs_fill_one_folder_and_read_each_other(tmp_path: Path) -> None:
    drawer = Drawer()
    images = drawer.make("train", (4, 4, 4))
    one, two = PixelPack(tmp_path, TRANSFORM), PixelPack(tmp_path, TRANSFORM)
    half = ImageSet(images.images[:6], images.read)
    one.prepare(half, nothing)
    time.sleep(pack_room.LOOK_SECONDS)
    two.prepare(images, nothing)
    assert len(drawer.reads) == 12, "the second reads what the first has kept"
    time.sleep(pack_room.LOOK_SECONDS)
    assert one.bytes_kept(images) == 12 * 1500
    assert all(
        torch.equal(one.pixels(image, drawer.read), two.pixels(image, drawer.read))
        for image in images.images
    )
    assert len(drawer.reads) == 12


@pytest.mark.process
def test_prepare__builders_killed_at_any_moment_leave_a_pack_that_is_right(tmp_path: Path) -> None:
    """Three processes fill one folder and are killed; a fourth finds only whole images."""
    drawer = Drawer()
    images = drawer.make("train", (60, 60, 60))
    log = tmp_path.with_name("log")
    builders = [begin(log, fill_pack_for_ever, tmp_path, TRANSFORM) for _ in range(3)]
    deadline = time.monotonic() + 60
    while sum(shard.count_images() for shard in kept.list_shards(tmp_path)) < 40:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    for builder in builders:
        builder.kill()
        builder.wait()
    pack = PixelPack(tmp_path, TRANSFORM)
    found = 0
    for image in images.images:
        kept_pixels = pack.find(image)
        found += kept_pixels is not None
        original = Image.open(BytesIO(drawer.files[image.source])).convert("RGB")
        expected = TRANSFORM.resize_image(original)
        assert torch.equal(pack.pixels(image, drawer.read), expected)
    assert found >= 13, "what the killed builders finished is used"
    pack.close()
    assert not any(shard.is_used() for shard in kept.list_shards(tmp_path)), "locks die too"


def test_prepare__ends_when_the_caller_says_so(tmp_path: Path) -> None:
    drawer = Drawer()
    images = drawer.make("train", (40, 40, 40))

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        PixelPack(tmp_path, TRANSFORM).prepare(images, stop)
    assert len(drawer.reads) < 120
