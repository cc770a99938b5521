"""Names that an archive gave in a code page: told, and read in another one if a person says so."""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from forge_core.catalog.formats.scan.scanned_folder import Caution, ScannedFile, ScannedFolder
from forge_core.catalog.importing.archives import Unpacked
from forge_core.catalog.importing.import_problems import printable
from forge_core.catalog.importing.unpacking.entry_encodings import ENCODINGS
from forge_core.errors import InvalidInput

_MOST_SHOWN = 3


def checked(encoding: str | None) -> str | None:
    """The code page as a person chose it.

    Raises:
        InvalidInput: Names are not read in it.
    """
    if encoding is not None and encoding not in ENCODINGS:
        raise InvalidInput(
            f"Names in archives are not read as {encoding[:40]!r}.",
            next_step=f"Use {', '.join(ENCODINGS)}.",
        )
    return encoding


def told(scanned: ScannedFolder, unpacked: Unpacked) -> ScannedFolder:
    """The same with what the unpacking has to say."""
    cautions = scanned.cautions
    if unpacked.names_encoding is not None:
        cautions = (caution(unpacked.names_encoding, scanned.entries), *cautions)
    return replace(scanned, notes=[*scanned.notes, *unpacked.notes], cautions=cautions)


def caution(encoding: str, entries: Sequence[ScannedFile]) -> Caution:
    """What was decided about the names, with a few of them."""
    parts = (part for entry in entries for part in reversed(entry.path.split("/")[:-1]))
    names = [entry.path.rsplit("/", 1)[-1] for entry in entries]
    foreign = dict.fromkeys(name for name in (*parts, *names) if not name.isascii())
    shown = ", ".join(f"“{printable(name)}”" for name in list(foreign)[:_MOST_SHOWN])
    return Caution(
        kind="names_encoding",
        message=f"The archive does not say how its names are written. They are read as "
        f"{ENCODINGS[encoding]} ({encoding}): {shown}.",
        option="names_encoding",
        choices=tuple(ENCODINGS),
    )


def read_as(folder: Path, before: str, after: str) -> None:
    """Rename what was unpacked so that its names are read in another code page.

    Raises:
        InvalidInput: A name has bytes that mean nothing in that one, or two names become one.
            Nothing is renamed then.
    """
    checked(after)
    renamed: list[tuple[Path, Path]] = []
    for path in sorted(folder.rglob("*"), key=lambda path: -len(path.parts)):
        if path.name.isascii():
            continue
        name = _decoded(path.name, before, after)
        if name != path.name:
            renamed.append((path, path.with_name(name)))
    if len({target for _, target in renamed}) < len(renamed):
        raise InvalidInput(f"Two names become one when they are read as {ENCODINGS[after]}.")
    for path, target in renamed:
        path.rename(target)


def _decoded(name: str, before: str, after: str) -> str:
    try:
        raw = name.encode(before)
    except UnicodeError:
        return name  # this one was declared as UTF-8
    try:
        read = raw.decode(after)
    except UnicodeError as error:
        raise InvalidInput(
            f"“{printable(name)}” cannot be read as {ENCODINGS[after]} ({after}).",
            next_step="Choose another code page.",
        ) from error
    if not read.isprintable() or "/" in read or "\\" in read:
        raise InvalidInput(
            f"“{printable(name)}” cannot be read as {ENCODINGS[after]} ({after}).",
            next_step="Choose another code page.",
        )
    return unicodedata.normalize("NFC", read)
