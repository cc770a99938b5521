"""Evaluations: what checkpoints were worth on a split as of a revision."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, false, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.clock import utc_now
from db.enums import Split
from db.models import EvaluationAnswerRow, EvaluationRow, TrainingRun, VisionAsset
from db.repositories import bulk
from db.repositories.rows import columns_of, to_record
from db.run_records import Evaluation, EvaluationAnswer, EvaluationSummary

COLUMNS = columns_of(Evaluation, EvaluationRow)
SUMMARY_COLUMNS = columns_of(EvaluationSummary, EvaluationRow)
_ANSWER_COLUMNS = ("evaluation_id", *EvaluationAnswer._fields)
_KEY = ("run_id", "checkpoint_hash", "split", "revision_id")


class EvaluationRepository:
    """Evaluations of runs; those of removed runs are not seen."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, evaluation_id: int) -> Evaluation | None:
        """The evaluation with this number, or None."""
        return self._find(EvaluationRow.evaluation_id == evaluation_id)

    def find_summary(self, evaluation_id: int) -> EvaluationSummary | None:
        """The evaluation with this number without its report, or None."""
        return next(iter(self._list(EvaluationRow.evaluation_id == evaluation_id)), None)

    def exists(self, evaluation_id: int) -> bool:
        """Whether there is an evaluation of this number, of a run that is there."""
        statement = (
            select(EvaluationRow.evaluation_id)
            .join(TrainingRun, TrainingRun.run_id == EvaluationRow.run_id)
            .where(
                EvaluationRow.evaluation_id == evaluation_id, TrainingRun.is_deleted.is_(false())
            )
        )
        return self._session.scalar(statement) is not None

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

    def list_all(self) -> list[EvaluationSummary]:
        """Every evaluation whose answers were kept, oldest first."""
        return self._list(EvaluationRow.data_digest.is_not(None))

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
        data_digest: str | None = None,
    ) -> int:
        """Keep an evaluation in the place of an earlier one of the same; returns its number.

        What the earlier one answered is forgotten.
        """
        values = {
            "run_id": run_id,
            "checkpoint_hash": checkpoint_hash,
            "split": split,
            "revision_id": revision_id,
            "num_images": num_images,
            "accuracy": accuracy,
            "report": dict(report),
            "author": author,
            "data_digest": data_digest,
        }
        dialect: Any = sqlite if bulk.is_sqlite(self._session) else postgresql
        statement = dialect.insert(EvaluationRow).values(**values)
        replaced = {name: statement.excluded[name] for name in values if name not in _KEY}
        statement = statement.on_conflict_do_update(
            index_elements=_KEY, set_={**replaced, "created_at": utc_now()}
        ).returning(EvaluationRow.evaluation_id)
        evaluation_id = int(self._session.scalars(statement).one())
        self._session.execute(
            delete(EvaluationAnswerRow).where(EvaluationAnswerRow.evaluation_id == evaluation_id)
        )
        return evaluation_id

    def update_report(self, evaluation_id: int, report: Mapping[str, Any]) -> None:
        """Keep another report of an evaluation; its numbers, answers and time stay."""
        self._session.execute(
            update(EvaluationRow)
            .where(EvaluationRow.evaluation_id == evaluation_id)
            .values(report=dict(report))
        )

    def add_answers(self, evaluation_id: int, answers: Sequence[EvaluationAnswer]) -> None:
        """Keep what was answered in an evaluation, in the transaction that adds it."""
        rows = [(evaluation_id, *answer) for answer in answers]
        bulk.insert_rows(self._session, "evaluation_answers", _ANSWER_COLUMNS, rows)

    def list_answers(self, evaluation_id: int) -> list[EvaluationAnswer]:
        """What was answered, in the order of the images' ids; removed images are among them."""
        columns = [getattr(EvaluationAnswerRow, name) for name in EvaluationAnswer._fields]
        rows = self._session.execute(
            select(*columns)
            .where(EvaluationAnswerRow.evaluation_id == evaluation_id)
            .order_by(EvaluationAnswerRow.asset_id)
        )
        return [EvaluationAnswer(*row) for row in rows]

    def list_removed(self, evaluation_id: int) -> list[uuid.UUID]:
        """Images that were measured and are not in the catalog any more."""
        found = self._session.scalars(
            select(EvaluationAnswerRow.asset_id)
            .join(VisionAsset, VisionAsset.asset_id == EvaluationAnswerRow.asset_id)
            .where(
                EvaluationAnswerRow.evaluation_id == evaluation_id,
                VisionAsset.is_deleted.is_(true()),
            )
        )
        return list(found)

    def remove_of_run(self, run_id: int) -> None:
        """Forget what was measured of a run's checkpoints, with the answers."""
        own = select(EvaluationRow.evaluation_id).where(EvaluationRow.run_id == run_id)
        self._session.execute(
            delete(EvaluationAnswerRow).where(EvaluationAnswerRow.evaluation_id.in_(own))
        )
        self._session.execute(delete(EvaluationRow).where(EvaluationRow.run_id == run_id))

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
