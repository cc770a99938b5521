"""Series of runs on both databases."""

import math

import pytest
from sqlalchemy.exc import IntegrityError

from db.run_records import SeriesPoint
from forge_core.workspace import Workspace
from tests.db.arrange import add_run


def points(*values: float, first: int = 1) -> list[SeriesPoint]:
    return [SeriesPoint(first + place, value) for place, value in enumerate(values)]


def test_list_after__the_last_step_read_is_the_cursor(workspace: Workspace) -> None:
    with workspace.database.write() as uow:
        run, other = add_run(uow), add_run(uow)
        uow.series.add(run, {"train_loss": points(2.0, 1.5, 1.25), "images_per_second": points(9)})
        uow.series.add(other, {"train_loss": points(7.0)})
        uow.series.add(run, {"train_loss": points(1.0, 0.5, first=4)})
        uow.series.add(run, {})
    with workspace.database.read() as uow:
        assert uow.series.list_names(run) == ["images_per_second", "train_loss"]
        assert uow.series.list_names(99) == []
        first = uow.series.list_after(run, "train_loss", limit=2)
        assert first == [(1, 2.0), (2, 1.5)]
        rest = uow.series.list_after(run, "train_loss", step=first[-1].step)
        assert rest == [(3, 1.25), (4, 1.0), (5, 0.5)]
        assert uow.series.list_after(run, "train_loss", step=5) == []
        assert uow.series.list_after(run, "accuracy") == []
        assert uow.series.find_last_step(run, "train_loss") == 5
        assert uow.series.find_last_step(run, "accuracy") is None


def test_add__a_step_told_again_replaces(workspace: Workspace) -> None:
    with workspace.database.write() as uow:
        run = add_run(uow)
        uow.series.add(run, {"loss": points(3.0, 2.0)})
        uow.series.add(run, {"loss": [SeriesPoint(2, 2.5)]})
        assert uow.series.list_after(run, "loss") == [(1, 3.0), (2, 2.5)]


def test_add__what_is_no_finite_number_is_a_gap_and_not_lost(workspace: Workspace) -> None:
    with workspace.database.write() as uow:
        run = add_run(uow)
        uow.series.add(run, {"gradient_norm": points(1.0, math.inf, math.nan, -math.inf, 1e308)})
        found = uow.series.list_after(run, "gradient_norm")
    assert [value for _, value in found] == [1.0, None, None, None, 1e308]


def test_remove_after__a_resumed_run_goes_on_from_what_it_saved(workspace: Workspace) -> None:
    with workspace.database.write() as uow:
        run, other = add_run(uow), add_run(uow)
        for number in (run, other):
            uow.series.add(number, {"a": points(1, 2, 3), "b": points(1, 2, 3)})
        uow.series.remove_after(run, 1)
        assert [uow.series.list_after(run, name) for name in "ab"] == [[(1, 1.0)], [(1, 1.0)]]
        assert len(uow.series.list_after(other, "a")) == 3


def test_list_columns__hold_the_lowest_and_highest_value_of_their_steps(
    workspace: Workspace,
) -> None:
    values = [1.0] * 1000
    values[437], values[438], values[901] = 50.0, math.nan, -3.0
    with workspace.database.write() as uow:
        run = add_run(uow)
        uow.series.add(run, {"loss": points(*values), "gap": [SeriesPoint(5, None)]})
    with workspace.database.read() as uow:
        whole = uow.series.list_columns(run, "loss", first=1, last=1000, columns=10)
        part = uow.series.list_columns(run, "loss", first=401, last=500, columns=100)
        gap = uow.series.list_columns(run, "gap", first=1, last=9, columns=3)
    assert [column.step for column in whole] == list(range(100, 1001, 100))
    assert [(c.low, c.high) for c in whole] == [
        *[(1.0, 1.0)] * 4,
        (1.0, 50.0),
        *[(1.0, 1.0)] * 4,
        (-3.0, 1.0),
    ]
    assert whole[9].mean == pytest.approx(0.96)
    assert part[37] == (438, 50.0, 50.0, 50.0)
    assert part[38] == (439, None, None, None)
    assert gap == [(5, None, None, None)]


@pytest.mark.parametrize(
    ("series", "rule"),
    [({"": points(1)}, "name_not_empty"), ({"loss": points(1, first=-1)}, "step_not_negative")],
)
def test_add__refuses_what_no_chart_could_show(
    workspace: Workspace, series: dict[str, list[SeriesPoint]], rule: str
) -> None:
    with pytest.raises(IntegrityError, match=rule), workspace.database.write() as uow:
        uow.series.add(add_run(uow), series)


def test_names__cost_a_step_in_the_index_each(sqlite_workspace: Workspace) -> None:
    """The plan of the query that is repeated for each name: no scan of the points."""
    with sqlite_workspace.database.read() as uow:
        plan = uow.session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT min(name) FROM run_series WHERE run_id = 1 AND name > 'a'"
        )
        (line,) = [row[-1] for row in plan]
    assert line.startswith("SEARCH run_series USING PRIMARY KEY (run_id=? AND name>?)")
