"""The list of runs: found, ordered and read with one statement, however many they are."""

import re
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    String,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from db.clock import utc_now
from db.enums import EndRequest, JobStatus, RunOrder, RunStatus
from db.models import JobRow, RevisionRow, RunMetric, RunSeedsRow, RunTag, TrainingRun
from db.repositories import bulk
from db.run_records import PAUSED, RunFilter, RunPage, RunRow

TAG_END = "\n"
"""Between tags, none of which holds it."""
_PLAIN = (
    "run_id",
    "name",
    "author",
    "revision_id",
    "best_epoch",
    "best_val_accuracy",
    "accuracies",
    "val_sample",
    "is_starred",
    "note",
    "created_at",
    "started_at",
    "finished_at",
)
_CONFIG = TrainingRun.config
_ARCHITECTURE = _CONFIG["architecture"].as_string()


class RunListRepository:
    """Pages of runs in an order; removed ones are not seen."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_page(self, where: RunFilter, *, limit: int, job_kind: str) -> RunPage:
        """The first runs that match, with their tags and curves; one statement.

        Args:
            where: Which, and in which order; of equals the newer one first.
            limit: How many at most.
            job_kind: Of the jobs that train.
        """
        order = self._order(where.order)
        found = (
            select(TrainingRun.run_id, func.count().over().label("total"))
            .where(TrainingRun.is_deleted.is_(false()), *_conditions(where, job_kind))
            .order_by(*order)
            .limit(limit)
            .subquery()
        )
        statement = (
            select(
                *(getattr(TrainingRun, name) for name in _PLAIN),
                TrainingRun.status,
                _ARCHITECTURE.label("architecture"),
                _CONFIG["pretrained"].as_boolean().label("pretrained"),
                _CONFIG["start_run"].as_integer().label("start_run"),
                _CONFIG["seed"].as_integer().label("seed"),
                self._length(TrainingRun.class_names).label("num_classes"),
                RevisionRow.created_at.label("data_changed_at"),
                RunSeedsRow.first_run_id.label("seed_group"),
                _is_paused(job_kind).label("is_paused"),
                _tags().label("tags"),
                _curve().label("curve"),
                found.c.total,
            )
            .join(found, found.c.run_id == TrainingRun.run_id)
            .outerjoin(RevisionRow, RevisionRow.revision_id == TrainingRun.revision_id)
            .outerjoin(RunSeedsRow, RunSeedsRow.run_id == TrainingRun.run_id)
            .order_by(*order)
        )
        rows = self._session.execute(statement).all()
        return RunPage([_to_row(row) for row in rows], rows[0].total if rows else 0)

    def count_by_network(self) -> dict[tuple[str, RunStatus], int]:
        """How many runs there are of each architecture in each state."""
        # Grouped by their names: as expressions their parameters would make them other ones.
        each = (
            select(_ARCHITECTURE.label("architecture"), TrainingRun.status.label("status"))
            .where(TrainingRun.is_deleted.is_(false()))
            .subquery()
        )
        rows = self._session.execute(
            select(each.c.architecture, each.c.status, func.count()).group_by(
                each.c.architecture, each.c.status
            )
        )
        return {(name or "", RunStatus(status)): count for name, status, count in rows}

    def _length(self, column: Any) -> ColumnElement[int]:
        if bulk.is_sqlite(self._session):
            return func.json_array_length(column, type_=Integer())
        return func.jsonb_array_length(column, type_=Integer())

    def _order(self, order: RunOrder) -> list[ColumnElement[Any]]:
        newest = TrainingRun.run_id.desc()
        match order:
            case RunOrder.OLDEST:
                return [TrainingRun.run_id.asc()]
            case RunOrder.BEST:
                return [_shown_accuracy().desc().nulls_last(), newest]
            case RunOrder.LONGEST:
                return [self._duration().desc().nulls_last(), newest]
            case RunOrder.NAME:
                return [TrainingRun.name == "", func.lower(TrainingRun.name), newest]
            case _:
                return [newest]

    def _duration(self) -> ColumnElement[Any]:
        end = func.coalesce(TrainingRun.finished_at, utc_now())
        if bulk.is_sqlite(self._session):
            return func.julianday(end) - func.julianday(TrainingRun.started_at)
        return end - TrainingRun.started_at


def _shown_accuracy() -> ColumnElement[float]:
    """The validation accuracy that speaks of all images, else that of all measured ones."""
    sampled = TrainingRun.accuracies[("val", "sampled", "value")].as_float()
    return func.coalesce(sampled, TrainingRun.best_val_accuracy, type_=Float())


def _conditions(where: RunFilter, job_kind: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.states:
        found.append(_has_state(where.states, job_kind))
    if where.architectures:
        found.append(_ARCHITECTURE.in_(where.architectures))
    if where.tags:
        found.append(_has_tag(RunTag.tag.in_(where.tags)))
    if where.seed_group is not None:
        of_group = select(RunSeedsRow.run_id).where(RunSeedsRow.first_run_id == where.seed_group)
        found.append(TrainingRun.run_id.in_(of_group))
    if where.is_starred:
        found.append(TrainingRun.is_starred.is_(true()))
    for place, word in enumerate(where.words):
        named = where.named[place] if place < len(where.named) else ()
        found.append(_is_said(word, named))
    return found


def _has_state(states: tuple[str, ...], job_kind: str) -> ColumnElement[bool]:
    interrupted = str(RunStatus.INTERRUPTED)
    ways: list[ColumnElement[bool]] = [
        TrainingRun.status.in_([state for state in states if state != interrupted])
    ]
    if interrupted in states:
        ways.append(and_(TrainingRun.status == interrupted, not_(_is_paused(job_kind))))
    if PAUSED in states:
        ways.append(_is_paused(job_kind))
    return or_(*ways)


def _is_said(word: str, named: tuple[str, ...]) -> ColumnElement[bool]:
    texts = (TrainingRun.name, TrainingRun.note, TrainingRun.author, _ARCHITECTURE)
    ways = [_contains(text, word) for text in texts]
    ways.append(_has_tag(_contains(RunTag.tag, word)))
    ways.append(cast(TrainingRun.run_id, String) == word)
    if named:
        ways.append(_ARCHITECTURE.in_(named))
    return or_(*ways)


def _contains(column: Any, word: str) -> ColumnElement[bool]:
    """Both sides are lowered by the database: it and Python differ beyond a to z."""
    escaped = re.sub(r"([/%_])", r"/\1", word)
    pattern = func.lower(literal(f"%{escaped}%", Text()))
    return func.lower(column).like(pattern, escape="/")


def _has_tag(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(RunTag.run_id == TrainingRun.run_id, condition)


def _is_paused(job_kind: str) -> ColumnElement[bool]:
    """Whether the newest training job ended to go on later."""
    newest = (
        select(
            and_(
                JobRow.end_requested == str(EndRequest.PAUSE),
                JobRow.status == str(JobStatus.INTERRUPTED),
            )
        )
        .where(JobRow.run_id == TrainingRun.run_id, JobRow.kind == job_kind)
        .order_by(JobRow.job_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    is_interrupted = TrainingRun.status == str(RunStatus.INTERRUPTED)
    return case((is_interrupted, func.coalesce(newest, false())), else_=false())


def _tags() -> ColumnElement[str]:
    return (
        select(func.aggregate_strings(RunTag.tag, TAG_END))
        .where(RunTag.run_id == TrainingRun.run_id)
        .scalar_subquery()
    )


def _curve() -> ColumnElement[str]:
    """Epoch and accuracy in thousandths of each epoch, in no order."""
    thousandths = cast(func.round(1000 * RunMetric.val_accuracy), Integer)
    point = cast(RunMetric.epoch, String).concat(":").concat(cast(thousandths, String))
    return (
        select(func.aggregate_strings(point, " "))
        .where(RunMetric.run_id == TrainingRun.run_id)
        .scalar_subquery()
    )


def _to_row(row: Any) -> RunRow:
    values = dict(row._mapping)
    values.pop("total")
    return RunRow(
        **{
            **values,
            "status": RunStatus(row.status),
            "architecture": row.architecture or "",
            "pretrained": bool(row.pretrained),
            "is_paused": bool(row.is_paused),
            "tags": _read_tags(row.tags),
            "curve": _read_curve(row.curve),
        }
    )


def _read_tags(told: str | None) -> tuple[str, ...]:
    return tuple(sorted(told.split(TAG_END), key=str.casefold)) if told else ()


def _read_curve(told: str | None) -> tuple[float, ...]:
    if not told:
        return ()
    pairs = [point.split(":") for point in told.split(" ")]
    pairs.sort(key=lambda pair: int(pair[0]))
    return tuple(int(thousandths) / 1000 for _, thousandths in pairs)
