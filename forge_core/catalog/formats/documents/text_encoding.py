"""In which encoding a text file is written: told by its first bytes, by what it holds, or guessed.

A guess compares how usual the letters are that each code page makes of the bytes; what
charset-normalizer thinks is one vote more. A guess is always shown, and can be corrected.
"""

import codecs
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import charset_normalizer

_BLOCK = 2**20
_SAMPLE = 2**16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HIGH = re.compile(rb"[\x80-\xff]+")
_RARE = frozenset("шюцщэфёъ")
_LATIN = frozenset({"cp1252", "cp1250", "cp1254", "cp1257", "mac-roman", "cp850"})
_UNICODE = frozenset({"utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"})
_WESTERN = frozenset("äöüßÄÖÜéèêëàâáãåçîïíôóòõøûùúñæœÉÀÈÅØÇÁÍÓÚ’‘“”–—…€")
_POLISH_CZECH = frozenset("ąćęłńóśźżĄĆĘŁŃÓŚŹŻáčďéěíňřšťúůýžÁČĎÉĚÍŇŘŠŤÚŮÝŽäöüÄÖÜăâîőűŐŰĺľŕô’“”„–")
_TURKISH = frozenset("şğıİŞĞçöüÇÖÜâî’“”–")
_BALTIC = frozenset("āčēģīķļņšūžĀČĒĢĪĶĻŅŠŪŽąęėįųĄĘĖĮŲäöüõÄÖÜÕ’“”–")


def _russian(letter: str) -> bool:
    return "а" <= letter <= "я" or letter in "ё«»№"


_CODE_PAGES: dict[str, Callable[[str], bool]] = {
    "cp1252": _WESTERN.__contains__,
    "cp1250": _POLISH_CZECH.__contains__,
    "cp1254": _TURKISH.__contains__,
    "cp1257": _BALTIC.__contains__,
    "cp1251": _russian,
    "koi8-r": _russian,
    "cp866": _russian,
    "cp1253": lambda letter: (
        unicodedata.name(letter, "").startswith("GREEK SMALL") and letter not in "ΰΐϋϊ"
    ),
    "mac-roman": _WESTERN.__contains__,
    "cp850": _WESTERN.__contains__,
    "gb18030": lambda letter: _is_first_level(letter, "gb2312", 0xD7),
    "cp932": lambda letter: (
        unicodedata.name(letter, "").startswith(("HIRAGANA", "KATAKANA"))
        or _is_first_level(letter, "cp932", 0x98)
    ),
    "cp949": lambda letter: unicodedata.name(letter, "").startswith("HANGUL"),
    "big5": lambda letter: _is_first_level(letter, "big5", 0xC6),
}
"""Code pages that are tried, the likeliest first, with the characters that are usual in them."""

CHOICES = tuple(_CODE_PAGES)
"""Code pages to choose from where a guess is wrong."""


def of(path: Path, chosen: str | None = None) -> str:
    """The encoding of a text file as Python calls it; never fails for what it holds.

    Args:
        path: An existing file.
        chosen: What a person said, used for files that are not plainly Unicode.

    Raises:
        OSError: It cannot be read.
    """
    told = path.stat()
    found = _found(path, told.st_mtime_ns, told.st_size)
    return found if chosen is None or found in _UNICODE else chosen


def is_guess(encoding: str) -> bool:
    """Whether nothing in the file itself tells its encoding."""
    return encoding not in _UNICODE


def is_known(name: str) -> bool:
    """Whether Python can read this encoding of text."""
    try:
        return bool(codecs.lookup(name)._is_text_encoding)
    except (LookupError, ValueError):
        return False


@lru_cache(maxsize=256)
def _found(path: Path, _changed: int, _size: int) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8 = True
    telling: list[bytes] = []  # lines that are not ASCII
    kept = 0
    with path.open("rb") as file:
        start = file.read(_BLOCK)
        for mark, encoding in _MARKS:
            if start.startswith(mark):
                return encoding
        if wide := _wide(start[:_SAMPLE]):
            return wide
        block = start
        while block:
            if is_utf8:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    is_utf8 = False
            if kept < _SAMPLE and not block.isascii():
                lines = [line for line in block.splitlines(keepends=True) if not line.isascii()]
                telling.append(b"".join(lines)[: _SAMPLE - kept])
                kept += len(telling[-1])
            if not is_utf8 and kept >= _SAMPLE:
                break
            block = file.read(_BLOCK)
    return "utf-8-sig" if is_utf8 else _guess(b"".join(telling))


def _wide(start: bytes) -> str | None:
    """UTF-16 without a mark: every other byte is zero."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    most = len(start) // 4
    if max(even, odd) <= most or min(even, odd) > most // 2:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _guess(sample: bytes) -> str:
    scores: dict[str, float] = {}
    # In Latin scripts letters with accents stand alone, in all others whole words are high bytes.
    is_foreign = sum(map(len, _HIGH.findall(sample))) > 2 * len(_HIGH.findall(sample))
    for name, is_usual in _CODE_PAGES.items():
        try:
            text = codecs.getincrementaldecoder(name)().decode(sample)
        except UnicodeDecodeError:
            continue
        high = [letter for letter in text if not letter.isascii()]
        if high:
            usual = sum(1.0 if is_usual(letter) else -1.0 for letter in high)
            usual -= 0.5 * sum(letter in _RARE for letter in high)
            usual -= 2 * sum(b.isupper() and a.islower() for a, b in pairwise(text))
            scores[name] = usual / len(high) - (name in _LATIN and is_foreign)
    voted = charset_normalizer.from_bytes(sample).best()
    if voted is not None:
        for name in scores:
            if codecs.lookup(name).name == codecs.lookup(voted.encoding).name:
                scores[name] += 0.04
    if not scores:
        return "latin-1"
    best = max(scores.values())
    return next(name for name, score in scores.items() if score >= best - 0.05)


def _is_first_level(letter: str, codec: str, last: int) -> bool:
    """Whether a Chinese or Japanese character is among the usual ones of a standard."""
    try:
        written = letter.encode(codec)
    except UnicodeEncodeError:
        return False
    return len(written) == 2 and (0x88 if codec == "cp932" else 0xA1) <= written[0] <= last
