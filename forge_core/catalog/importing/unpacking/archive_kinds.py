"""What an archive is that cannot be unpacked here, by its first bytes, and what helps.

Pure look at names and first bytes; nothing is unpacked.
"""

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

# fmt: off
ENDINGS = frozenset({
    ".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".tbz2", ".xz", ".txz", ".zst", ".lz4",
    ".lzma", ".cab", ".iso", ".dmg", ".z01", ".001",
})
# fmt: on
"""Endings of archives, to say so instead of "not an image"."""

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\xfd7zXZ\x00", "packed with xz"),
    (b"\x28\xb5\x2f\xfd", "packed with Zstandard"),
    (b"\x04\x22\x4d\x18", "packed with LZ4"),
    (b"\x5d\x00\x00", "packed with LZMA"),
    (b"MSCF", "a Windows cabinet"),
    (b"PK\x07\x08", "a part of a zip in several files"),
)
_ZIP = b"PK\x03\x04"
_PART = re.compile(r"\.(?:z\d\d|\d{3})")
_MOST_ENTRIES = 2_000

COMPRESSIONS: dict[int, str] = {
    9: "Deflate64", 14: "LZMA", 93: "Zstandard", 95: "xz", 96: "JPEG", 97: "WavPack", 98: "PPMd",
    99: "AES",
}  # fmt: skip
"""Ways of a zip to compress that are not read, by number."""


def foreign_kind(path: Path) -> str:
    """What an archive is that is not read: "a RAR archive", or an empty string."""
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError:
        return ""
    found = next((name for magic, name in _SIGNATURES if start.startswith(magic)), "")
    if not found and start.lstrip()[:1] == b"<":
        return "a web page that was saved under this name"
    if not found and start.startswith(_ZIP) and _PART.fullmatch(path.suffix.lower()):
        return "a part of a zip in several files"
    if not found and start.startswith(_ZIP) and not _is_zip(path):
        return "a zip whose end is missing"
    return found


def advice(kind: str) -> str:
    """What to do with an archive of a kind that is not read."""
    if kind.startswith("a web page"):
        return "Open it to see what it says, and download the archive itself."
    if kind.startswith("a zip"):
        return "Copy or download it again."
    if kind.startswith("a part"):
        return "Put its parts together, unpack them and import the folder."
    return "Unpack it and import the folder, or pack the images as .zip or .tar.gz."


def in_a_folder(path: Path) -> str:
    """What to say of an archive that lies among the files of a folder, as the end of a sentence."""
    kind = foreign_kind(path)
    if kind:
        return f"is {kind}, which is not read here. {advice(kind)}"
    if _is_zip(path) and _has_password(path):
        return "is a zip protected by a password. Unpack it with the password, into this folder."
    return "is an archive, and is not looked into. Import it by itself, or unpack it here."


def _is_zip(path: Path) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except OSError:
        return False


def _has_password(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as opened:
            return any(e.flag_bits & 1 for e in _first(opened.infolist()))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return False


def _first(entries: list[zipfile.ZipInfo]) -> Iterable[zipfile.ZipInfo]:
    return entries[:_MOST_ENTRIES]
