"""Which images were chosen to be labelled next, and why; one row an image, also once it is done."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.enums import RequestReason
from db.models import LabelRequestRow, VisionAsset
from db.repositories import bulk
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

        What is in the catalog because it is strange stays asked for, and for that reason.

        Returns:
            How many earlier requests were dropped and not made again.
        """
        without_label = select(VisionAsset.asset_id).where(VisionAsset.label_id.is_(None))
        is_strange = LabelRequestRow.reason == RequestReason.STRANGE.value
        is_open = LabelRequestRow.asset_id.in_(without_label) & ~is_strange
        before = set(self._session.scalars(select(LabelRequestRow.asset_id).where(is_open)))
        self._session.execute(delete(LabelRequestRow).where(is_open))
        asked = [request.asset_id for request in requests]
        for part in slices(asked):  # labelled, and the label was taken away since
            named = LabelRequestRow.asset_id.in_(part)
            self._session.execute(delete(LabelRequestRow).where(named & ~is_strange))
        strange = set(self._session.scalars(select(LabelRequestRow.asset_id).where(is_strange)))
        rows = [
            (each.asset_id, str(each.reason), each.probability, revision_id, actor)
            for each in requests
            if each.asset_id not in strange
        ]
        bulk.insert_rows(self._session, "label_requests", _WRITTEN, rows)
        return len(before.difference(asked))

    def add_strange(self, asset_ids: Sequence[uuid.UUID], *, revision_id: int, actor: str) -> None:
        """Ask for the labels of images that are in the catalog because they are strange."""
        for part in slices(asset_ids):
            self._session.execute(delete(LabelRequestRow).where(LabelRequestRow.asset_id.in_(part)))
        reason = RequestReason.STRANGE.value
        rows = [(asset_id, reason, None, revision_id, actor) for asset_id in asset_ids]
        bulk.insert_rows(self._session, "label_requests", _WRITTEN, rows)
