"""Blind questions: who may be asked, what they answer, and what must not be told meanwhile.

The answer is a vote; the label of the image does not change by it. While a question waits for a
person, and in the list of their questions, no answer of a route holds the image's label, nor what
leads to it: its path, source, split, note, suggestion or past.
"""

import uuid
from collections.abc import Sequence

from db.enums import Answer, ChangeOutcome, Question, RevisionKind
from db.records import AssetFilter
from db.repositories.label_votes import LabelVote
from db.saved_records import ReviewDecision
from forge_core.catalog.editing import label_edits
from forge_core.catalog.revisions.journal import ChangeResult, Operation
from forge_core.errors import InvalidInput
from forge_core.people import voters
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

ANSWERS = (Answer.CHOOSE, Answer.AMBIGUOUS, Answer.SKIP)


def answer(
    workspace: Workspace,
    asset_ids: Sequence[uuid.UUID],
    label_id: int | None,
    *,
    actor: Actor,
    is_ambiguous: bool = False,
    operation_id: str | None = None,
) -> ChangeResult:
    """Say what images show, as votes of this person; None skips, and the question stays open.

    With `is_ambiguous` and no class the vote is that no one class is right, which changes the image
    no more than another does. All of them or none. Idempotent by `operation_id`; its undo takes the
    votes back.

    Raises:
        InvalidInput: This person gave or judged the label of one, or nobody asks about it; or a
            class is given that is ambiguous.
        NotFound: There is no such class.
    """
    operation = Operation.of(
        RevisionKind.UNFLAG, actor=actor, operation_id=operation_id, message="second opinion"
    )
    if is_ambiguous and label_id is not None:
        raise InvalidInput("A second opinion is a class, or ambiguous, not both.")
    given = Answer.SKIP if label_id is None else Answer.CHOOSE
    given = Answer.AMBIGUOUS if is_ambiguous else given
    person = operation.actor.name
    with workspace.database.write() as uow:
        uow.revisions.lock()
        label = None if label_id is None else label_edits.find_label(uow, label_id)
        assets = uow.assets.list_by_ids(list(dict.fromkeys(asset_ids)))
        named = [asset.asset_id for asset in assets]
        refused = len(set(asset_ids)) - len(uow.opinion_requests.list_answerable(person, named))
        if refused:
            raise InvalidInput(
                f"{person} cannot give a second opinion of {refused} of these images: the first "
                "was theirs, or nobody asks for another.",
                next_step="Reload the queue.",
            )
        version = None if label is None else uow.decisions.list_class_versions()[label.label_id]
        uow.decisions.add(
            [
                ReviewDecision(
                    asset_id=asset.asset_id,
                    question=Question.OPINION,
                    answer=given,
                    content_hash=asset.content_hash,
                    label_id=None if label is None else label.label_id,
                    class_version=version,
                    actor=person,
                    operation_id=operation.operation_id,
                    revision_id=uow.revisions.latest_id(),
                )
                for asset in assets
            ]
        )
        if given is not Answer.SKIP:
            said = None if label is None else label.label_id
            uow.label_votes.add(
                LabelVote(asset_id=asset_id, author=person, label_id=said) for asset_id in named
            )
    return ChangeResult(
        operation_id=operation.operation_id,
        status=ChangeOutcome.APPLIED if named else ChangeOutcome.NOTHING,
        revision_id=None,
    )


def list_people(workspace: Workspace) -> list[str]:
    """Everybody whose vote is known, by name; not who gave one without."""
    with workspace.database.read() as uow:
        return [name for name in uow.label_votes.list_authors() if not voters.is_anonymous(name)]


def list_open(workspace: Workspace, actor: Actor, asset_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Of these images those whose label must not be told to this person now."""
    with workspace.database.read() as uow:
        return uow.opinion_requests.list_open(actor.name, asset_ids)


def check_own(where: AssetFilter, actor: Actor) -> AssetFilter:
    """The filter itself, where it asks for nobody else's questions.

    Raises:
        InvalidInput: It is the list of another person.
    """
    if where.asked_of not in (None, actor.name):
        raise InvalidInput(
            f"These questions are for {where.asked_of}, and you are {actor.name}.",
            next_step="Open “Second opinions” on Review.",
        )
    return where
