"""Pairs of images that a network sees as nearly the same scene."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, false, func, literal, select, update
from sqlalchemy.orm import Session, aliased

from db.models import DuplicateMember, ScenePairRow, VisionAsset
from db.records import Asset
from db.repositories import bulk
from db.repositories.rows import columns_of
from db.saved_records import ScenePair

_WRITTEN = (
    "first_id",
    "second_id",
    "similarity",
    "first_hash",
    "second_hash",
    "network",
    "is_dismissed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewScenePair:
    """A pair to keep; see `ScenePairRow`."""

    first_id: uuid.UUID
    second_id: uuid.UUID
    similarity: float
    first_hash: str
    second_hash: str
    network: str


_FIRST, _SECOND = aliased(VisionAsset), aliased(VisionAsset)


class ScenePairRepository:
    """The pairs of the last comparison, and those that people put away."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def replace(self, pairs: Sequence[NewScenePair]) -> None:
        """Keep these in the place of those before; what was put away stays so."""
        pair = ScenePairRow
        away = {
            (row.first_id, row.second_id)
            for row in self._session.execute(
                select(pair.first_id, pair.second_id).where(pair.is_dismissed.is_not(false()))
            )
        }
        self._session.execute(delete(pair).where(pair.is_dismissed.is_(false())))
        rows = [
            (
                each.first_id,
                each.second_id,
                each.similarity,
                each.first_hash,
                each.second_hash,
                each.network,
                False,
            )
            for each in pairs
            if (each.first_id, each.second_id) not in away
        ]
        bulk.insert_rows(self._session, "scene_pairs", _WRITTEN, rows)

    def dismiss(self, first_id: uuid.UUID, second_id: uuid.UUID) -> None:
        """Put a pair away: somebody said that it shows two scenes."""
        self._session.execute(
            update(ScenePairRow)
            .where(ScenePairRow.first_id == first_id, ScenePairRow.second_id == second_id)
            .values(is_dismissed=True)
        )

    def list_similarities(self) -> list[float]:
        """How near the pairs that wait are, in no order."""
        return list(self._session.scalars(self._waiting(select(ScenePairRow.similarity))))

    def count(self, line: float, *, across: bool = False) -> int:
        """How many wait at or above a line; `across`: of them those in two splits."""
        statement = self._waiting(select(func.count())).where(ScenePairRow.similarity >= line)
        if across:
            statement = statement.where(_is_across())
        return self._session.scalar(statement) or 0

    def list_nearest(self, line: float, *, limit: int) -> list[ScenePair]:
        """Pairs at or above a line, those in two splits first, the nearest first."""
        first = [column.label(f"a_{column.key}") for column in columns_of(Asset, _FIRST)]
        second = [column.label(f"b_{column.key}") for column in columns_of(Asset, _SECOND)]
        pair = ScenePairRow
        statement = (
            self._waiting(select(pair.similarity, *first, *second))
            .where(pair.similarity >= line)
            .order_by(_is_across().desc(), pair.similarity.desc(), pair.first_id, pair.second_id)
            .limit(limit)
        )
        return [_to_pair(dict(row._mapping)) for row in self._session.execute(statement)]

    def _waiting(self, statement: Select[Any]) -> Select[Any]:
        """Pairs of living images with the bytes that were compared, that nobody put away.

        Verified near-duplicates have a queue of their own.
        """
        mine, other = aliased(DuplicateMember), aliased(DuplicateMember)
        in_one_group = (
            select(literal(1))
            .select_from(mine)
            .join(other, mine.group_id == other.group_id)
            .where(mine.asset_id == ScenePairRow.first_id, other.asset_id == ScenePairRow.second_id)
            .correlate(ScenePairRow)
            .exists()
        )
        return (
            statement.select_from(ScenePairRow)
            .join(
                _FIRST,
                and_(
                    _FIRST.asset_id == ScenePairRow.first_id,
                    _FIRST.content_hash == ScenePairRow.first_hash,
                    _FIRST.is_deleted.is_(false()),
                ),
            )
            .join(
                _SECOND,
                and_(
                    _SECOND.asset_id == ScenePairRow.second_id,
                    _SECOND.content_hash == ScenePairRow.second_hash,
                    _SECOND.is_deleted.is_(false()),
                ),
            )
            .where(ScenePairRow.is_dismissed.is_(false()), ~in_one_group)
        )


def _is_across() -> ColumnElement[bool]:
    """Whether both have a split, and not the same."""
    return and_(
        _FIRST.split_type.is_not(None),
        _SECOND.split_type.is_not(None),
        _FIRST.split_type != _SECOND.split_type,
    )


def _to_pair(values: dict[str, Any]) -> ScenePair:
    def asset(prefix: str) -> Asset:
        return Asset(**{k[2:]: v for k, v in values.items() if k.startswith(prefix)})

    return ScenePair(first=asset("a_"), second=asset("b_"), similarity=values["similarity"])
