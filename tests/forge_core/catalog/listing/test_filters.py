"""Every filter, alone and with others, against a plain model of what it means."""

import datetime
import itertools
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from db.enums import RevisionKind, RunStatus
from db.models import AssetChangeRow, Assignment, DuplicateMember, Prediction, RevisionRow
from db.records import Asset, AssetFilter, NewAsset
from db.repositories import query_plans
from forge_core.catalog.editing import class_merges, classes, label_edits
from forge_core.catalog.export import exports
from forge_core.catalog.listing import asset_list, filter_fields, positions
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import Operation
from forge_core.errors import InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, list_all, set_columns

NUMBER = 48
DAYS = [datetime.datetime(2026, 3, day, hour) for day in (1, 2, 3) for hour in (0, 23)]
SIDES = [(8, 8), (8, 64), (64, 32), (640, 480)]
COMMON = settings(
    max_examples=80,
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
    runs: list[int]


def make_facts(workspace: Workspace) -> Facts:
    """48 images with every property in many combinations, two of them removed."""
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
        groups = {ids[0]: ids[:4], ids[10]: ids[10:12], ids[20]: ids[20:22]}
        for group, members in groups.items():
            for member in members:
                uow.session.add(DuplicateMember(asset_id=member, group_id=group, distance=1))
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
    return read_facts(workspace, runs)


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
        retired = {label.label_id for label in uow.labels.list_all() if label.is_retired}
        uow.session.expunge_all()
    return Facts(assets, predictions, changes, groups, persons, retired, runs)


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
    if (where.author, where.changed_since) != (None, None) and not any(
        where.author in (None, author) and revision > (where.changed_since or 0)
        for revision, author in facts.changes[asset.asset_id]
    ):
        return False
    if where.duplicates == "any":
        return _fits_assigned(facts, asset, where) and any(
            asset.asset_id in members for members in facts.groups.values() if len(members) > 1
        )
    if where.duplicates is not None and asset.asset_id not in facts.groups[where.duplicates]:
        return False
    return _fits_assigned(facts, asset, where)


def _fits_assigned(facts: Facts, asset: Asset, where: AssetFilter) -> bool:
    return where.assigned in (None, facts.persons.get(asset.asset_id, "none"))


SORT_KEYS: dict[str, tuple[Callable[[Asset, Prediction], Any], bool]] = {
    "newest": (lambda asset, said: asset.asset_id, True),
    "oldest": (lambda asset, said: asset.asset_id, False),
    "path": (lambda asset, said: asset.file_path, False),
    "least_confident": (lambda asset, said: (said.confidence, asset.asset_id), False),
    "most_confident": (lambda asset, said: (said.confidence, asset.asset_id), True),
    "highest_entropy": (lambda asset, said: (said.entropy, asset.asset_id), True),
    "lowest_quality": (lambda asset, said: (said.label_quality, asset.asset_id), False),
}
RUN_SORTS = ("least_confident", "most_confident", "highest_entropy", "lowest_quality")


def expected(facts: Facts, where: AssetFilter, sort: str) -> list[uuid.UUID]:
    """The ids of a list, in plain Python."""
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


def walk(workspace: Workspace, where: AssetFilter, sort: str, limit: int = 7) -> list[uuid.UUID]:
    found: list[uuid.UUID] = []
    cursor = None
    while True:
        page = asset_list.list_assets(workspace, where, sort=sort, after=cursor, limit=limit)
        found += [asset.asset_id for asset in page.assets]
        cursor = page.next_cursor
        if cursor is None:
            return found


def check(workspace: Workspace, facts: Facts, where: AssetFilter, sort: str) -> None:
    """Lists, counts and ids of a filter are what the model says."""
    wanted = expected(facts, where, sort)
    assert walk(workspace, where, sort) == wanted, (where, sort)
    assert asset_list.count_assets(workspace, where, sort=sort) == len(wanted), (where, sort)
    everything = expected(facts, where, "oldest")
    assert asset_list.count_assets(workspace, where) == len(everything), where
    assert asset_list.list_ids(workspace, where) == everything, where
    assert filter_fields.read(filter_fields.write(where)) == where


WAYS = {"few rows": 1_000, "many rows": 0, "in between": 8}


def set_way(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Let small tables be taken for large ones, so that every way to a list is gone."""
    monkeypatch.setattr(query_plans, "FEW", WAYS[way])
    monkeypatch.setattr(query_plans, "NARROW", dict.fromkeys(("id", "path", "run"), WAYS[way]))


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_every_filter_alone_and_in_every_order(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    facts = make_facts(workspace)
    set_way(monkeypatch, way)
    run, other = facts.runs
    group = next(iter(facts.groups))
    by_field: dict[str, list[Any]] = {
        "label": [1, "none", "any"],
        "predicted": [1, 2, 4, 99],
        "disagrees": [True, False],
        "confidence_min": [0.0, 0.3, 1.0],
        "confidence_max": [0.0, 0.3, 1.0],
        "side_min": [1, 9, 480, 481],
        "side_max": [7, 8, 32, 10_000],
        "since": [datetime.date(2026, 3, day) for day in (1, 2, 4)],
        "until": [datetime.date(2026, 3, 2), datetime.date.min, datetime.date.max],
        "author": ["Ana", "Ben", "importer", "nobody", "ana"],
        "changed_since": [0, 6, 7, 10, 99],
        "duplicates": ["any", group, uuid.UUID(int=5)],
        "assigned": ["Ana", "Ben Ünal", "none", "nobody"],
    }
    sizes = set()
    number, sort = itertools.cycle((run, other, other)), itertools.cycle(SORT_KEYS)
    for name, values in by_field.items():
        for value in values:
            where = AssetFilter(run=next(number), **{name: value})
            for _ in range(3):
                check(workspace, facts, where, next(sort))
            sizes.add((name, len(expected(facts, where, "oldest"))))
    for name in by_field:  # no filter of the model is always empty or always everything
        assert any(0 < size < len(facts.assets) for field, size in sizes if field == name), name


@pytest.mark.parametrize(
    "fields",
    [
        {"author": "Ana"},
        {"changed_since": 6},
        {"duplicates": "any"},
        {"assigned": "Ana"},
        {"predicted": 1},
        {"confidence_max": 0.1, "disagrees": True},
    ],
)
def test_few_images_of_another_table__are_found_by_their_ids(
    sqlite_workspace: Workspace, fields: dict[str, Any]
) -> None:
    facts = make_facts(sqlite_workspace)
    where = AssetFilter(run=facts.runs[0], **fields)
    with sqlite_workspace.database.read() as uow:
        statement = uow.asset_lists.page_statement(where, sort="newest", after=None, limit=10)
        engine = sqlite_workspace.database.engine
        sql = str(statement.compile(engine, compile_kwargs={"literal_binds": True}))
        plan = uow.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}").all()
    steps = [step[-1] for step in plan]
    assert any(s.startswith("SEARCH vision_assets") and "asset_id=?" in s for s in steps), steps
    assert not any(step.startswith("SCAN vision_assets") for step in steps), steps


@pytest.mark.slow
def test_filters_compose(workspace: Workspace) -> None:
    facts = make_facts(workspace)
    days = [datetime.date(2026, 3, day) for day in (1, 2, 3)]
    parts = [0.0, 0.2, 0.5, 0.8, 1.0]
    values: dict[str, list[Any]] = {
        "label": [1, 2, "none", "any"],
        "split": ["train", "none"],
        "source": ["camera 1"],
        "text": ["A/", "1"],
        "augmented": [False],
        "predicted": [1, 2],
        "disagrees": [True, False],
        "confidence_min": parts,
        "confidence_max": parts,
        "side_min": [9],
        "side_max": [32],
        "since": days,
        "until": days,
        "author": ["Ana", "Ben", "importer"],
        "changed_since": [5, 8],
        "duplicates": ["any"],
        "assigned": ["Ana", "none"],
    }
    fields = st.lists(st.sampled_from(list(values)), min_size=2, max_size=4, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({n: st.sampled_from(values[n]) for n in names})
    )
    found: list[int] = []

    @COMMON
    @given(
        fields=fields,
        run=st.sampled_from(facts.runs),
        sort=st.sampled_from(list(SORT_KEYS)),
        way=st.sampled_from(list(WAYS)),
    )
    def compare(fields: dict[str, Any], run: int, sort: str, way: str) -> None:
        where = AssetFilter(run=run, **fields)
        with pytest.MonkeyPatch.context() as patch:
            set_way(patch, way)
            try:
                asset_list.check_filter(where)
            except InvalidInput:
                where = replace(where, confidence_max=None, until=None)
            check(workspace, facts, where, sort)
        found.append(len(expected(facts, where, "oldest")))

    compare()
    assert sum(number > 0 for number in found) > len(found) / 4  # not all of them empty


def test_jumps_land_in_lists_of_every_order(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = make_facts(workspace)
    monkeypatch.setattr(positions, "EVERY", 4)
    for sort in SORT_KEYS:
        for where in (
            AssetFilter(run=facts.runs[0], author="Ana"),
            AssetFilter(run=facts.runs[0], confidence_min=0.2),
            AssetFilter(run=facts.runs[0], assigned="none"),
        ):
            whole = expected(facts, where, sort)
            for position in range(0, len(whole) + 2, 3):
                page = positions.list_at(workspace, where, position=position, sort=sort, limit=3)
                assert [a.asset_id for a in page.assets] == whole[position : position + 3]


def test_bookmarks__of_what_has_no_revision_are_made_again_after_a_while(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = make_facts(workspace)
    mine, everything = AssetFilter(assigned="Ana"), AssetFilter(split="train")
    kept = positions.bookmarks(workspace, mine), positions.bookmarks(workspace, everything)
    assert positions.bookmarks(workspace, mine) is kept[0]
    monkeypatch.setattr(positions, "STALE_SECONDS", -1.0)
    assert positions.bookmarks(workspace, mine) is not kept[0]
    assert positions.bookmarks(workspace, everything) is kept[1]
    assert facts.persons


@pytest.mark.parametrize(
    "fields",
    [
        {"author": "Ana"},
        {"changed_since": 7},
        {"author": "Ben", "changed_since": 7},
        {"disagrees": True},
        {"confidence_max": 0.4, "predicted": 2},
        {"duplicates": "any"},
        {"assigned": "Ana", "side_max": 8},
        {"assigned": "none", "until": datetime.date(2026, 3, 2)},
    ],
)
@pytest.mark.parametrize("way", ["few rows", "many rows"])
def test_changes_by_a_filter_reach_exactly_what_it_shows(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], way: str
) -> None:
    facts = make_facts(workspace)
    set_way(monkeypatch, way)
    where = AssetFilter(run=facts.runs[0], **fields)
    wanted = [a for a in facts.assets if fits(facts, a, where) and a.label_id != 3]
    exported = exports.list_matching(workspace, where)
    assert {a.asset_id for a in exported} == set(expected(facts, where, "oldest"))
    result = label_edits.relabel_matching(workspace, where, 3, actor=Actor("Cem"))
    assert result.num_changed == len(wanted) > 0
    now = {asset.asset_id: asset for asset in list_all(workspace)}
    for asset in facts.assets:
        is_changed = asset in wanted
        assert (now[asset.asset_id].label_id == 3) == (is_changed or asset.label_id == 3)
        assert (now[asset.asset_id].row_version != asset.row_version) == is_changed


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (AssetFilter(side_min=64, side_max=32), "side_min 64 px is above side_max 32 px"),
        (
            AssetFilter(since=datetime.date(2026, 3, 2), until=datetime.date(2026, 3, 1)),
            "since 2026-03-02 is after until 2026-03-01",
        ),
        (AssetFilter(run=1, confidence_min=0.5, confidence_max=0.4), "confidence_min 0.5"),
        (AssetFilter(run=1, confidence_max=1.5), "from 0 to 1"),
        (AssetFilter(predicted=1), "names no run"),
        (AssetFilter(disagrees=True), "names no run"),
        (AssetFilter(confidence_min=0.5), "names no run"),
        (AssetFilter(duplicates="all"), "id of a group"),
    ],
)
def test_filters__that_cannot_be_are_refused_in_words(
    sqlite_workspace: Workspace, where: AssetFilter, words: str
) -> None:
    for ask in (asset_list.list_assets, asset_list.count_assets, asset_list.list_ids):
        with pytest.raises(InvalidInput, match=words):
            ask(sqlite_workspace, where)
    with pytest.raises(InvalidInput, match=words):
        label_edits.relabel_matching(sqlite_workspace, where, None, actor=ACTOR)


def test_filters__by_a_run_that_is_not_there_are_refused(workspace: Workspace) -> None:
    facts = make_facts(workspace)
    where = AssetFilter(run=99, disagrees=True)
    for ask in (
        asset_list.list_assets,
        asset_list.count_assets,
        asset_list.list_ids,
        positions.bookmarks,
        exports.list_matching,
    ):
        with pytest.raises(NotFound, match="no run 99"):
            ask(workspace, where)
    with pytest.raises(NotFound, match="no run 99"):
        label_edits.remove_matching(workspace, where, actor=ACTOR)
    for sort in RUN_SORTS:
        with pytest.raises(InvalidInput, match="needs a run"):
            asset_list.list_assets(workspace, AssetFilter(), sort=sort)
    assert list_all(workspace) == facts.assets
