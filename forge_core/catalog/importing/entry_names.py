"""Rules for the names that come from outside: file paths in archives and folders, class names.

Pure text work, shared by what unpacks, what scans and what creates classes.
"""

import re
import unicodedata

from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.errors import InvalidInput

MAX_CLASS_NAME = 128
"""Most characters of a class name, after normalisation."""

_IGNORED = frozenset(
    {"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "@eadir", "icon\r"}
)
_DRIVE_OR_SCHEME = re.compile(r"[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]*:/")
_NO_NAME = frozenset({"Cc", "Cs", "Zl", "Zp"})
_INVISIBLE = frozenset({"Cf", "Zs"})


def is_ignored(name: str) -> bool:
    """Whether a file or folder is an operating system's own: hidden, __MACOSX, Thumbs.db."""
    return name.startswith(".") or name.lower() in _IGNORED


def path_problem(path: str) -> ImportProblem | None:
    """Why a relative POSIX path cannot be taken in, or None when it can.

    Refused: absolute paths, drive letters, URLs, "..", backslashes, control characters (NUL and
    line breaks among them) and bytes that are no text. Nothing is opened or resolved.
    """
    shown = printable(path)
    if path.startswith("/") or _DRIVE_OR_SCHEME.match(path) or ".." in path.split("/"):
        return ImportProblem(shown, "outside", f"“{shown}” leads out of the folder; left out.")
    if not path or path.endswith("/") or any(part in ("", ".") for part in path.split("/")):
        return ImportProblem(shown, "bad_name", f"“{shown}” is not the name of a file; left out.")
    if "\\" in path or not (path.isprintable() or _is_writable(path)):
        return ImportProblem(
            shown,
            "bad_name",
            f"“{shown}” holds a character that a file name here may not have; rename it.",
        )
    return None


def _is_writable(path: str) -> bool:
    return not any(unicodedata.category(c) in _NO_NAME for c in path)


def normalise_class_name(name: str) -> str:
    """The name a class gets: Unicode NFC, without space at either end.

    Idempotent. Two names that look the same because of decomposed accents become one.

    Raises:
        InvalidInput: Nothing visible is left, more than 128 characters are, or a control
            character, line break or broken surrogate is among them.
    """
    normalised = unicodedata.normalize("NFC", name).strip()
    categories = {unicodedata.category(c) for c in normalised}
    if categories <= _INVISIBLE:
        raise InvalidInput("A class needs a name with at least one visible character.")
    if len(normalised) > MAX_CLASS_NAME:
        raise InvalidInput(
            f"The class name “{printable(normalised[:40])}…” has {len(normalised)} characters.",
            next_step=f"Use at most {MAX_CLASS_NAME}.",
        )
    if categories & _NO_NAME:
        raise InvalidInput(
            f"The class name “{printable(normalised)}” holds a line break or control character.",
            next_step="Write it without.",
        )
    return normalised
