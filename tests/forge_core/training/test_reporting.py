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


def test_advance__ends_when_the_reporter_says_so() -> None:
    listener = Listener(stop_when=lambda told: told.asked == 3)
    meter = ProgressMeter(listener)
    meter.begin("warmup", 1, 10)
    meter.advance(1)
    meter.advance(1)
    with pytest.raises(Cancelled):
        meter.advance(1)
