"""What a person answers while reviewing images: the change that it means, and the answer itself.

Both are written in one transaction, so that a question is never settled by an answer whose change
was lost. An answer that changes nothing, such as "keep", writes no revision.
"""

import dataclasses
import uuid
from collections.abc import Mapping, Sequence

from db.enums import Answer, ChangeOutcome, Question, ReviewState, RevisionKind, Split
from db.patches import AssetPatch
from db.records import Asset, Label
from db.saved_records import ReviewDecision
from db.unit_of_work import UnitOfWork
from forge_core.catalog.editing import label_edits
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import ChangeResult, Operation
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

ASKED = (Question.LABEL, Question.PICTURE, Question.SPLIT, Question.DIFFERENCE)
"""Questions that queues ask, and whose answers may change the image."""
GIVES_LABEL = (Answer.ACCEPT, Answer.CHOOSE)
ANSWERS = (*GIVES_LABEL, Answer.KEEP, Answer.AMBIGUOUS, Answer.HELD_OUT, Answer.SKIP)
MAX_ASSETS_AT_ONCE = 10_000
KINDS = {
    Answer.ACCEPT: RevisionKind.RELABEL,
    Answer.CHOOSE: RevisionKind.RELABEL,
    Answer.KEEP: RevisionKind.UNFLAG,
    Answer.AMBIGUOUS: RevisionKind.FLAG,
    Answer.HELD_OUT: RevisionKind.SET_SPLIT,
    Answer.SKIP: RevisionKind.UNFLAG,
}
"""The kind of the revision that an answer writes, where it changes something."""
MESSAGES = {
    Answer.ACCEPT: "review: the suggestion holds",
    Answer.CHOOSE: "review: another label holds",
    Answer.KEEP: "review: right as it is",
    Answer.AMBIGUOUS: "review: ambiguous, kept aside",
    Answer.HELD_OUT: "review: kept aside",
    Answer.SKIP: "review: skipped",
}


def decide(
    workspace: Workspace,
    asset_ids: Sequence[uuid.UUID],
    answer: str,
    *,
    question: str = Question.LABEL,
    actor: Actor,
    label_id: int | None = None,
    operation_id: str | None = None,
    expected_versions: Mapping[uuid.UUID, int] | None = None,
) -> ChangeResult:
    """Answer a question for images, and remember the answer with what was judged.

    "Keep" takes the marks of an image away; "accept" and "choose" give a label as well;
    "ambiguous" marks it and puts it into held_out, where no training, no split and no import moves
    it. All but "skip" settle the question until bytes, label or the class's definition change, or
    the answer is undone. Idempotent by `operation_id`; an image whose row version is not the
    expected one is left alone and reported. So is one that the actor is asked about blind where
    the answer gives a label: whether that changed it would tell what it was.

    Args:
        workspace: The workspace.
        asset_ids: The images.
        answer: One of `ANSWERS`.
        question: One of `ASKED`.
        actor: Who answers.
        label_id: The class, with "accept" and "choose".
        operation_id: Name of the operation, for saving it once.
        expected_versions: Row versions of the images as they were judged.

    Raises:
        InvalidInput: There is no such answer or question, or too many images were named.
        NotFound: There is no such class.
    """
    kind = _check(asset_ids, answer, question, label_id)
    operation = Operation.of(
        KINDS[kind], actor=actor, operation_id=operation_id, message=MESSAGES[kind]
    )
    with workspace.database.write() as uow:
        repetition = journal.find_applied_operation(uow, operation)
        if repetition is not None:
            return repetition
        label = label_edits.find_label(uow, label_id) if kind in GIVES_LABEL else None
        named = list(dict.fromkeys(asset_ids))
        assets = {asset.asset_id: asset for asset in uow.assets.list_by_ids(named)}
        asked = set() if label is None else uow.opinion_requests.list_open(actor.name, named)
        stale = [
            asset
            for asset in assets.values()
            if asset.asset_id not in asked and _is_stale(asset, expected_versions, label)
        ]
        wanted = label.name if label else answer
        conflicts = journal.describe_conflicts(uow, stale, wanted=wanted)
        conflicts += journal.describe_asked(asked, assets, wanted=wanted)
        conflicts += journal.describe_gone(named, assets)
        left_alone = asked | {asset.asset_id for asset in stale}
        judged = [a for a in assets.values() if a.asset_id not in left_alone]
        patch = _patch_of(kind, Question(question), label)
        result = journal.write_revision(
            uow,
            operation,
            [] if patch is None else patch.differing(judged),
            patch or AssetPatch(review_note=""),
            named=named,
            conflicts=conflicts,
        )
        remember(uow, operation, [a.asset_id for a in judged], kind, Question(question))
        if question == Question.DIFFERENCE:  # what holds between opinions also is the right label
            remember(uow, operation, [a.asset_id for a in judged], kind, Question.LABEL)
        if judged:
            result = dataclasses.replace(result, status=ChangeOutcome.APPLIED)
        return result


