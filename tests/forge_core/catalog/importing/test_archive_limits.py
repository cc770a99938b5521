"""What an archive may hold: bombs, lies about sizes and damage end early and leave nothing."""

import gzip
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from forge_core.catalog.importing import archives
from forge_core.catalog.importing.archives import ArchiveLimits
from tests.forge_core.catalog.importing.test_archives import (
    make_tar,
    make_zip,
    reasons,
    refusal,
    written,
)


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_unpack__limits_refuse_the_whole_archive(kind: str, tmp_path: Path) -> None:
    make = make_zip if kind == "zip" else make_tar
    archive = make(tmp_path / kind, {f"{i}.png": b"x" * 1000 for i in range(11)})
    few = refusal(archive, tmp_path / "out", ArchiveLimits(max_files=10))
    assert few.message == "The archive holds more than 10 files."
    small = refusal(archive, tmp_path / "out", ArchiveLimits(max_bytes=10_999))
    assert small.message == "The archive unpacks to more than 10,999 bytes."
    exact = ArchiveLimits(max_files=11, max_bytes=11_000)
    assert archives.unpack(archive, tmp_path / "out", exact) == []


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_unpack__a_bomb_stops_early_and_leaves_nothing(kind: str, tmp_path: Path) -> None:
    bomb = tmp_path / f"bomb.{kind}"
    files = {f"{i}.png": bytes(4 * 2**20) for i in range(5)}
    if kind == "zip":
        make_zip(bomb, files)
    else:
        make_tar(bomb, files, "w:gz")
    limits = ArchiveLimits(free_bytes=2**20)
    assert "times its size" in refusal(bomb, tmp_path / "out", limits).message
    assert archives.unpack(bomb, tmp_path / "out", ArchiveLimits()) == []


def test_unpack__a_zip_that_lies_about_sizes_is_still_counted(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "liar.zip", {"a.png": bytes(3 * 2**20)})
    data = archive.read_bytes().replace((3 * 2**20).to_bytes(4, "little"), b"\x05\0\0\0")
    archive.write_bytes(data)
    problems = archives.unpack(archive, tmp_path / "out", ArchiveLimits(max_bytes=10))
    assert reasons(problems) == ["damaged"]
    assert written(tmp_path / "out") == {}


def test_unpack__overlapping_zip_entries_are_counted_each(tmp_path: Path) -> None:
    """One body, a thousand names: the trick of a zip bomb without nesting."""
    path = make_zip(tmp_path / "one.zip", {"0000.png": bytes(100_000)})
    with zipfile.ZipFile(path) as opened:
        start = opened.start_dir
    data = path.read_bytes()
    entry, end = data[start:-22], data[-22:]
    entries = b"".join(entry.replace(b"0000.png", b"%04d.png" % i) for i in range(1000))
    counts = (1000).to_bytes(2, "little") * 2 + len(entries).to_bytes(4, "little")
    path.write_bytes(data[:start] + entries + end[:8] + counts + end[16:])
    limits = ArchiveLimits(max_bytes=50 * 2**20)
    assert "more than 52,428,800 bytes" in refusal(path, tmp_path / "out", limits).message


def test_unpack__a_zip_directory_is_counted_before_it_is_read(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "many.zip", {f"{i}": b"" for i in range(300)})
    data = bytearray(path.read_bytes())
    data[-14:-10] = b"\x01\0\x01\0"  # the end record claims one entry
    path.write_bytes(bytes(data))
    assert (
        "more than 200 files"
        in refusal(path, tmp_path / "out", ArchiveLimits(max_files=200)).message
    )


def test_unpack__zip64_directories_are_counted_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 10)
    path = make_zip(tmp_path / "zip64.zip", {f"{i}.png": b"x" for i in range(20)})
    assert b"PK\x06\x06" in path.read_bytes()
    assert (
        "more than 19 files" in refusal(path, tmp_path / "out", ArchiveLimits(max_files=19)).message
    )
    assert archives.unpack(path, tmp_path / "out", ArchiveLimits(max_files=20)) == []
    assert len(written(tmp_path / "out")) == 20


def test_unpack__a_huge_tar_header_is_not_read_into_memory(tmp_path: Path) -> None:
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 4 * 2**30
    with gzip.open(tmp_path / "pax.tar.gz", "wb") as file:
        file.write(header.tobuf())
        file.write(bytes(2**20))
    assert "header" in refusal(tmp_path / "pax.tar.gz", tmp_path / "out").message


def test_unpack__a_sparse_tar_counts_its_holes(tmp_path: Path) -> None:
    member = tarfile.TarInfo("holes.png")
    member.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "1",
        "GNU.sparse.name": "holes.png",
        "GNU.sparse.size": str(50 * 2**30),
        "GNU.sparse.map": "0,0",
    }
    with tarfile.open(tmp_path / "sparse.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(member)
    refusal(tmp_path / "sparse.tar", tmp_path / "out", ArchiveLimits(max_bytes=2**20))


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip"])
def test_unpack__an_archive_cut_short_is_refused(kind: str, tmp_path: Path) -> None:
    files = {f"{i}.png": os.urandom(3000) for i in range(6)}
    whole = tmp_path / f"whole.{kind}"
    if kind == "zip":
        make_zip(whole, files)
    else:
        make_tar(whole, files, "w:" + kind.partition(".")[2])
    cut = tmp_path / f"cut.{kind}"
    cut.write_bytes(whole.read_bytes()[:9000])
    assert refusal(cut, tmp_path / "out").next_step


def test_unpack__a_tar_damaged_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = make_tar(tmp_path / "mid.tar", {f"{i}.png": b"x" * 512 for i in range(4)})
    data = bytearray(path.read_bytes())
    data[2048:2560] = b"?" * 512  # the header of the third entry
    path.write_bytes(bytes(data))
    assert "damaged" in refusal(path, tmp_path / "out").message
