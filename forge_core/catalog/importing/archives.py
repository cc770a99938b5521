"""Unpacks archives that anyone may send into a folder of their own.

Only plain files are written, only below the destination, and never more than the limits say,
whatever the archive claims. Nothing here looks at pixels or at the database.
"""

import shutil
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Protocol

from forge_core import disk_space, local_files
from forge_core.catalog.importing import entry_names
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.catalog.importing.unpacking import (
    archive_errors,
    archive_kinds,
    tar_files,
    zip_files,
)
from forge_core.errors import InvalidInput

ARCHIVE_EXTENSIONS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2")
"""File name endings of what `unpack` reads; it goes by content, not by name."""

_BLOCK = 2**20
_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    OverflowError,
    RuntimeError,
    MemoryError,
)


class ArchiveSettings(Protocol):
    """The part of the product's settings that limits archives."""

    @property
    def max_archive_files(self) -> int:
        """Most entries."""

    @property
    def max_archive_bytes(self) -> int:
        """Largest sum of unpacked sizes, in bytes."""


@dataclass(frozen=True, kw_only=True)
class ArchiveLimits:
    """What an archive may unpack to."""

    max_files: int = 1_000_000
    """Most entries of any kind."""
    max_bytes: int = 20 * 2**30
    """Largest sum of unpacked sizes, in bytes."""
    max_expansion: int = 200
    """Most unpacked bytes for each byte of the archive, once `free_bytes` are passed."""
    free_bytes: int = 100 * 2**20
    """Unpacked bytes for which the expansion is not judged."""

    @classmethod
    def from_settings(cls, settings: ArchiveSettings) -> "ArchiveLimits":
        """The limits an operator has set."""
        return cls(max_files=settings.max_archive_files, max_bytes=settings.max_archive_bytes)


DEFAULT_LIMITS = ArchiveLimits()


@dataclass
class Unpacked:
    """What came out of an archive."""

    problems: list[ImportProblem] = field(default_factory=list)
    """The entries left out, in the order of the archive."""
    notes: list[str] = field(default_factory=list)
    """What a person should know: archives inside that were unpacked as well."""
    names_encoding: str | None = None
    """The code page that names without a declared one were read in; None where none was needed."""
    written_bytes: int = 0
    num_entries: int = 0


def is_archive(path: Path) -> bool:
    """Whether the content of the file is a zip or a tar (plain, gzip or bzip2)."""
    try:
        return zipfile.is_zipfile(path) or tar_files.is_tar(path)
    except OSError:
        return False


def unpack(
    archive: Path, destination: Path, limits: ArchiveLimits = DEFAULT_LIMITS
) -> list[ImportProblem]:
    """As `unpack_all`, of which only the entries left out are told.

    Raises:
        InvalidInput: As `unpack_all`.
    """
    return unpack_all(archive, destination, limits).problems


def unpack_all(
    archive: Path,
    destination: Path,
    limits: ArchiveLimits = DEFAULT_LIMITS,
    *,
    names_encoding: str | None = None,
) -> Unpacked:
    """Write the files of a zip or tar below `destination`; report the entries left out.

    Left out, each with a problem: links, devices, paths that lead out, names given twice (the
    first stays), entries that are encrypted or damaged. Left out quietly: folders without files
    and what operating systems add (hidden files, __MACOSX, Thumbs.db). Backslashes count as
    folder separators, and zip names without a declared encoding are read as UTF-8 where they
    are valid UTF-8, and else in the code page that suits them. Archives inside are unpacked into
    folders of their names, under the same limits for all together; those inside of these are not.
    Permissions and times of the archive are not kept.

    Args:
        archive: A zip, or a tar that is plain, gzip or bzip2, recognised by content.
        destination: A folder that is empty or does not exist yet.
        limits: Beyond them the whole archive is refused.
        names_encoding: The code page of names that declare none; None to judge by how they read.

    Raises:
        InvalidInput: It is no such archive, it is cut short, it exceeds a limit, the disk is
            too small, or the destination holds something. What was written is removed again.
    """
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise InvalidInput("An archive is only unpacked into an empty folder.")
    existed = destination.exists()
    unpacked = Unpacked()
    try:
        top = _Destination(archive.stat().st_size, destination, limits, unpacked)
        top.names_encoding = names_encoding
        _unpack_one(archive, top)
        _unpack_inner(top)
        return unpacked
    except BaseException as error:
        _empty(destination, keep=existed)
        if isinstance(error, InvalidInput) or not isinstance(error, _DAMAGE):
            raise
        raise archive_errors.failure(archive, error) from error


