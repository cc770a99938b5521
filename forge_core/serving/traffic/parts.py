"""The parts that a log of traffic consists of, and how many of them are kept.

The name of a part begins with the time at which it was begun, so that names sort by age. What is
removed is always a whole part, with its pictures.
"""

import shutil
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from forge_core.serving.traffic import rows

DAY_SECONDS = 86_400


def new_path(folder: Path) -> Path:
    """Where the next part begins."""
    return folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}{rows.ENDING}"


def pictures_of(part: Path) -> Path:
    """The folder of a part's pictures, which may not be there."""
    return part.with_suffix(rows.PICTURES_ENDING)


def disagreements_of(part: Path) -> Path:
    """The file beside a part of what the shadow answered otherwise, which may not be there."""
    return part.with_suffix(rows.DISAGREEMENTS_ENDING)


def list_parts(folder: Path) -> list[Path]:
    """All parts, oldest first."""
    return sorted(path for path in folder.glob(f"[0-9]*{rows.ENDING}") if path.is_file())


def remove_old(folder: Path, days: int, keep: Path | None = None) -> None:
    """Remove the parts that nothing was written to for so many days, but the one to keep."""
    oldest = time.time() - days * DAY_SECONDS
    for part in list_parts(folder):
        with suppress(FileNotFoundError):  # another service was first
            if part != keep and part.stat().st_mtime < oldest:
                _remove(part)


def remove_beyond(folder: Path, size_bytes: int) -> int:
    """Remove the oldest parts until the rest holds at most so many bytes; returns how many."""
    found = [(part, _size_of(part)) for part in list_parts(folder)]
    total = sum(size for _, size in found)
    for part, size in found:
        if total <= size_bytes:
            break
        _remove(part)
        total -= size
    return total


def _size_of(part: Path) -> int:
    total = 0
    with suppress(FileNotFoundError):
        total += part.stat().st_size
        with suppress(FileNotFoundError):
            total += disagreements_of(part).stat().st_size
        for picture in pictures_of(part).iterdir():
            with suppress(FileNotFoundError):
                total += picture.stat().st_size
    return total


def _remove(part: Path) -> None:
    shutil.rmtree(pictures_of(part), ignore_errors=True)
    disagreements_of(part).unlink(missing_ok=True)
    part.unlink(missing_ok=True)
