"""Where many image files come from: a folder, a zip, or a list of paths. No torch.

Each gives its files in an order that is the same every time, a few at a time, so that a pass of
millions can go on where it stopped.
"""

import os
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol

from forge_core import local_files, storable_values
from forge_core.catalog.importing import entry_names
from forge_core.errors import ImageRejected, InvalidInput
from forge_core.imaging import formats

LIST_EXTENSIONS = (".txt", ".lst", ".list")
_KNOWN = formats.EXTENSIONS | formats.FOREIGN_EXTENSIONS
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    ValueError,
)


@dataclass(frozen=True)
class SourceFile:
    """A file that is to be looked at."""

    name: str
    """Path as it is written into the results."""
    read: Callable[[int], bytes]
    """All its bytes, at most so many; raises ImageRejected. Several threads may read at once."""


class Source(Protocol):
    """Files in an order."""

    @property
    def identity(self) -> str:
        """By which a pass that was interrupted knows its source again."""

    def files(self) -> Iterator[SourceFile]:
        """From the first on."""

    def count(self) -> int:
        """How many there are."""

    def close(self) -> None:
        """Let go of what is open."""


def open_source(paths: Sequence[Path]) -> Source:
    """The source that is meant by what somebody named.

    Args:
        paths: One folder, one zip, one list (a text file with a path a line), or image files.

    Raises:
        InvalidInput: It is not there, cannot be read, or several were named of which one is no
            image file.
    """
    paths = [path.expanduser() for path in paths]
    if len(paths) == 1:
        (path,) = paths
        if path.is_dir():
            return FolderSource(path)
        if not path.is_file():
            raise InvalidInput(f"There is no folder, zip or list {path}.")
        if path.suffix.lower() == ".zip":
            return ZipSource(path)
        if path.suffix.lower() in LIST_EXTENSIONS:
            return ListSource(path)
    odd = next((each for each in paths if each.suffix.lower() not in _KNOWN), None)
    if odd is not None:
        raise InvalidInput(
            f"{odd} is no image file.",
            next_step="Name one folder, one .zip, one list of paths that ends in "
            f"{', '.join(LIST_EXTENSIONS)}, or image files.",
        )
    return FilesSource(paths)


class _NamedSource(ABC):
    """Files that are named one after the other, below one folder."""

    _folder: Path

    def files(self) -> Iterator[SourceFile]:
        """From the first on; names are read as it goes."""
        for name in self._names():
            yield _plain(name, self._folder / name)

    def count(self) -> int:
        """How many there are, by looking at all names."""
        return sum(1 for _ in self._names())

    @abstractmethod
    def _names(self) -> Iterator[str]: ...


class FolderSource(_NamedSource):
    """Image files below a folder, by their endings, in the order of their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.identity = f"folder {folder.resolve()}"

    def close(self) -> None:
        """Nothing is open."""

    def _names(self) -> Iterator[str]:
        waiting = [""]
        while waiting:
            prefix = waiting.pop()
            if prefix and not prefix.endswith("/"):
                yield prefix
                continue
            try:
                with os.scandir(self._folder / prefix) as found:
                    entries = sorted(
                        f"{prefix}{entry.name}/"
                        if entry.is_dir(follow_symlinks=False)
                        else f"{prefix}{entry.name}"
                        for entry in found
                        if _is_wanted(entry)
                    )
            except OSError as error:
                raise InvalidInput(
                    f"The folder {self._folder / prefix} cannot be read: {error.strerror}."
                ) from error
            waiting += reversed(entries)


class ZipSource:
    """Image files in a zip, in its order; nothing is unpacked to the disk.

    Args:
        file: Where it is, or its bytes.
        name: What it is called; needed of bytes.
    """

    def __init__(self, file: Path | BinaryIO, name: str = "") -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except _ZIP_ERRORS as error:
            raise InvalidInput(
                f"{name or file} is no zip that can be read.",
                next_step="Copy or download it again, or unpack it and name the folder.",
                detail=str(error),
            ) from error
        self._entries = [
            entry
            for entry in self._zip.infolist()
            if not entry.is_dir()
            and Path(entry.filename).suffix.lower() in _KNOWN
            and not any(entry_names.is_ignored(part) for part in Path(entry.filename).parts)
        ]
        self.identity = f"zip {file.resolve() if isinstance(file, Path) else name}"

    def files(self) -> Iterator[SourceFile]:
        """From the first on."""
        for entry in self._entries:
            name = storable_values.readable_text(entry.filename)
            yield SourceFile(name, partial(self._read, entry))

    def count(self) -> int:
        """How many there are."""
        return len(self._entries)

    def close(self) -> None:
        """Close the zip."""
        self._zip.close()

    def _read(self, entry: zipfile.ZipInfo, most: int) -> bytes:
        if entry.file_size > most:
            raise _too_large(most)
        try:
            with self._zip.open(entry) as file:
                data = file.read(most + 1)
        except _ZIP_ERRORS as error:
            raise _unreadable(f"it cannot be taken out of the zip: {error}") from error
        if len(data) > most:
            raise _too_large(most)
        return data


class ListSource(_NamedSource):
    """Files that a text file names, a path a line, in its order; empty lines are left out.

    A path is taken from the folder of the list. Where the first is not there, but from the folder
    that the command runs in, all are taken from that.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        first = next(self._names(), None)
        if first is None:
            raise InvalidInput(f"The list {path} names no file.")
        own, here = path.parent, Path()
        is_here = not (own / first).exists() and (here / first).exists()
        self._folder = here if is_here else own
        self.identity = f"list {path.resolve()} from {self._folder.resolve()}"

    def close(self) -> None:
        """Nothing is open."""

    def _names(self) -> Iterator[str]:
        try:
            with local_files.open_plain(self._path) as file:
                for raw in file:
                    line = os.fsdecode(raw.rstrip(b"\r\n").removeprefix(b"\xef\xbb\xbf"))
                    if line:
                        yield line
        except OSError as error:
            raise InvalidInput(
                f"The list {self._path} cannot be read. {error.strerror}."
            ) from error


class FilesSource:
    """Image files that were named one by one, in that order."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self.identity = f"{len(self._paths)} files"

    def files(self) -> Iterator[SourceFile]:
        """From the first on."""
        for path in self._paths:
            yield _plain(str(path), path)

    def count(self) -> int:
        """How many there are."""
        return len(self._paths)

    def close(self) -> None:
        """Nothing is open."""


def _is_wanted(entry: os.DirEntry[str]) -> bool:
    if entry_names.is_ignored(entry.name):
        return False
    return entry.is_dir(follow_symlinks=False) or Path(entry.name).suffix.lower() in _KNOWN


def _plain(name: str, path: Path) -> SourceFile:
    def read(most: int) -> bytes:
        try:
            return local_files.read_plain(path, most)
        except OSError as error:
            raise _unreadable(error.strerror or type(error).__name__) from error

    return SourceFile(storable_values.readable_text(name), read)


def _too_large(most: int) -> ImageRejected:
    return ImageRejected(f"The file is larger than {most:,} bytes.", reason="too_many_bytes")


def _unreadable(words: str) -> ImageRejected:
    return ImageRejected(f"The file cannot be read: {words}.", reason="unreadable")
