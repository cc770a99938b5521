"""Read one file of an import: its bytes once, and everything that one decode can tell.

The bytes that are hashed are the bytes that are decoded and the bytes that are stored, so a file
that changes meanwhile cannot get a row that describes something else.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from forge_core.catalog.formats.scan.scanned_folder import ScannedFile
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.errors import ImageRejected
from forge_core.imaging import decode, decoder_warnings, hashing, thumbnails
from forge_core.imaging.decode import DecodedImage, DecodeLimits
from forge_core.imaging.decoder_warnings import PrintedLines


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
    frames: int
    """Frames or pages that the file holds; the first is the image."""
    brightest: int | None
    """Of a grey image of 16 bits, after it was made one of 8: the brightest pixel, 0 to 255."""
    warnings: Sequence[str] = ()
    """What the decoder warned of."""


NEARLY_BLACK = 64
"""Pixels of a 16-bit image that reach no further use a quarter of the greys or less."""


def remarks_of(read: ReadFile) -> list[ImportProblem]:
    """What a person should know of an image that is taken in: what of it is not used."""
    shown = printable(read.file.path)
    found = []
    if read.frames > 1 and read.mime != "image/jpeg":  # phones put small versions into theirs
        parts = "pages" if read.mime == "image/tiff" else "frames"
        text = f"“{shown}” has {read.frames:,} {parts}; the first is the image."
        found.append(ImportProblem(shown, "first_frame", text))
    if read.brightest is not None and read.brightest < NEARLY_BLACK:
        text = (
            f"“{shown}” has 16 bits a pixel and uses few of them, as 12-bit cameras write: it is "
            f"nearly black, with at most {read.brightest + 1} greys. Set a window of greys for "
            "the gallery and for training: FORGE_GREY_WINDOW=percentile:1-99, or fixed:2048/4096."
        )
        found.append(ImportProblem(shown, "nearly_black", text))
    if read.warnings:
        text = f"“{shown}” was read, and its decoder warned: {'; '.join(read.warnings)}"
        found.append(ImportProblem(shown, "decoder", printable(text)))
    return found


def read_file(
    root: str, file: ScannedFile, *, limits: DecodeLimits, printed: PrintedLines | None = None
) -> ReadFile | ImportProblem:
    """The file with its hashes and thumbnail, or why it is left out. Never raises for the file.

    A large JPEG is decoded at a reduced size: the entropy coded data is read to its end all the
    same, so that whatever a full decode refuses is refused here (tested).
    """
    path = f"{root}/{file.path}"
    try:
        data, stamp = _read_whole(path, limits.max_bytes + 1)
        with decoder_warnings.collected(printed) as warned:
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
        frames=decoded.frames,
        brightest=_brightest(decoded),
        warnings=warned,
    )


def _brightest(decoded: DecodedImage) -> int | None:
    if not decoded.is_deep:
        return None
    reds = decoded.image.histogram()[:256]  # all three channels are the same grey
    return max(level for level, number in enumerate(reds) if number)


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
