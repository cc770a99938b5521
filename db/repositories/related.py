"""Conditions on assets that other tables decide: predictions, doubts, history, duplicates, work.

Each can be said in two ways. Looked up: the few assets that fit are collected first, and found by
their ids. Asked: each asset of a list is asked whether it fits, at the cost of a step in an index;
best where many fit. `db.repositories.query_plans` chooses.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, false, func, literal, select, true
from sqlalchemy.orm import aliased

from db.enums import Measure, Typicality
from db.models import (
    AssetChangeRow,
    Assignment,
    DuplicateMember,
    EvaluationAnswerRow,
    ImageMeasuresRow,
    ImageTypicalityRow,
    LabelAuditLookRow,
    LabelClass,
    LabelClassState,
    LabelIssueRow,
    LabelRequestRow,
    LabelVoteRow,
    LikenessHitRow,
    OpinionRequestRow,
    Prediction,
    RevisionRow,
    SelectedAssetRow,
    VisionAsset,
)
from db.records import ACROSS, ANY, NONE, AssetFilter
from db.repositories import measure_conditions, opinions


@dataclass(frozen=True, kw_only=True)
class Related:
    """One condition on another table that has a row, or several, for an asset."""

    asset_id: Any
    """The column of the other table that names the asset."""
    conditions: list[ColumnElement[bool]]
    """On the other table alone."""
    both: list[ColumnElement[bool]] = field(default_factory=list)
    """On the other table and the asset together."""
    joined: tuple[Any, ColumnElement[bool]] | None = None
    """A third table that the conditions need, and how it is joined."""

    def ids(self) -> Select[Any]:
        """The ids of the assets, without what compares with the asset itself."""
        statement = select(self.asset_id).where(*self.conditions)
        return statement.join(*self.joined) if self.joined is not None else statement

    def probed(self, *, as_array: bool) -> list[ColumnElement[bool]]:
        """Conditions on `vision_assets`: its id is among those collected.

        As an array on Postgres: that is made once, before; a subquery is planned as a join, which
        may walk all assets.
        """
        ids = self.ids()
        array: ColumnElement[Any] = func.any(func.array(ids.correlate(None).scalar_subquery()))
        found: list[ColumnElement[bool]] = [
            VisionAsset.asset_id == array if as_array else VisionAsset.asset_id.in_(ids)
        ]
        return [*found, self.asked()] if self.both else found

    def asked(self) -> ColumnElement[bool]:
        """A condition on `vision_assets`: there is a row for it."""
        statement = select(literal(1)).select_from(self.asset_id.table)
        if self.joined is not None:
            statement = statement.join(*self.joined)
        return (
            statement.where(self.asset_id == VisionAsset.asset_id, *self.conditions, *self.both)
            .correlate(VisionAsset)
            .exists()
        )


def find_all(where: AssetFilter) -> dict[str, Related]:
    """The conditions of a filter on other tables, by name. "Assigned to nobody" is none of them."""
    found = {name: make(where) for name, (_, make) in RELATED.items()}
    return {name: part for name, part in found.items() if part is not None}


def matching(
    where: AssetFilter, *, probe_first: str | None, as_array: bool, joined: str | None
) -> list[ColumnElement[bool]]:
    """Conditions on `vision_assets`; see `filters.matching`."""
    found: list[ColumnElement[bool]] = []
    for name, part in find_all(where).items():
        if name == joined:
            found += [*part.conditions, *part.both]
        elif name == probe_first:
            found += part.probed(as_array=as_array)
        else:
            found.append(part.asked())
    if where.assigned == NONE:
        found.append(~Related(asset_id=Assignment.asset_id, conditions=[]).asked())
    return found


def is_of_the_label_now() -> ColumnElement[bool]:
    """Whether a prediction's `label_quality` is known and speaks of the label that is there now."""
    return Prediction.label_quality.is_not(None) & (
        Prediction.given_label_id == VisionAsset.label_id
    )


def is_judged_now() -> ColumnElement[bool]:
    """Whether a score of a label speaks of the label and the bytes that are there now."""
    return (LabelIssueRow.label_id == VisionAsset.label_id) & (
        LabelIssueRow.content_hash == VisionAsset.content_hash
    )


def is_compared_now() -> ColumnElement[bool]:
    """Whether how strange an asset is speaks of the bytes that are there now."""
    return ImageTypicalityRow.content_hash == VisionAsset.content_hash


def measure_column(measure: Measure | Typicality) -> Any:
    """Where the values of a measure stand."""
    table = ImageTypicalityRow if isinstance(measure, Typicality) else ImageMeasuresRow
    return getattr(table, measure)


def holds_now(measure: Measure | Typicality) -> ColumnElement[bool]:
    """Whether a measured value speaks of what the asset is now."""
    if measure is Typicality.CLASS_STRANGENESS:
        return is_compared_now() & (ImageTypicalityRow.label_id == VisionAsset.label_id)
    if measure is Typicality.STRANGENESS:
        return is_compared_now()
    return ImageMeasuresRow.content_hash == VisionAsset.content_hash


