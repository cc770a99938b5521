"""Every fact about a kind of job stands in one place, and the rooms that need one read it."""

from forge_core.handlers import registry
from forge_core.jobs import kinds, slots


def test_every_kind_has_a_handler_and_every_follow_up_its_queueing() -> None:
    assert set(registry.HANDLERS) == set(kinds.KINDS)
    followers = {name for kind in kinds.KINDS.values() for name in kind.followed_by}
    assert set(registry.FOLLOW_UPS) == followers
    assert followers <= set(kinds.KINDS)


def test_every_kind_has_a_place_on_every_machine() -> None:
    for gpus in ([], ["0"]):
        places = {slot.kind for slot in slots.list_slots(gpus=gpus)}
        assert {kind.place for kind in kinds.KINDS.values()} <= places


def test_a_kind_of_a_later_version_is_light_and_mirrors_no_run() -> None:
    found = kinds.find("bake")
    assert (found.name, found.place, found.device) == ("bake", "light", "none")
    assert not found.mirrors_run
    assert found.after_loss == "Start it again."


def test_what_a_person_can_do_after_a_loss_depends_on_the_kind() -> None:
    assert kinds.TRAIN.after_loss == "Resume the run, or see its log."
    assert kinds.TRAIN.after_end == "Resume the run."
    assert kinds.SCORE.after_loss == kinds.SCORE.after_end == "Start it again."


def test_every_kind_steps_back_behind_the_web_and_what_nobody_asked_for_behind_the_rest() -> None:
    assert {kind.niceness for kind in kinds.KINDS.values()} == {5, 15}
    assert kinds.TRAIN.niceness == kinds.EVALUATE.niceness == kinds.IMPORT.niceness == 5
    assert kinds.SCORE.niceness == kinds.MEASURE.niceness == 15
