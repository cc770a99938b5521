"""Give slices of the catalog to persons, so that several people do not label the same images.

Who looks after an image is no fact about it: it has no revision, is not undone, and nothing that
was trained or exported depends on it (ADR 0016). An image that is removed keeps its person, and
has it when it is brought back; meanwhile it is not counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from db.records import NONE, AssetFilter
from db.repositories.assignments import PersonCount
from forge_core import storable_values
from forge_core.catalog.listing import asset_list
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

MAX_NAME_CHARACTERS = 128
MAX_PERSONS = 100

__all__ = [
    "PersonCount",
    "Share",
    "assign",
    "list_counts",
    "list_people",
    "list_persons",
    "preview",
    "unassign",
]


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many of the images one person gets."""

    person: str
    num_images: int


def preview(workspace: Workspace, where: AssetFilter, persons: Sequence[str]) -> list[Share]:
    """What `assign` would give to each, in the order of the persons.

    Raises:
        InvalidInput: The filter or a name cannot be used.
        NotFound: There is no such run.
    """
    names = check_persons(persons)
    total = asset_list.count_assets(workspace, where)
    each, more = divmod(total, len(names))
    return [
        Share(person=name, num_images=each + (place < more)) for place, name in enumerate(names)
    ]


def assign(
    workspace: Workspace, where: AssetFilter, persons: Sequence[str], *, actor: Actor
) -> list[Share]:
    """Give every image that matches to one person, or to several in turn, oldest first.

    Numbers differ by one at most, and the same images and persons are divided the same way. What
    somebody else had is taken over.

    Raises:
        InvalidInput: The filter or a name cannot be used, the actor's neither.
        NotFound: There is no such run.
    """
    names = check_persons(persons)
    asset_list.check_filter(where)
    assigned_by = actor.checked().name
    with workspace.database.write() as uow:
        asset_list.check_run(uow, where)
        numbers = uow.assignments.update_matching(where, names, assigned_by)
    return [
        Share(person=name, num_images=number) for name, number in zip(names, numbers, strict=True)
    ]


def unassign(workspace: Workspace, where: AssetFilter) -> int:
    """Take every image that matches from whoever has it; gives how many somebody had.

    Raises:
        InvalidInput: The filter cannot be used.
        NotFound: There is no such run.
    """
    asset_list.check_filter(where)
    with workspace.database.write() as uow:
        asset_list.check_run(uow, where)
        return uow.assignments.remove_matching(where)


def list_counts(workspace: Workspace) -> list[PersonCount]:
    """Everybody who has images, with how many, and how many of them have no label yet."""
    with workspace.database.read() as uow:
        return uow.assignments.list_counts()


def list_persons(workspace: Workspace) -> list[str]:
    """Everybody who has images to look after, removed ones too, by name."""
    with workspace.database.read() as uow:
        return uow.assignments.list_persons()


def list_people(workspace: Workspace) -> list[str]:
    """Everybody who has changed the catalog or has images to look after, by name."""
    with workspace.database.read() as uow:
        names = {*uow.revisions.list_authors(), *uow.assignments.list_persons()}
    return sorted(names, key=str.casefold)


def check_persons(persons: Sequence[str]) -> list[str]:
    """The names without spaces around them, each once, in their order.

    Raises:
        InvalidInput: There are none or too many, or one is empty, too long, "none" or cannot be
            stored.
    """
    names = list(dict.fromkeys(" ".join(person.split()) for person in persons))
    if not 1 <= len(names) <= MAX_PERSONS:
        raise InvalidInput(
            f"Images are given to 1 to {MAX_PERSONS} persons, not to {len(names)}.",
            next_step="Name somebody.",
        )
    for name in names:
        if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
            raise InvalidInput(f"A person's name has 1 to {MAX_NAME_CHARACTERS} characters.")
        storable_values.check(name, "A person's name")
        if name == NONE:
            raise InvalidInput(f"{name!r} stands for nobody, so it cannot be a person's name.")
    return names
