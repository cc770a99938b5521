"""One way to tell how far work is, and one way to stop it."""

import pytest

from forge_core import progress as room
from forge_core.progress import Advance, Cancelled, Progress


def advance(done: int, total: int, *, elapsed_seconds: float) -> Advance:
    return Advance(
        done=done, total=total, message="", resume_after="", elapsed_seconds=elapsed_seconds
    )


def test_an_advance_tells_share_pace_and_time_left() -> None:
    now = advance(30, 120, elapsed_seconds=10.0)
    assert now.fraction == 0.25
    assert now.per_second == 3.0
    assert now.seconds_left == 30.0  # 90 more at 3 a second


def test_an_advance_promises_no_time__while_nothing_is_done_or_the_total_is_unknown() -> None:
    assert advance(0, 120, elapsed_seconds=10.0).seconds_left is None
    assert advance(5, 0, elapsed_seconds=10.0).seconds_left is None
    assert advance(5, 0, elapsed_seconds=10.0).fraction == 0.0


def test_the_listener_is_told_each_advance(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 104.0])
    monkeypatch.setattr(room.time, "monotonic", lambda: next(clock))
    heard: list[Advance] = []
    Progress(heard.append).advance(2, 8, "2 of 8 images", resume_after="b")
    assert heard == [
        Advance(done=2, total=8, message="2 of 8 images", resume_after="b", elapsed_seconds=4.0)
    ]


def test_check_raises_once_the_work_shall_end__and_advance_never_does() -> None:
    answers = iter([False, True])
    progress = Progress(should_stop=lambda: next(answers))
    progress.check()
    progress.advance(1, 2)
    with pytest.raises(Cancelled):
        progress.check()


def test_a_part_of_the_work_fills_its_share__and_stops_with_the_whole() -> None:
    heard: list[Advance] = []
    whole = Progress(heard.append, should_stop=lambda: bool(heard))
    part = whole.within(0.5, 0.75)
    part.check()
    part.advance(1, 2, "1 of 2 classifiers")
    assert (heard[0].done, heard[0].total, heard[0].message) == (625, 1000, "1 of 2 classifiers")
    with pytest.raises(Cancelled):
        part.check()


def test_nobody_listens_by_default() -> None:
    room.SILENT.check()
    room.SILENT.advance(1, 2, "1 of 2")
