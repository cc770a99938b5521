"""Paths of this machine that somebody may type into a page, and what a named place is.

Who sits at the machine may read what it may read. Who comes over a network may import only what
lies below the roots that the operator named, and learns nothing about the rest.
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from forge_core import local_files
from forge_core.catalog.importing.import_problems import printable
from forge_core.errors import InvalidInput, NotFound
from forge_core.settings import Settings

_CHECK = "Check the path; it is read on the machine that runs Vision Forge."
_MOST_SHOWN = 200


def import_roots(settings: Settings, *, is_loopback: bool) -> tuple[Path, ...] | None:
    """The folders below which a page may read.

    Args:
        settings: Of the workspace.
        is_loopback: Whether the web app answers to this machine only.

    Returns:
        None where everything may be read; an empty tuple where nothing may.
    """
    named = [part for part in settings.import_roots.split(os.pathsep) if part.strip()]
    if named:
        return tuple(Path(part.strip()).expanduser().resolve() for part in named)
    return None if is_loopback else ()


def allowed(location: Path, roots: Sequence[Path] | None) -> Path:
    """The place itself, all links followed, where it may be read.

    Raises:
        InvalidInput: It lies elsewhere, whether or not there is something.
        NotFound: It may be read, and nothing is there.
    """
    try:
        path = location.expanduser().resolve()
    except (OSError, RuntimeError, ValueError):
        path = None
    if roots is not None and not (path and any(path.is_relative_to(root) for root in roots)):
        below = ", ".join(str(root) for root in roots)
        raise InvalidInput(
            f"{_shown(location)} may not be read from a page"
            + (f": only what lies below {below}." if roots else "."),
            next_step="Name a place there, upload the files, or let the operator set "
            "FORGE_IMPORT_ROOTS.",
        )
    if path is None:
        raise NotFound(f"There is nothing at {_shown(location)}.", next_step=_CHECK)
    return path


def kind_of(location: Path) -> Literal["folder", "file"]:
    """What a place is.

    Raises:
        NotFound: Nothing is there, or nothing can have this name.
        InvalidInput: It is a device, a pipe or a socket, or may not be looked at.
    """
    try:
        mode = location.stat().st_mode
    except PermissionError as error:
        raise InvalidInput(
            f"{_shown(location)} may not be read by the user who runs Vision Forge.",
            next_step="Give that user the right to read it.",
        ) from error
    except (OSError, ValueError) as error:
        raise NotFound(f"There is nothing at {_shown(location)}.", next_step=_CHECK) from error
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISREG(mode):
        return "file"
    words = local_files.special_kind(mode) or "no file"
    raise InvalidInput(
        f"{_shown(location)} is {words}, not a file or a folder.",
        next_step="Name a folder of images, an archive, or a label file.",
    )


def _shown(location: Path) -> str:
    text = printable(str(location))
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}… ({len(text):,} characters)"
