"""Read one file of an import: its bytes once, and everything that one decode can tell.

The bytes that are hashed are the bytes that are decoded and the bytes that are stored, so a file
that changes meanwhile cannot get a row that describes something else.
"""

import os
from dataclasses import dataclass

from forge_core.catalog.formats.scanned import ScannedFile
from forge_core.catalog.import_problems import ImportProblem, printable
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
        with open(path, "rb", buffering=0) as stream:  # noqa: PTH123
            found = os.fstat(stream.fileno())
            data = stream.read(limits.max_bytes + 1) if found.st_size > limits.max_bytes else b""
            data = data or stream.readall()
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
        content_hash=hashing.content_hash(data),
        perceptual_hash=perceptual_hash,
        width=decoded.width,
        height=decoded.height,
        mime=decoded.mime,
        thumbnail=thumbnail,
        stamp=(found.st_size, found.st_mtime_ns),
    )
