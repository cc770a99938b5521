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
    """With which it was drawn, 0 to 1: by chance from all images without a label, or from the
    disagreements of a shadow; None where no chance was in it."""


class LabelRequestRepository:
    """Requests for a label."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def replace_open(
        self, requests: Sequence[LabelRequest], *, revision_id: int, actor: str
    ) -> int:
        """Ask for these; what was asked for before and has no label yet is asked for no more.

        What is in the catalog only because it was met in the traffic stays asked for, and for that
        reason.

        Returns:
            How many earlier requests were dropped and not made again.
        """
        without_label = select(VisionAsset.asset_id).where(VisionAsset.label_id.is_(None))
        is_met = LabelRequestRow.reason.in_(
            [reason.value for reason in RequestReason if reason.is_of_traffic()]
        )
        is_open = LabelRequestRow.asset_id.in_(without_label) & ~is_met
        before = set(self._session.scalars(select(LabelRequestRow.asset_id).where(is_open)))
        self._session.execute(delete(LabelRequestRow).where(is_open))
        asked = [request.asset_id for request in requests]
        for part in slices(asked):  # labelled, and the label was taken away since
            named = LabelRequestRow.asset_id.in_(part)
            self._session.execute(delete(LabelRequestRow).where(named & ~is_met))
        met = set(self._session.scalars(select(LabelRequestRow.asset_id).where(is_met)))
        rows = [
            (each.asset_id, str(each.reason), each.probability, revision_id, actor)
            for each in requests
            if each.asset_id not in met
        ]
        bulk.insert_rows(self._session, "label_requests", _WRITTEN, rows)
        return len(before.difference(asked))

    def add_met(self, requests: Sequence[LabelRequest], *, revision_id: int, actor: str) -> None:
        """Ask for the labels of images that are in the catalog because of what the traffic was."""
        for part in slices([each.asset_id for each in requests]):
            self._session.execute(delete(LabelRequestRow).where(LabelRequestRow.asset_id.in_(part)))
        rows = [
            (each.asset_id, str(each.reason), each.probability, revision_id, actor)
            for each in requests
        ]
        bulk.insert_rows(self._session, "label_requests", _WRITTEN, rows)

    def list_asked(self, asset_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
        """Which of these a label is or was asked for."""
        return {
            asset_id
            for part in slices(asset_ids)
            for asset_id in self._session.scalars(
                select(LabelRequestRow.asset_id).where(LabelRequestRow.asset_id.in_(part))
            )
        }
