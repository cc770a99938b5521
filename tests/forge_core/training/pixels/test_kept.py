"""What the folder of packs holds can be seen, and what nobody uses can go."""

import os
from pathlib import Path

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.training.pixels import kept, shards
from forge_core.training.pixels.pack import PixelPack
from forge_core.training.pixels.shards import ShardWriter
from tests.forge_core.training.arrange import Drawer

TRANSFORM = EvalTransform(resize=20, crop=16)


def write_shard(folder: Path, key: int, used_at: float, num_images: int = 1) -> Path:
    writer = ShardWriter(folder)
    for number in range(num_images):
        writer.add(bytes([key, number] * 16), 10, 10, memoryview(bytes(300)))
    writer.close()
    os.utime(writer.index, (used_at, used_at))
    return writer.index


def test_read_entries__goes_on_where_it_was(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path)
    writer.add(b"a" * 32, 2, 3, memoryview(bytes(range(18))))
    first, place = shards.read_entries(writer.index)
    writer.add(b"b" * 32, 1, 1, memoryview(b"xyz"))
    second, end = shards.read_entries(writer.index, place)
    assert [(key, entry.offset, entry.height, entry.width) for key, entry in first + second] == [
        (b"a" * 32, 0, 2, 3),
        (b"b" * 32, 18, 1, 1),
    ]
    assert end == 2 * shards.ENTRY_BYTES
    assert writer.index.with_suffix(shards.PIXELS).read_bytes() == bytes(range(18)) + b"xyz"
    writer.close()


def test_read_entries__leaves_out_what_was_damaged(tmp_path: Path) -> None:
    index = write_shard(tmp_path, 1, used_at=1.0, num_images=3)
    data = bytearray(index.read_bytes())
    data[shards.ENTRY_BYTES + 5] ^= 1
    index.write_bytes(data[:-1])
    entries, end = shards.read_entries(index)
    assert [key for key, _ in entries] == [bytes([1, 0] * 16)]
    assert end == 2 * shards.ENTRY_BYTES, "the half entry may still be growing"


def test_make_room__removes_what_was_not_used_for_longest(tmp_path: Path) -> None:
    old, new = write_shard(tmp_path / "a", 1, used_at=1.0), write_shard(tmp_path / "b", 2, 2.0)
    size = kept.list_shards(tmp_path)[0].num_bytes
    assert kept.make_room(tmp_path, size, budget_bytes=2 * size) == size
    assert not old.exists()
    assert not old.with_suffix(shards.PIXELS).exists()
    assert new.exists()


def test_make_room__leaves_what_is_in_use(tmp_path: Path) -> None:
    index = write_shard(tmp_path / "a", 1, used_at=1.0)
    lock = shards.ShardLock(index)
    size = kept.list_shards(tmp_path)[0].num_bytes
    assert kept.make_room(tmp_path, size, budget_bytes=size) == 0
    assert kept.clear(tmp_path) == (0, 1)
    lock.close()
    assert kept.clear(tmp_path) == (size, 0)
    assert list(tmp_path.iterdir()) == []


def test_list_packs__counts_images_bytes_and_users(tmp_path: Path) -> None:
    assert kept.list_packs(tmp_path / "absent") == []
    write_shard(tmp_path / "short20-bilinear", 1, used_at=5.0, num_images=2)
    lock = shards.ShardLock(write_shard(tmp_path / "short20-bilinear", 2, used_at=7.0))
    (found,) = kept.list_packs(tmp_path)
    lock.close()
    assert found.name == "short20-bilinear"
    assert (found.num_images, found.num_shards, found.num_used_shards) == (3, 2, 1)
    assert found.num_bytes == 3 * (300 + shards.ENTRY_BYTES)
    assert found.used_at > 7.0, "the lock counts as use"


def test_clear__one_pack_and_leftovers_of_an_earlier_layout(tmp_path: Path) -> None:
    write_shard(tmp_path / "short20-bilinear", 1, used_at=1.0)
    write_shard(tmp_path / "short30-bilinear", 1, used_at=1.0)
    (tmp_path / "short20-bilinear" / "ab").mkdir()
    (tmp_path / "short20-bilinear" / "ab" / "abcd.npy").write_bytes(bytes(100))
    freed, stayed = kept.clear(tmp_path, "short20-bilinear")
    assert (freed, stayed) == (300 + shards.ENTRY_BYTES + 100, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["short30-bilinear"]


def test_a_run_that_goes_on_outlives_a_clearing(tmp_path: Path) -> None:
    drawer = Drawer()
    images = drawer.make("train", (2, 2, 2))
    pack = PixelPack(tmp_path, TRANSFORM)
    pack.prepare(images, lambda: None)
    before = [pack.pixels(image, drawer.read).clone() for image in images.images]
    pack.close()
    kept.clear(tmp_path)
    again = [pack.pixels(image, drawer.read) for image in images.images]
    assert all((one == other).all() for one, other in zip(before, again, strict=True))
