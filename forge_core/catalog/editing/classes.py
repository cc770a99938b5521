"""The classes of the catalog: their names, colours, keys and descriptions.

Retiring and merging them is in `class_merges`. Every change of a class is one revision; images
follow by the class's number, and `label_name` follows a rename in the same revision.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from db.enums import ChangeOutcome, RevisionKind
from db.records import Label
from db.unit_of_work import UnitOfWork
from forge_core import storable_values
from forge_core.catalog.importing.entry_names import normalise_class_name
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import ChangeResult, Operation
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

# Okabe-Ito without black and with a grey that shows on light and dark. Beyond eight classes
# colours repeat, and the name carries the meaning.
PALETTE = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#B8A800",
    "#7F7F7F",
)
CLASS_DIGITS = "123456789"
CLASS_LETTERS = "abdgjopqswy"
CLASS_KEYS = CLASS_DIGITS + CLASS_LETTERS
"""Keys that a class may have: the gallery uses every other letter, 0 and / for itself.

A letter with a digit behind it is a key as well (press a, then 1), so that there are enough.
"""
MAX_DESCRIPTION = 2_000
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


def list_classes(workspace: Workspace, *, with_retired: bool = False) -> list[Label]:
    """The classes in use with their numbers of images, in the order they were created."""
    with workspace.database.read() as uow:
        labels = uow.labels.list_all()
    return [label for label in labels if with_retired or not label.is_retired]


def get_class(workspace: Workspace, name: str) -> Label:
    """The class of this name, retired or not.

    Raises:
        NotFound: There is no such class; the error names those that there are.
    """
    labels = list_classes(workspace, with_retired=True)
    wanted = normalise_class_name(name)
    for label in labels:
        if label.name == wanted:
            return label
    known = ", ".join(label.name for label in labels[:20])
    raise NotFound(f"There is no class {name!r}.", next_step=f"Known classes: {known or 'none'}.")


def create_class(
    workspace: Workspace,
    name: str,
    *,
    actor: Actor,
    color: str | None = None,
    hotkey: str | None = None,
    description: str = "",
) -> Label:
    """A new class, as one revision.

    Raises:
        InvalidInput: Name, colour, key or description cannot be used.
        Conflict: A class of this name exists, in use or retired, or another has this key.
    """
    name = normalise_class_name(name)
    color = None if color is None else check_color(color)
    description = check_description(description)
    operation = Operation.of(RevisionKind.CREATE_CLASS, actor=actor, message=f"class {name}")
    with workspace.database.write() as uow:
        uow.revisions.lock()
        _check_free(uow, name, asked=f"Class {name!r} cannot be created")
        hotkey = _check_hotkey(uow, hotkey)
        revision_id = journal.begin_revision(uow, operation)
        return add_class(
            uow, name, revision_id=revision_id, color=color, hotkey=hotkey, description=description
        )


def add_class(
    uow: UnitOfWork,
    name: str,
    *,
    revision_id: int,
    color: str | None = None,
    hotkey: str | None = None,
    description: str = "",
) -> Label:
    """Create a class inside a revision that was begun; the name is normalised and free."""
    label_id = uow.labels.add(
        name=name,
        color=color or PALETTE[uow.labels.count() % len(PALETTE)],
        hotkey=hotkey,
        description=description,
        revision_id=revision_id,
    )
    label = uow.labels.find(label_id)
    assert label is not None, "just inserted"
    return label


def rename_class(
    workspace: Workspace,
    label_id: int,
    new_name: str,
    *,
    actor: Actor,
    operation_id: str | None = None,
) -> ChangeResult:
    """Give a class another name; it follows on every image, in one revision.

    Checkpoints keep the names that they were trained with.

    Raises:
        NotFound: There is no such class.
        InvalidInput: The name is empty, too long or has control characters.
        Conflict: Another class has this name.
    """
    new_name = normalise_class_name(new_name)
    with workspace.database.write() as uow:
        operation = Operation.of(RevisionKind.RENAME_CLASS, actor=actor, operation_id=operation_id)
        repetition = journal.find_applied_operation(uow, operation)
        if repetition is not None:
            return repetition
        return rename_in(uow, operation, label_id, new_name)


def rename_in(uow: UnitOfWork, operation: Operation, label_id: int, new_name: str) -> ChangeResult:
    """Rename inside a transaction that holds the catalog's lock. Raises as `rename_class`."""
    label = get_in(uow, label_id)
    if label.name == new_name:
        return nothing(operation)
    _check_free(uow, new_name, asked=f"{label.name!r} cannot be renamed to {new_name!r}")
    message = operation.message or f"{label.name} renamed to {new_name}"
    revision_id = journal.begin_revision(uow, replace(operation, message=message))
    uow.labels.update_name(label_id, new_name, revision_id=revision_id)
    uow.assets.update_label_name(label_id, new_name)
    return ChangeResult(
        operation_id=operation.operation_id, status=ChangeOutcome.APPLIED, revision_id=revision_id
    )


