"""Every loss is kept and the rest is thinned; what a resumed run tells replaces what lay behind."""

from collections.abc import Sequence

import pytest

from db.run_records import SeriesPoint
from forge_core.runs.live.device_use import DeviceUse
from forge_core.runs.live.step_series import STEP_LOSS, StepPoint, StepSeries, list_points
from forge_core.training.reporting import StepLosses
from forge_core.workspace import Workspace
from tests.db.arrange import add_run


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def make_series(run_id: int, clock: Clock | None = None) -> StepSeries:
    use = DeviceUse(process_bytes=2**30)
    return StepSeries(run_id, measure=lambda: use, clock=clock or Clock())


def losses(epoch: int, first: int, values: Sequence[float], norm: float | None = 2.0) -> StepLosses:
    return StepLosses(
        epoch=epoch,
        first=first,
        last=first + len(values),
        steps=10,
        values=tuple(values),
        learning_rate=0.5,
        gradient_norm=norm,
    )


def write(workspace: Workspace, series: StepSeries) -> None:
    taken = series.take()
    if taken is not None:
        with workspace.database.write() as uow:
            taken.write(uow)


def read_losses(workspace: Workspace, run_id: int) -> list[SeriesPoint]:
    with workspace.database.read() as uow:
        return uow.series.list_after(run_id, STEP_LOSS)


@pytest.fixture
def run_id(workspace: Workspace) -> int:
    with workspace.database.write() as uow:
        return add_run(uow)


def test_points__are_of_all_steps_and_counted_over_the_run_and_no_spike_is_lost(
    workspace: Workspace, run_id: int
) -> None:
    clock = Clock()
    series = make_series(run_id, clock)
    assert series.take() is None
    series.add(losses(1, 0, [4.0], norm=None), 50.0)
    write(workspace, series)
    clock.now += 0.25
    series.add(losses(1, 1, [3.0, 99.0, 3.0]), 60.0)
    assert series.take() is None
    clock.now += 0.25
    series.add(losses(1, 4, [2.0, 2.0, 2.0, 2.0, 2.0, 1.0], norm=7.0), 70.0)
    write(workspace, series)
    points, last_step = list_points(workspace, run_id, after_step=0, limit=9)
    assert points == [
        StepPoint(
            **{"step": 1, "epoch": 0.1, "train_loss": 4.0},
            **{"train_loss_low": 4.0, "train_loss_high": 4.0, "images_per_second": 50.0},
            **{"learning_rate": 0.5, "gradient_norm": None, "process_bytes": 2**30},
        ),
        StepPoint(
            **{"step": 10, "epoch": 1.0, "train_loss": pytest.approx(116 / 9)},
            **{"train_loss_low": 1.0, "train_loss_high": 99.0, "images_per_second": 70.0},
            **{"learning_rate": 0.5, "gradient_norm": 7.0, "process_bytes": 2**30},
        ),
    ]
    assert last_step == 10
    assert list_points(workspace, run_id, after_step=1, limit=1) == (points[1:2], 10)
    single = read_losses(workspace, run_id)
    assert [step for step, _ in single] == list(range(1, 11))
    assert single[2] == (3, 99.0)


def test_points__of_a_long_run_lie_further_apart(run_id: int) -> None:
    clock = Clock()
    series = make_series(run_id, clock)
    found: list[float] = []
    for second in range(10_000):
        clock.now += 1.0
        series.add(losses(1 + second // 10, second % 10, [1.0]), 9.0)
        if series.take() is not None:
            found.append(clock.now)
    assert len(found) < 2_000
    assert found[100] - found[99] == 1.0
    assert found[-1] - found[-2] > 15.0


def test_add__a_run_that_was_resumed_replaces_what_lay_behind(
    workspace: Workspace, run_id: int
) -> None:
    killed = make_series(run_id)
    for first, number in ((0, 4), (4, 4), (8, 2)):
        killed.add(losses(1, first, [5.0] * number), 9.0)
        killed.end_point()
    write(workspace, killed)
    resumed = make_series(run_id)
    resumed.add(losses(1, 4, [1.0]), 9.0)
    write(workspace, resumed)
    points, last_step = list_points(workspace, run_id, after_step=0, limit=9)
    assert [(point.step, point.train_loss) for point in points] == [(4, 5.0), (5, 1.0)]
    assert last_step == 5
    assert read_losses(workspace, run_id) == [(1, 5.0), (2, 5.0), (3, 5.0), (4, 5.0), (5, 1.0)]


def test_put_back__a_run_that_began_anew_meanwhile_forgets_what_was_on_its_way(
    workspace: Workspace, run_id: int
) -> None:
    series = make_series(run_id)
    series.add(losses(1, 0, [5.0, 5.0]), 9.0)
    series.end_point()
    series.add(losses(1, 2, [5.0]), 9.0)
    series.end_point()
    taken = series.take()
    assert taken is not None
    series.add(losses(1, 2, [1.0]), 9.0)
    series.end_point()
    series.put_back(taken)
    write(workspace, series)
    points, _ = list_points(workspace, run_id, after_step=0, limit=9)
    assert [(point.step, point.train_loss) for point in points] == [(2, 5.0), (3, 1.0)]
    assert read_losses(workspace, run_id) == [(1, 5.0), (2, 5.0), (3, 1.0)]
