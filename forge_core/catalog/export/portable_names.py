"""Names of folders and files that every disk takes: no two that differ by case, none reserved.

Windows and macOS take Cat and cat for one folder, and Windows opens no file called CON or NUL,
whatever its ending, and none whose name ends with a dot or a space.
"""

import re
import unicodedata
from collections.abc import Iterable

_LONGEST = 100
# fmt: off
_RESERVED = frozenset({
    "con", "prn", "aux", "nul", "conin$", "conout$",
    *(f"com{number}" for number in range(10)), *(f"lpt{number}" for number in range(10)),
    "com¹", "com²", "com³", "lpt¹", "lpt²", "lpt³",
})
# fmt: on


def is_portable(name: str) -> bool:
    """Whether Windows opens a file or folder of this name."""
    stem = name.split(".", 1)[0].rstrip(" ").casefold()
    return stem not in _RESERVED and not name.endswith((".", " "))


def class_folders(labels: Iterable[str], *, taken: Iterable[str] = ()) -> dict[str, str]:
    """A folder name for each class: no two alike when case is ignored, none that is taken.

    The first in the order of names keeps the plain one; others get a number.
    """
    used = {_folded(name) for name in taken}
    folders: dict[str, str] = {}
    for label in sorted(set(labels)):
        plain = folder = _plain(label)
        number = 1
        while _folded(folder) in used:
            number += 1
            folder = f"{plain} ({number})"
        used.add(_folded(folder))
        folders[label] = folder
    return folders


def _plain(label: str) -> str:
    name = re.sub(r"[^\w .()+-]", "_", label).strip(" .")[:_LONGEST].strip(" .") or "_"
    return name if is_portable(name) else f"_{name}"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