def edit_class(
    workspace: Workspace,
    label_id: int,
    *,
    actor: Actor,
    color: str | None = None,
    hotkey: str | None = None,
    description: str | None = None,
    operation_id: str | None = None,
) -> ChangeResult:
    """Change colour, key or description of a class, in one revision that changes no image.

    What is None stays; an empty `hotkey` takes the key away. The revision's message says what
    was before, and undo brings it back.

    Raises:
        NotFound: There is no such class.
        InvalidInput: Colour, key or description cannot be used.
        Conflict: Another class has this key.
    """
    operation = Operation.of(RevisionKind.EDIT_CLASS, actor=actor, operation_id=operation_id)
    values: dict[str, str | None] = {}
    if color is not None:
        values["color"] = check_color(color)
    if description is not None:
        values["description"] = check_description(description)
    with workspace.database.write() as uow:
        repetition = journal.find_applied_operation(uow, operation)
        if repetition is not None:
            return repetition
        label = get_in(uow, label_id)
        if hotkey is not None:
            values["hotkey"] = _check_hotkey(uow, hotkey or None, of=label_id)
        values = {name: value for name, value in values.items() if getattr(label, name) != value}
        if not values:
            return nothing(operation)
        message = f"{label.name}: " + ", ".join(
            f"{_FIELD_WORDS[name]} {_shown(getattr(label, name))} to {_shown(value)}"
            for name, value in values.items()
        )
        revision_id = journal.begin_revision(uow, replace(operation, message=message))
        latest = uow.labels.find_latest_state(label_id)
        uow.labels.set_state(
            label_id,
            revision_id=revision_id,
            name=label.name,
            is_retired=label.is_retired,
            merged_into=latest.merged_into_label_id if latest else None,
            **values,
        )
    return ChangeResult(
        operation_id=operation.operation_id, status=ChangeOutcome.APPLIED, revision_id=revision_id
    )


def get_in(uow: UnitOfWork, label_id: int) -> Label:
    """The class inside a transaction.

    Raises:
        NotFound: There is no such class.
    """
    label = uow.labels.find(label_id)
    if label is None:
        raise NotFound(f"There is no class with the number {label_id}.")
    return label


def nothing(operation: Operation) -> ChangeResult:
    """The answer to a change that is so already."""
    return ChangeResult(
        operation_id=operation.operation_id, status=ChangeOutcome.NOTHING, revision_id=None
    )


def check_color(color: str) -> str:
    """The colour as #RRGGBB in capitals.

    Raises:
        InvalidInput: It is not one.
    """
    if not _COLOR.fullmatch(color):
        raise InvalidInput(
            f"{color[:40]!r} is not a colour.",
            next_step="Write it like #0072B2 (red, green, blue).",
        )
    return color.upper()


def check_description(description: str) -> str:
    """The description without space at either end.

    Raises:
        InvalidInput: It is too long or cannot be stored.
    """
    description = description.strip()
    if len(description) > MAX_DESCRIPTION:
        raise InvalidInput(
            f"The description has {len(description):,} characters, allowed are {MAX_DESCRIPTION:,}."
        )
    storable_values.check(description, "The description")
    return description


def free_keys(labels: Sequence[Label]) -> list[str]:
    """Keys that no class of these has, digits first."""
    taken = {label.hotkey for label in labels}
    return [key for key in CLASS_KEYS if key not in taken]


def _check_hotkey(uow: UnitOfWork, hotkey: str | None, *, of: int | None = None) -> str | None:
    if hotkey is None:
        return None
    if not _is_key(hotkey):
        raise InvalidInput(
            f"{hotkey[:20]!r} cannot be the key of a class.",
            next_step=f"Use one of {' '.join(CLASS_KEYS)}, or a letter of these and a digit such "
            "as a1; the gallery uses the others itself.",
        )
    labels = [label for label in uow.labels.list_all() if not label.is_retired]
    for label in labels:
        other = label.hotkey or ""
        if label.label_id == of or not other:
            continue
        if other == hotkey:
            raise Conflict(
                f"Key {hotkey} belongs to class {label.name!r}.",
                next_step=f"Take it away there first, or use one of "
                f"{' '.join(free_keys(labels)) or 'none: all keys are taken'}.",
            )
        if other.startswith(hotkey) or hotkey.startswith(other):
            raise Conflict(
                f"Key {hotkey} cannot be told from key {other} of class {label.name!r}.",
                next_step="Use one that begins with another letter.",
            )
    return hotkey


def _is_key(hotkey: str) -> bool:
    if len(hotkey) == 2:
        return hotkey[0] in CLASS_LETTERS and hotkey[1] in CLASS_DIGITS
    return len(hotkey) == 1 and hotkey in CLASS_KEYS


def _check_free(uow: UnitOfWork, name: str, *, asked: str) -> None:
    taken = uow.labels.find_by_name(name)
    if taken is None:
        return
    if taken.is_retired:
        raise Conflict(
            f"{asked}: a retired class has this name.",
            next_step="Bring that class back, or choose another name.",
        )
    raise Conflict(
        f"{asked}: that class exists.",
        next_step="Merge the two classes, or choose another name.",
    )


_FIELD_WORDS = {"color": "colour", "hotkey": "key", "description": "description"}


def _shown(value: str | None) -> str:
    text = value or "none"
    return text if len(text) <= 60 else f"{text[:59]}…"
