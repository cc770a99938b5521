"""What a folder of packs holds on disk, and making room in it: no torch, no images."""

import contextlib
import fcntl
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from forge_core.training.pixels import shards
from forge_core.training.pixels.shards import INDEX, PIXELS

FOLDER = "pack"
"""Of a workspace's cache folder."""


@dataclass(frozen=True, kw_only=True)
class KeptShard:
    """A shard on disk."""

    index: Path
    num_bytes: int
    used_at: float
    """Seconds since 1970 when a process last began to use or to write it."""

    @property
    def pack(self) -> str:
        """The size and filter that its images were resized with: the folder's name."""
        return self.index.parent.name

    def count_images(self) -> int:
        """Entries of its index, those of images that stand in two shards included."""
        try:
            return self.index.stat().st_size // shards.ENTRY_BYTES
        except FileNotFoundError:
            return 0

    def is_used(self) -> bool:
        """Whether a process reads or fills it now."""
        try:
            with self.index.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False


@dataclass(frozen=True, kw_only=True)
class KeptPack:
    """All shards of one size and filter."""

    name: str
    num_images: int
    num_bytes: int
    num_shards: int
    num_used_shards: int
    """Of these, shards that a process uses now."""
    used_at: float


def list_shards(root: Path) -> list[KeptShard]:
    """Every shard below a folder of packs, the one that was not used for longest first."""
    found = []
    for index in root.glob(f"*/*{INDEX}"):
        try:
            status = index.stat()
            pixel_bytes = index.with_suffix(PIXELS).stat().st_size
        except FileNotFoundError:  # somebody else makes room
            continue
        found.append(
            KeptShard(index=index, num_bytes=status.st_size + pixel_bytes, used_at=status.st_mtime)
        )
    return sorted(found, key=lambda shard: (shard.used_at, shard.index.name))


def list_packs(root: Path) -> list[KeptPack]:
    """What each pack holds, by name."""
    by_name: dict[str, list[KeptShard]] = {}
    for shard in list_shards(root):
        by_name.setdefault(shard.pack, []).append(shard)
    return [
        KeptPack(
            name=name,
            num_images=sum(shard.count_images() for shard in found),
            num_bytes=sum(shard.num_bytes for shard in found),
            num_shards=len(found),
            num_used_shards=sum(shard.is_used() for shard in found),
            used_at=max(shard.used_at for shard in found),
        )
        for name, found in sorted(by_name.items())
    ]


def make_room(root: Path, wanted_bytes: int, budget_bytes: int) -> int:
    """Remove shards that nobody uses, longest unused first, until `wanted_bytes` more would fit.

    Returns:
        Bytes that are free under the budget now, which may be less than wanted or negative.
    """
    found = list_shards(root)
    free_bytes = budget_bytes - sum(shard.num_bytes for shard in found)
    for shard in found:
        if free_bytes >= wanted_bytes:
            break
        if shards.remove_if_unused(shard.index):
            free_bytes += shard.num_bytes
    return free_bytes


def clear(root: Path, pack: str | None = None) -> tuple[int, int]:
    """Remove every shard that nobody uses.

    Args:
        root: Folder of packs.
        pack: Only this one.

    Returns:
        Bytes that were freed, and shards that stay because a process uses them.
    """
    freed, num_stayed = 0, 0
    for shard in list_shards(root):
        if pack is not None and shard.pack != pack:
            continue
        if shards.remove_if_unused(shard.index):
            freed += shard.num_bytes
        else:
            num_stayed += 1
    freed += sum(_remove_leftovers(folder) for folder in _pack_folders(root, pack))
    return freed, num_stayed


def _pack_folders(root: Path, pack: str | None) -> Iterable[Path]:
    if not root.is_dir():
        return []
    return [path for path in root.iterdir() if path.is_dir() and pack in (None, path.name)]


def _remove_leftovers(folder: Path) -> int:
    """What belongs to no shard: folders of an earlier layout, pixels whose index is gone."""
    freed = 0
    for path in list(folder.iterdir()):
        if path.is_dir():
            freed += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            shutil.rmtree(path, ignore_errors=True)
        elif path.suffix == PIXELS and not path.with_suffix(INDEX).exists():
            with contextlib.suppress(OSError):
                freed += path.stat().st_size
                path.unlink()
    with contextlib.suppress(OSError):  # not empty: a shard is in use
        folder.rmdir()
    return freed
