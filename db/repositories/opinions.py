"""Which images people are asked about without telling the label, and of which opinions differ.

As conditions on the tables of what was asked and what was said; see `related`.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, literal, or_, select
from sqlalchemy.orm import aliased

from db.enums import Answer, OpinionKind, Question, ReviewState, RevisionKind
from db.models import (
    AssetChangeRow,
    LabelVoteRow,
    OpinionRequestRow,
    ReviewDecisionRow,
    RevisionRow,
    VisionAsset,
)

DIFFER = "differ"
"""In the field `opinions` of a filter: people do not say the same."""
TELLS_THE_LABEL = (Question.LABEL, Question.PREDICTION, Question.DIFFERENCE, Question.GOLD)
"""Whoever answered one of these has seen the label, or gave it."""


def open_for(person: str) -> list[ColumnElement[bool]]:
    """That a request waits for this person, said of the request alone.

    Never for a person who gave or judged the label of the image, also where that was undone, nor
    for one whose vote is known. A second opinion waits until one other person gave it, a gold
    question until this one did.
    """
    row = OpinionRequestRow
    voted = select(literal(1)).where(
        LabelVoteRow.asset_id == row.asset_id,
        LabelVoteRow.author == person,
        LabelVoteRow.taken_back_by.is_(None),
    )
    answered = select(literal(1)).where(
        ReviewDecisionRow.asset_id == row.asset_id,
        ReviewDecisionRow.content_hash == row.content_hash,
        ReviewDecisionRow.question == Question.OPINION,
        ReviewDecisionRow.answer.in_((Answer.CHOOSE, Answer.AMBIGUOUS)),
        ReviewDecisionRow.taken_back_by.is_(None),
    )
    return [
        ~is_decider(person),
        ~voted.correlate(row).exists(),
        or_(row.kind == OpinionKind.GOLD, ~answered.correlate(row).exists()),
    ]


def waits_for(person: str) -> ColumnElement[bool]:
    """Whether an asset waits for this person's opinion."""
    asked = select(literal(1)).where(
        OpinionRequestRow.asset_id == VisionAsset.asset_id,
        is_as_it_was_drawn(),
        *open_for(person),
    )
    return asked.correlate(VisionAsset).exists()


def is_decider(person: str) -> ColumnElement[bool]:
    """Whether this person gave or judged the label of the image that a request is about."""
    row = OpinionRequestRow
    judged = select(literal(1)).where(
        ReviewDecisionRow.content_hash == row.content_hash,
        ReviewDecisionRow.question.in_(TELLS_THE_LABEL),
        ReviewDecisionRow.actor == person,
    )
    changed = (
        select(literal(1))
        .select_from(AssetChangeRow)
        .join(RevisionRow, RevisionRow.revision_id == AssetChangeRow.revision_id)
        .where(
            AssetChangeRow.asset_id == row.asset_id,
            AssetChangeRow.before_label_id.is_distinct_from(AssetChangeRow.after_label_id),
            RevisionRow.author == person,
            RevisionRow.kind != RevisionKind.IMPORT,
        )
    )
    return or_(
        row.decided_by.is_not_distinct_from(person),
        judged.correlate(row).exists(),
        changed.correlate(row).exists(),
    )


def is_as_it_was_drawn() -> ColumnElement[bool]:
    """That an asset has a label, and the bytes that a request is about."""
    return and_(
        OpinionRequestRow.content_hash == VisionAsset.content_hash,
        VisionAsset.label_id.is_not(None),
    )


def differs(same_class: Any) -> ColumnElement[bool]:
    """That a vote says another class than the asset's label, or than another vote of it.

    So does one that no one class is right, of an asset that is not put aside as ambiguous.

    Args:
        same_class: Of a vote and an asset together: the vote's class went to that of the label.
    """
    other = aliased(LabelVoteRow)
    against = select(literal(1)).where(
        other.asset_id == LabelVoteRow.asset_id,
        other.taken_back_by.is_(None),
        other.label_id.is_distinct_from(LabelVoteRow.label_id),
    )
    return or_(
        and_(LabelVoteRow.label_id != VisionAsset.label_id, ~same_class),
        and_(
            LabelVoteRow.label_id.is_(None),
            VisionAsset.label_id.is_not(None),
            VisionAsset.review_state.is_distinct_from(ReviewState.AMBIGUOUS.value),
        ),
        and_(VisionAsset.label_id.is_(None), against.correlate(LabelVoteRow).exists()),
    )
