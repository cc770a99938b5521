"""Which images a command means, in the words of the gallery's address."""

from collections.abc import Sequence
from typing import Annotated

import typer

from db.records import ANY, NONE, AssetFilter
from forge_core.api import parsing
from forge_core.catalog.editing import classes
from forge_core.catalog.listing import asset_list, filter_fields, saved_views
from forge_core.errors import InvalidInput, NotFound
from forge_core.workspace import Workspace

WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="NAME=VALUE",
        help="Only images that match, as in the gallery's address; may be repeated; `unlabelled` "
        f"alone for those without a label. Names: {', '.join(filter_fields.FIELDS)}.",
    ),
]
UNLABELLED = "\x00"
"""What stands for no label, which no class can be called."""
ViewOption = Annotated[str | None, typer.Option("--view", help="Only images of a saved view.")]


def parse_where(
    workspace: Workspace, where: Sequence[str] | None, view: str | None = None
) -> AssetFilter:
    """The filter of `--where` and `--view`; what `--where` says goes before the view.

    A class is given by its name, or by its number where no class has that name. `unlabelled`
    alone is a part that means images without a label, whatever classes are called.

    Raises:
        InvalidInput: A part is not NAME=VALUE, or the filter cannot be used.
        NotFound: There is no such view or class.
    """
    values = dict(saved_views.find_view(workspace, view).query) if view is not None else {}
    values.pop("sort", None)  # an order restricts nothing
    for part in where or ():
        if part == "unlabelled":
            part = f"label={UNLABELLED}"
        name, found, value = part.partition("=")
        if not found or not value:
            raise InvalidInput(f"{part[:60]!r} is not NAME=VALUE.", next_step="Write split=val.")
        known = filter_fields.FIELDS.get(name)
        is_class = known is not None and known.is_class
        values[name] = _find_class(workspace, value) if is_class else value
    parsing.check_fields(values, tuple(filter_fields.FIELDS), "--where")
    return asset_list.check_filter(filter_fields.read(values))


def _find_class(workspace: Workspace, value: str) -> str:
    """The number of the class of this name; a number that is no name stands for itself.

    Names of classes go before the words of addresses: `none` is no label only where no class is
    called so, and `UNLABELLED` always is.
    """
    if value == UNLABELLED:
        return NONE
    try:
        return str(classes.get_class(workspace, value).label_id)
    except NotFound:
        if value.isdecimal() or value in (NONE, ANY):
            return value
        raise