def _prediction(where: AssetFilter) -> Related | None:
    if not where.asks_the_run():
        return None
    conditions: list[Any] = [Prediction.run_id == where.run]
    both: list[Any] = []
    if where.predicted is not None:
        conditions.append(Prediction.label_id == where.predicted)
    if where.confidence_min is not None:
        conditions.append(Prediction.confidence >= where.confidence_min)
    if where.confidence_max is not None:
        conditions.append(Prediction.confidence <= where.confidence_max)
    if where.disagrees is not None:
        retired = select(LabelClass.label_id).where(LabelClass.is_retired.is_(true()))
        conditions.append(Prediction.label_id.not_in(retired))
        differs = Prediction.label_id != VisionAsset.label_id
        both.append(differs if where.disagrees else Prediction.label_id == VisionAsset.label_id)
    return Related(asset_id=Prediction.asset_id, conditions=conditions, both=both)


def _answer(where: AssetFilter) -> Related | None:
    if where.evaluation is None:
        return None
    row = EvaluationAnswerRow
    conditions: list[Any] = [row.evaluation_id == where.evaluation]
    if where.true_label is not None:
        conditions.append(row.label_id == where.true_label)
    if where.answered is not None:
        conditions.append(row.predicted_id == where.answered)
    if where.outcome is not None:
        conditions.append(_came_out(row, where.outcome))
    if where.sure_min is not None:
        conditions.append(row.confidence >= where.sure_min)
    if where.sure_max is not None and where.sure_max < 1:
        conditions.append(row.confidence < where.sure_max)
    if where.top is not None:
        conditions.append(row.label_rank <= where.top)
    if where.seen is not None:
        conditions.append(row.is_trained.is_(true() if where.seen else false()))
    return Related(asset_id=row.asset_id, conditions=conditions)


def _answer_against(where: AssetFilter) -> Related | None:
    if where.against is None:
        return None
    row = EvaluationAnswerRow
    conditions: list[Any] = [row.evaluation_id == where.against]
    if where.against_outcome is not None:
        conditions.append(_came_out(row, where.against_outcome))
    return Related(asset_id=row.asset_id, conditions=conditions)


def _came_out(row: type[EvaluationAnswerRow], outcome: str) -> ColumnElement[bool]:
    is_right = row.label_id == row.predicted_id
    return is_right if outcome == "right" else ~is_right


def _issue(where: AssetFilter) -> Related | None:
    if not where.asks_the_judging():
        return None
    conditions: list[Any] = []
    if where.issue_min is not None:
        conditions.append(LabelIssueRow.score >= where.issue_min)
    if where.issue_max is not None:
        conditions.append(LabelIssueRow.score <= where.issue_max)
    if where.suspected is not None:
        conditions.append(LabelIssueRow.suggested_label_id == where.suspected)
    return Related(asset_id=LabelIssueRow.asset_id, conditions=conditions, both=[is_judged_now()])


def _audit(where: AssetFilter) -> Related | None:
    if where.audit is None:
        return None
    taken_over = _taken_over()
    drawn_as = select(taken_over.c.drawn_id).where(taken_over.c.label_id == VisionAsset.label_id)
    as_drawn = [
        (LabelAuditLookRow.label_id == VisionAsset.label_id)
        | LabelAuditLookRow.label_id.in_(drawn_as.correlate(VisionAsset)),
        LabelAuditLookRow.content_hash == VisionAsset.content_hash,
    ]
    named = [] if where.audit == ANY else [LabelAuditLookRow.audit_id == int(where.audit)]
    return Related(asset_id=LabelAuditLookRow.asset_id, conditions=named, both=as_drawn)


def _taken_over() -> CTE:
    """Of each class that is merged by now those that it went to, one merge after another."""
    later = aliased(LabelClassState)
    newer = select(literal(1)).where(
        later.label_id == LabelClassState.label_id,
        later.revision_id > LabelClassState.revision_id,
    )
    into = LabelClassState.merged_into_label_id
    merges = (
        select(LabelClassState.label_id, into.label("into_id"))
        .where(into.is_not(None), LabelClassState.is_retired.is_(true()), ~newer.exists())
        .cte("merges")
    )
    chains = select(merges.c.label_id.label("drawn_id"), merges.c.into_id.label("label_id")).cte(
        "taken_over", recursive=True
    )
    return chains.union(
        select(chains.c.drawn_id, merges.c.into_id).join(
            merges, merges.c.label_id == chains.c.label_id
        )
    )


def _change(where: AssetFilter) -> Related | None:
    if where.author is None and where.changed_since is None:
        return None
    conditions: list[Any] = []
    joined = None
    if where.changed_since is not None:
        conditions.append(AssetChangeRow.revision_id > where.changed_since)
    if where.author is not None:
        conditions.append(RevisionRow.author == where.author)
        joined = (RevisionRow, RevisionRow.revision_id == AssetChangeRow.revision_id)
    return Related(asset_id=AssetChangeRow.asset_id, conditions=conditions, joined=joined)


