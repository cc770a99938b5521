import pytest

from forge_core.jobs import time_left

PLAN = [("warmup", 4), ("finetune", 10)]


def left(durations, seconds=0.0, fraction=0.0, plan=PLAN):
    return time_left.seconds_left(
        plan, durations, current_seconds=seconds, current_fraction=fraction
    )


def test_nothing_is_known_before_the_first_step():
    assert left([]) is None


def test_first_epoch__from_its_own_rate():
    # 2 s for a quarter: 8 s an epoch, 4 epochs of 8 s and 10 of 24 s, 2 s are gone.
    assert left([], seconds=2.0, fraction=0.25) == pytest.approx(4 * 8 + 10 * 24 - 2)


def test_known_epochs__the_mean_of_the_last_three():
    durations = [("scratch", 100.0), ("scratch", 1.0), ("scratch", 2.0), ("scratch", 3.0)]
    assert left(durations, plan=[("scratch", 10)]) == pytest.approx(6 * 2.0)


def test_next_stage__from_its_own_first_epoch():
    durations = [("warmup", 1.0)] * 4
    assert left(durations) == pytest.approx(10 * 3.0)  # a guess: three times a warm-up epoch
    assert left(durations, seconds=5.0, fraction=0.5) == pytest.approx(10 * 10.0 - 5.0)
    assert left([*durations, ("finetune", 20.0)]) == pytest.approx(9 * 20.0)


def test_last_epoch__never_below_zero():
    durations = [("scratch", 1.0)]
    assert left(durations, seconds=5.0, fraction=0.9, plan=[("scratch", 2)]) == 0.0