def _unpack_one(archive: Path, destination: "_Destination") -> None:
    if tar_files.is_tar(archive):  # first: a tar may end with a zip inside it
        _unpack_tar(archive, destination)
    elif zipfile.is_zipfile(archive):
        _unpack_zip(archive, destination)
    else:
        raise archive_errors.not_readable(archive, ARCHIVE_EXTENSIONS)


def _unpack_inner(top: "_Destination") -> None:
    """Unpack the archives that came out of an archive, each into a folder of its name."""
    for path in top.archives:
        archive = top.folder.joinpath(*path.split("/"))
        folder = archive.with_name(_stem(archive.name))
        while folder.exists():
            folder = folder.with_name(f"{folder.name}_")
        inner = top.inside(path, folder)
        try:
            _unpack_one(archive, inner)
        except _DAMAGE as error:
            if isinstance(error, InvalidInput):
                raise
            shutil.rmtree(folder, ignore_errors=True)
            top.report(path, "damaged", f"is an archive inside, and damaged ({error}).")
            continue
        archive.unlink()
        for deeper in inner.archives:
            inner.report(deeper, "archive", "is an archive in an archive inside; not unpacked.")
        shown = printable(path)
        top.unpacked.notes.append(f"“{shown}” lies inside and was unpacked as well.")


def _stem(name: str) -> str:
    ending = max((e for e in ARCHIVE_EXTENSIONS if name.lower().endswith(e)), key=len, default="")
    return name[: len(name) - len(ending)].strip(" .") or "archive"


class _Destination:
    """Writes entries below one folder and counts what was written against the limits."""

    def __init__(
        self,
        archive_bytes: int,
        folder: Path,
        limits: ArchiveLimits,
        unpacked: Unpacked,
        prefix: str = "",
    ) -> None:
        local_files.make_folder(folder)
        self.folder = folder
        self.limits = limits
        self.unpacked = unpacked
        self.archives: list[str] = []
        self.names_encoding: str | None = None
        self._prefix = prefix
        self._archive_bytes = archive_bytes

    def inside(self, path: str, folder: Path) -> "_Destination":
        """Where an archive inside is unpacked, counted together with this one."""
        prefix = f"{self._prefix}{path}/"
        inner = _Destination(self._archive_bytes, folder, self.limits, self.unpacked, prefix)
        inner.names_encoding = self.names_encoding
        return inner

    def report(self, path: str, reason: str, message: str) -> None:
        shown = printable(self._prefix + path)
        self.unpacked.problems.append(ImportProblem(shown, reason, f"“{shown}” {message}"))

    def count_entry(self) -> None:
        self.unpacked.num_entries += 1
        if self.unpacked.num_entries > self.limits.max_files:
            raise zip_files.too_many_files(self.limits.max_files)

    def check_announced(self, size_bytes: int) -> None:
        """Refuse before writing what would not fit anyway."""
        if size_bytes > self.limits.max_bytes:
            raise self._too_large()
        if size_bytes > shutil.disk_usage(self.folder).free:
            raise archive_errors.disk_full()

    def accepts(self, path: str) -> bool:
        """Whether the path may be written; reports it when not, unless it is ignored quietly."""
        if any(entry_names.is_ignored(part) for part in path.split("/") if part != ".."):
            return False
        problem = entry_names.path_problem(path)
        if problem is not None:
            self.unpacked.problems.append(
                replace(problem, path=printable(self._prefix) + problem.path)
            )
        return problem is None

    def write(self, path: str, source: IO[bytes]) -> None:
        """Write one entry; an entry that fails leaves no file behind."""
        target = self.folder.joinpath(*path.split("/"))
        try:
            local_files.make_folder(target.parent)
            file = local_files.open_private(target, "xb")
        except (FileExistsError, NotADirectoryError):
            self.report(path, "duplicate", "is in the archive twice; the first was kept.")
            return
        except OSError as error:
            if disk_space.is_full(error):
                raise archive_errors.disk_full() from error
            self.report(path, "bad_name", f"has a name that this disk refuses ({error.strerror}).")
            return
        try:
            with file:
                while block := source.read(_BLOCK):
                    self._count_bytes(len(block))
                    file.write(block)
        except BaseException as error:
            target.unlink(missing_ok=True)
            if disk_space.is_full(error):
                raise archive_errors.disk_full() from error
            raise
        if path.lower().endswith(ARCHIVE_EXTENSIONS) and is_archive(target):
            self.archives.append(path)

    def _count_bytes(self, size_bytes: int) -> None:
        self.unpacked.written_bytes += size_bytes
        written = self.unpacked.written_bytes
        if written > self.limits.max_bytes:
            raise self._too_large()
        free = self.limits.free_bytes
        if written > max(free, self._archive_bytes * self.limits.max_expansion):
            raise InvalidInput(
                f"The archive unpacks to more than {self.limits.max_expansion} times its size, "
                "as archives made to fill a disk do.",
                next_step="Unpack it yourself and import the folder if you trust it.",
            )

    def _too_large(self) -> InvalidInput:
        return InvalidInput(
            f"The archive unpacks to more than {self.limits.max_bytes:,} bytes.",
            next_step="Split it, or raise FORGE_MAX_ARCHIVE_BYTES.",
        )


