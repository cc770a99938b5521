"""What people say of runs, for everybody: a star, tags, a note."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from db.unit_of_work import UnitOfWork
from forge_core import storable_values
from forge_core.errors import InvalidInput
from forge_core.runs import records
from forge_core.workspace import Workspace

MAX_TAG = 64
MAX_TAGS = 20
"""Of one run."""
MAX_NOTE = 2_000


@dataclass(frozen=True, kw_only=True)
class RunMarks:
    """What people say of a run."""

    is_starred: bool
    tags: tuple[str, ...]
    note: str


def get_marks(workspace: Workspace, run_id: int) -> RunMarks:
    """What is said of a run.

    Raises:
        NotFound: There is no such run.
    """
    with workspace.database.read() as uow:
        return _read(uow, run_id)


def set_star(workspace: Workspace, run_ids: Iterable[int], is_starred: bool) -> None:
    """Give these runs a star, or take it away; all of them or none.

    Raises:
        NotFound: There is no such run.
    """
    with workspace.database.write() as uow:
        for run_id in run_ids:
            _check(uow, run_id)
            uow.runs.update_fields(run_id, is_starred=is_starred)


def set_note(workspace: Workspace, run_id: int, note: str) -> None:
    """Write a note in the place of the one before; an empty one takes it away.

    Raises:
        NotFound: There is no such run.
        InvalidInput: It is too long, or cannot be stored.
    """
    storable_values.check(note, "The note")
    note = note.strip()
    if len(note) > MAX_NOTE:
        raise InvalidInput(
            f"The note has {len(note):,} characters.", next_step=f"Use at most {MAX_NOTE:,}."
        )
    with workspace.database.write() as uow:
        _check(uow, run_id)
        uow.runs.update_fields(run_id, note=note)


def change_tags(
    workspace: Workspace,
    run_ids: Iterable[int],
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
) -> None:
    """Add tags to these runs and take others away; all of them or none. Idempotent.

    A tag that differs from a known one in its case alone is the known one.

    Raises:
        NotFound: There is no such run.
        InvalidInput: A tag is empty, too long or of several lines, or a run would have too many.
    """
    added = [_read_tag(tag) for tag in add]
    removed = {_read_tag(tag).casefold() for tag in remove}
    with workspace.database.write() as uow:
        known = {tag.casefold(): tag for tag in uow.run_tags.count_all()}
        for run_id in run_ids:
            marks = _read(uow, run_id)
            kept = {tag.casefold(): tag for tag in marks.tags if tag.casefold() not in removed}
            for tag in added:
                kept.setdefault(tag.casefold(), known.get(tag.casefold(), tag))
            if len(kept) > MAX_TAGS:
                raise InvalidInput(
                    f"Run {run_id} would have {len(kept)} tags.",
                    next_step=f"Give it at most {MAX_TAGS}.",
                )
            uow.run_tags.replace(run_id, list(kept.values()))


def _read(uow: UnitOfWork, run_id: int) -> RunMarks:
    run = uow.runs.find(run_id)
    if run is None:
        raise records.no_run(run_id)
    return RunMarks(
        is_starred=run.is_starred, tags=tuple(uow.run_tags.list_of_run(run_id)), note=run.note
    )


def _check(uow: UnitOfWork, run_id: int) -> None:
    if not uow.runs.exists(run_id):
        raise records.no_run(run_id)


def _read_tag(given: str) -> str:
    storable_values.check(given, "A tag")
    tag = given.strip()
    if not tag or len(tag) > MAX_TAG or not tag.isprintable():
        raise InvalidInput(
            f"{tag[:80]!r} is no tag.",
            next_step=f"A tag is a word or a few, in one line of at most {MAX_TAG} characters.",
        )
    return tag
