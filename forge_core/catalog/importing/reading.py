"""Read one file of an import: its bytes once, and everything that one decode can tell.

The bytes that are hashed are the bytes that are decoded and the bytes that are stored, so a file
that changes meanwhile cannot get a row that describes something else.
"""

import os
from dataclasses import dataclass

from forge_core.catalog.formats.scan.scanned_folder import ScannedFile
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.errors import ImageRejected
from forge_core.imaging import decode, hashing, thumbnails
from forge_core.imaging.decode import DecodeLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """A file that was read and decoded well."""

    file: ScannedFile
    path: str
    """Where it was read, on this machine."""
    data: bytes
    """Empty where the caller did not ask for it."""
    size_bytes: int
    content_hash: str
    perceptual_hash: str
    width: int
    height: int
    mime: str
    thumbnail: bytes
    stamp: tuple[int, int]
    """Size in bytes and time of change, when it was opened."""


def read_file(root: str, file: ScannedFile, *, limits: DecodeLimits) -> ReadFile | ImportProblem:
    """The file with its hashes and thumbnail, or why it is left out. Never raises for the file.

    A large JPEG is decoded at a reduced size: the entropy coded data is read to its end all the
    same, so that whatever a full decode refuses is refused here (tested).
    """
    path = f"{root}/{file.path}"
    try:
        data, stamp = _read_whole(path, limits.max_bytes + 1)
        decoded = decode.decode_reduced(data, thumbnails.DEFAULT_SIDE, limits=limits)
        perceptual_hash = hashing.perceptual_hash(decoded.image)
        thumbnail = thumbnails.encode_thumbnail(decoded.image, thumbnails.DEFAULT_SIDE)
    except ImageRejected as error:
        return ImportProblem(printable(file.path), error.reason, error.message)
    except OSError as error:
        return ImportProblem(
            printable(file.path),
            "unreadable",
            f"The file cannot be read: {error.strerror or type(error).__name__}.",
        )
    return ReadFile(
        file=file,
        path=path,
        data=data,
        size_bytes=len(data),
        content_hash=hashing.content_hash(data),
        perceptual_hash=perceptual_hash,
        width=decoded.width,
        height=decoded.height,
        mime=decoded.mime,
        thumbnail=thumbnail,
        stamp=stamp,
    )


def _read_whole(path: str, max_bytes: int) -> tuple[bytes, tuple[int, int]]:
    """The bytes of a file, at most so many, with its size and time of change.

    Raises:
        ImageRejected: Somebody wrote to it meanwhile.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        before = os.fstat(handle)
        data = os.read(handle, min(before.st_size + 1, max_bytes))
        while len(data) < min(before.st_size, max_bytes):  # a signal, or more than 2 GiB
            more = os.read(handle, max_bytes - len(data))
            if not more:
                break
            data += more
        after = os.fstat(handle)
    finally:
        os.close(handle)
    stamp = (before.st_size, before.st_mtime_ns)
    if stamp != (after.st_size, after.st_mtime_ns) or len(data) != min(stamp[0], max_bytes):
        raise ImageRejected(
            "The file was changed while it was read; import it again.", reason="changed"
        )
    return data, stamp
