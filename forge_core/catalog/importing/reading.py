"""Read one file of an import: its bytes once, and everything that one decode can tell.

The bytes that are hashed are the bytes that are decoded and the bytes that are stored, so a file
that changes meanwhile cannot get a row that describes something else.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from db.enums import FEW_GREYS_SHARE
from forge_core.catalog.formats.scan.scanned_folder import ScannedFile
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.errors import ImageRejected
from forge_core.imaging import decode, decoder_warnings, hashing, thumbnails
from forge_core.imaging.decode import DecodeLimits
from forge_core.imaging.decoder_warnings import PrintedLines
from forge_core.imaging.grey_window import DECLARED, GreyWindow


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
    deep_greys: tuple[float, float] | None
    """Of greys beyond 8 bits: the highest value, and what the file takes for white."""
    warnings: Sequence[str] = ()
    """What the decoder warned of."""

    @property
    def num_parts(self) -> int:
        """Pages or frames that a person would count."""
        return 1 if self.mime == "image/jpeg" else self.frames  # phones put small versions in


def remarks_of(read: ReadFile, window: GreyWindow) -> list[ImportProblem]:
    """What a person should know of an image that is taken in: what of it is not used.

    Args:
        read: The file.
        window: That it was read with: where one is chosen, few greys are no trouble.
    """
    shown = printable(read.file.path)
    found = []
    if read.num_parts > 1:
        parts = "pages" if read.mime == "image/tiff" else "frames"
        text = f"“{shown}” has {read.frames:,} {parts}; the first is the image."
        found.append(ImportProblem(shown, "first_frame", text))
    if read.deep_greys is not None and window == DECLARED:
        highest, white = read.deep_greys
        if highest < FEW_GREYS_SHARE * white:
            text = (
                f"“{shown}” has 16 bits a pixel and uses few of them, as 12-bit cameras write: its "
                f"brightest pixel is {highest:g} of {white:g}, so it is nearly black. Choose a "
                "window of greys on Import & export, or with `forge greys percentile:1-99`."
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
        deep_greys=decoded.deep_greys,
        warnings=warned,
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
