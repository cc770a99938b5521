"""Every filter, alone and with others, against a plain model of what it means."""

import datetime
import itertools
import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.records import AssetFilter
from db.repositories import query_plans
from forge_core.catalog.editing import label_edits
from forge_core.catalog.export import exports
from forge_core.catalog.listing import asset_list, positions
from forge_core.catalog.listing.field_types import ANSWER_FIELDS
from forge_core.errors import InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, list_all
from tests.chance import ASKED
from tests.forge_core.catalog.listing.filter_model import (
    COMMON,
    ORDERS,
    RUN_SORTS,
    SORT_KEYS,
    check,
    expected,
    fits,
    make_facts,
)

WAYS = {"few rows": 1_000, "many rows": 0, "in between": 8}
SUBJECTS: dict[str, dict[str, int]] = {
    **{name: {"evaluation": 1} for name in ANSWER_FIELDS},
    "against_outcome": {"against": 1},
}
"""What a field of an evaluation needs beside it."""
FAR_WAYS = ("few rows", "many rows")
"""Without what lies between, which `make chaos` runs too."""


def set_way(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Let small tables be taken for large ones, so that every way to a list is gone."""
    monkeypatch.setattr(query_plans, "FEW", WAYS[way])
    monkeypatch.setattr(query_plans, "NARROW", dict.fromkeys(query_plans.NARROW, WAYS[way]))


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS if ASKED else FAR_WAYS)
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
        "issue_min": [0.0, 0.4, 1.0],
        "issue_max": [0.0, 0.4, 1.0],
        "suspected": [1, 2, 99],
        "side_min": [1, 9, 480, 481],
        "side_max": [7, 8, 32, 10_000],
        "since": [datetime.date(2026, 3, day) for day in (1, 2, 4)],
        "until": [datetime.date(2026, 3, 2), datetime.date.min, datetime.date.max],
        "author": ["Ana", "Ben", "importer", "nobody", "ana"],
        "changed_since": [0, 6, 7, 10, 99],
        "duplicates": ["any", "across", group, uuid.UUID(int=5)],
        "assigned": ["Ana", "Ben Ünal", "none", "nobody"],
        "evaluation": [1, 2],
        "true_label": [1, 4],
        "answered": [1, 4],
        "outcome": ["right", "wrong"],
        "sure_min": [0.0, 0.3, 1.0],
        "sure_max": [0.0, 0.3, 1.0],
        "top": [1, 2, 9],
        "seen": [True, False],
        "against": [2],
        "against_outcome": ["right", "wrong"],
    }
    sizes = set()
    number, sort = itertools.cycle((run, other, other)), itertools.cycle(ORDERS)
    for name, values in by_field.items():
        for value in values:
            where = AssetFilter(run=next(number), **{**SUBJECTS.get(name, {}), name: value})
            check(workspace, facts, where, *itertools.islice(sort, 3), limit=17)
            sizes.add((name, len(expected(facts, where, "oldest"))))
    for name in by_field:  # no filter of the model is always empty or always everything
        assert any(0 < size < len(facts.assets) for field, size in sizes if field == name), name


@pytest.mark.parametrize(
    "fields",
    [
        {"author": "Ana"},
        {"changed_since": 6},
        {"duplicates": "any"},
        {"duplicates": "across"},
        {"assigned": "Ana"},
        {"predicted": 1},
        {"confidence_max": 0.1, "disagrees": True},
        {"evaluation": 1, "true_label": 1, "answered": 2},
        {"against": 2, "against_outcome": "wrong"},
        {"issue_min": 0.5},
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
        "issue_min": parts,
        "issue_max": parts,
        "suspected": [1, 2],
        "side_min": [9],
        "side_max": [32],
        "since": days,
        "until": days,
        "author": ["Ana", "Ben", "importer"],
        "changed_since": [5, 8],
        "duplicates": ["any"],
        "assigned": ["Ana", "none"],
        "evaluation": [1],
        "against": [2],
    }
    fields = st.lists(st.sampled_from(list(values)), min_size=2, max_size=4, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({n: st.sampled_from(values[n]) for n in names})
    )
    found: list[int] = []

    @COMMON
    @given(
        fields=fields,
        run=st.sampled_from(facts.runs),
        sort=st.sampled_from(ORDERS),
        way=st.sampled_from(list(WAYS)),
    )
    def compare(fields: dict[str, Any], run: int, sort: str, way: str) -> None:
        where = AssetFilter(run=run, **fields)
        with pytest.MonkeyPatch.context() as patch:
            set_way(patch, way)
            try:
                asset_list.check_filter(where)
            except InvalidInput:
                where = replace(where, confidence_max=None, issue_max=None, until=None)
            check(workspace, facts, where, sort)
        found.append(len(expected(facts, where, "oldest")))

    compare()
    assert sum(number > 0 for number in found) > len(found) / 4  # not all of them empty


@pytest.mark.slow
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


@pytest.mark.slow
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
        {"evaluation": 1, "outcome": "wrong"},
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
        (AssetFilter(outcome="wrong"), "names no evaluation"),
        (AssetFilter(evaluation=1, outcome="odd"), "right or wrong"),
        (AssetFilter(evaluation=1, against_outcome="right"), "against=3"),
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
