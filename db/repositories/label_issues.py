"""Which labels look wrong. What was judged of another label, or of other bytes, is not seen."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, false, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.clock import utc_now
from db.models import LabelClass, LabelIssueRow, VisionAsset
from db.repositories import bulk, filters, related
from db.repositories.rows import columns_of, slices, to_record


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelIssue:
    """What is known of one label; see `LabelIssueRow`."""

    asset_id: uuid.UUID
    score: float
    suggested_label_id: int
    label_id: int
    content_hash: str
    network: str
    revision_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgingState:
    """How the last judging stands to the catalog."""

    network: str
    revision_id: int
    created_at: datetime
    num_judged: int
    """Living images whose score speaks of their label and bytes as they are now."""


COLUMNS = columns_of(LabelIssue, LabelIssueRow)


class LabelIssueRepository:
    """Scores of labels, one an asset."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, issues: Sequence[LabelIssue]) -> None:
        """Write or replace the scores of some assets."""
        if not issues:
            return
        dialect: Any = sqlite if bulk.is_sqlite(self._session) else postgresql
        statement = dialect.insert(LabelIssueRow)
        names = [column.key for column in COLUMNS if column.key != "asset_id"]
        replaced: dict[str, Any] = {name: statement.excluded[name] for name in names}
        self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["asset_id"], set_=replaced | {"created_at": utc_now()}
            ),
            [asdict(issue) for issue in issues],
        )

    def remove_others(self, network: str, revision_id: int, *, limit: int) -> int:
        """Remove up to `limit` scores of any other judging; returns how many there were."""
        others = (
            select(LabelIssueRow.asset_id)
            .where(or_(LabelIssueRow.network != network, LabelIssueRow.revision_id != revision_id))
            .limit(limit)
        )
        result = self._session.execute(
            delete(LabelIssueRow)
            .where(LabelIssueRow.asset_id.in_(others.scalar_subquery()))
            .execution_options(synchronize_session=False)
        )
        return int(cast("CursorResult[Any]", result).rowcount)

    def list_now(self, asset_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[LabelIssue, str]]:
        """Of living assets the scores that hold now, each with the name of the suggested class.

        Those whose suggested class is retired by now are left out.
        """
        found = {}
        for part in slices(asset_ids):
            rows = self._session.execute(
                select(*COLUMNS, LabelClass.name.label("name"))
                .join(VisionAsset, VisionAsset.asset_id == LabelIssueRow.asset_id)
                .join(LabelClass, LabelClass.label_id == LabelIssueRow.suggested_label_id)
                .where(
                    LabelIssueRow.asset_id.in_(part),
                    filters.living(),
                    related.is_judged_now(),
                    LabelClass.is_retired.is_(false()),
                )
            )
            for row in rows:
                values = dict(row._mapping)
                name = values.pop("name")
                found[row.asset_id] = (LabelIssue(**values), name)
        return found

    def list_all_now(self) -> list[LabelIssue]:
        """The scores that hold now of every living asset, in the order of their ids."""
        rows = self._session.execute(
            select(*COLUMNS)
            .join(VisionAsset, VisionAsset.asset_id == LabelIssueRow.asset_id)
            .where(filters.living(), related.is_judged_now())
            .order_by(LabelIssueRow.asset_id)
        )
        return [to_record(LabelIssue, row) for row in rows]

    def list_scores_now(self) -> tuple[list[uuid.UUID], list[float]]:
        """Ids and scores of `list_all_now`, without the rest."""
        rows = self._session.execute(
            select(LabelIssueRow.asset_id, LabelIssueRow.score)
            .join(VisionAsset, VisionAsset.asset_id == LabelIssueRow.asset_id)
            .where(filters.living(), related.is_judged_now())
        ).all()
        return [row.asset_id for row in rows], [row.score for row in rows]

    def find_state(self) -> JudgingState | None:
        """The last judging, or None before the first; looks at each score once."""
        row = self._session.execute(
            select(LabelIssueRow.network, LabelIssueRow.revision_id, LabelIssueRow.created_at)
            .order_by(LabelIssueRow.revision_id.desc())
            .limit(1)
        ).one_or_none()
        if row is None:
            return None
        number = self._session.scalar(
            select(func.count())
            .select_from(LabelIssueRow)
            .join(VisionAsset, VisionAsset.asset_id == LabelIssueRow.asset_id)
            .where(filters.living(), related.is_judged_now())
        )
        return JudgingState(
            network=row.network,
            revision_id=row.revision_id,
            created_at=row.created_at,
            num_judged=number or 0,
        )
