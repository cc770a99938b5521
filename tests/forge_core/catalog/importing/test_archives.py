import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forge_core.catalog.importing import archives, import_problems
from forge_core.catalog.importing.archives import ArchiveLimits
from forge_core.catalog.importing.import_problems import ImportProblem
from forge_core.errors import InvalidInput
from forge_core.settings import Settings
from tests.chance import examples


def make_zip(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return path


def make_tar(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def written(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def reasons(problems: list[ImportProblem]) -> list[str]:
    assert all(p.reason in import_problems.REASONS and p.path in p.message for p in problems)
    return [problem.reason for problem in problems]


PETS = {"pets/cat/1.png": b"one", "pets/dog/2.png": b"two", "pets/labels.csv": b"a,b"}


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2"])
def test_unpack__writes_every_file(kind: str, tmp_path: Path) -> None:
    archive = tmp_path / f"pets.{kind}"
    if kind == "zip":
        make_zip(archive, PETS)
    else:
        make_tar(archive, PETS, "w:" + kind.partition(".")[2])
    assert archives.is_archive(archive)
    assert archives.unpack(archive, tmp_path / "out") == []
    assert written(tmp_path / "out") == PETS


def test_unpack__goes_by_content_not_by_name(tmp_path: Path) -> None:
    make_tar(tmp_path / "pets.zip", {"a.png": b"x", "inner.zip": make_inner_zip()})
    assert archives.unpack(tmp_path / "pets.zip", tmp_path / "out") == []
    assert set(written(tmp_path / "out")) == {"a.png", "inner/b.png"}


def make_inner_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("b.png", b"y")
    return buffer.getvalue()


OUTSIDE = [
    "../up.png",
    "a/../../up.png",
    "/etc/up.png",
    "//server/share/up.png",
    "..\\up.png",
    "a\\..\\..\\up.png",
    "\\up.png",
    "C:\\up.png",
    "c:up.png",
    "file:///up.png",
    "..",
]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_unpack__leaves_out_paths_that_lead_out(kind: str, name: str, tmp_path: Path) -> None:
    make = make_zip if kind == "zip" else make_tar
    archive = make(tmp_path / f"slip.{kind}", {name: b"evil", "good.png": b"good"})
    problems = archives.unpack(archive, tmp_path / "in" / "out")
    assert reasons(problems) == ["outside"]
    assert written(tmp_path / "in") == {"out/good.png": b"good"}


@pytest.mark.parametrize(
    "name", ["zip-slip.zip", "zip-slip-win.zip", "zip-slip.tar", "zip-slip-win.tar"]
)
def test_unpack__published_zip_slip_archives(
    name: str, tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    archive = shared_data("bad_inputs") / "zip_slip" / "archives" / name
    problems = archives.unpack(archive, tmp_path / "in" / "out")
    assert reasons(problems) == ["outside"]
    assert list(written(tmp_path)) == ["in/out/good.txt"]


def test_unpack__a_backslash_separates_folders(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "old.zip", {"train\\cat\\1.png": b"x"})
    assert archives.unpack(archive, tmp_path / "out") == []
    assert list(written(tmp_path / "out")) == ["train/cat/1.png"]


def test_unpack__names_without_a_declared_encoding_are_utf8_where_possible(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "mac.zip", {"Äpfel/ü.png": b"x"})
    data = archive.read_bytes()
    # clear the UTF-8 flag (bit 11) in the local and the central header, as macOS does
    with zipfile.ZipFile(archive) as opened:
        central = opened.start_dir
    data = bytearray(data)
    data[7] &= ~0x08
    data[central + 9] &= ~0x08
    archive.write_bytes(bytes(data))
    with zipfile.ZipFile(archive) as opened:
        assert opened.namelist() != ["Äpfel/ü.png"]
    assert archives.unpack(archive, tmp_path / "out") == []
    assert list(written(tmp_path / "out")) == ["Äpfel/ü.png"]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_unpack__control_characters_are_refused(kind: str, tmp_path: Path) -> None:
    name = "a\nb.png"
    make = make_zip if kind == "zip" else make_tar
    problems = archives.unpack(make(tmp_path / "x", {name: b"x"}), tmp_path / "out")
    assert reasons(problems) == ["bad_name"]
    assert problems[0].path == "a\\nb.png"
    assert written(tmp_path / "out") == {}


def test_unpack__nul_does_not_shorten_a_name(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "nul.zip", {"good.png#.exe": b"x"})
    archive.write_bytes(archive.read_bytes().replace(b"good.png#.exe", b"good.png\0.exe"))
    assert reasons(archives.unpack(archive, tmp_path / "out")) == ["bad_name"]
    with tarfile.open(tmp_path / "nul.tar", "w", format=tarfile.PAX_FORMAT) as opened:
        member = tarfile.TarInfo("short")
        member.pax_headers = {"path": "good.png\0.exe"}
        opened.addfile(member)
    assert reasons(archives.unpack(tmp_path / "nul.tar", tmp_path / "out2")) == ["bad_name"]
    assert written(tmp_path / "out") == written(tmp_path / "out2") == {}


def test_unpack__names_that_are_too_long_are_reported(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "long.zip", {"a" * 300 + ".png": b"x", "b.png": b"y"})
    assert reasons(archives.unpack(archive, tmp_path / "out")) == ["bad_name"]
    assert list(written(tmp_path / "out")) == ["b.png"]


def test_unpack__tar_links_and_devices_are_left_out(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    with tarfile.open(tmp_path / "links.tar", "w") as archive:
        for name, kind, target in (
            ("soft.png", tarfile.SYMTYPE, str(secret)),
            ("hard.png", tarfile.LNKTYPE, str(secret)),
            ("folder", tarfile.SYMTYPE, ".."),
            ("null.png", tarfile.CHRTYPE, ""),
            ("pipe.png", tarfile.FIFOTYPE, ""),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member)
        through = tarfile.TarInfo("folder/escaped.png")
        through.size = 4
        archive.addfile(through, io.BytesIO(b"evil"))
    problems = archives.unpack(tmp_path / "links.tar", tmp_path / "in" / "out")
    assert reasons(problems) == ["link", "link", "link", "special_file", "special_file"]
    assert written(tmp_path / "in") == {"out/folder/escaped.png": b"evil"}
    assert not any(path.is_symlink() for path in (tmp_path / "in").rglob("*"))


def test_unpack__zip_links_are_left_out(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "links.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert reasons(archives.unpack(tmp_path / "links.zip", tmp_path / "out")) == ["link"]
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_unpack__of_a_name_given_twice_the_first_stays(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive:
        archive.writestr("a.png", b"first")
        archive.writestr("a.png", b"second")
        archive.writestr("a.png/below.png", b"third")
    problems = archives.unpack(tmp_path / "twice.zip", tmp_path / "out")
    assert reasons(problems) == ["duplicate", "duplicate"]
    assert written(tmp_path / "out") == {"a.png": b"first"}


def test_unpack__what_systems_add_is_left_out_quietly(tmp_path: Path) -> None:
    junk = {
        "__MACOSX/pets/._1.png": b"x",
        "pets/.DS_Store": b"x",
        "pets/Thumbs.db": b"x",
        ".git/config": b"x",
        "./pets/1.png": b"picture",
    }
    for make in (make_zip, make_tar):
        out = tmp_path / make.__name__
        assert archives.unpack(make(tmp_path / "junk", junk), out) == []
        assert written(out) == {"pets/1.png": b"picture"}


def test_unpack__a_damaged_zip_entry_costs_only_itself(tmp_path: Path) -> None:
    files = {"bad.png": b"B" * 50, "good.png": b"G" * 50}
    archive = make_zip(tmp_path / "crc.zip", files, zipfile.ZIP_STORED)
    archive.write_bytes(archive.read_bytes().replace(b"B" * 50, b"B" * 49 + b"X"))
    assert reasons(archives.unpack(archive, tmp_path / "out")) == ["damaged"]
    assert written(tmp_path / "out") == {"good.png": b"G" * 50}


def test_unpack__encrypted_and_exotic_zip_entries_are_reported(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "locked.zip", {"a.png": b"x"})
    with zipfile.ZipFile(archive) as opened:
        central = opened.start_dir
    data = bytearray(archive.read_bytes())
    data[6] |= 1
    data[central + 8] |= 1
    archive.write_bytes(bytes(data))
    assert reasons(archives.unpack(archive, tmp_path / "out")) == ["encrypted"]
    lzma = make_zip(tmp_path / "lzma.zip", {"a.png": b"x" * 99}, zipfile.ZIP_LZMA)
    (problem,) = archives.unpack(lzma, tmp_path / "out2")
    assert (problem.reason, "LZMA" in problem.message) == ("compression", True)


def refusal(archive: Path, out: Path, limits: ArchiveLimits | None = None) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        archives.unpack(archive, out, limits or ArchiveLimits())
    assert not out.exists()
    return caught.value


def test_unpack__a_tar_without_its_end_mark_says_so(tmp_path: Path) -> None:
    path = make_tar(tmp_path / "end.tar", {"a.png": b"x" * 512})
    path.write_bytes(path.read_bytes()[:1024])
    problems = archives.unpack(path, tmp_path / "out")
    assert reasons(problems) == ["damaged"]
    assert list(written(tmp_path / "out")) == ["a.png"]


def test_unpack__what_is_no_archive_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"words", b"\x1f\x8b\x08\0\0", b"PK\x03\x04" + bytes(100), bytes(2048)):
        path = tmp_path / "file.bin"
        path.write_bytes(data)
        assert not archives.is_archive(path)
        assert "not an archive" in refusal(path, tmp_path / "out").message
    assert not archives.is_archive(tmp_path / "missing.zip")
    with pytest.raises(InvalidInput):
        archives.unpack(tmp_path / "missing.zip", tmp_path / "out")


def test_unpack__only_into_an_empty_folder(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {"a.png": b"x"})
    out = tmp_path / "out"
    out.mkdir()
    assert archives.unpack(archive, out) == []
    with pytest.raises(InvalidInput):
        archives.unpack(archive, out)
    assert written(out) == {"a.png": b"x"}


def test_archive_limits__come_from_the_settings() -> None:
    named = Settings(_env_file=None, max_archive_bytes=5, max_archive_files=6)
    assert ArchiveLimits.from_settings(named) == ArchiveLimits(max_bytes=5, max_files=6)
    assert ArchiveLimits.from_settings(Settings(_env_file=None)) == ArchiveLimits()


@settings(max_examples=examples(30), deadline=None)
@given(
    names=st.lists(
        st.text(st.sampled_from("ab./\\: \n\0é\u202e"), min_size=1, max_size=12),
        min_size=1,
        max_size=6,
        unique=True,
    ),
    kind=st.sampled_from(["zip", "tar"]),
)
def test_unpack__any_name_stays_inside(
    names: list[str], kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("names")
    make = make_zip if kind == "zip" else make_tar
    files = dict.fromkeys(names, b"x")
    try:
        archive = make(folder / "archive", files)
    except (OSError, ValueError):
        return  # the name cannot be put into such an archive
    archives.unpack(archive, folder / "in" / "out")
    outside = [path for path in folder.rglob("*") if path.is_file()]
    inside = [path for path in (folder / "in" / "out").rglob("*") if path.is_file()]
    assert set(outside) - set(inside) == {archive}
    assert len(inside) <= len(names)


@settings(max_examples=examples(40), deadline=None)
@given(
    kind=st.sampled_from(["zip", "tar", "tar.gz"]),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_unpack__flipped_bytes_unpack_or_are_refused(
    kind: str, changes: list[tuple[float, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("flipped")
    archive = folder / f"pets.{kind}"
    if kind == "zip":
        make_zip(archive, PETS)
    else:
        make_tar(archive, PETS, "w:" + kind.partition(".")[2])
    data = bytearray(archive.read_bytes())
    for where, value in changes:
        data[int(where * (len(data) - 1))] = value
    archive.write_bytes(bytes(data))
    try:
        problems = archives.unpack(archive, folder / "out")
    except InvalidInput:
        assert not (folder / "out").exists()
    else:
        assert len(written(folder / "out")) + len(problems) <= len(PETS) + 1
