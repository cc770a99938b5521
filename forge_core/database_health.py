"""The state of the catalog's database in words: what is wrong with it, and what helps."""

from db import migrate
from db.soundness.health import Condition, Health
from forge_core.errors import ForgeError
from forge_core.settings import Settings

_FROM_A_BACKUP = (
    "Put the file back from a backup (`forge restore`). What is there can be kept: move it away."
)
_ANEW = "To begin with an empty catalog instead: `forge init --anew`."
_WORDS: dict[Condition, tuple[str, str]] = {
    Condition.MISSING: (
        "The database of this workspace, {shown}, is not there, though the workspace was used.",
        f"Put the file back where it was, or restore a backup. {_ANEW}",
    ),
    Condition.EMPTY: (
        "The database of this workspace, {shown}, is empty, though the workspace was used.",
        f"Put the file back from a backup (`forge restore`). {_ANEW}",
    ),
    Condition.NO_DATABASE: ("{shown} is not a database{detail}.", _FROM_A_BACKUP),
    Condition.DAMAGED: ("The database {shown} is damaged{detail}.", _FROM_A_BACKUP),
    Condition.FOREIGN: (
        "{shown} is a database of another program: it has tables, and none of this one.",
        "Name another with FORGE_DATABASE_URL, or another workspace.",
    ),
    Condition.NEWER: (
        "The database {shown} was written by a newer version of Vision Forge{detail}; "
        "this one knows schemas up to {head}.",
        "Install that version, or use another workspace.",
    ),
    Condition.OLDER: (
        "The database {shown} has an older schema{detail}; this version wants {head}.",
        "Make a backup, then run: forge db upgrade",
    ),
    Condition.INCOMPLETE: ("The database {shown} lacks tables{detail}.", _FROM_A_BACKUP),
    Condition.UNREADABLE: (
        "The database {shown} cannot be opened{detail}.",
        "Give the user who runs Vision Forge the right to read and write it and its folder.",
    ),
    Condition.UNREACHABLE: (
        "The database {shown} does not answer{detail}.",
        "Start it, or correct FORGE_DATABASE_URL.",
    ),
}


class DatabaseUnusable(ForgeError):
    """The catalog's database is not one that can be worked with."""


class DatabaseAway(DatabaseUnusable):
    """The catalog's database does not answer now; it may later."""


def trouble(health: Health, shown: str) -> DatabaseUnusable | None:
    """What is wrong, or None.

    Args:
        health: From `db.soundness.health.examine`.
        shown: The database for a person, without a password.
    """
    if health.condition == Condition.GOOD:
        return None
    message, next_step = _WORDS[health.condition]
    detail = f" ({health.detail})" if health.detail else ""
    told = message.format(shown=shown, detail=detail, head=migrate.head_version())
    kind = DatabaseAway if health.condition == Condition.UNREACHABLE else DatabaseUnusable
    return kind(told, next_step=next_step)


def prevents_opening(health: Health, settings: Settings) -> bool:
    """Whether this state must be told instead of worked with.

    A file that is not there yet is made and an older one is brought up to date, but not where
    a catalog was before: an empty one in its place would look as if all work were lost.
    """
    if health.condition in (Condition.MISSING, Condition.EMPTY):
        return _was_used(settings)
    return health.condition not in (Condition.GOOD, Condition.OLDER)


def _was_used(settings: Settings) -> bool:
    """Whether this workspace has had a catalog.

    It has runs, keys that pages were given, or thumbnails of images that were imported.
    """
    folder = settings.workspace_folder
    places = (folder / "runs", folder / "secrets", folder / "cache" / "thumbnails")
    for place in places:
        try:
            if any(place.iterdir()):
                return True
        except OSError:
            continue
    return False