def _duplicates(where: AssetFilter) -> Related | None:
    if where.duplicates is None:
        return None
    if where.duplicates == ACROSS:
        across = (
            select(DuplicateMember.group_id)
            .join(VisionAsset, VisionAsset.asset_id == DuplicateMember.asset_id)
            .where(VisionAsset.is_deleted.is_(false()))
            .group_by(DuplicateMember.group_id)
            .having(func.count(func.distinct(VisionAsset.split_type)) > 1)
        )
        return Related(
            asset_id=DuplicateMember.asset_id,
            conditions=[DuplicateMember.group_id.in_(across.correlate(None))],
            both=[VisionAsset.split_type.is_not(None)],
        )
    if where.duplicates != ANY:
        named = DuplicateMember.group_id == where.duplicates
        return Related(asset_id=DuplicateMember.asset_id, conditions=[named])
    other, asset = aliased(DuplicateMember), aliased(VisionAsset)
    has_another = (
        select(literal(1))
        .select_from(other)
        .join(asset, asset.asset_id == other.asset_id)
        .where(
            other.group_id == DuplicateMember.group_id,
            other.asset_id != DuplicateMember.asset_id,
            asset.is_deleted.is_(false()),
        )
        .correlate(DuplicateMember)
        .exists()
    )
    return Related(asset_id=DuplicateMember.asset_id, conditions=[has_another])


def _measured(where: AssetFilter) -> Related | None:
    if where.measured is None:
        return None
    wanted = measure_conditions.read(where.measured)
    column = measure_column(wanted.measure)
    beyond = [] if wanted.above is None else [column > wanted.above]
    beyond += [] if wanted.start is None else [column >= wanted.start]
    beyond += [] if wanted.below is None else [column < wanted.below]
    return Related(
        asset_id=column.class_.asset_id, conditions=beyond, both=[holds_now(wanted.measure)]
    )


def _assigned(where: AssetFilter) -> Related | None:
    if where.assigned in (None, NONE):
        return None
    return Related(asset_id=Assignment.asset_id, conditions=[Assignment.person == where.assigned])


def _requested(where: AssetFilter) -> Related | None:
    if where.requested is None:
        return None
    conditions = [] if where.requested == ANY else [LabelRequestRow.reason == where.requested]
    return Related(asset_id=LabelRequestRow.asset_id, conditions=conditions)


def _alike(where: AssetFilter) -> Related | None:
    if where.alike is None:
        return None
    return Related(
        asset_id=LikenessHitRow.asset_id, conditions=[LikenessHitRow.search_id == where.alike]
    )


def _selected(where: AssetFilter) -> Related | None:
    if where.selected is None:
        return None
    return Related(
        asset_id=SelectedAssetRow.asset_id,
        conditions=[SelectedAssetRow.selection_id == where.selected],
    )


def _asked_of(where: AssetFilter) -> Related | None:
    if where.asked_of is None:
        return None
    return Related(
        asset_id=OpinionRequestRow.asset_id,
        conditions=opinions.open_for(where.asked_of),
        both=[opinions.is_as_it_was_drawn()],
    )


def _opinions(where: AssetFilter) -> Related | None:
    if where.opinions is None:
        return None
    taken_over = _taken_over()
    went_to = select(taken_over.c.drawn_id).where(taken_over.c.label_id == VisionAsset.label_id)
    is_same = LabelVoteRow.label_id.in_(went_to.correlate(VisionAsset))
    return Related(
        asset_id=LabelVoteRow.asset_id,
        conditions=[LabelVoteRow.taken_back_by.is_(None)],
        both=[opinions.differs(is_same)] if where.opinions == opinions.DIFFER else [],
    )


RELATED: dict[str, tuple[tuple[str, ...], Callable[[AssetFilter], Related | None]]] = {
    "prediction": (
        ("run", "predicted", "disagrees", "confidence_min", "confidence_max"),
        _prediction,
    ),
    "answer": (
        (
            "evaluation",
            "true_label",
            "answered",
            "outcome",
            "sure_min",
            "sure_max",
            "top",
            "seen",
        ),
        _answer,
    ),
    "answer against": (("against", "against_outcome"), _answer_against),
    "issue": (("issue_min", "issue_max", "suspected"), _issue),
    "audit": (("audit",), _audit),
    "change": (("author", "changed_since"), _change),
    "duplicates": (("duplicates",), _duplicates),
    "assigned": (("assigned",), _assigned),
    "measured": (("measured",), _measured),
    "requested": (("requested",), _requested),
    "alike": (("alike",), _alike),
    "typicality": ((), lambda _: None),
    "selected": (("selected",), _selected),
    "asked of": (("asked_of",), _asked_of),
    "opinions": (("opinions",), _opinions),
}
"""Each condition on another table: the fields of the filter that make it, and how."""
