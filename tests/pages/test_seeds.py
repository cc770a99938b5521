"""Several seeds of settings, as Evaluation and Runs show them."""

from dataclasses import replace
from pathlib import Path

import pytest

from forge_core.jobs import supervision
from forge_core.runs.starting import seeds
from forge_core.workspace import Workspace
from tests import arrange
from tests.forge_core.runs.repeated import SETTINGS, add_measured
from tests.pages.visiting import labels_of_buttons, press, visit, words

NUM_IMAGES = 60
HALF = [place % 2 == 0 for place in range(NUM_IMAGES)]
BETTER = [place % 12 > 0 for place in range(NUM_IMAGES)]
ALIKE = [flag != (place % 20 == 1) for place, flag in enumerate(HALF)]
LUCKY = [flag or place < 9 for place, flag in enumerate(HALF)]


@pytest.fixture
def catalog(
    sqlite_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Workspace:
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda *_, **__: None)
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", test=NUM_IMAGES // 3)
    return sqlite_workspace


def test_train__so_many_seeds_are_queued_as_one_group(catalog: Workspace) -> None:
    app = visit("training/train.py")
    app.number_input(key="train_seed").set_value(7)
    app.number_input(key="train_seeds").set_value(3)
    press(app, "Start training")
    assert [run.config["seed"] for run in seeds.members(catalog, 1)] == [7, 8, 9]


def test_evaluation__settings_are_rows_with_a_mean_and_the_best_is_judged(
    catalog: Workspace,
) -> None:
    add_measured(catalog, [HALF, ALIKE, HALF])
    add_measured(catalog, [BETTER, BETTER], replace(SETTINGS, label_smoothing=0.1))
    app = visit("models/evaluation.py")
    table = app.dataframe[1].value
    assert list(table["Seeds"]) == [2, 3]
    assert list(table["Mean"]) == [pytest.approx(100 * 55 / 60), pytest.approx(100 * 93 / 180)]
    assert list(table["State"]) == ["best", "worse"]
    assert "The settings of runs 4 and 5 are better than those of runs 1 to 3" in words(app)
    assert not [each for each in labels_of_buttons(app) if "more seed" in each]
    assert not app.exception


def test_runs__the_seeds_that_would_decide_are_queued_with_one_click(catalog: Workspace) -> None:
    add_measured(catalog, [HALF])
    add_measured(catalog, [LUCKY], replace(SETTINGS, label_smoothing=0.1))
    app = visit("training/runs.py", run=2, **{"with": 1})
    assert "2 more seeds of each, about 4 min in all, would show it." in words(app)
    app = press(app, "Train 2 more seeds of each")
    assert [len(seeds.members(catalog, run_id)) for run_id in (1, 2)] == [3, 3]
    assert "4 more seeds of these settings are queued or in training" in words(app)
    assert "Train 2 more seeds of each" not in labels_of_buttons(app)


def test_runs__a_group_is_one_row_that_opens_into_its_runs(catalog: Workspace) -> None:
    add_measured(catalog, [HALF, ALIKE, HALF])
    app = visit("training/runs.py")
    assert list(app.dataframe[0].value["Run"]) == ["3 seeds: runs 1 to 3"]
    assert list(app.dataframe[0].value["Best"]) == [pytest.approx(100 * 93 / 180)]
    app = visit("training/runs.py", seeds=1)
    assert app.title[0].value == "3 seeds of ForgeCNN, from scratch"
    assert list(app.dataframe[0].value["Run"]) == ["Run 3", "Run 2", "Run 1"][::-1]
    assert "Test: **51.7 %** in the mean of 3 seeds" in words(app)
    app = press(app, "Train 2 more seeds")
    assert len(seeds.members(catalog, 1)) == 5
    assert "All 5 seeds" in labels_of_buttons(visit("training/runs.py", run=2))
