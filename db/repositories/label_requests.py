"""Which images were chosen to be labelled next, and why; one row an image, also once it is done."""

import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db.enums import RequestReason
from db.models import LabelRequestRow, VisionAsset
from db.repositories import bulk
from db.repositories.filters import living
from db.repositories.rows import slices

_WRITTEN = ("asset_id", "reason", "probability", "revision_id", "actor")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRequest:
    """An image that is to be labelled next."""

    asset_id: uuid.UUID
    reason: RequestReason
    probability: float | None = None
    """With which each image without a label was drawn, 0 to 1; None unless drawn by chance."""


class LabelRequestRepository:
    """Requests for a label."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def replace_open(
        self, requests: Sequence[LabelRequest], *, revision_id: int, actor: str
    ) -> int:
        """Ask for these; what was asked for before and has no label yet is asked for no more.

        Returns:
            How many earlier requests were dropped and not made again.
        """
        without_label = select(VisionAsset.asset_id).where(VisionAsset.label_id.is_(None))
        is_open = LabelRequestRow.asset_id.in_(without_label)
        before = set(self._session.scalars(select(LabelRequestRow.asset_id).where(is_open)))
        self._session.execute(delete(LabelRequestRow).where(is_open))
        asked = [request.asset_id for request in requests]
        for part in slices(asked):  # labelled, and the label was taken away since
            self._session.execute(delete(LabelRequestRow).where(LabelRequestRow.asset_id.in_(part)))
        rows = [
            (each.asset_id, str(each.reason), each.probability, revision_id, actor)
            for each in requests
        ]
        bulk.insert_rows(self._session, "label_requests", _WRITTEN, rows)
        return len(before.difference(asked))

    def list_reasons(self, asset_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, RequestReason]:
        """Why these were asked for; those that never were are left out."""
        found: dict[uuid.UUID, RequestReason] = {}
        for part in slices(list(asset_ids)):
            rows = self._session.execute(
                select(LabelRequestRow.asset_id, LabelRequestRow.reason).where(
                    LabelRequestRow.asset_id.in_(part)
                )
            )
            found |= {row.asset_id: RequestReason(row.reason) for row in rows}
        return found

    def list_mined(self) -> list[uuid.UUID]:
        """Images that were asked for because of what they are, labelled or not; none by chance."""
        statement = select(LabelRequestRow.asset_id).where(
            LabelRequestRow.reason != str(RequestReason.CHANCE)
        )
        return list(self._session.scalars(statement.order_by(LabelRequestRow.asset_id)))

    def count_open(self) -> Counter[RequestReason]:
        """Living images without a label that are asked for, by reason."""
        rows = self._session.execute(
            select(LabelRequestRow.reason, func.count())
            .join(VisionAsset, VisionAsset.asset_id == LabelRequestRow.asset_id)
            .where(living(), VisionAsset.label_id.is_(None))
            .group_by(LabelRequestRow.reason)
        )
        return Counter({RequestReason(reason): int(number) for reason, number in rows})