def _unpack_zip(archive: Path, destination: _Destination) -> None:
    zip_files.check_entry_count(archive, destination.limits.max_files)
    with zipfile.ZipFile(archive) as opened:
        entries = opened.infolist()
        destination.check_announced(sum(entry.file_size for entry in entries))
        encoding = zip_files.names_encoding(entries)
        if encoding is not None:
            encoding = destination.names_encoding or encoding
            destination.unpacked.names_encoding = encoding
        for entry in entries:
            destination.count_entry()
            path = _separated(zip_files.entry_path(entry, encoding))
            if path.endswith("/") or not destination.accepts(path):
                continue
            mode = stat.S_IFMT(entry.external_attr >> 16)
            if mode == stat.S_IFLNK:
                destination.report(path, "link", "is a link; links are not unpacked.")
            elif mode not in (0, stat.S_IFREG):
                destination.report(path, "special_file", "is no plain file.")
            elif entry.flag_bits & 0x1:
                destination.report(path, "encrypted", "is protected by a password.")
            elif entry.compress_type not in zip_files.READABLE_COMPRESSIONS:
                way = archive_kinds.COMPRESSIONS.get(entry.compress_type, "an unknown way")
                text = f"is compressed with {way}, which is not read."
                destination.report(path, "compression", text)
            else:
                _write_zip_entry(opened, entry, path, destination)


def _write_zip_entry(
    opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: str, destination: _Destination
) -> None:
    try:
        with opened.open(entry) as source:
            destination.write(path, source)
    except InvalidInput:
        raise
    except _DAMAGE as error:
        destination.report(path, "damaged", f"is damaged inside the archive ({error}).")


def _unpack_tar(archive: Path, destination: _Destination) -> None:
    limits = destination.limits
    with tar_files.open_tar(archive, limits.max_files, limits.max_bytes) as opened:
        for member in _members(opened):
            destination.count_entry()
            path = _separated(member.name)
            if member.isdir() or not destination.accepts(path):
                continue
            if member.issym() or member.islnk():
                destination.report(path, "link", "is a link; links are not unpacked.")
            elif not member.isfile():
                destination.report(path, "special_file", "is no plain file.")
            else:
                destination.check_announced(member.size)
                source = opened.extractfile(member)
                if source is not None:
                    destination.write(path, source)
        if not tar_files.has_end_mark(opened):
            destination.report(
                archive.name, "damaged", "has no end mark; files at its end may be missing."
            )


def _members(opened: tarfile.TarFile) -> Iterable[tarfile.TarInfo]:
    """Members one by one; those already seen are forgotten, so memory stays flat."""
    while (member := opened.next()) is not None:
        yield member
        opened.members = []  # type: ignore[attr-defined]


def _separated(name: str) -> str:
    """The name with "/" between folders and without the "./" that tar puts before it."""
    path = name.replace("\\", "/")
    while path.startswith("./"):
        path = path[2:]
    return unicodedata.normalize("NFC", path)


def _empty(folder: Path, *, keep: bool) -> None:
    if not folder.is_dir():
        return
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for child in folder.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child, ignore_errors=True)
        else:
            child.unlink(missing_ok=True)
