"""A group of seeds is one row of the list."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from db.enums import RunOrder, RunStatus, Split
from db.run_records import RunFilter
from forge_core.cli.main import app as forge
from forge_core.runs.listing import run_list, seed_rows, shown_accuracies
from forge_core.workspace import Workspace
from tests.arrange import make_catalog
from tests.forge_core.runs.repeated import SETTINGS, add_measured

WRONG, HALF, RIGHT = ([place < most for place in range(6)] for most in (1, 3, 6))


def test_gather__seeds_are_one_row_with_their_mean_and_its_interval(
    workspace: Workspace, tmp_path: Path
) -> None:
    make_catalog(workspace, tmp_path / "drawn")
    add_measured(workspace, [WRONG, HALF, RIGHT])
    add_measured(workspace, [HALF[::-1]], replace(SETTINGS, label_smoothing=0.1))
    add_measured(workspace, [HALF, RIGHT], replace(SETTINGS, label_smoothing=0.2))
    rows = run_list.read_page(workspace, RunFilter()).rows
    pair, alone, three = seed_rows.gather(rows)
    assert (pair.ids, alone.ids, three.ids) == ([5, 6], [4], [1, 2, 3])
    assert (alone.members, alone.seed_group, three.seed_group) == ((), None, 1)
    best = shown_accuracies.best_of(three)
    assert best is not None
    assert best.value == pytest.approx(10 / 18)
    # Student's interval of 1/6, 3/6 and 6/6: 4.303 x 0.4194 / sqrt(3) around the mean, to 1.
    assert best.interval == pytest.approx((0.0, 1.0))
    close = shown_accuracies.of_split(seed_rows.join(pair.members[:1] * 2), Split.TEST)
    assert close is not None
    assert close.interval == pytest.approx((0.5, 0.5))
    by_mean = seed_rows.gather(rows, RunOrder.BEST)
    assert [row.run_id for row in by_mean] == [5, 1, 4]
    of_group = run_list.read_page(workspace, RunFilter(seed_group=1)).rows
    assert [row.run_id for row in of_group] == [3, 2, 1]


def test_join__a_group_goes_on_while_one_of_its_runs_does(
    sqlite_workspace: Workspace, tmp_path: Path
) -> None:
    make_catalog(sqlite_workspace, tmp_path / "drawn")
    add_measured(sqlite_workspace, [HALF, RIGHT])
    first, second = run_list.read_page(sqlite_workspace, RunFilter(order=RunOrder.OLDEST)).rows
    running = replace(second, status=RunStatus.RUNNING, finished_at=None)
    joined = seed_rows.join([first, running])
    assert (joined.state, joined.finished_at) == ("running", None)
    paused = replace(second, status=RunStatus.INTERRUPTED, is_paused=True)
    assert seed_rows.join([first, paused]).state == "paused"
    assert seed_rows.join([first, second]).state == "succeeded"


def test_the_command__lists_them_as_the_page_does(
    sqlite_workspace: Workspace, tmp_path: Path
) -> None:
    make_catalog(sqlite_workspace, tmp_path / "drawn")
    add_measured(sqlite_workspace, [WRONG, HALF, RIGHT])

    def ask(*more: str) -> str:
        folder = str(sqlite_workspace.folder)
        result = CliRunner().invoke(forge, ["runs", "list", *more, "-w", folder])
        assert result.exit_code == 0, result.output
        return result.stdout

    assert len(json.loads(ask("--json"))) == 3
    (group,) = json.loads(ask("--seeds", "--json"))
    assert group["runs"] == [1, 2, 3]
    assert group["accuracies"]["val"]["accuracy"] == pytest.approx(10 / 18)
    words = " ".join(ask("--seeds").split())
    assert "1, 2, 3" in words
    assert "(0.0 to 100.0)" in words
