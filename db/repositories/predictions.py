"""What the networks of runs say of assets. A prediction of a removed asset is not seen."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Select,
    and_,
    case,
    delete,
    false,
    func,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.models import LabelClass, LabelClassState, Prediction, VisionAsset
from db.records import NONE, AssetAsOf
from db.repositories import bulk, filters
from db.repositories.rows import columns_of, to_record


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionRow:
    """What the network of a run says of one asset."""

    asset_id: uuid.UUID
    label_id: int
    """The class that it finds most likely."""
    confidence: float
    """Probability of that class, 0 to 1."""
    margin: float
    """Confidence less the probability of the second class, 0 to 1."""
    entropy: float
    """Of all probabilities, in nats: 0 is sure, ln K is no idea among K classes."""
    label_quality: float | None
    """Probability of the given label, 0 to 1; None where the run trained on the image."""
    given_label_id: int | None
    """The asset's label when it was scored: `label_quality` speaks of this one."""
    revision_id: int
    """The newest revision when it was scored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionCounts:
    """Living images that a run has a prediction of."""

    num_images: int
    num_disagreeing: int
    """Labelled, and the prediction is another class."""
    num_unlabelled: int
    num_rated: int
    """With a label quality that speaks of the label that the image has now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringScope:
    """Which living assets are to be scored."""

    run_id: int
    split: str | None = None
    """A split, "none" for assets in no split, None for all."""
    only_new: bool = True
    """Leave out what has a prediction that still speaks of the asset's label."""
    stale_before: int = 0
    """Predictions made at an older revision count as none; see `find_last_merge`."""


COLUMNS = columns_of(PredictionRow, Prediction)
_ASSET_COLUMNS = columns_of(AssetAsOf, VisionAsset)


