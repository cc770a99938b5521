"""Evaluations: what checkpoints were worth on a split as of a revision."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.clock import utc_now
from db.enums import Split
from db.models import EvaluationRow, TrainingRun
from db.repositories import bulk
from db.repositories.rows import columns_of, to_record
from db.run_records import Evaluation, EvaluationSummary

COLUMNS = columns_of(Evaluation, EvaluationRow)
SUMMARY_COLUMNS = columns_of(EvaluationSummary, EvaluationRow)
_KEY = ("run_id", "checkpoint_hash", "split", "revision_id")


class EvaluationRepository:
    """Evaluations of runs; those of removed runs are not seen."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, evaluation_id: int) -> Evaluation | None:
        """The evaluation with this number, or None."""
        return self._find(EvaluationRow.evaluation_id == evaluation_id)

    def find_of_checkpoint(
        self, run_id: int, checkpoint_hash: str, split: Split, revision_id: int
    ) -> Evaluation | None:
        """The evaluation of exactly this, or None."""
        return self._find(
            EvaluationRow.run_id == run_id,
            EvaluationRow.checkpoint_hash == checkpoint_hash,
            EvaluationRow.split == split,
            EvaluationRow.revision_id == revision_id,
        )

    def list_of_run(self, run_id: int) -> list[EvaluationSummary]:
        """What was measured of a run's checkpoints, oldest first."""
        return self._list(EvaluationRow.run_id == run_id)

    def list_of_split(
        self, split: Split, *, revision_id: int | None = None
    ) -> list[EvaluationSummary]:
        """What was measured on a split (as of this revision), oldest first."""
        as_of = [] if revision_id is None else [EvaluationRow.revision_id == revision_id]
        return self._list(EvaluationRow.split == split, *as_of)

    def add(
        self,
        *,
        run_id: int,
        checkpoint_hash: str,
        split: Split,
        revision_id: int,
        num_images: int,
        accuracy: float,
        report: Mapping[str, Any],
        author: str,
    ) -> int:
        """Keep an evaluation in the place of an earlier one of the same; returns its number."""
        values = {
            "run_id": run_id,
            "checkpoint_hash": checkpoint_hash,
            "split": split,
            "revision_id": revision_id,
            "num_images": num_images,
            "accuracy": accuracy,
            "report": dict(report),
            "author": author,
        }
        dialect: Any = sqlite if bulk.is_sqlite(self._session) else postgresql
        statement = dialect.insert(EvaluationRow).values(**values)
        replaced = {name: statement.excluded[name] for name in values if name not in _KEY}
        statement = statement.on_conflict_do_update(
            index_elements=_KEY, set_={**replaced, "created_at": utc_now()}
        ).returning(EvaluationRow.evaluation_id)
        return int(self._session.scalars(statement).one())

    def _find(self, *conditions: ColumnElement[bool]) -> Evaluation | None:
        row = self._session.execute(
            select(*COLUMNS)
            .join(TrainingRun, TrainingRun.run_id == EvaluationRow.run_id)
            .where(*conditions, TrainingRun.is_deleted.is_(false()))
        ).one_or_none()
        return to_record(Evaluation, row) if row else None

    def _list(self, *conditions: ColumnElement[bool]) -> list[EvaluationSummary]:
        rows = self._session.execute(
            select(*SUMMARY_COLUMNS)
            .join(TrainingRun, TrainingRun.run_id == EvaluationRow.run_id)
            .where(*conditions, TrainingRun.is_deleted.is_(false()))
            .order_by(EvaluationRow.evaluation_id)
        )
        return [to_record(EvaluationSummary, row) for row in rows]
