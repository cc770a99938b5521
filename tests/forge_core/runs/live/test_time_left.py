import pytest

from forge_core.runs.live import time_left
from forge_core.training.inputs import features

PLAN = [("warmup", 4), ("finetune", 10)]


def left(durations, seconds=0.0, fraction=0.0, plan=PLAN):
    return time_left.seconds_left(
        plan, durations, current_seconds=seconds, current_fraction=fraction
    )


def test_nothing_is_known_before_the_first_step():
    assert left([]) is None


def test_first_epoch__from_its_own_rate():
    # 2 s for a quarter: 8 s a pass; one for each view, and 10 epochs of 20 s; 2 s are gone.
    assert left([], seconds=2.0, fraction=0.25) == pytest.approx(2 * 8 + 10 * 20 - 2)
    plan = [("warmup", 1), ("finetune", 10)]
    assert left([], seconds=2.0, fraction=0.25, plan=plan) == pytest.approx(8 + 10 * 20 - 2)


def test_warm_up__the_second_view_is_still_to_come_and_other_epochs_are_cheap():
    done = [("warmup", 8.0), ("warmup", 0.5)]
    assert left(done) == pytest.approx(8.0 + 0.5 + 10 * 20)
    assert left([*done, ("warmup", 7.0)]) == pytest.approx(0.5 + 10 * 20)


def test_warm_up__without_room_for_features_each_epoch_is_a_pass():
    assert left([("warmup", 8.0), ("warmup", 7.0)]) == pytest.approx(2 * 8.0 + 10 * 20)


@pytest.mark.parametrize(("epochs", "num_views"), [(1, 1), (2, 2), (5, 2), (9, 2), (10, 3)])
def test_first_epoch_of_view__is_where_the_warm_up_takes_it(epochs: int, num_views: int):
    views = [min(epoch * num_views // epochs, num_views - 1) for epoch in range(epochs)]
    for view in range(num_views):
        begin = features.first_epoch_of_view(view, num_views, epochs)
        assert views[begin] == view
        assert view not in views[:begin]


def test_known_epochs__the_mean_of_the_last_three():
    durations = [("scratch", 100.0), ("scratch", 1.0), ("scratch", 2.0), ("scratch", 3.0)]
    assert left(durations, plan=[("scratch", 10)]) == pytest.approx(6 * 2.0)


def test_next_stage__from_its_own_first_epoch():
    durations = [("warmup", 1.0)] * 4
    assert left(durations) == pytest.approx(10 * 2.5)  # a guess: so much more than a warm-up epoch
    assert left(durations, seconds=5.0, fraction=0.5) == pytest.approx(10 * 10.0 - 5.0)
    assert left([*durations, ("finetune", 20.0)]) == pytest.approx(9 * 20.0)


def test_last_epoch__never_below_zero():
    durations = [("scratch", 1.0)]
    assert left(durations, seconds=5.0, fraction=0.9, plan=[("scratch", 2)]) == 0.0
