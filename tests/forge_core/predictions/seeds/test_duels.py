"""Settings against settings, from what their runs answered for the same images."""

from dataclasses import replace
from pathlib import Path

import pytest

from forge_core.predictions import standings
from forge_core.predictions.seeds import duels
from forge_core.runs.starting import seeds
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, make_catalog
from tests.forge_core.runs.repeated import SETTINGS, add_measured

WIDER = replace(SETTINGS, label_smoothing=0.1)
NUM_IMAGES = 60
HALF = [place % 2 == 0 for place in range(NUM_IMAGES)]
NEARLY_ALL = [place % 12 > 0 for place in range(NUM_IMAGES)]


@pytest.fixture
def catalog(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    make_catalog(sqlite_workspace, tmp_path / "drawn", test=NUM_IMAGES // 3)
    return sqlite_workspace


def changed(flags: list[bool], *places: int) -> list[bool]:
    return [flag != (place in places) for place, flag in enumerate(flags)]


def test_find__all_seeds_of_both_are_counted(catalog: Workspace) -> None:
    add_measured(catalog, [HALF, changed(HALF, 1), changed(HALF, 2)])
    add_measured(catalog, [NEARLY_ALL, changed(NEARLY_ALL, 0), changed(NEARLY_ALL, 3)], WIDER)
    duel = duels.find(catalog, 2, 4)
    assert duel is not None
    assert (duel.first.name, duel.second.name) == ("runs 1 to 3", "runs 4 to 6")
    assert (duel.split, duel.num_images) == ("test", NUM_IMAGES)
    assert duel.contest is not None
    assert duel.contest.is_told_apart
    assert duels.answer(duel).startswith(
        "The settings of runs 4 to 6 are better than those of runs 1 to 3: 50.0 % → 91.7 % in the "
        "mean of 3 seeds and 3 seeds on the same 60 images of test, +41.7 points ("
    )
    assert duels.price(duel) == ""
    backwards = duels.find(catalog, 6, 1)
    assert backwards is not None
    assert duels.answer(backwards).startswith("The settings of runs 4 to 6 are better than")


def test_find__one_seed_each_says_nothing_and_what_would(
    catalog: Workspace, no_supervisor: None
) -> None:
    add_measured(catalog, [HALF])
    add_measured(catalog, [NEARLY_ALL], WIDER)
    duel = duels.find(catalog, 1, 2)
    assert duel is not None
    assert duel.contest is None
    assert duels.answer(duel).startswith("One seed each of run 1 and run 2:")
    assert duels.price(duel) == "2 more seeds of each, about 4 min in all, would show it."
    duels.train_more(catalog, duel, actor=ACTOR)
    assert [len(seeds.members(catalog, run_id)) for run_id in (1, 2)] == [3, 3]
    again = duels.find(catalog, 1, 2)
    assert again is not None
    assert again.contest is None  # those that train are not measured yet


def test_find__no_duel_of_one_settings_or_without_answers(catalog: Workspace) -> None:
    add_measured(catalog, [HALF, NEARLY_ALL])
    assert duels.find(catalog, 1, 2) is None


def test_list_settings__the_highest_mean_is_first(catalog: Workspace) -> None:
    add_measured(catalog, [HALF, changed(HALF, 1)])
    add_measured(catalog, [NEARLY_ALL], WIDER)
    ranked = standings.rank(catalog, standings.find_field(catalog, "test"))
    best, other = duels.list_settings(ranked)
    assert (best.name, other.name) == ("run 3", "runs 1 and 2")
    assert other.spread.values == (0.5, pytest.approx(31 / 60))
    duel = duels.compare(other, best, "test")
    assert duel.contest is not None
    assert duel.contest.num_runs == (2, 1)
