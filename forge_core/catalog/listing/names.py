"""Names that people give to what they keep for everybody: saved views, augmentation presets.

Two names are the same when only the case of their letters differs.
"""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from forge_core import storable_values
from forge_core.errors import InvalidInput

MAX_CHARACTERS = 80


class Named(Protocol):
    """What has a name."""

    @property
    def name(self) -> str:
        """As somebody wrote it."""


NamedT = TypeVar("NamedT", bound=Named)


def check(name: str, noun: str) -> str:
    """The name with single spaces between its words and none around it.

    Args:
        name: As somebody wrote it.
        noun: What has the name, in the singular.

    Raises:
        InvalidInput: It is empty or too long, or cannot be stored.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_CHARACTERS:
        raise InvalidInput(
            f"A {noun} has a name of 1 to {MAX_CHARACTERS} characters; this one has {len(name)}."
        )
    storable_values.check(name, f"The name of the {noun}")
    return name


def find(kept: Iterable[NamedT], name: str) -> NamedT | None:
    """The one of this name, whatever the case of its letters; spaces around it do not count."""
    wanted = name.strip().casefold()
    return next((each for each in kept if each.name.casefold() == wanted), None)
