"""Unpacks archives that anyone may send into a folder of their own.

Only plain files are written, only below the destination, and never more than the limits say,
whatever the archive claims. Nothing here looks at pixels or at the database.
"""

import errno
import shutil
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from forge_core import local_files
from forge_core.catalog.importing import entry_names, tar_files, zip_files
from forge_core.catalog.importing.import_problems import ImportProblem, printable
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


def is_archive(path: Path) -> bool:
    """Whether the content of the file is a zip or a tar (plain, gzip or bzip2)."""
    try:
        return zipfile.is_zipfile(path) or tar_files.is_tar(path)
    except OSError:
        return False


def unpack(
    archive: Path, destination: Path, limits: ArchiveLimits = DEFAULT_LIMITS
) -> list[ImportProblem]:
    """Write the files of a zip or tar below `destination`; report the entries left out.

    Left out, each with a problem: links, devices, paths that lead out, names given twice (the
    first stays), entries that are encrypted or damaged. Left out quietly: folders without files
    and what operating systems add (hidden files, __MACOSX, Thumbs.db). Backslashes count as
    folder separators, and zip names without a declared encoding are read as UTF-8 where they
    are valid UTF-8. Permissions and times of the archive are not kept.

    Args:
        archive: A zip, or a tar that is plain, gzip or bzip2, recognised by content.
        destination: A folder that is empty or does not exist yet.
        limits: Beyond them the whole archive is refused.

    Returns:
        The entries left out, in the order of the archive.

    Raises:
        InvalidInput: It is no such archive, it is cut short, it exceeds a limit, the disk is
            too small, or the destination holds something. What was written is removed again.
    """
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise InvalidInput("An archive is only unpacked into an empty folder.")
    existed = destination.exists()
    try:
        if tar_files.is_tar(archive):  # first: a tar may end with a zip inside it
            return _unpack_tar(archive, _Destination(archive, destination, limits))
        if zipfile.is_zipfile(archive):
            return _unpack_zip(archive, _Destination(archive, destination, limits))
        raise InvalidInput(
            f"“{printable(archive.name)}” is not an archive that can be read.",
            next_step=f"Pack the images as one of {', '.join(ARCHIVE_EXTENSIONS)}.",
        )
    except BaseException as error:
        _empty(destination, keep=existed)
        if isinstance(error, InvalidInput) or not isinstance(error, _DAMAGE):
            raise
        raise _archive_failure(archive, error) from error


class _Destination:
    """Writes entries below one folder and counts what was written against the limits."""

    def __init__(self, archive: Path, folder: Path, limits: ArchiveLimits) -> None:
        local_files.make_folder(folder)
        self.folder = folder
        self.limits = limits
        self.problems: list[ImportProblem] = []
        self._archive_bytes = archive.stat().st_size
        self._entries = 0
        self._written_bytes = 0

    def report(self, path: str, reason: str, message: str) -> None:
        shown = printable(path)
        self.problems.append(ImportProblem(shown, reason, f"“{shown}” {message}"))

    def count_entry(self) -> None:
        self._entries += 1
        if self._entries > self.limits.max_files:
            raise zip_files.too_many_files(self.limits.max_files)

    def check_announced(self, size_bytes: int) -> None:
        """Refuse before writing what would not fit anyway."""
        if size_bytes > self.limits.max_bytes:
            raise self._too_large()
        if size_bytes > shutil.disk_usage(self.folder).free:
            raise _disk_full()

    def accepts(self, path: str) -> bool:
        """Whether the path may be written; reports it when not, unless it is ignored quietly."""
        if any(entry_names.is_ignored(part) for part in path.split("/") if part != ".."):
            return False
        problem = entry_names.path_problem(path)
        if problem is not None:
            self.problems.append(problem)
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
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _disk_full() from error
            self.report(path, "bad_name", f"has a name that this disk refuses ({error.strerror}).")
            return
        try:
            with file:
                while block := source.read(_BLOCK):
                    self._count_bytes(len(block))
                    file.write(block)
        except BaseException as error:
            target.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _disk_full() from error
            raise

    def _count_bytes(self, size_bytes: int) -> None:
        self._written_bytes += size_bytes
        if self._written_bytes > self.limits.max_bytes:
            raise self._too_large()
        free = self.limits.free_bytes
        if self._written_bytes > max(free, self._archive_bytes * self.limits.max_expansion):
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


def _unpack_zip(archive: Path, destination: _Destination) -> list[ImportProblem]:
    zip_files.check_entry_count(archive, destination.limits.max_files)
    with zipfile.ZipFile(archive) as opened:
        entries = opened.infolist()
        destination.check_announced(sum(entry.file_size for entry in entries))
        for entry in entries:
            destination.count_entry()
            path = _separated(zip_files.entry_path(entry))
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
                destination.report(path, "damaged", "is compressed in a way that is not read.")
            else:
                _write_zip_entry(opened, entry, path, destination)
    return destination.problems


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


def _unpack_tar(archive: Path, destination: _Destination) -> list[ImportProblem]:
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
    return destination.problems


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


def _disk_full() -> InvalidInput:
    return InvalidInput(
        "The disk has no room for what the archive holds.",
        next_step="Free some space or move the workspace to a larger disk.",
    )


def _archive_failure(archive: Path, error: BaseException) -> InvalidInput:
    name = printable(archive.name)
    detail = f"{type(error).__name__}: {error}"[:500]
    if isinstance(error, PermissionError | FileNotFoundError):
        return InvalidInput(
            f"The archive “{name}” cannot be opened.",
            next_step="Check that it exists and that this user may read it.",
            detail=detail,
        )
    return InvalidInput(
        f"The archive “{name}” is damaged or cut short; nothing of it was kept.",
        next_step="Copy or download it again.",
        detail=detail,
    )
