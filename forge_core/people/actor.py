"""Who makes a change or asks for a job.

Every use case that writes takes an `Actor`. Two places check it, and through one of them passes
everything that can be done: where an operation is made (`journal.Operation.of`) and where a job
is queued (`queue.add_in`). The database keeps the name, in columns called `author`.
"""

import getpass
from dataclasses import dataclass, replace

from forge_core import storable_values
from forge_core.errors import InvalidInput
from forge_core.workspace import Workspace

MAX_NAME_CHARACTERS = 128
"""What the columns hold."""


@dataclass(frozen=True)
class Actor:
    """A person, or a program under a name of its own; two of the same name are the same."""

    name: str

    @staticmethod
    def of_process(workspace: Workspace) -> "Actor":
        """Who acts from this process, until a person says another name.

        `FORGE_USER`, else the name of the login, else `unknown` (a container's user may have none).
        """
        if workspace.settings.user:
            return Actor(workspace.settings.user)
        try:
            return Actor(getpass.getuser())
        except (KeyError, OSError):
            return Actor("unknown")

    def checked(self) -> "Actor":
        """The same actor, with a name that can be stored and told: no spaces around it.

        Raises:
            InvalidInput: The name is empty, longer than `MAX_NAME_CHARACTERS`, or cannot be stored.
        """
        name = self.name.strip()
        if not 0 < len(name) <= MAX_NAME_CHARACTERS:
            raise InvalidInput(
                f"The author's name has {len(name)} characters, allowed are 1 to "
                f"{MAX_NAME_CHARACTERS}.",
                next_step="Set FORGE_USER, or give a shorter name.",
            )
        storable_values.check(name, "The author's name")
        return replace(self, name=name)
