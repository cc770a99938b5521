"""What people answered about images, and whether it still speaks of what is there."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, false, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.models import LabelClass, LabelClassState, ReviewDecisionRow, VisionAsset
from db.records import ReviewDecision
from db.repositories import bulk
from db.repositories.rows import columns_of, slices, to_record

COLUMNS = columns_of(ReviewDecision, ReviewDecisionRow)
_OF_THE_DATABASE = ("decision_id", "created_at")


class ReviewDecisionRepository:
    """Decisions, kept for good; whether one stands is told from the catalog as it is now.

    It stands while the image has the bytes and the label, and the label's class the name and the
    description, that were judged. What changed and was changed back makes it stand again.
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
                self._standing(question, select(*COLUMNS))
                .where(ReviewDecisionRow.asset_id.in_(part))
                .order_by(ReviewDecisionRow.decision_id)
            )
            found |= {row.asset_id: to_record(ReviewDecision, row) for row in rows}
        return found

    def count_standing(self, question: str) -> int:
        """How many living images have a decision that stands."""
        number = func.count(ReviewDecisionRow.asset_id.distinct())
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

    def remove_of_operation(self, operation_id: str) -> int:
        """Take back the answers of one operation; returns how many there were."""
        removed = self._session.scalars(
            delete(ReviewDecisionRow)
            .where(ReviewDecisionRow.operation_id == operation_id)
            .returning(ReviewDecisionRow.decision_id)
        )
        return len(removed.all())

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
            .join(VisionAsset, VisionAsset.asset_id == ReviewDecisionRow.asset_id)
            .outerjoin(_VERSIONS, _VERSIONS.c.label_id == VisionAsset.label_id)
            .where(ReviewDecisionRow.question == question, stands(_VERSIONS.c.version))
        )


def stands(version: Any) -> ColumnElement[bool]:
    """Whether a decision speaks of its image as it is now.

    Args:
        version: Of the class of the image's label, an expression; NULL without a label.
    """
    return and_(
        VisionAsset.is_deleted.is_(false()),
        VisionAsset.content_hash == ReviewDecisionRow.content_hash,
        VisionAsset.label_id.is_not_distinct_from(ReviewDecisionRow.label_id),
        version.is_not_distinct_from(ReviewDecisionRow.class_version),
    )


_VERSIONS = (
    select(LabelClass.label_id, func.min(LabelClassState.revision_id).label("version"))
    .join(
        LabelClassState,
        and_(
            LabelClassState.label_id == LabelClass.label_id,
            LabelClassState.name == LabelClass.name,
            LabelClassState.description == LabelClass.description,
        ),
    )
    .group_by(LabelClass.label_id)
    .subquery("class_versions")
)
