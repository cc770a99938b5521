"""Losses of steps become few points, and those of a resumed run replace what lay behind."""

import pytest

from db.unit_of_work import UnitOfWork
from forge_core.runs.step_series import LossPoint, StepSeries, list_points
from forge_core.training.reporting import StepLosses
from forge_core.workspace import Workspace
from tests.db.arrange import add_run


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def losses(epoch: int, first: int, last: int, mean: float) -> StepLosses:
    return StepLosses(epoch=epoch, first=first, last=last, steps=10, mean=mean)


def write(workspace: Workspace, series: StepSeries) -> None:
    with workspace.database.write() as uow:
        series.write(uow)
    series.forget_written()


@pytest.fixture
def run_id(workspace: Workspace) -> int:
    with workspace.database.write() as uow:
        return add_run(uow)


def test_points__are_means_of_all_steps_and_counted_over_the_run(
    workspace: Workspace, run_id: int
) -> None:
    clock = Clock()
    series = StepSeries(run_id, clock=clock)
    assert not series.is_due()
    series.add(losses(1, 0, 1, 4.0), 50.0)
    assert series.is_due(), "the first step is shown at once"
    write(workspace, series)
    clock.now += 0.25
    series.add(losses(1, 1, 4, 3.0), 60.0)
    assert not series.has_news
    clock.now += 0.25
    series.add(losses(1, 4, 10, 2.0), 70.0)
    assert series.has_news
    assert not series.is_due()
    clock.now += 2.0
    series.add(losses(2, 0, 5, 1.0), 80.0)
    assert series.is_due()
    write(workspace, series)
    points, last_step = list_points(workspace, run_id, after_step=0, limit=9)
    assert points == [
        LossPoint(1, 0.1, 4.0, 50.0),
        LossPoint(10, 1.0, pytest.approx(21 / 9), 70.0),  # type: ignore[arg-type]
        LossPoint(15, 1.5, 1.0, 80.0),
    ]
    assert last_step == 15
    assert list_points(workspace, run_id, after_step=1, limit=1) == (points[1:2], 15)


def test_points__of_a_long_run_lie_further_apart(run_id: int) -> None:
    clock = Clock()
    series = StepSeries(run_id, clock=clock)
    found: list[float] = []
    for second in range(10_000):
        clock.now += 1.0
        series.add(losses(1 + second // 10, second % 10, second % 10 + 1, 1.0), 9.0)
        if series.has_news:
            found.append(clock.now)
            series.forget_written()
    assert len(found) < 2_000
    assert found[100] - found[99] == 1.0
    assert found[-1] - found[-2] > 15.0


def test_add__a_run_that_was_resumed_replaces_what_lay_behind(
    workspace: Workspace, run_id: int
) -> None:
    killed = StepSeries(run_id, clock=Clock())
    for first in (0, 4, 8):
        killed.add(losses(1, first, first + (4 if first < 8 else 2), 5.0), 9.0)
        killed.end_point()
    write(workspace, killed)
    resumed = StepSeries(run_id, clock=Clock())
    resumed.add(losses(1, 4, 5, 1.0), 9.0)
    write(workspace, resumed)
    points, last_step = list_points(workspace, run_id, after_step=0, limit=9)
    assert [(point.step, point.train_loss) for point in points] == [(4, 5.0), (5, 1.0)]
    assert last_step == 5


def test_add__a_run_that_begins_anew_forgets_what_was_not_written_either(
    workspace: Workspace, run_id: int
) -> None:
    series = StepSeries(run_id, clock=Clock())
    series.add(losses(1, 0, 3, 5.0), 9.0)
    series.add(losses(1, 3, 6, 5.0), 9.0)
    series.add(losses(1, 0, 2, 1.0), 9.0)
    series.end_point()
    write(workspace, series)
    points, _ = list_points(workspace, run_id, after_step=0, limit=9)
    assert points == [LossPoint(2, 0.2, 1.0, 9.0)]


def test_write__a_transaction_that_was_lost_is_written_again(
    workspace: Workspace, run_id: int
) -> None:
    series = StepSeries(run_id, clock=Clock())
    series.add(losses(1, 0, 3, 5.0), 9.0)

    def lose(uow: UnitOfWork) -> None:
        series.write(uow)
        raise ConnectionError

    with pytest.raises(ConnectionError), workspace.database.write() as uow:
        lose(uow)
    series.postpone()
    assert list_points(workspace, run_id, after_step=0, limit=9) == ([], 0)
    assert not series.is_due()
    write(workspace, series)
    assert len(list_points(workspace, run_id, after_step=0, limit=9)[0]) == 1
