"""How a person likes the pages to be: kept with their name, so that it is there in any browser."""

import json
from collections.abc import Mapping
from typing import Any

from forge_core.errors import InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

NAMES = ("gallery",)
"""What preferences there are, each a JSON object of its page."""

MAX_BYTES = 16 * 1024


def find(workspace: Workspace, name: str, *, actor: Actor) -> Mapping[str, Any] | None:
    """What the person has set, or None.

    Raises:
        NotFound: There are no preferences of this name.
    """
    _check_name(name)
    with workspace.database.read() as uow:
        value: Mapping[str, Any] | None = uow.preferences.find(actor.name, name)
        return value


def store(workspace: Workspace, name: str, value: Mapping[str, Any], *, actor: Actor) -> None:
    """Put these settings in the place of those before.

    Args:
        workspace: The workspace.
        name: One of `NAMES`.
        value: What JSON can hold, at most `MAX_BYTES` of it.
        actor: Whose they are.

    Raises:
        NotFound: There are no preferences of this name.
        InvalidInput: The settings are too large.
    """
    _check_name(name)
    size_bytes = len(json.dumps(value).encode())
    if size_bytes > MAX_BYTES:
        raise InvalidInput(
            f"These settings have {size_bytes:,} bytes, {MAX_BYTES:,} are allowed.",
            next_step="Reset the keys to their defaults.",
        )
    with workspace.database.write() as uow:
        uow.preferences.update_or_add(actor.name, name, dict(value))


def _check_name(name: str) -> None:
    if name not in NAMES:
        raise NotFound(
            f"There are no preferences {name[:60]!r}.", next_step=f"Known: {', '.join(NAMES)}."
        )
