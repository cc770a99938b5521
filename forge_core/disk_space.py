"""A disk that is full: noticed whatever library wrote, and told with numbers."""

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forge_core.errors import DiskFull

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NUMBER_IN_WORDS = re.compile(r"\(os error (\d+)\)")
_MAX_LINKS = 20


def is_full(error: BaseException) -> bool:
    """Whether an error, or what led to it, says that a disk or a quota is full.

    Libraries of other languages say it in words only: safetensors as "(os error 28)".
    """
    return _find_number(error) is not None


def find_full(error: BaseException) -> DiskFull | None:
    """An error, or what led to it, as a full disk; None where it is something else."""
    for link in _chain(error):
        if isinstance(link, DiskFull):
            return link
    number = _find_number(error)
    if number is None:
        return None
    named = next((link.filename for link in _chain(error) if isinstance(link, OSError)), None)
    where = f" ({Path(str(named)).name})" if named else ""
    return DiskFull(
        f"The {_what(number)} is full{where}.", next_step="Free some.", detail=str(error)[:500]
    )


@contextmanager
def told(place: str, folder: Path, *, needed_bytes: int = 0) -> Iterator[None]:
    """Let a write that finds no room fail with numbers.

    Args:
        place: Whose disk it is, as in "the disk of the runs".
        folder: Where is written.
        needed_bytes: Of the file; 0 where that is not known.

    Raises:
        DiskFull: The disk is full, or the quota of this user.
    """
    try:
        yield
    except Exception as error:
        number = _find_number(error)
        if number is None or isinstance(error, DiskFull):
            raise
        raise describe(place, folder, needed_bytes, is_quota=number == errno.EDQUOT) from error


def describe(place: str, folder: Path, needed_bytes: int, *, is_quota: bool = False) -> DiskFull:
    """What to raise where there is no room for a file."""
    free_bytes = shutil.disk_usage(folder).free
    needed = f"{in_words(needed_bytes)} needed" if needed_bytes else ""
    if is_quota:  # what is free on the disk is not for this user
        said = f"The quota on the disk of the {place} is used up{': ' * bool(needed)}{needed}."
    else:
        free = f"{in_words(free_bytes)} free"
        said = f"The disk of the {place} is full: {f'{needed}, ' if needed else ''}{free}."
    return DiskFull(said, next_step="Free some and resume.")


def in_words(size_bytes: int) -> str:
    """Bytes as a person compares them with what a disk has: 1.2 GB, 0.3 MB."""
    return f"{size_bytes / 1e9:,.1f} GB" if size_bytes >= 1e8 else f"{size_bytes / 1e6:,.1f} MB"


def _what(number: int) -> str:
    return "quota of this user" if number == errno.EDQUOT else "disk"


def _find_number(error: BaseException) -> int | None:
    for link in _chain(error):
        if isinstance(link, DiskFull):
            return errno.ENOSPC
        if isinstance(link, OSError) and link.errno in _FULL:
            return link.errno
        found = _NUMBER_IN_WORDS.search(str(link))
        if found and int(found[1]) in _FULL:
            return int(found[1])
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what led to it, the last first."""
    for _ in range(_MAX_LINKS):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__
