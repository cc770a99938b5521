"""Augmentation presets of people: numbers under a name, for everybody, beside the product's own.

A run takes the numbers into its config, so removing or changing a preset changes no run.
"""

from typing import Any

from sqlalchemy.exc import IntegrityError

from db.saved_records import AugmentationPreset
from forge_core.augmentation.presets import PRESETS, AugmentationParameters, Preset
from forge_core.catalog.listing import names
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

MAX_PRESETS = 200


def all_presets(workspace: Workspace) -> dict[str, Preset]:
    """The product's presets, then those of people by name."""
    with workspace.database.read() as uow:
        kept = uow.presets.list_all()
    return {**PRESETS, **{row.name: _as_preset(row) for row in kept}}


def find_preset(workspace: Workspace, name: str) -> Preset:
    """The preset of this name, whatever the case of its letters.

    Raises:
        NotFound: There is none.
    """
    presets = all_presets(workspace)
    found = names.find(presets.values(), name)
    if found is not None:
        return found
    raise NotFound(
        f"There is no preset {name[: names.MAX_CHARACTERS]!r}.",
        next_step=f"Use {', '.join(presets)}.",
    )


def config_fields(preset: Preset) -> dict[str, Any]:
    """The fields of a `TrainConfig` that choose this preset."""
    if not preset.based_on:
        return {"preset": preset.name, "augmentation": None, "preset_name": ""}
    return {
        "preset": preset.based_on,
        "augmentation": preset.parameters,
        "preset_name": preset.name,
    }


def save_preset(
    workspace: Workspace,
    name: str,
    parameters: AugmentationParameters,
    *,
    based_on: str,
    actor: Actor,
    replace: bool = False,
) -> Preset:
    """Keep an augmentation under a name.

    Args:
        workspace: The workspace.
        name: 1 to 80 characters; spaces around it do not count.
        parameters: The augmentation in numbers.
        based_on: The product's preset that they were made from.
        actor: Who saves it.
        replace: Give a preset that has this name these numbers.

    Raises:
        InvalidInput: The name is empty, too long or one of the product's; the base is not known;
            there are too many; or the actor has no name.
        Conflict: There is a preset of this name, whatever the case of its letters.
    """
    name = _check_name(name)
    if based_on not in PRESETS:
        raise InvalidInput(
            f"There is no preset {based_on!r} to start from.",
            next_step=f"Use {', '.join(PRESETS)}.",
        )
    author = actor.checked().name
    try:
        with workspace.database.write() as uow:
            found = names.find(uow.presets.list_all(), name)
            if found is not None and not replace:
                raise _taken(found.name, found.author)
            if found is not None:
                uow.presets.update_parameters(
                    found.preset_id, based_on, parameters.to_dict(), author
                )
                name = found.name
            else:
                if uow.presets.count_all() >= MAX_PRESETS:
                    raise InvalidInput(
                        f"There are {MAX_PRESETS} presets already.", next_step="Remove one first."
                    )
                uow.presets.add(name, based_on, parameters.to_dict(), author)
    except IntegrityError:
        raise _taken(name) from None
    return find_preset(workspace, name)


def remove_preset(workspace: Workspace, name: str) -> None:
    """Remove a preset of a person for everybody.

    Raises:
        InvalidInput: It is one of the product's.
        NotFound: There is none of this name.
    """
    preset = find_preset(workspace, name)
    if not preset.based_on:
        raise InvalidInput(
            f"The preset {preset.name!r} belongs to the product and stays.",
            next_step="Remove one that somebody saved.",
        )
    with workspace.database.write() as uow:
        found = names.find(uow.presets.list_all(), preset.name)
        if found is not None:
            uow.presets.remove(found.preset_id)


def _as_preset(row: AugmentationPreset) -> Preset:
    base = PRESETS[row.based_on].title if row.based_on in PRESETS else row.based_on
    return Preset(
        name=row.name,
        title=row.name,
        description=f"Saved by {row.author}, made from {base}.",
        parameters=AugmentationParameters.from_dict(dict(row.parameters)),
        based_on=row.based_on,
    )


def _check_name(name: str) -> str:
    name = names.check(name, "preset")
    titles = {preset.title.casefold() for preset in PRESETS.values()}
    if names.find(PRESETS.values(), name) or name.casefold() in titles:
        raise InvalidInput(
            f"{name!r} is a preset of the product.", next_step="Choose another name."
        )
    return name


def _taken(name: str, author: str = "somebody") -> Conflict:
    return Conflict(
        f"There is a preset {name!r} already, saved by {author}.",
        next_step="Choose another name, or replace it.",
    )
