"""A file is hashed again only when it looks changed."""

import os
import time
from pathlib import Path

import pytest

from forge_core import file_hashes
from forge_core.file_hashes import HashMemory


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every file that is read."""
    read: list[Path] = []
    plain = file_hashes.hash_file
    monkeypatch.setattr(file_hashes, "hash_file", lambda path: (read.append(path), plain(path))[1])
    return read


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """All files were written long ago."""
    now = time.time()
    monkeypatch.setattr(file_hashes.time, "time", lambda: now + 3600)


def test_hash_of__reads_an_untouched_file_once(
    tmp_path: Path, reads: list[Path], later: None
) -> None:
    memory, path = HashMemory(), tmp_path / "file"
    path.write_bytes(b"weights")
    assert {memory.hash_of(path) for _ in range(3)} == {file_hashes.hash_file(path)}
    assert len(reads) == 2  # one of them by the test


@pytest.mark.parametrize("change", ["in place", "replaced", "in place, time put back"])
def test_hash_of__reads_a_changed_file_again(tmp_path: Path, later: None, change: str) -> None:
    memory, path = HashMemory(), tmp_path / "file"
    path.write_bytes(b"weights")
    before, state = memory.hash_of(path), path.stat()
    if change == "replaced":
        (tmp_path / "new").write_bytes(b"WEIGHTS")
        os.utime(tmp_path / "new", ns=(state.st_atime_ns, state.st_mtime_ns))
        (tmp_path / "new").replace(path)
    else:
        time.sleep(0.02)  # one tick of the file system's clock
        with path.open("r+b") as file:
            file.write(b"WEIGHTS")
        if change == "in place, time put back":
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert memory.hash_of(path) == file_hashes.hash_file(path) != before


def test_hash_of__reads_a_file_again_that_was_written_just_now(
    tmp_path: Path, reads: list[Path]
) -> None:
    memory, path = HashMemory(), tmp_path / "file"
    path.write_bytes(b"weights")
    memory.hash_of(path)
    memory.hash_of(path)
    assert len(reads) == 2, "within one tick it could have changed without a trace"


def test_hash_of__keeps_only_so_many(
    tmp_path: Path, reads: list[Path], later: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_hashes, "KEPT_HASHES", 2)
    memory = HashMemory()
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_bytes(path.name.encode())
        memory.hash_of(path)
    memory.hash_of(paths[2])
    memory.hash_of(paths[0])
    assert reads == [*paths, paths[0]]
