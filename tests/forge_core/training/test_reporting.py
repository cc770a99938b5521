"""Progress is told seldom enough to be cheap, and the question to stop is asked every step."""

import pytest

from forge_core.progress import Cancelled
from forge_core.training.reporting import ProgressMeter
from tests.forge_core.training.arrange import Listener


def test_advance__tells_the_first_and_the_last_step_and_asks_at_each() -> None:
    listener = Listener()
    meter = ProgressMeter(listener)
    meter.begin("warmup", 3, 500)
    for _ in range(500):
        meter.advance(8)
    assert listener.progress[0] == ("warmup", 3, 1, 500)
    assert listener.progress[-1] == ("warmup", 3, 500, 500)
    assert len(listener.progress) < 100
    assert listener.asked == 500


def test_advance__tells_the_mean_loss_of_the_steps_since_the_last_report() -> None:
    listener = Listener()
    meter = ProgressMeter(listener)
    meter.begin("warmup", 3, 12, done=0)
    meter.advance(8)  # prepares
    assert listener.losses == []
    for step in range(1, 11):
        if step % 4 == 0:  # as on a GPU, where not every step is looked at
            meter.add_losses([float(k) for k in range(step - 3, step + 1)], done=step, steps=11)
        meter.advance(8)
    meter.add_losses([9.0, 10.0, 14.0], done=11, steps=11)
    meter.advance(8)
    whole = sum(told.mean * (told.last - told.first) for told in listener.losses)
    assert whole == pytest.approx(sum(range(1, 9)) + 33)
    assert listener.losses[0].first == 0
    assert listener.losses[-1].last == listener.losses[-1].steps == 11
    assert all(told.epoch == 3 for told in listener.losses)
    ends = [told.last for told in listener.losses[:-1]]
    assert [told.first for told in listener.losses[1:]] == ends


def test_advance__ends_when_the_reporter_says_so() -> None:
    listener = Listener(stop_when=lambda told: told.asked == 3)
    meter = ProgressMeter(listener)
    meter.begin("warmup", 1, 10)
    meter.advance(1)
    meter.advance(1)
    with pytest.raises(Cancelled):
        meter.advance(1)