def remember(
    uow: UnitOfWork,
    operation: Operation,
    asset_ids: Sequence[uuid.UUID],
    answer: Answer,
    question: Question,
) -> None:
    """Keep an answer for images as they are now, after the change that it made.

    Args:
        uow: The writing transaction, locked.
        operation: Who answers, and under which name: its undo takes the answer back.
        asset_ids: Images of the catalog.
        answer: The answer.
        question: What was asked.
    """
    versions = uow.decisions.list_class_versions() if asset_ids else {}
    revision_id = uow.revisions.latest_id()
    uow.decisions.add(
        [
            ReviewDecision(
                asset_id=asset.asset_id,
                question=question,
                answer=answer,
                content_hash=asset.content_hash,
                label_id=asset.label_id,
                class_version=None if asset.label_id is None else versions[asset.label_id],
                actor=operation.actor.name,
                operation_id=operation.operation_id,
                revision_id=revision_id,
            )
            for asset in uow.assets.list_by_ids(asset_ids)
        ]
    )


def list_of_asset(workspace: Workspace, asset_id: uuid.UUID) -> list[ReviewDecision]:
    """Everything that was answered about an image, oldest first, standing or not."""
    with workspace.database.read() as uow:
        return uow.decisions.list_of_asset(asset_id)


def _check(
    asset_ids: Sequence[uuid.UUID], answer: str, question: str, label_id: int | None
) -> Answer:
    if answer not in ANSWERS:
        raise InvalidInput(
            f"There is no answer {answer!r}.", next_step=f"Use one of {', '.join(ANSWERS)}."
        )
    if question not in ASKED:
        raise InvalidInput(
            f"There is no question {question!r}.", next_step=f"Use one of {', '.join(ASKED)}."
        )
    if not 0 < len(asset_ids) <= MAX_ASSETS_AT_ONCE:
        raise InvalidInput(
            f"{len(asset_ids):,} images were named, 1 to {MAX_ASSETS_AT_ONCE:,} can be answered "
            "for at once."
        )
    kind = Answer(answer)
    if (kind in GIVES_LABEL) != (label_id is not None):
        raise InvalidInput(
            f"The answer {answer!r} "
            + ("needs the number of a class." if label_id is None else "gives no label.")
        )
    return kind


def _is_stale(
    asset: Asset, expected_versions: Mapping[uuid.UUID, int] | None, label: Label | None
) -> bool:
    """Whether somebody changed it since it was looked at, and not to what is asked."""
    if expected_versions is None or (label is not None and asset.label_id == label.label_id):
        return False
    return expected_versions.get(asset.asset_id, asset.row_version) != asset.row_version


def _patch_of(answer: Answer, question: Question, label: Label | None) -> AssetPatch | None:
    """What an answer changes; None for nothing."""
    if label is not None:
        return AssetPatch(
            label_id=label.label_id, label_name=label.name, review_state=None, review_note=""
        )
    if answer is Answer.AMBIGUOUS:
        return AssetPatch(split_type=Split.HELD_OUT, review_state=ReviewState.AMBIGUOUS)
    if answer is Answer.HELD_OUT:
        return AssetPatch(split_type=Split.HELD_OUT)
    if answer is Answer.KEEP and question is Question.LABEL:
        return AssetPatch(review_state=None, review_note="")
    return None
