"""A catalog of every kind of fact, and what each filter finds in it, in plain Python."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from sqlalchemy import select

from db.enums import RevisionKind, RunStatus, Split
from db.models import (
    AssetChangeRow,
    Assignment,
    DuplicateMember,
    LabelIssueRow,
    Prediction,
    RevisionRow,
    TrainingRun,
)
from db.records import Asset, AssetFilter, NewAsset
from db.run_records import EvaluationAnswer
from forge_core.catalog.editing import class_merges, classes, label_edits
from forge_core.catalog.listing import asset_list, filter_fields
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import Operation
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, list_all, set_columns
from tests.chance import examples
from tests.databases import kept_imports

NUMBER = 48
DAYS = [datetime.datetime(2026, 3, day, hour) for day in (1, 2, 3) for hour in (0, 23)]
SIDES = [(8, 8), (8, 64), (64, 32), (640, 480)]
COMMON = settings(
    max_examples=examples(25),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Facts:
    """What the tables say, as plain values."""

    assets: list[Asset]
    predictions: dict[int, dict[uuid.UUID, Prediction]]
    changes: dict[uuid.UUID, list[tuple[int, str]]]
    groups: dict[uuid.UUID, list[uuid.UUID]]
    """Living members by group."""
    persons: dict[uuid.UUID, str]
    retired: set[int]
    issues: dict[uuid.UUID, LabelIssueRow]
    """Those that speak of label and bytes as they are."""
    runs: list[int]
    answers: dict[int, dict[uuid.UUID, EvaluationAnswer]]
    """By evaluation."""


def make_facts(workspace: Workspace) -> Facts:
    """48 images with every property in many combinations, two of them removed."""
    kept_imports.take(workspace, "facts of filters", lambda: _fill(workspace))
    with workspace.database.read() as uow:
        runs = sorted(uow.session.scalars(select(TrainingRun.run_id)))
    return read_facts(workspace, runs)


def _fill(workspace: Workspace) -> None:
    label_ids = [classes.create_class(workspace, name, actor=ACTOR).label_id for name in "abcd"]
    names = dict(zip(label_ids, "abcd", strict=True))
    with workspace.database.write() as uow:
        uow.revisions.lock()
        revision_id = journal.begin_revision(
            uow, Operation.of(RevisionKind.IMPORT, actor=Actor("importer"))
        )
        rows = [_row(i, [*label_ids[:3], None][i % 4], names) for i in range(NUMBER)]
        journal.add_assets(uow, revision_id, rows)
    ids = [row.asset_id for row in rows]
    for i, asset_id in enumerate(ids):
        with workspace.database.write() as uow:
            set_columns(uow, [asset_id], created_at=DAYS[i % len(DAYS)])
    label_edits.relabel(workspace, ids[::7], label_ids[0], actor=Actor("Ana"))
    label_edits.relabel(workspace, ids[3:9], label_ids[1], actor=Actor("Ben"))
    label_edits.relabel(workspace, ids[5:30:6], label_ids[2], actor=Actor("Ana"))
    with workspace.database.write() as uow:
        runs = [_add_run(uow) for _ in range(2)]
        labels_now = {asset.asset_id: asset.label_id for asset in uow.assets.list_all()}
        for run, step in zip(runs, (1, 3), strict=True):
            for i, asset_id in enumerate(ids[::step]):
                uow.session.add(
                    Prediction(
                        run_id=run,
                        asset_id=asset_id,
                        label_id=label_ids[(i + run) % 4],
                        confidence=i % 11 / 10,
                        margin=0.0,
                        entropy=i % 5 / 4,
                        label_quality=None if i % 3 == 0 else i % 7 / 6,
                        given_label_id=labels_now[asset_id],
                        revision_id=1,
                    )
                )
        for run, step in zip(runs, (2, 3), strict=True):
            evaluation_id = _add_evaluation(uow, run)
            rows = [_answer(i, ids[i], label_ids) for i in range(0, NUMBER, step)]
            uow.evaluations.add_answers(evaluation_id, rows)
        groups = {ids[0]: ids[:4], ids[10]: ids[10:12], ids[20]: ids[20:22]}
        for group, members in groups.items():
            for member in members:
                uow.session.add(DuplicateMember(asset_id=member, group_id=group, distance=1))
        for i, asset_id in enumerate(ids[::2]):
            label_id = labels_now[asset_id] or label_ids[0]  # of an image without one: stale
            uow.session.add(
                LabelIssueRow(
                    asset_id=asset_id,
                    score=i % 6 / 5,
                    suggested_label_id=label_ids[(label_ids.index(label_id) + 1 + i % 3) % 4],
                    label_id=label_id,
                    content_hash="0" * 64 if i == 3 else f"{2 * i:064x}",
                    network="run:1",
                    revision_id=1,
                )
            )
        for i, asset_id in enumerate(ids[:24]):
            person = "Ana" if i % 3 else "Ben Ünal"
            uow.session.add(Assignment(asset_id=asset_id, person=person, assigned_by=ACTOR.name))
    label_edits.relabel(
        workspace, ids[12:16], label_ids[0], actor=Actor("Ben")
    )  # after the scoring
    label_edits.remove_assets(
        workspace, [ids[21], ids[30]], actor=Actor("Ana")
    )  # leaves a group of one
    class_merges.retire_class(workspace, label_ids[3], actor=ACTOR)


def read_facts(workspace: Workspace, runs: list[int]) -> Facts:
    assets = list_all(workspace)
    living = {asset.asset_id for asset in assets}
    predictions: dict[int, dict[uuid.UUID, Prediction]] = defaultdict(dict)
    changes: dict[uuid.UUID, list[tuple[int, str]]] = defaultdict(list)
    groups: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    with workspace.database.read() as uow:
        for row in uow.session.scalars(select(Prediction)):
            predictions[row.run_id][row.asset_id] = row
        authors = dict(
            uow.session.execute(select(RevisionRow.revision_id, RevisionRow.author)).all()
        )
        for change in uow.session.scalars(select(AssetChangeRow)):
            known = (change.revision_id, authors[change.revision_id])
            changes[change.asset_id].append(known)
        for member in uow.session.scalars(select(DuplicateMember)):
            if member.asset_id in living:
                groups[member.group_id].append(member.asset_id)
        persons = {row.asset_id: row.person for row in uow.session.scalars(select(Assignment))}
        now = {asset.asset_id: (asset.label_id, asset.content_hash) for asset in assets}
        issues = {
            row.asset_id: row
            for row in uow.session.scalars(select(LabelIssueRow))
            if now.get(row.asset_id) == (row.label_id, row.content_hash)
        }
        retired = {label.label_id for label in uow.labels.list_all() if label.is_retired}
        uow.session.expunge_all()
        answers = {
            one.evaluation_id: {
                row.asset_id: row for row in uow.evaluations.list_answers(one.evaluation_id)
            }
            for one in uow.evaluations.list_all()
        }
    return Facts(assets, predictions, changes, groups, persons, retired, issues, runs, answers)


def _add_evaluation(uow: Any, run: int) -> int:
    return int(
        uow.evaluations.add(
            run_id=run,
            checkpoint_hash="b" * 64,
            split=Split.TEST,
            revision_id=1,
            num_images=NUMBER,
            accuracy=0.5,
            report={},
            author=ACTOR.name,
            data_digest="d" * 64,
        )
    )


def _answer(i: int, asset_id: uuid.UUID, label_ids: list[int]) -> EvaluationAnswer:
    true, predicted = label_ids[i % 3], label_ids[i % 4]
    return EvaluationAnswer(
        asset_id=asset_id,
        label_id=true,
        predicted_id=predicted,
        confidence=i % 11 / 10,
        label_rank=1 if true == predicted else 2 + i % 2,
        label_probability=0.5,
        is_trained=i % 5 == 0,
    )


def _row(i: int, label_id: int | None, names: dict[int, str]) -> NewAsset:
    width, height = SIDES[i % len(SIDES)]
    return NewAsset(
        asset_id=uuid.UUID(int=(1 << 80) + i),
        file_path=f"{'ab'[i % 2]}/IMG_{(i * 29) % NUMBER:03d}.png",
        label_id=label_id,
        label_name=None if label_id is None else names[label_id],
        split_type=[None, "train", "train", "val", "held_out"][i % 5],
        source_dataset=f"camera {i % 3}",
        content_hash=f"{i:064x}",
        width=width,
        height=height,
        size_bytes=1,
        mime="image/png",
        perceptual_hash=None,
        is_augmented=i % 9 == 8,
    )


def _add_run(uow: Any) -> int:
    return int(
        uow.runs.add(
            status=RunStatus.SUCCEEDED.value,
            author=ACTOR.name,
            config={},
            revision_id=1,
            class_names=[],
            label_ids=[],
        )
    )


def fits(facts: Facts, asset: Asset, where: AssetFilter) -> bool:
    """The meaning of a filter, in plain Python."""
    label = asset.label_id
    if where.label is not None and not (
        label is not None if where.label == "any" else (label or "none") == where.label
    ):
        return False
    if where.split is not None and (asset.split_type or "none") != where.split:
        return False
    if where.source is not None and asset.source_dataset != where.source:
        return False
    if where.text is not None and where.text.lower() not in asset.file_path.lower():
        return False
    if where.augmented is not None and asset.is_augmented != where.augmented:
        return False
    side = min(asset.width, asset.height)
    if not (where.side_min or 0) <= side <= (where.side_max or 10**9):
        return False
    day = asset.created_at.date()
    if not (where.since or datetime.date.min) <= day <= (where.until or datetime.date.max):
        return False
    return _fits_others(facts, asset, where)


def _fits_others(facts: Facts, asset: Asset, where: AssetFilter) -> bool:
    said = facts.predictions[where.run].get(asset.asset_id) if where.run else None
    if where.predicted is not None and (said is None or said.label_id != where.predicted):
        return False
    for low, high in [(where.confidence_min, where.confidence_max)]:
        if (low, high) != (None, None) and (
            said is None or not (low or 0) <= said.confidence <= (1 if high is None else high)
        ):
            return False
    if where.disagrees is not None and (
        said is None
        or asset.label_id is None
        or said.label_id in facts.retired
        or (said.label_id != asset.label_id) != where.disagrees
    ):
        return False
    if not _fits_answers(facts, asset, where):
        return False
    if (where.issue_min, where.issue_max, where.suspected) != (None, None, None):
        issue = facts.issues.get(asset.asset_id)
        if issue is None or where.suspected not in (None, issue.suggested_label_id):
            return False
        most = 1 if where.issue_max is None else where.issue_max
        if not (where.issue_min or 0) <= issue.score <= most:
            return False
    if (where.author, where.changed_since) != (None, None) and not any(
        where.author in (None, author) and revision > (where.changed_since or 0)
        for revision, author in facts.changes[asset.asset_id]
    ):
        return False
    if where.duplicates == "any":
        return _fits_assigned(facts, asset, where) and any(
            asset.asset_id in members for members in facts.groups.values() if len(members) > 1
        )
    if where.duplicates == "across":
        splits = {asset.asset_id: asset.split_type for asset in facts.assets}
        return _fits_assigned(facts, asset, where) and any(
            asset.asset_id in members
            and asset.split_type is not None
            and len({splits[member] for member in members} - {None}) > 1
            for members in facts.groups.values()
        )
    if where.duplicates is not None and asset.asset_id not in facts.groups[where.duplicates]:
        return False
    return _fits_assigned(facts, asset, where)


def _fits_answers(facts: Facts, asset: Asset, where: AssetFilter) -> bool:
    if where.evaluation is not None:
        row = facts.answers[where.evaluation].get(asset.asset_id)
        if row is None or not all(
            [
                where.true_label in (None, row.label_id),
                where.answered in (None, row.predicted_id),
                where.outcome in (None, _outcome(row)),
                row.confidence >= (where.sure_min or 0),
                where.sure_max in (None, 1) or row.confidence < where.sure_max,
                row.label_rank <= (where.top or 99),
                where.seen in (None, row.is_trained),
            ]
        ):
            return False
    if where.against is not None:
        row = facts.answers[where.against].get(asset.asset_id)
        return row is not None and where.against_outcome in (None, _outcome(row))
    return True


def _outcome(row: EvaluationAnswer) -> str:
    return "right" if row.label_id == row.predicted_id else "wrong"


def _fits_assigned(facts: Facts, asset: Asset, where: AssetFilter) -> bool:
    return where.assigned in (None, facts.persons.get(asset.asset_id, "none"))


SORT_KEYS: dict[str, tuple[Callable[[Asset, Prediction], Any], bool]] = {
    "newest": (lambda asset, said: asset.asset_id, True),
    "oldest": (lambda asset, said: asset.asset_id, False),
    "path": (lambda asset, said: asset.file_path, False),
    "shuffled": (lambda asset, said: (asset.content_hash, asset.asset_id), False),
    "least_confident": (lambda asset, said: (said.confidence, asset.asset_id), False),
    "most_confident": (lambda asset, said: (said.confidence, asset.asset_id), True),
    "highest_entropy": (lambda asset, said: (said.entropy, asset.asset_id), True),
    "lowest_quality": (lambda asset, said: (said.label_quality, asset.asset_id), False),
}
ORDERS = [*SORT_KEYS, "label_issues"]
RUN_SORTS = ("least_confident", "most_confident", "highest_entropy", "lowest_quality")


def expected(facts: Facts, where: AssetFilter, sort: str) -> list[uuid.UUID]:
    """The ids of a list, in plain Python."""
    if sort == "label_issues":
        judged = [a for a in facts.assets if a.asset_id in facts.issues and fits(facts, a, where)]
        judged.sort(key=lambda a: (facts.issues[a.asset_id].score, a.asset_id), reverse=True)
        return [asset.asset_id for asset in judged]
    key, descending = SORT_KEYS[sort]
    said = facts.predictions[where.run] if where.run else {}
    found = [asset for asset in facts.assets if fits(facts, asset, where)]
    if sort in RUN_SORTS:
        found = [asset for asset in found if asset.asset_id in said]
    if sort == "lowest_quality":
        found = [
            asset
            for asset in found
            if asset.label_id is not None
            and said[asset.asset_id].label_quality is not None
            and said[asset.asset_id].given_label_id == asset.label_id
        ]
    found.sort(key=lambda a: key(a, said.get(a.asset_id)), reverse=descending)
    return [asset.asset_id for asset in found]


def walk(workspace: Workspace, where: AssetFilter, sort: str, limit: int) -> list[uuid.UUID]:
    found: list[uuid.UUID] = []
    cursor = None
    while True:
        page = asset_list.list_assets(workspace, where, sort=sort, after=cursor, limit=limit)
        found += [asset.asset_id for asset in page.assets]
        cursor = page.next_cursor
        if cursor is None:
            return found


def check(
    workspace: Workspace, facts: Facts, where: AssetFilter, *sorts: str, limit: int = 7
) -> None:
    """Lists in these orders, counts and ids of a filter are what the model says."""
    for sort in sorts:
        wanted = expected(facts, where, sort)
        assert walk(workspace, where, sort, limit) == wanted, (where, sort)
        assert asset_list.count_assets(workspace, where, sort=sort) == len(wanted), (where, sort)
    everything = expected(facts, where, "oldest")
    assert asset_list.count_assets(workspace, where) == len(everything), where
    assert asset_list.list_ids(workspace, where) == everything, where
    assert filter_fields.read(filter_fields.write(where)) == where
