"""Which images are asked about without telling their labels, and what was decided of images."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.enums import Answer, Question, RevisionKind
from db.models import (
    AssetChangeRow,
    OpinionRequestRow,
    ReviewDecisionRow,
    RevisionRow,
    VisionAsset,
)
from db.records import AssetFilter
from db.repositories import bulk, filters, opinions
from db.repositories.filters import living
from db.repositories.review_decisions import speaks_of_the_asset
from db.repositories.rows import columns_of, slices, to_record

SAYS_THE_LABEL = (Answer.KEEP, Answer.ACCEPT, Answer.CHOOSE, Answer.CORRECT)
"""Answers by which the label that is there is the right one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionRequest:
    """An image that is asked about; see `OpinionRequestRow`."""

    asset_id: uuid.UUID
    kind: str
    content_hash: str
    label_id: int
    decided_by: str | None
    share: float | None
    seed: int
    actor: str
    revision_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One person's word that an image has the right label."""

    asset_id: uuid.UUID
    content_hash: str
    label_id: int
    person: str


COLUMNS = columns_of(OpinionRequest, OpinionRequestRow)
_ASSET = (VisionAsset.asset_id, VisionAsset.content_hash, VisionAsset.label_id)


class OpinionRequestRepository:
    """Requests for an opinion, at most one an image and kind."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, requests: Sequence[OpinionRequest]) -> None:
        """Ask; what was asked of an image before, of other bytes or another label, is replaced."""
        if not requests:
            return
        insert: Any = sqlite.insert if bulk.is_sqlite(self._session) else postgresql.insert
        statement = insert(OpinionRequestRow)
        replaced = {
            name: getattr(statement.excluded, name)
            for name in asdict(requests[0])
            if name not in ("asset_id", "kind")
        }
        self._session.execute(
            statement.on_conflict_do_update(index_elements=["asset_id", "kind"], set_=replaced),
            [asdict(request) for request in requests],
        )

    def list_all(self) -> list[OpinionRequest]:
        """Every request about a living image that has the bytes it was drawn with."""
        rows = self._session.execute(
            select(*COLUMNS)
            .join(VisionAsset, VisionAsset.asset_id == OpinionRequestRow.asset_id)
            .where(living(), OpinionRequestRow.content_hash == VisionAsset.content_hash)
            .order_by(OpinionRequestRow.asset_id, OpinionRequestRow.kind)
        )
        return [to_record(OpinionRequest, row) for row in rows]

    def list_open(self, person: str, asset_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
        """Of these images those that wait for this person's opinion."""
        return self._among(asset_ids, opinions.open_for(person))

    def count_open(self, person: str, where: AssetFilter) -> int:
        """How many that match wait for this person's opinion, whatever their labels are."""
        matching = (*filters.matching(where), opinions.waits_for(person))
        counted = select(func.count()).select_from(VisionAsset).where(*matching)
        return self._session.scalar(counted) or 0

    def list_answerable(self, person: str, asset_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
        """Of these images those that were asked about and that this person did not decide."""
        return self._among(asset_ids, [~opinions.is_decider(person)])

    def list_decided(self) -> list[Decided]:
        """Who says that the label of which image is right: originals only, the newest word last.

        By an answer in a review, by a correction, or by giving the label that it has.
        """
        answered = (
            select(*_ASSET, ReviewDecisionRow.actor.label("person"))
            .select_from(ReviewDecisionRow)
            .join(VisionAsset, VisionAsset.content_hash == ReviewDecisionRow.content_hash)
            .where(
                *self._original(),
                ReviewDecisionRow.question.in_(
                    [Question.LABEL, Question.PREDICTION, Question.DIFFERENCE]
                ),
                ReviewDecisionRow.answer.in_([answer.value for answer in SAYS_THE_LABEL]),
                *speaks_of_the_asset(),
            )
            .order_by(ReviewDecisionRow.decision_id)
        )
        given = (
            select(*_ASSET, RevisionRow.author.label("person"))
            .select_from(RevisionRow)
            .join(AssetChangeRow, AssetChangeRow.revision_id == RevisionRow.revision_id)
            .join(VisionAsset, VisionAsset.asset_id == AssetChangeRow.asset_id)
            .where(
                *self._original(),
                RevisionRow.kind == RevisionKind.RELABEL,
                AssetChangeRow.after_label_id == VisionAsset.label_id,
                AssetChangeRow.before_label_id.is_distinct_from(AssetChangeRow.after_label_id),
            )
            .order_by(RevisionRow.revision_id)
        )
        return [
            Decided(
                asset_id=row.asset_id,
                content_hash=row.content_hash,
                label_id=row.label_id,
                person=row.person,
            )
            for statement in (given, answered)
            for row in self._session.execute(statement)
        ]

    def list_gold(self) -> list[tuple[uuid.UUID, str, int]]:
        """Id, bytes and label of every original whose label somebody marked as certain."""
        rows = self._session.execute(
            select(*_ASSET)
            .select_from(ReviewDecisionRow)
            .join(VisionAsset, VisionAsset.content_hash == ReviewDecisionRow.content_hash)
            .where(
                *self._original(),
                ReviewDecisionRow.question == Question.GOLD,
                *speaks_of_the_asset(),
            )
            .distinct()
        )
        return [(row.asset_id, row.content_hash, row.label_id) for row in rows]

    def _original(self) -> tuple[Any, ...]:
        return living(), VisionAsset.is_augmented.is_(False), VisionAsset.label_id.is_not(None)

    def _among(self, asset_ids: Sequence[uuid.UUID], conditions: Sequence[Any]) -> set[uuid.UUID]:
        found: set[uuid.UUID] = set()
        for part in slices(asset_ids):
            found.update(
                self._session.scalars(
                    select(OpinionRequestRow.asset_id)
                    .join(VisionAsset, VisionAsset.asset_id == OpinionRequestRow.asset_id)
                    .where(
                        living(),
                        OpinionRequestRow.asset_id.in_(part),
                        opinions.is_as_it_was_drawn(),
                        *conditions,
                    )
                )
            )
        return found
