"""Merge, retire and bring back classes: what it would do, before it is done, and in one revision.

A merged class is retired and remembers the class that took over its images. A retired class is
not offered for labelling, filters or new runs, and keeps its number, its name and its history.
Checkpoints are never changed: their heads keep the classes they were trained with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from db.enums import ChangeOutcome, RevisionKind, Split
from db.patches import AssetPatch
from db.records import AssetFilter, CountRow, Label
from db.repositories.labels import follow_merges
from db.unit_of_work import UnitOfWork
from forge_core.catalog.editing import classes
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import ChangeResult, Operation
from forge_core.errors import Conflict, InvalidInput
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

_SHOWN_RUNS = 5


@dataclass(frozen=True, kw_only=True)
class TrainedWith:
    """A run whose network has this class in its head."""

    run_id: int
    run_name: str
    class_name: str
    """What the class is called in the checkpoint."""
    num_checkpoints: int


@dataclass(frozen=True, kw_only=True)
class ClassPreview:
    """What a class holds now, and which networks know it; for a change that was not made yet."""

    label: Label
    by_split: Mapping[str, int]
    """Images in train, val, test, held_out and none; augmented copies left out."""
    num_augmented: int
    runs: Sequence[TrainedWith]

    @property
    def num_images(self) -> int:
        """Images of the class, augmented copies left out."""
        return sum(self.by_split.values())


def preview(workspace: Workspace, label_id: int) -> ClassPreview:
    """What a rename, merge or retirement of this class is about; writes nothing.

    Raises:
        NotFound: There is no such class.
    """
    with workspace.database.read() as uow:
        label = classes.get_in(uow, label_id)
        counts = [row for row in uow.counts.list_all() if row.label_id == label_id]
        runs = [
            TrainedWith(
                run_id=run.run_id,
                run_name=run.name,
                class_name=run.class_names[run.label_ids.index(label_id)],
                num_checkpoints=len(uow.checkpoints.list_of_run(run.run_id)),
            )
            for run in uow.runs.list_all()
            if label_id in run.label_ids
        ]
    return ClassPreview(
        label=label,
        by_split={split or "none": _number(counts, split) for split in (*Split, None)},
        num_augmented=sum(row.num_images for row in counts if row.is_augmented),
        runs=runs,
    )


def describe_heads(
    found: ClassPreview, *, new_name: str | None = None, into: Label | None = None
) -> list[str]:
    """What happens to the networks that know the class, in sentences; empty when none does.

    Args:
        found: From `preview`.
        new_name: The name it would get by a rename.
        into: The class that it would be merged into.
    """
    kept = [run for run in found.runs if run.num_checkpoints]
    if not kept:
        return []
    named = ", ".join(str(run.run_id) for run in kept[:_SHOWN_RUNS])
    more = len(kept) - _SHOWN_RUNS
    who = f"{'run' if len(kept) == 1 else 'runs'} {named}" + (
        f" and {more} more" if more > 0 else ""
    )
    answer = kept[0].class_name
    words = [f"The checkpoints of {who} were trained with this class and keep it as it was."]
    if new_name is not None:
        words.append(
            f"They go on answering {answer!r}; only a new run answers {new_name!r}. Evaluating "
            "them still counts this class, because it keeps its number."
        )
    elif into is not None:
        words.append(
            f"They go on answering {answer!r} for what is {into.name!r} from now on, until a new "
            "run is trained. Their evaluations stay true: they use the labels of their revision."
        )
    else:
        words.append(f"They can still answer {answer!r}; a new run cannot.")
    return words


def merge_classes(
    workspace: Workspace,
    label_id: int,
    into_label_id: int,
    *,
    actor: Actor,
    operation_id: str | None = None,
) -> ChangeResult:
    """Give every image of one class to another and retire the first, in one revision.

    Augmented copies go with their class. Undo brings both back; an image that was labelled
    again meanwhile is reported and left alone. Imports of the old name go to the new class.

    Raises:
        NotFound: There is no such class.
        InvalidInput: Both are the same class.
        Conflict: One of them is retired.
    """
    operation = Operation.of(RevisionKind.MERGE_CLASS, actor=actor, operation_id=operation_id)
    if label_id == into_label_id:
        raise InvalidInput("A class cannot be merged into itself.", next_step="Choose another.")
    with workspace.database.write() as uow:
        repetition = journal.find_applied_operation(uow, operation)
        if repetition is not None:
            return repetition
        label, into = classes.get_in(uow, label_id), classes.get_in(uow, into_label_id)
        for each in (label, into):
            _check_in_use(each)
        revision_id = journal.begin_revision(
            uow, replace(operation, message=f"{label.name} merged into {into.name}")
        )
        _move_images(uow, revision_id, label_id, into)
        _retire(uow, revision_id, label, merged_into=into_label_id)
    return _applied(operation, revision_id)


def retire_class(
    workspace: Workspace,
    label_id: int,
    *,
    actor: Actor,
    unlabel: bool = False,
    operation_id: str | None = None,
) -> ChangeResult:
    """Take a class out of use, in one revision. Its images must be gone, or lose their label.

    Args:
        workspace: The workspace.
        label_id: The class.
        actor: Who does it.
        unlabel: Take the label off its images; without it a class with images is refused.
        operation_id: Name of the operation, for saving it once.

    Raises:
        NotFound: There is no such class.
        Conflict: It has images and `unlabel` is false, or it is retired already.
    """
    operation = Operation.of(RevisionKind.RETIRE_CLASS, actor=actor, operation_id=operation_id)
    with workspace.database.write() as uow:
        repetition = journal.find_applied_operation(uow, operation)
        if repetition is not None:
            return repetition
        label = classes.get_in(uow, label_id)
        _check_in_use(label)
        num_images = sum(r.num_images for r in uow.counts.list_all() if r.label_id == label_id)
        if num_images and not unlabel:
            raise Conflict(
                f"Class {label.name!r} has {num_images:,} images, so it cannot be retired.",
                next_step="Merge it into another class, relabel its images, or ask for their "
                "labels to be taken away.",
            )
        words = f", {num_images:,} images lose the label" if num_images else ""
        revision_id = journal.begin_revision(
            uow, replace(operation, message=f"{label.name} retired{words}")
        )
        if num_images:
            _move_images(uow, revision_id, label_id, None)
        _retire(uow, revision_id, label, merged_into=None)
    return _applied(operation, revision_id)


def unretire_class(
    workspace: Workspace, label_id: int, *, actor: Actor, operation_id: str | None = None
) -> ChangeResult:
    """Bring a retired or merged class back into use, without images. Undo gives images back.

    Raises:
        NotFound: There is no such class.
    """
    operation = Operation.of(RevisionKind.UNRETIRE_CLASS, actor=actor, operation_id=operation_id)
    with workspace.database.write() as uow:
        repetition = journal.find_applied_operation(uow, operation)
        if repetition is not None:
            return repetition
        label = classes.get_in(uow, label_id)
        if not label.is_retired:
            return classes.nothing(operation)
        revision_id = journal.begin_revision(
            uow, replace(operation, message=f"{label.name} is in use again")
        )
        revive(uow, revision_id, label)
    return _applied(operation, revision_id)


def revive(uow: UnitOfWork, revision_id: int, label: Label) -> None:
    """Bring a retired class back inside a revision; it gives up a key that is taken by now."""
    taken = {other.hotkey for other in uow.labels.list_all() if not other.is_retired}
    if label.hotkey in taken:
        uow.labels.update_fields(label.label_id, hotkey=None)
    uow.labels.set_state(label.label_id, revision_id=revision_id, name=label.name)


@dataclass(frozen=True, kw_only=True)
class ImportedClasses:
    """What became of the class names of an import."""

    labels: Mapping[str, Label] = field(default_factory=dict)
    """The class of each imported name; its own name may be another one, after a merge."""
    created: Sequence[str] = ()
    revived: Sequence[str] = ()
    """Retired classes that are in use again, because images of them came in."""
    merged: Mapping[str, str] = field(default_factory=dict)
    """Imported name to the name of the class that took it over."""


def list_fates(workspace: Workspace, names: Sequence[str]) -> dict[str, Label]:
    """Of those imported names that mean another or a retired class: the class they would get.

    What `take_in_names` would do now, without doing it; names of classes in use and new names are
    left out.
    """
    with workspace.database.read() as uow:
        known = {label.name: label for label in uow.labels.list_all()}
        merges = uow.labels.list_merges()
    by_id = {label.label_id: label for label in known.values()}
    return {
        name: by_id[follow_merges(merges, known[name].label_id)]
        for name in names
        if name in known and known[name].is_retired
    }


def take_in_names(uow: UnitOfWork, names: Sequence[str], *, revision_id: int) -> ImportedClasses:
    """The classes for these names inside an import's revision.

    A name of a merged class means the class that took it over, however many merges later. A
    retired class comes back into use. Other names become new classes, in the order of the names.

    Args:
        uow: The writing transaction, which holds the catalog's lock.
        names: Normalised class names; repeats are fine.
        revision_id: From `journal.begin_revision`.
    """
    known = {label.name: label for label in uow.labels.list_all()}
    by_id = {label.label_id: label for label in known.values()}
    merges = uow.labels.list_merges()
    labels: dict[str, Label] = {}
    created: list[str] = []
    revived: list[str] = []
    merged: dict[str, str] = {}
    for name in sorted(set(names)):
        label = known.get(name)
        if label is None:
            label = classes.add_class(uow, name, revision_id=revision_id)
            created.append(name)
        elif label.label_id in merges:
            label = by_id[follow_merges(merges, label.label_id)]
            merged[name] = label.name
        if label.is_retired and label.name not in revived:
            revive(uow, revision_id, label)
            revived.append(label.name)
        labels[name] = label
    return ImportedClasses(labels=labels, created=created, revived=revived, merged=merged)


def merges_as_of(uow: UnitOfWork, revision_id: int) -> dict[int, int]:
    """Classes that were merged into others by a revision, each with the one that took over."""
    return {
        label_id: state.merged_into_label_id
        for label_id, state in uow.labels.list_states_as_of(revision_id).items()
        if state.is_retired and state.merged_into_label_id is not None
    }


def _move_images(uow: UnitOfWork, revision_id: int, label_id: int, into: Label | None) -> None:
    patch = AssetPatch.labelled(into)
    uow.changes.update_matching(revision_id, AssetFilter(label=label_id), patch)


def _retire(uow: UnitOfWork, revision_id: int, label: Label, *, merged_into: int | None) -> None:
    uow.labels.set_state(
        label.label_id,
        revision_id=revision_id,
        name=label.name,
        is_retired=True,
        merged_into=merged_into,
    )


def _check_in_use(label: Label) -> None:
    if label.is_retired:
        raise Conflict(
            f"Class {label.name!r} is retired.", next_step="Bring it back first, or choose another."
        )


def _number(counts: Sequence[CountRow], split: str | None) -> int:
    return sum(row.num_images for row in counts if row.split_type == split and not row.is_augmented)


def _applied(operation: Operation, revision_id: int) -> ChangeResult:
    return ChangeResult(
        operation_id=operation.operation_id, status=ChangeOutcome.APPLIED, revision_id=revision_id
    )
