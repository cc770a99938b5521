"""What people answered about images, and whether it still speaks of what is there."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.enums import Answer
from db.models import LabelClass, LabelClassState, ReviewDecisionRow, VisionAsset
from db.repositories import bulk
from db.repositories.rows import columns_of, slices, to_record
from db.saved_records import ReviewDecision

COLUMNS = columns_of(ReviewDecision, ReviewDecisionRow)
_OF_THE_DATABASE = ("decision_id", "created_at")


class ReviewDecisionRepository:
    """Decisions, kept for good; whether one stands is told from the catalog as it is now.

    It stands while an image has the bytes and the label, and the label's class the name and the
    description, that were judged. What changed and was changed back makes it stand again. It is the
    bytes that were judged: an image that was removed and comes in anew is the one that was judged.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, decisions: Sequence[ReviewDecision]) -> None:
        """Keep decisions; one of the same operation, image and question is kept once."""
        if not decisions:
            return
        dialect: Any = sqlite if bulk.is_sqlite(self._session) else postgresql
        rows = [
            {name: value for name, value in asdict(one).items() if name not in _OF_THE_DATABASE}
            for one in decisions
        ]
        self._session.execute(
            dialect.insert(ReviewDecisionRow).on_conflict_do_nothing(
                index_elements=["operation_id", "asset_id", "question"]
            ),
            rows,
        )

    def list_standing(
        self, question: str, asset_ids: Sequence[uuid.UUID]
    ) -> dict[uuid.UUID, ReviewDecision]:
        """Of these images the newest decision that stands; those without one are left out."""
        found: dict[uuid.UUID, ReviewDecision] = {}
        for part in slices(asset_ids):
            rows = self._session.execute(
                self._standing(question, select(*COLUMNS, VisionAsset.asset_id.label("judged")))
                .where(VisionAsset.asset_id.in_(part))
                .order_by(ReviewDecisionRow.decision_id)
            )
            for row in rows:
                values = dict(row._mapping)
                asset_id = values.pop("judged")
                found[asset_id] = ReviewDecision(**values)
        return found

    def count_standing(self, question: str) -> int:
        """How many living images have a decision that stands."""
        number = func.count(VisionAsset.asset_id.distinct())
        return self._session.scalar(self._standing(question, select(number))) or 0

    def list_of_asset(self, asset_id: uuid.UUID) -> list[ReviewDecision]:
        """Everything that was answered about an image, oldest first, standing or not."""
        rows = self._session.execute(
            select(*COLUMNS)
            .where(ReviewDecisionRow.asset_id == asset_id)
            .order_by(ReviewDecisionRow.decision_id)
        )
        return [to_record(ReviewDecision, row) for row in rows]

    def list_latest(
        self, question: str, *, limit: int, before: int | None = None
    ) -> list[ReviewDecision]:
        """The newest answers to a question (older than number `before`), newest first."""
        statement = select(*COLUMNS).where(ReviewDecisionRow.question == question)
        if before is not None:
            statement = statement.where(ReviewDecisionRow.decision_id < before)
        rows = self._session.execute(
            statement.order_by(ReviewDecisionRow.decision_id.desc()).limit(limit)
        )
        return [to_record(ReviewDecision, row) for row in rows]

    def revert(self, undone: str, by: str) -> int:
        """Take back the answers of an operation; those that it took back itself are given again.

        What is given again is from then on an answer of the operation `by`, so that taking that
        one back ends it again.

        Args:
            undone: The operation that is undone.
            by: The operation that undoes it.

        Returns:
            How many answers stand or fall by it.
        """
        row = ReviewDecisionRow
        again = self._session.execute(
            select(row.asset_id, row.question, row.decision_id)
            .where(row.taken_back_by == undone)
            .order_by(row.decision_id)
        )
        # Of several answers to one question the newest holds: the others need not come back.
        given = list(
            {(asset_id, question): number for asset_id, question, number in again}.values()
        )
        own = select(row.decision_id).where(row.operation_id == undone, row.taken_back_by.is_(None))
        taken = list(self._session.scalars(own))
        for ids, values in (
            (given, {"taken_back_by": None, "operation_id": by}),
            (taken, {"taken_back_by": by}),
        ):
            for part in slices(ids):
                self._session.execute(
                    update(row)
                    .where(row.decision_id.in_(part))
                    .values(**values)
                    .execution_options(synchronize_session=False)
                )
        return len(given) + len(taken)

    def take_back_standing(self, question: str, asset_ids: Sequence[uuid.UUID], by: str) -> None:
        """Let a question be open again for these images: what settles it is taken back."""
        for part in slices(asset_ids):
            ids = self._session.scalars(
                self._standing(question, select(ReviewDecisionRow.decision_id)).where(
                    VisionAsset.asset_id.in_(part)
                )
            )
            for some in slices(list(ids)):
                self._session.execute(
                    update(ReviewDecisionRow)
                    .where(ReviewDecisionRow.decision_id.in_(some))
                    .values(taken_back_by=by)
                    .execution_options(synchronize_session=False)
                )

    def list_class_versions(self) -> dict[int, int]:
        """Of every class the revision that first gave it the name and description it has now.

        Another colour or key, or a retirement, leaves the version; a rename that is taken back
        brings the old one back.
        """
        rows = self._session.execute(select(_VERSIONS.c.label_id, _VERSIONS.c.version))
        return {row.label_id: row.version for row in rows}

    def _standing(self, question: str, statement: Select[Any]) -> Select[Any]:
        return (
            statement.select_from(ReviewDecisionRow)
            .join(VisionAsset, VisionAsset.content_hash == ReviewDecisionRow.content_hash)
            .where(
                VisionAsset.is_deleted.is_(false()),
                ReviewDecisionRow.question == question,
                *speaks_of_the_asset(),
            )
        )


def settled(question: str) -> ColumnElement[bool]:
    """Whether a decision stands that settles a question for an asset: a condition on assets."""
    settling = [answer.value for answer in Answer if answer.settles()]
    return (
        select(literal(1))
        .select_from(ReviewDecisionRow)
        .where(
            ReviewDecisionRow.content_hash == VisionAsset.content_hash,
            ReviewDecisionRow.question == question,
            ReviewDecisionRow.answer.in_(settling),
            *speaks_of_the_asset(),
        )
        .correlate(VisionAsset)
        .exists()
    )


def speaks_of_the_asset() -> list[ColumnElement[bool]]:
    """That a decision of the asset's bytes also is of its label and of the class as it is now."""
    version = (
        select(func.min(LabelClassState.revision_id))
        .join(LabelClass, _HAS_THE_DEFINITION)
        .where(LabelClassState.label_id == ReviewDecisionRow.label_id)
        .correlate(ReviewDecisionRow)
        .scalar_subquery()
    )
    return [
        ReviewDecisionRow.taken_back_by.is_(None),
        VisionAsset.label_id.is_not_distinct_from(ReviewDecisionRow.label_id),
        ReviewDecisionRow.class_version.is_not_distinct_from(version),
    ]


_HAS_THE_DEFINITION = and_(
    LabelClassState.label_id == LabelClass.label_id,
    LabelClassState.name == LabelClass.name,
    LabelClassState.description == LabelClass.description,
)
_VERSIONS = (
    select(LabelClass.label_id, func.min(LabelClassState.revision_id).label("version"))
    .join(LabelClassState, _HAS_THE_DEFINITION)
    .group_by(LabelClass.label_id)
    .subquery("class_versions")
)
