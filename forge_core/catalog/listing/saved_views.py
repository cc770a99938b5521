"""Saved views: the gallery as somebody looked at it, under a name, for everybody.

A view keeps the query parameters of its address and nothing of what they found: opened later, it
shows what matches then.
"""

from collections.abc import Mapping

from sqlalchemy.exc import IntegrityError

from db.saved_records import SavedView
from db.unit_of_work import UnitOfWork
from forge_core import storable_values
from forge_core.catalog.listing import names
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

MAX_VIEWS = 500


def list_views(workspace: Workspace) -> list[SavedView]:
    """Every view, by name."""
    with workspace.database.read() as uow:
        return uow.views.list_all()


def find_view(workspace: Workspace, name: str) -> SavedView:
    """The view of this name, whatever the case of its letters.

    Raises:
        NotFound: There is none.
    """
    with workspace.database.read() as uow:
        found = names.find(uow.views.list_all(), name)
    if found is None:
        raise NotFound(f"There is no view {name[: names.MAX_CHARACTERS]!r}.")
    return found


def save_view(
    workspace: Workspace, name: str, query: Mapping[str, str], *, actor: Actor
) -> SavedView:
    """Keep a filter and an order under a new name.

    Args:
        workspace: The workspace.
        name: 1 to 80 characters; spaces around it do not count.
        query: As in the address of the gallery, checked by the caller.
        actor: Who saves it.

    Raises:
        InvalidInput: The name is empty or too long, nothing is filtered, or there are too many.
        Conflict: There is a view of this name, whatever the case of its letters.
    """
    name = names.check(name, "view")
    if not query:
        raise InvalidInput(
            "Nothing is filtered and the order is the usual one, so there is nothing to save.",
            next_step="Choose a filter first.",
        )
    author = actor.checked().name
    storable_values.check(query, "The address of the view")
    try:
        with workspace.database.write() as uow:
            _check_free(uow, name)
            if uow.views.count_all() >= MAX_VIEWS:
                raise InvalidInput(
                    f"There are {MAX_VIEWS} views already.", next_step="Remove one first."
                )
            view_id = uow.views.add(name, query, author)
            return next(view for view in uow.views.list_all() if view.view_id == view_id)
    except IntegrityError:
        raise _taken(name) from None


def rename_view(workspace: Workspace, view_id: int, name: str) -> None:
    """Give a view another name.

    Raises:
        InvalidInput: The name is empty or too long.
        Conflict: Another view has this name.
        NotFound: The view is gone.
    """
    name = names.check(name, "view")
    try:
        with workspace.database.write() as uow:
            if all(view.view_id != view_id for view in uow.views.list_all()):
                raise NotFound("This view was removed meanwhile.")
            _check_free(uow, name, of=view_id)
            uow.views.update_name(view_id, name)
    except IntegrityError:
        raise _taken(name) from None


def remove_view(workspace: Workspace, view_id: int) -> None:
    """Remove a view for everybody; nothing happens when it is gone already."""
    with workspace.database.write() as uow:
        uow.views.remove(view_id)


def _check_free(uow: UnitOfWork, name: str, *, of: int | None = None) -> None:
    found = names.find(uow.views.list_all(), name)
    if found is not None and found.view_id != of:
        raise _taken(found.name, found.author)


def _taken(name: str, author: str = "somebody") -> Conflict:
    return Conflict(
        f"There is a view {name!r} already, saved by {author}.", next_step="Choose another name."
    )
