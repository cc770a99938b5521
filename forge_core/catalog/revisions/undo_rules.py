"""What may be undone, and by whom.

Everybody may undo every revision that has something to put back: the list of revisions offers it.
What a person takes back in passing, with a key in the gallery, is the newest change of their own.
"""

from collections.abc import Sequence

from db.enums import RevisionKind
from db.records import Revision
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

CLASS_KINDS = frozenset(
    {
        RevisionKind.RENAME_CLASS,
        RevisionKind.EDIT_CLASS,
        RevisionKind.MERGE_CLASS,
        RevisionKind.RETIRE_CLASS,
        RevisionKind.UNRETIRE_CLASS,
        RevisionKind.UNDO,
        RevisionKind.IMPORT,
    }
)
"""Kinds of revisions that may change classes, or what persons say of images, and no image."""
OWN_KINDS = frozenset(
    {
        RevisionKind.RELABEL,
        RevisionKind.SET_SPLIT,
        RevisionKind.REMOVE,
        RevisionKind.FLAG,
        RevisionKind.UNFLAG,
        RevisionKind.RESTORE,
    }
)
"""Kinds of revisions that a person takes back in passing: images that they chose themselves."""
RECENT_REVISIONS = 50
"""So far back a change of one's own is looked for."""


def has_something_to_undo(revision: Revision) -> bool:
    """Whether there is something to put back; a new class stays."""
    return revision.num_changes > 0 or revision.kind in CLASS_KINDS


def find_undone(revisions: Sequence[Revision]) -> dict[int, int]:
    """Which revisions do not hold any more, and by which revision each was undone.

    Args:
        revisions: Newest first. An undo that was itself undone does not count.
    """
    undone: dict[int, int] = {}
    for revision in revisions:
        target = revision.undoes_revision_id
        if target is not None and revision.revision_id not in undone:
            undone[target] = revision.revision_id
    return undone


def find_newest_own(workspace: Workspace, actor: Actor) -> Revision | None:
    """The actor's newest change of images that was not taken back yet, or None."""
    with workspace.database.read() as uow:
        revisions = uow.revisions.list_latest(limit=RECENT_REVISIONS)
    undone = find_undone(revisions)
    return next(
        (
            revision
            for revision in revisions
            if revision.author == actor.name
            and revision.kind in OWN_KINDS
            and revision.revision_id not in undone
        ),
        None,
    )
