"""Selections that stay: images picked together, such as with a lasso on the map, as a filter."""

import uuid
from collections.abc import Sequence

from db.repositories.kept_selections import KeptSelection
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace


def keep(
    workspace: Workspace, asset_ids: Sequence[uuid.UUID], *, name: str, actor: Actor
) -> KeptSelection:
    """Keep images as a selection, to filter lists by.

    Args:
        workspace: The workspace.
        asset_ids: At least one; those that are not there are refused by the database.
        name: What they are, in a few words.
        actor: Who picked them.

    Raises:
        InvalidInput: No image was picked.
    """
    if not asset_ids:
        raise InvalidInput("No image was picked.")
    with workspace.database.write() as uow:
        return uow.kept_selections.add(
            name=name, actor=actor.checked().name, asset_ids=list(dict.fromkeys(asset_ids))
        )


def list_newest(workspace: Workspace) -> list[KeptSelection]:
    """The newest selections, newest first."""
    with workspace.database.read() as uow:
        return uow.kept_selections.list_newest()
