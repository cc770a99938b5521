"""Images that measure something, or may come to, though they were chosen for what they are."""

import uuid
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    delete,
    exists,
    insert,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from db.enums import Answer, Question, RequestReason, RevisionKind
from db.models import (
    AssetChangeRow,
    ChosenImageRow,
    LabelRequestRow,
    ReviewDecisionRow,
    RevisionRow,
    VisionAsset,
)


class ChosenImageRepository:
    """Where images came from that are no fair sample: requests for labels, corrections, moves."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_mined(self, source: str) -> list[uuid.UUID]:
        """Images that would not be labelled, or not be there, were they others; in their order.

        They were asked for because of what they are, or came from the source `source` with a
        correction of what a network said.
        """
        corrected = select(VisionAsset.asset_id).where(
            VisionAsset.asset_id.in_(_corrected()), VisionAsset.source_dataset == source
        )
        return sorted({*self._session.scalars(_asked()), *self._session.scalars(corrected)})

    def list_moved(self, revision_id: int) -> list[uuid.UUID]:
        """Images that were moved because of what they are, and not divided anew until a revision.

        A division that was undone by then counts as none.
        """
        undoing = aliased(RevisionRow)
        divided = exists().where(
            AssetChangeRow.asset_id == ChosenImageRow.asset_id,
            AssetChangeRow.revision_id > ChosenImageRow.revision_id,
            AssetChangeRow.revision_id <= revision_id,
            AssetChangeRow.before_split_type.is_distinct_from(AssetChangeRow.after_split_type),
            RevisionRow.revision_id == AssetChangeRow.revision_id,
            RevisionRow.kind == RevisionKind.SPLIT.value,
            ~exists().where(
                undoing.undoes_revision_id == RevisionRow.revision_id,
                undoing.revision_id <= revision_id,
            ),
        )
        statement = select(ChosenImageRow.asset_id).where(
            ChosenImageRow.revision_id <= revision_id, ~divided
        )
        return list(self._session.scalars(statement.order_by(ChosenImageRow.asset_id)))

    def list_drawn(self) -> dict[uuid.UUID, float]:
        """Images that were drawn by chance to be labelled, and with what probability, 0 to 1."""
        rows = self._session.execute(
            select(LabelRequestRow.asset_id, LabelRequestRow.probability).where(
                LabelRequestRow.reason == RequestReason.CHANCE.value,
                LabelRequestRow.probability.is_not(None),
            )
        )
        return {row.asset_id: float(row.probability) for row in rows}

    def put_changed(self, revision_id: int, *, reason: str, actor: str) -> None:
        """Remember that what a revision changed was chosen for what it is, and by what."""
        changed = select(AssetChangeRow.asset_id).where(AssetChangeRow.revision_id == revision_id)
        self._session.execute(
            delete(ChosenImageRow)
            .where(ChosenImageRow.asset_id.in_(changed))
            .execution_options(synchronize_session=False)
        )
        named = changed.add_columns(literal(reason), literal(revision_id), literal(actor))
        columns = ["asset_id", "reason", "revision_id", "actor"]
        self._session.execute(insert(ChosenImageRow).from_select(columns, named))


def is_mined(source: str) -> ColumnElement[bool]:
    """Whether an asset is one of `list_mined`: a condition on assets."""
    return or_(
        VisionAsset.asset_id.in_(_asked()),
        and_(VisionAsset.source_dataset == source, VisionAsset.asset_id.in_(_corrected())),
    )


def _asked() -> Select[Any]:
    return select(LabelRequestRow.asset_id).where(
        LabelRequestRow.reason != RequestReason.CHANCE.value
    )


def _corrected() -> Select[Any]:
    return select(ReviewDecisionRow.asset_id).where(
        ReviewDecisionRow.question == Question.PREDICTION.value,
        ReviewDecisionRow.answer == Answer.CORRECT.value,
        ReviewDecisionRow.taken_back_by.is_(None),
    )