class PredictionRepository:
    """Predictions of runs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_by_assets(
        self, run_id: int, asset_ids: Sequence[uuid.UUID], *, with_retired: bool = False
    ) -> dict[uuid.UUID, tuple[PredictionRow, str]]:
        """Predictions of at most a page of assets, each with the name of its class.

        Those of retired and merged classes are left out, unless they are asked for.
        """
        rows = self._session.execute(
            select(*COLUMNS, LabelClass.name.label("name"))
            .join(LabelClass, LabelClass.label_id == Prediction.label_id)
            .where(
                Prediction.run_id == run_id,
                Prediction.asset_id.in_(asset_ids),
                *([] if with_retired else [LabelClass.is_retired.is_(false())]),
            )
        )
        found = {}
        for row in rows:
            values = dict(row._mapping)
            name = values.pop("name")
            found[row.asset_id] = (PredictionRow(**values), name)
        return found

    def find_newest_revision(self, run_id: int) -> int | None:
        """The newest revision that an image was scored at; None without predictions."""
        return self._session.scalar(
            select(func.max(Prediction.revision_id)).where(Prediction.run_id == run_id)
        )

    def find_last_merge(self, label_ids: Sequence[int]) -> int:
        """The newest revision that merged one of these classes away, or undid that; 0 for none.

        What a network says of classes that it has apart means something else from then on.
        """
        merged = select(LabelClassState.label_id).where(
            LabelClassState.merged_into_label_id.is_not(None)
        )
        newest = select(func.max(LabelClassState.revision_id)).where(
            LabelClassState.label_id.in_(label_ids), LabelClassState.label_id.in_(merged)
        )
        return self._session.scalar(newest) or 0

    def count_of_run(self, run_id: int) -> PredictionCounts:
        """How many living images a run has predictions of; looks at each of them once."""
        label = VisionAsset.label_id
        is_rated = Prediction.label_quality.is_not(None) & (Prediction.given_label_id == label)
        row = self._session.execute(
            select(
                func.count(),
                func.coalesce(func.sum(case((label != Prediction.label_id, 1), else_=0)), 0),
                func.coalesce(func.sum(case((label.is_(None), 1), else_=0)), 0),
                func.coalesce(func.sum(case((is_rated, 1), else_=0)), 0),
            )
            .select_from(Prediction)
            .join(VisionAsset, VisionAsset.asset_id == Prediction.asset_id)
            .where(Prediction.run_id == run_id, filters.living())
        ).one()
        return PredictionCounts(
            num_images=int(row[0]),
            num_disagreeing=int(row[1]),
            num_unlabelled=int(row[2]),
            num_rated=int(row[3]),
        )

    def list_to_score(
        self, scope: ScoringScope, *, after: uuid.UUID | None, limit: int
    ) -> list[AssetAsOf]:
        """The next living assets to score as they are now, in the order of their ids."""
        statement = self._to_score(select(*_ASSET_COLUMNS), scope)
        if after is not None:
            statement = statement.where(VisionAsset.asset_id > after)
        rows = self._session.execute(statement.order_by(VisionAsset.asset_id).limit(limit))
        return [to_record(AssetAsOf, row) for row in rows]

    def list_named(self, scope: ScoringScope, asset_ids: Sequence[uuid.UUID]) -> list[AssetAsOf]:
        """Those of at most a page of assets that are alive and in the scope's split now, by id."""
        rows = self._session.execute(
            select(*_ASSET_COLUMNS)
            .where(VisionAsset.asset_id.in_(asset_ids), *_in_scope(scope))
            .order_by(VisionAsset.asset_id)
        )
        return [to_record(AssetAsOf, row) for row in rows]

    def count_to_score(self, scope: ScoringScope, *, after: uuid.UUID | None = None) -> int:
        """How many living assets are to be scored (behind an id)."""
        statement = self._to_score(select(func.count()).select_from(VisionAsset), scope)
        if after is not None:
            statement = statement.where(VisionAsset.asset_id > after)
        return self._session.scalar(statement) or 0

    def count_rows(self, run_id: int) -> int:
        """How many predictions a run has, those of removed assets included."""
        statement = select(func.count()).where(Prediction.run_id == run_id)
        return self._session.scalar(statement) or 0

    def list_answers(self, run_id: int) -> tuple[list[uuid.UUID], list[int]]:
        """Of every asset that a run has a prediction of, its id and the class it says."""
        rows = self._session.execute(
            select(Prediction.asset_id, Prediction.label_id).where(Prediction.run_id == run_id)
        ).all()
        return [row.asset_id for row in rows], [row.label_id for row in rows]

    def list_holding(
        self, scope: ScoringScope, *, after: uuid.UUID | None, limit: int
    ) -> list[uuid.UUID]:
        """The next living assets that `only_new` leaves out of a scope, in the order of ids."""
        statement = (
            select(Prediction.asset_id)
            .join(VisionAsset, VisionAsset.asset_id == Prediction.asset_id)
            .where(Prediction.run_id == scope.run_id, *_in_scope(scope), not_(_is_outdated(scope)))
        )
        if after is not None:
            statement = statement.where(Prediction.asset_id > after)
        found = self._session.scalars(statement.order_by(Prediction.asset_id).limit(limit))
        return list(found)

    def add(self, run_id: int, predictions: Sequence[PredictionRow]) -> None:
        """Write predictions of a run; each replaces the one of its asset."""
        if not predictions:
            return
        dialect: Any = sqlite if bulk.is_sqlite(self._session) else postgresql
        statement = dialect.insert(Prediction)
        names = [column.key for column in COLUMNS]
        replaced = {name: statement.excluded[name] for name in names if name != "asset_id"}
        self._session.execute(
            statement.on_conflict_do_update(index_elements=["run_id", "asset_id"], set_=replaced),
            [
                {"run_id": run_id, **{name: getattr(row, name) for name in names}}
                for row in predictions
            ],
        )

    def remove_some(self, run_id: int, *, limit: int) -> int:
        """Remove up to `limit` predictions of a run; returns how many were there."""
        some = (
            select(Prediction.asset_id)
            .where(Prediction.run_id == run_id)
            .order_by(Prediction.asset_id)
            .limit(limit)
        )
        result = self._session.execute(
            delete(Prediction)
            .where(Prediction.run_id == run_id, Prediction.asset_id.in_(some.scalar_subquery()))
            .execution_options(synchronize_session=False)
        )
        return int(cast("CursorResult[Any]", result).rowcount)

    def _to_score(self, statement: Select[Any], scope: ScoringScope) -> Select[Any]:
        if not scope.only_new:
            return statement.where(*_in_scope(scope))
        is_of_asset = and_(
            Prediction.run_id == scope.run_id, Prediction.asset_id == VisionAsset.asset_id
        )
        return statement.outerjoin(Prediction, is_of_asset).where(
            *_in_scope(scope), or_(Prediction.asset_id.is_(None), _is_outdated(scope))
        )


def _in_scope(scope: ScoringScope) -> list[ColumnElement[bool]]:
    if scope.split is None:
        return [filters.living()]
    split = None if scope.split == NONE else scope.split
    return [filters.living(), VisionAsset.split_type == split]


def _is_outdated(scope: ScoringScope) -> ColumnElement[bool]:
    """A prediction that does not speak of the asset's label, or of classes as they are now."""
    return or_(
        Prediction.given_label_id.is_distinct_from(VisionAsset.label_id),
        Prediction.revision_id < scope.stale_before,
    )
