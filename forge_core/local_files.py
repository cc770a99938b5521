"""Files of this machine: private, added whole or not at all, linked, flushed, walked.

What lies in a workspace is for its owner alone, whatever the umask: folders 0700, files 0600. A
group that shares one gives the rights itself. Plain system calls, because an import does this for
every image.
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import stat
import uuid
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Literal

FLUSHED_ONE_BY_ONE = 32
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
_CANNOT_LINK = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP)
_CANNOT_BE_NAMELESS = (errno.EISDIR, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOENT, errno.EINVAL)
_SPECIAL = (
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a disk"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)
_O_TMPFILE = getattr(os, "O_TMPFILE", None)


def make_folder(path: str | os.PathLike[str]) -> None:
    """Make a folder, and those above it that are missing, for its owner alone; one stays as it is.

    Raises:
        FileExistsError: A file is there.
    """
    try:
        os.mkdir(path, PRIVATE_FOLDER)
    except FileNotFoundError:
        make_folder(os.path.dirname(os.path.abspath(path)))
        make_folder(path)
    except FileExistsError:
        if not os.path.isdir(path):
            raise


def open_private(path: str | os.PathLike[str], mode: Literal["wb", "xb", "ab"]) -> BinaryIO:
    """Open a file to write; where that makes it, it is for its owner alone.

    Raises:
        FileExistsError: With "xb", when it is there.
    """
    return open(path, mode, opener=_private)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)


def replace(path: str | os.PathLike[str], data: bytes, *, flushed: bool = False) -> None:
    """Write a file, whatever was there: a reader sees the old one or the new one, never half.

    Args:
        path: In a folder that is there.
        data: All its bytes.
        flushed: Let it and its name reach the disk first, so that it survives a power cut.
    """
    path = os.path.abspath(path)
    folder = os.path.dirname(path)
    temporary = os.path.join(folder, f".{uuid.uuid4().hex}.tmp")
    try:
        handle = _private(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        try:
            _write_all(handle, data)
            if flushed:
                os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
    if flushed:
        _fsync(folder)


def open_plain(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file that somebody named, to read: never a device that has no end, never a pipe.

    Raises:
        OSError: It is not there, may not be read, has no possible name, or is no plain file;
            `strerror` says which.
    """
    try:
        _check_plain(os.stat(path).st_mode, path)
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except ValueError as error:  # a zero byte
        raise OSError(errno.EINVAL, "No file can have such a name", path) from error
    try:
        _check_plain(os.fstat(handle).st_mode, path)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_plain(path: str | os.PathLike[str], max_bytes: int) -> bytes:
    """All bytes of a file that somebody named.

    Raises:
        OSError: As `open_plain`, or it holds more than `max_bytes`.
    """
    with open_plain(path) as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise OSError(errno.EFBIG, f"It is larger than {max_bytes:,} bytes", path)
    return data


def special_kind(mode: int) -> str | None:
    """What something is that is neither a file nor a folder, by its `st_mode`; else None."""
    for is_kind, words in _SPECIAL:
        if is_kind(mode):
            return words
    return None


def _check_plain(mode: int, path: str | os.PathLike[str]) -> None:
    if stat.S_ISREG(mode):
        return
    words = "a folder" if stat.S_ISDIR(mode) else special_kind(mode) or "something else"
    raise OSError(errno.EINVAL, f"It is {words}, not a file", path)


@contextlib.contextmanager
def locked(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Only one at a time, of all processes of this machine and their threads, in this folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def add(path: str, data: bytes) -> bool:
    """Write a new file; it appears whole. False when the path is taken.

    On Linux the file has no name until it is written, so that a killed process leaves nothing.
    """
    folder = os.path.dirname(path)
    while True:
        try:
            return _add_nameless(folder, path, data)
        except FileNotFoundError:
            make_folder(folder)


def _add_nameless(folder: str, path: str, data: bytes) -> bool:
    if _O_TMPFILE is None:
        return _add_renamed(folder, path, data)
    try:
        handle = os.open(folder, _O_TMPFILE | os.O_WRONLY, PRIVATE_FILE)
    except OSError as error:
        if error.errno in _CANNOT_BE_NAMELESS and os.path.isdir(folder):
            return _add_renamed(folder, path, data)
        raise
    try:
        _write_all(handle, data)
        # src_dir_fd makes Python call linkat, which follows the link of /proc.
        os.link(f"/proc/self/fd/{handle}", path, src_dir_fd=handle, follow_symlinks=True)
    except FileExistsError:
        return False
    finally:
        os.close(handle)
    return True


def _add_renamed(folder: str, path: str, data: bytes) -> bool:
    """As above on file systems without nameless files."""
    temporary = os.path.join(folder, f".{uuid.uuid4().hex}.tmp")
    handle = _private(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    try:
        try:
            _write_all(handle, data)
        finally:
            os.close(handle)
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(temporary)
    return True


def _write_all(handle: int, data: bytes) -> None:
    written = os.write(handle, data)
    while written < len(data):
        written += os.write(handle, memoryview(data)[written:])


def link(path: str, source: str) -> bool | None:
    """Give a file a second name. False when the path is taken, None where it cannot be done."""
    while True:
        try:
            os.link(source, path)
        except FileExistsError:
            return False
        except FileNotFoundError:
            if not os.path.exists(source):
                raise
            make_folder(os.path.dirname(path))
        except OSError as error:
            if error.errno in _CANNOT_LINK:
                return None
            raise
        else:
            return True


def flush(root: str, paths: Sequence[str]) -> None:
    """Let files and their names reach the disk: one by one, or the whole file system at once.

    Thousands of fsync calls take minutes; one syncfs takes as long as the disk needs.
    """
    if len(paths) <= FLUSHED_ONE_BY_ONE:
        folders = {os.path.dirname(path) for path in paths}
        for path in (*paths, *_with_parents(folders, root)):
            with contextlib.suppress(FileNotFoundError):
                _fsync(path)
        return
    handle = os.open(root, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(handle) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    except (AttributeError, TypeError):  # not Linux
        os.sync()
    finally:
        os.close(handle)


def _with_parents(folders: set[str], root: str) -> set[str]:
    root = root.rstrip("/")
    found: set[str] = set()
    for folder in folders:
        while len(folder) >= len(root) and folder not in found:
            found.add(folder)
            folder = os.path.dirname(folder)
    return found


def _fsync(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def walk(root: str) -> Iterator[tuple[str, int, float]]:
    """Key, size and time of the last write of every plain file below a folder, save hidden ones.

    Links to files count as files; folders are followed only where they are real.
    """
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        with os.scandir(os.path.join(root, folder)) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                key = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(key)
                    continue
                with contextlib.suppress(OSError):
                    found = entry.stat()
                    if stat.S_ISREG(found.st_mode):
                        yield key, found.st_size, found.st_mtime
