"""What differs between two revisions, and so between the data of two runs."""

import enum
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from db.records import AssetState
from db.repositories.differences import DifferenceCounts
from forge_core.catalog.revisions.as_of import check_revision
from forge_core.workspace import Workspace

MAX_ENTRIES = 1_000


class DiffKind(enum.StrEnum):
    """How an asset differs between two revisions."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, kw_only=True)
class DiffEntry:
    """One asset that differs. `before` and `after` hold only what differs; labels by name.

    Of an asset that was added or removed, the one state is whole.
    """

    asset_id: uuid.UUID
    file_path: str
    kind: DiffKind
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class LabelMoveCount:
    """How many assets went from one label to another; None is unlabelled."""

    before: str | None
    after: str | None
    num_images: int


@dataclass(frozen=True, kw_only=True)
class ClassDifference:
    """A class that has another name or state; a name is None where the class did not exist."""

    label_id: int
    before: str | None
    after: str | None
    was_retired: bool
    is_retired: bool


@dataclass(frozen=True, kw_only=True)
class RevisionDiff:
    """The net difference from one revision to another, which may be the earlier one."""

    first: int
    second: int
    counts: DifferenceCounts
    label_moves: list[LabelMoveCount]
    classes: list[ClassDifference]
    entries: list[DiffEntry] = field(default_factory=list)
    next_cursor: uuid.UUID | None = None
    """Where the next page of entries starts; None at the end."""


def diff(
    workspace: Workspace,
    first: int,
    second: int,
    *,
    limit: int = 100,
    after: uuid.UUID | None = None,
) -> RevisionDiff:
    """What is different in the second revision. What was changed and changed back is left out.

    Args:
        workspace: The workspace.
        first: A revision; 0 is the empty catalog.
        second: Another; it may be the earlier one, then added and removed change places.
        limit: Entries at most, 0 for counts only, up to `MAX_ENTRIES`.
        after: `next_cursor` of the page before.

    Raises:
        InvalidInput: There is no such revision yet.
    """
    old, new = sorted((first, second))
    limit = min(limit, MAX_ENTRIES)
    with workspace.database.read() as uow:
        check_revision(uow, old)
        check_revision(uow, new)
        counts = uow.differences.count_between(old, new)
        moves = uow.differences.list_label_moves(old, new)
        found = (
            uow.differences.list_between(old, new, after=after, limit=limit + 1) if limit else []
        )
        states = uow.labels.list_states_as_of(old), uow.labels.list_states_as_of(new)
    names = [{label_id: state.name for label_id, state in part.items()} for part in states]
    if first > second:
        counts = _reverse(counts)
        states, names = (states[1], states[0]), names[::-1]
    sides = [(d.asset_id, d.before, d.after) for d in found[:limit]]
    if first > second:
        sides = [(asset_id, after_, before) for asset_id, before, after_ in sides]
    return RevisionDiff(
        first=first,
        second=second,
        counts=counts,
        label_moves=[
            LabelMoveCount(
                before=_name(names[0], m.after_label_id if first > second else m.before_label_id),
                after=_name(names[1], m.before_label_id if first > second else m.after_label_id),
                num_images=m.num_images,
            )
            for m in moves
        ],
        classes=[
            ClassDifference(
                label_id=label_id,
                before=one.name if (one := states[0].get(label_id)) else None,
                after=two.name if (two := states[1].get(label_id)) else None,
                was_retired=bool(one and one.is_retired),
                is_retired=bool(two and two.is_retired),
            )
            for label_id in sorted({*states[0], *states[1]})
            if _class_state(states[0].get(label_id)) != _class_state(states[1].get(label_id))
        ],
        entries=[_entry(asset_id, old_, new_, names) for asset_id, old_, new_ in sides],
        next_cursor=found[limit - 1].asset_id if limit and len(found) > limit else None,
    )


def _entry(
    asset_id: uuid.UUID, before: AssetState, after: AssetState, names: list[dict[int, str]]
) -> DiffEntry:
    if before.exists and after.exists:
        kind = DiffKind.CHANGED
    else:
        kind = DiffKind.ADDED if after.exists else DiffKind.REMOVED
    states = asdict(before), asdict(after)
    different = [n for n in states[0] if n != "exists" and states[0][n] != states[1][n]]
    shown: list[dict[str, Any]] = []
    for state, known in zip(states, names, strict=True):
        values = {name: state[name] for name in different} if state["exists"] else {}
        if "label_id" in values:
            values["label_name"] = _name(known, values.pop("label_id"))
        shown.append(values)
    return DiffEntry(
        asset_id=asset_id,
        file_path=after.file_path or before.file_path or "",
        kind=kind,
        before=shown[0],
        after=shown[1],
    )


def _name(names: dict[int, str], label_id: int | None) -> str | None:
    return None if label_id is None else names.get(label_id, f"class {label_id}")


def _class_state(state: Any) -> tuple[str, bool] | None:
    return (state.name, state.is_retired) if state else None


def _reverse(counts: DifferenceCounts) -> DifferenceCounts:
    values = asdict(counts)
    values["added"], values["removed"] = values["removed"], values["added"]
    return DifferenceCounts(**values)
