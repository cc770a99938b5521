"""The time left is a range that holds what comes, and says what it is known from."""

import pytest

from forge_core.runs.live import time_left
from forge_core.runs.live.time_left import EpochSoFar, Outlook, Pace, StepClock
from forge_core.training.inputs import features

PLAN = [("warmup", 4), ("finetune", 10)]
PACE = Pace(fast=0.9, slow=1.1, num_steps=200)


def look(
    durations: list[tuple[str, float]],
    current: EpochSoFar | None = None,
    plan: list[tuple[str, int]] = PLAN,
    is_busy: bool = False,
) -> Outlook:
    found = time_left.look_ahead(plan, durations, current, is_busy=is_busy)
    assert found is not None
    return found


def test_nothing_is_promised_before_enough_steps_were_measured() -> None:
    waiting = EpochSoFar(stage="warmup", step=4, steps=20, pace=None, is_preparing=True)
    assert time_left.look_ahead(PLAN, [], waiting) is None
    assert time_left.look_ahead(PLAN, [], None) is None


def test_pace__of_the_last_steps_without_the_first_ones() -> None:
    now = [0.0]
    clock = StepClock(lambda: now[0])
    for step, seconds in ((1, 30.0), (2, 20.0), (3, 10.0)):
        now[0] += seconds
        assert clock.tell("warmup", 1, step=step) is None
    paces = []
    for step in range(4, 504):
        now[0] += 1.0 if step < 250 else (0.4 if step % 2 else 0.6)
        paces.append(clock.tell("warmup", 1, step=step))
    assert paces[:10] == [None] * 10
    early, late = paces[100], paces[-1]
    assert early is not None
    assert early.fast == pytest.approx(0.9), "never closer than a tenth"
    assert late is not None
    assert late.num_steps == 200
    assert (late.fast, late.slow) == pytest.approx((0.4, 0.6))
    assert clock.tell("warmup", 2, step=1) is None, "another epoch begins anew"


def test_first_epoch__holds_what_later_epochs_take_without_reading_the_images() -> None:
    # 30 of 100 preparing steps; a pass takes 50 to 100 steps of 0.9 to 1.1 s, or a third later on.
    found = look([], EpochSoFar(stage="warmup", step=30, steps=100, pace=PACE, is_preparing=True))
    a_pass = (50 * 0.9 / 3, 100 * 1.1 * 1.15)
    low = 20 * 0.9 + a_pass[0] + 10 * 2 * a_pass[0]
    high = 70 * 1.1 + a_pass[1] + 10 * 4 * a_pass[1]
    assert (found.low_seconds, found.high_seconds) == pytest.approx((low, high))
    assert found.why == (
        "from the last 200 steps; the first epoch also reads the images; "
        "fine-tuning is not measured yet"
    )


def test_warm_up__the_second_view_is_still_to_come_and_other_epochs_are_cheap() -> None:
    found = look([("warmup", 8.0), ("warmup", 0.5)], plan=[("warmup", 4)])
    assert (found.low_seconds + found.high_seconds) / 2 == pytest.approx(8.0 + 0.5)
    without_room = look([("warmup", 8.0), ("warmup", 7.0)], plan=[("warmup", 4)])
    assert (without_room.low_seconds + without_room.high_seconds) / 2 == pytest.approx(16.0)


@pytest.mark.parametrize(("epochs", "num_views"), [(1, 1), (2, 2), (5, 2), (9, 2), (10, 3)])
def test_first_epoch_of_view__is_where_the_warm_up_takes_it(epochs: int, num_views: int) -> None:
    views = [min(epoch * num_views // epochs, num_views - 1) for epoch in range(epochs)]
    for view in range(num_views):
        begin = features.first_epoch_of_view(view, num_views, epochs)
        assert views[begin] == view
        assert view not in views[:begin]


def test_later_epochs__from_the_last_three_and_the_steps_of_the_running_one() -> None:
    done = [("scratch", seconds) for seconds in (100.0, 60.0, 50.0, 70.0)]
    here = EpochSoFar(stage="scratch", step=40, steps=50, pace=PACE)
    found = look(done, here, plan=[("scratch", 10)], is_busy=True)
    assert found.low_seconds == pytest.approx(10 * 0.9 + 5 * 50.0)
    assert found.high_seconds == pytest.approx(10 * 1.1 + 5 * 70.0)
    assert found.why == "from the last 3 epochs; other work on this machine slows it"


def test_next_stage__from_its_own_first_steps() -> None:
    durations = [("warmup", 1.0)] * 4
    here = EpochSoFar(stage="finetune", step=10, steps=100, pace=PACE)
    found = look(durations, here)
    assert found.low_seconds == pytest.approx(90 * 0.9 + 9 * 100 * 0.9)
    assert found.high_seconds == pytest.approx(90 * 1.1 + 9 * 100 * 1.1 * 1.15)
    unmeasured = EpochSoFar(stage="finetune", step=1, steps=100, pace=None)
    assert time_left.look_ahead(PLAN, durations, unmeasured) is None
    assert look(durations).why == "fine-tuning is not measured yet"


def test_last_step__nothing_is_left() -> None:
    here = EpochSoFar(stage="scratch", step=50, steps=50, pace=PACE)
    found = look([("scratch", 5.0)], here, plan=[("scratch", 2)])
    assert (found.low_seconds, found.high_seconds) == (0.0, 0.0)
