"""What a zip says about its entries, read so that a hostile one cannot take memory or names."""

import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

from forge_core.catalog.importing.unpacking import entry_encodings
from forge_core.errors import InvalidInput

READABLE_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
"""Compressions with a small, fixed working memory; LZMA lets the file choose up to 4 GiB."""

_UTF8_NAME = 0x800
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_ENTRY = b"PK\x01\x02"
_END_BYTES = 22
_END64_BYTES = 56 + 20  # the record and its locator
_LONGEST_COMMENT = 65535
_BLOCK = 2**20


def check_entry_count(archive: Path, max_files: int) -> None:
    """Refuse a zip with too many entries before its directory is read into memory.

    Counts the entry signatures where `zipfile` will look for them. The count in the end record
    cannot be trusted, since readers ignore it.

    Raises:
        InvalidInput: There are more than `max_files`.

    Source: APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16.
    """
    total = archive.stat().st_size
    with archive.open("rb") as file:
        tail_start = max(0, total - _END_BYTES - _LONGEST_COMMENT - _END64_BYTES)
        file.seek(tail_start)
        end, directory_bytes = _directory_extent(file.read())
        position = max(0, tail_start + end - directory_bytes)
        left = tail_start + end - position
        file.seek(position)
        found, overlap = 0, b""
        while left > 0 and (block := file.read(min(_BLOCK, left))):
            left -= len(block)
            found += (overlap + block).count(_ENTRY)
            overlap = block[-3:]
            if found > max_files:
                raise too_many_files(max_files)


def _directory_extent(tail: bytes) -> tuple[int, int]:
    """Where in the tail of a zip its directory ends, and how many bytes it has.

    Looks in the same places and the same order as `zipfile`; (0, 0) where that finds no zip.
    """
    end = len(tail) - _END_BYTES
    if end < 0 or not (tail.startswith(_END, end) and tail.endswith(b"\0\0")):
        end = tail.rfind(_END)
    if end < 0 or len(tail) < end + _END_BYTES:
        return 0, 0
    end64 = end - _END64_BYTES
    if end64 >= 0 and tail.startswith(_END64, end64):
        return end64, struct.unpack_from("<Q", tail, end64 + 40)[0]
    return end, struct.unpack_from("<L", tail, end + 12)[0]


def names_encoding(entries: Sequence[zipfile.ZipInfo]) -> str | None:
    """The code page of the names that declare none; None where all of those are UTF-8."""
    raw = [_raw_name(entry) for entry in entries if not entry.flag_bits & _UTF8_NAME]
    # Judged together: some words of other code pages happen to be valid UTF-8.
    return None if all(map(_is_utf8, raw)) else entry_encodings.guess(raw)


def entry_path(entry: zipfile.ZipInfo, encoding: str | None = None) -> str:
    """The name as its maker meant it, with any NUL still in it.

    Programs that leave out the UTF-8 flag (the archiver of macOS among them) store UTF-8 all the
    same, which `zipfile` reads as code page 437.

    Args:
        entry: As `zipfile` read it.
        encoding: From `names_encoding`, for names that declare none; None is UTF-8.
    """
    if entry.flag_bits & _UTF8_NAME:
        return entry.orig_filename
    raw = _raw_name(entry)
    try:
        return raw.decode(encoding or "utf-8")
    except UnicodeError:
        return entry.orig_filename


def _raw_name(entry: zipfile.ZipInfo) -> bytes:
    """The bytes of a name without the UTF-8 flag, which `zipfile` reads as code page 437."""
    return entry.orig_filename.encode("cp437", "replace")


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode("utf-8")
    except UnicodeError:
        return False
    return True


def too_many_files(max_files: int) -> InvalidInput:
    """The refusal of an archive with more entries than the limit."""
    return InvalidInput(
        f"The archive holds more than {max_files:,} files.",
        next_step="Split it, or raise FORGE_MAX_ARCHIVE_FILES.",
    )
