"""A disk that has no room for certain files, as the system says it: an errno where bytes go out."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def full_for(number: int, is_meant: Callable[[str], bool]) -> Iterator[list[str]]:
    """Let bytes of some files find no room when they go to the disk.

    Args:
        number: `errno.ENOSPC` or `errno.EDQUOT`.
        is_meant: Whether it is so for a file of this name.

    Yields:
        The names of the files that found none.
    """
    refused: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        for name in ("fsync", "pwrite"):
            patched.setattr(os, name, _refusing(getattr(os, name), number, is_meant, refused))
        yield refused


def _refusing(
    real: Callable[..., int],
    number: int,
    is_meant: Callable[[str], bool],
    refused: list[str],
) -> Callable[..., int]:
    def call(file: int, *arguments: object) -> int:
        name = Path(f"/proc/self/fd/{file}").readlink().name
        if is_meant(name):
            refused.append(name)
            raise OSError(number, os.strerror(number))
        return real(file, *arguments)

    return call
