"""Why an archive as a whole is refused, in words."""

from collections.abc import Sequence
from pathlib import Path

from forge_core.catalog.importing.import_problems import printable
from forge_core.catalog.importing.unpacking import archive_kinds
from forge_core.errors import InvalidInput


def disk_full() -> InvalidInput:
    """The refusal of what the disk has no room for."""
    return InvalidInput(
        "The disk has no room for what the archive holds.",
        next_step="Free some space or move the workspace to a larger disk.",
    )


def not_readable(archive: Path, endings: Sequence[str]) -> InvalidInput:
    """The refusal of a file that is no archive, or one of a kind that is not read."""
    name = printable(archive.name)
    kind = archive_kinds.foreign_kind(archive)
    if kind:
        return InvalidInput(
            f"“{name}” is not an archive that can be read: it is {kind}.",
            next_step=archive_kinds.advice(kind),
        )
    return InvalidInput(
        f"“{name}” is not an archive that can be read.",
        next_step=f"Pack the images as one of {', '.join(endings)}.",
    )


def failure(archive: Path, error: BaseException) -> InvalidInput:
    """The refusal of an archive that cannot be opened or is damaged."""
    name = printable(archive.name)
    detail = f"{type(error).__name__}: {error}"[:500]
    if isinstance(error, PermissionError | FileNotFoundError):
        return InvalidInput(
            f"The archive “{name}” cannot be opened.",
            next_step="Check that it exists and that this user may read it.",
            detail=detail,
        )
    return InvalidInput(
        f"The archive “{name}” is damaged or cut short; nothing of it was kept.",
        next_step="Copy or download it again.",
        detail=detail,
    )
