"""The classes of the catalog: their names, colours and keys."""

from db.records import Label
from db.unit_of_work import UnitOfWork
from forge_core.catalog import changing
from forge_core.catalog.changing import ChangeResult, Operation
from forge_core.catalog.entry_names import normalise_class_name
from forge_core.errors import Conflict, NotFound
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


def list_classes(workspace: Workspace) -> list[Label]:
    """Every class with its number of images, in the order they were created."""
    with workspace.database.read() as uow:
        return uow.labels.list_all()


def create_class(
    workspace: Workspace,
    name: str,
    *,
    author: str,
    color: str | None = None,
    hotkey: str | None = None,
    description: str = "",
) -> Label:
    """A new class, as one revision.

    Raises:
        InvalidInput: The name is empty, too long or has control characters.
        Conflict: A class of this name exists.
    """
    name = normalise_class_name(name)
    operation = Operation.of("create_class", author=author, message=f"class {name}")
    with workspace.database.write() as uow:
        uow.revisions.lock()
        if uow.labels.find_by_name(name) is not None:
            raise Conflict(f"There is a class {name!r} already.")
        revision_id = changing.begin_revision(uow, operation)
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
    taken = uow.labels.list_all()
    label_id = uow.labels.add(
        name=name,
        color=color or PALETTE[len(taken) % len(PALETTE)],
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
    author: str,
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
        operation = Operation.of("rename_class", author=author, operation_id=operation_id)
        repetition = changing.lock_and_find_repetition(uow, operation)
        if repetition is not None:
            return repetition
        return rename_in(uow, operation, label_id, new_name)


def rename_in(uow: UnitOfWork, operation: Operation, label_id: int, new_name: str) -> ChangeResult:
    """Rename inside a transaction that holds the catalog's lock. Raises as `rename_class`."""
    label = uow.labels.find(label_id)
    if label is None:
        raise NotFound(f"There is no class with the number {label_id}.")
    if label.name == new_name:
        return ChangeResult(
            operation_id=operation.operation_id, status=changing.NOTHING, revision_id=None
        )
    if uow.labels.find_by_name(new_name) is not None:
        raise Conflict(
            f"{label.name!r} cannot be renamed to {new_name!r}: that class exists.",
            next_step="Relabel its images instead, or choose another name.",
        )
    described = Operation.of(
        operation.kind,
        author=operation.author,
        operation_id=operation.operation_id,
        message=operation.message or f"{label.name} renamed to {new_name}",
        undoes_revision_id=operation.undoes_revision_id,
    )
    revision_id = changing.begin_revision(uow, described)
    uow.labels.update_name(label_id, new_name, revision_id=revision_id)
    uow.assets.update_label_name(label_id, new_name)
    return ChangeResult(
        operation_id=operation.operation_id, status=changing.APPLIED, revision_id=revision_id
    )
