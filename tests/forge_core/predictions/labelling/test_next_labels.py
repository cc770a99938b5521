"""Images that are chosen to be labelled, and the queue in which they wait."""

import pytest

from db.enums import JobStatus, RequestReason
from db.records import ANY, NONE, AssetFilter
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import asset_list, queues
from forge_core.errors import InvalidInput
from forge_core.evaluation.label_next.replay import Budget, Replay
from forge_core.jobs import queue
from forge_core.predictions.embeddings.networks import NetworkSource
from forge_core.predictions.labelling import next_labels
from forge_core.predictions.labelling.next_labels import Way
from forge_core.progress import Cancelled, Progress
from tests import arrange
from tests.arrange import ACTOR
from tests.forge_core.cli.commands import forge, forge_json
from tests.forge_core.handlers.running import run_here

RUN = NetworkSource(run_id=1)


def take_labels(workspace, number, split="train"):
    """Take the labels of so many images of a split away, and name them."""
    taken = [asset.asset_id for asset in arrange.list_all(workspace) if asset.split_type == split]
    taken = taken[::2][:number]
    assert len(taken) == number
    label_edits.relabel(workspace, taken, None, actor=ACTOR)
    return set(taken)


def choose(workspace, number=10, **choices):
    return next_labels.choose_next(
        workspace, number, actor=ACTOR, source=RUN, device="cpu", **choices
    )


def waiting(workspace, reason=ANY):
    where = AssetFilter(label=NONE, requested=reason)
    return set(asset_list.list_ids(workspace, where))


def test_choose_next__asks_for_images_without_a_label_until_they_have_one(finished):
    unlabelled = take_labels(finished, 20)
    found = choose(finished, 10)
    assert (found.num_candidates, found.num_requests, found.num_dropped) == (20, 10, 0)
    assert found.num_by_reason == {RequestReason.CHANCE: 1, RequestReason.COVERS: 9}
    asked = waiting(finished)
    assert len(asked) == 10
    assert asked < unlabelled
    assert len(waiting(finished, RequestReason.CHANCE)) == 1
    state = queues.find_state(finished, queues.find_queue("label_next"))
    assert state.num_images == 10
    circle = arrange.class_id(finished, "circle")
    label_edits.relabel(finished, list(asked)[:4], circle, actor=ACTOR)
    assert len(waiting(finished)) == 6


def test_choose_next__asks_anew_and_keeps_why_the_labelled_ones_were_asked_for(finished):
    take_labels(finished, 20)
    choose(finished, 10)
    first = waiting(finished)
    done = list(first)[:4]
    label_edits.relabel(finished, done, arrange.class_id(finished, "circle"), actor=ACTOR)
    found = choose(finished, 5, seed=1)
    second = waiting(finished)
    assert len(second) == 5
    assert found.num_dropped == len(first - set(done) - second)
    ever_asked = asset_list.list_ids(finished, AssetFilter(requested=ANY))
    assert set(ever_asked) == {*done, *second}


def test_choose_next__never_asks_for_what_measures_or_is_kept_aside(finished):
    mine = take_labels(finished, 6)
    take_labels(finished, 4, split="val")
    take_labels(finished, 3, split="test")
    aside = list(mine)[:2]
    label_edits.set_split(finished, aside, "held_out", actor=ACTOR)
    found = choose(finished, 100)
    assert found.num_candidates == 4
    assert waiting(finished) == mine - set(aside)


def test_choose_next__by_chance_says_how_likely_each_was(finished):
    take_labels(finished, 20)
    found = choose(finished, 5, way=Way.CHANCE)
    assert found.num_by_reason == {RequestReason.CHANCE: 5}
    with finished.database.read() as uow:
        rows = uow.session.connection().exec_driver_sql("SELECT probability FROM label_requests")
        assert [row[0] for row in rows] == [pytest.approx(5 / 20)] * 5


@pytest.mark.parametrize(
    ("chosen", "way"), [((0.6, 0.61, 0.6), Way.CHOICE), ((0.5, 0.49, 0.51), Way.CHANCE)]
)
def test_choose_next__goes_by_what_the_replay_found(finished, monkeypatch, chosen, way):
    take_labels(finished, 20)
    budget = Budget(num_labels=12, chosen=chosen, by_chance=(0.5, 0.5, 0.5))
    found = Replay(budgets=(budget,), num_test=60)
    monkeypatch.setattr(next_labels.replays, "replay", lambda *_, **__: found)
    asked = choose(finished, 10)
    assert asked.way is way
    reasons = {Way.CHOICE: {"chance": 1, "covers": 9}, Way.CHANCE: {"chance": 10}}
    assert asked.num_by_reason == reasons[way]
    assert ("chance is as good" in asked.verdict) == (way is Way.CHANCE)


@pytest.mark.parametrize("number", [0, -1, 5_001])
def test_choose_next__refuses_other_numbers(finished, number):
    with pytest.raises(InvalidInput, match="1 to 5,000"):
        choose(finished, number)


def test_choose_next__where_all_have_a_label_says_so(finished):
    with pytest.raises(InvalidInput, match="No image in train or without a split"):
        choose(finished)


def test_choose_next__cancelled_leaves_the_queue_as_it_was(finished):
    take_labels(finished, 20)
    choose(finished, 10)
    before = waiting(finished)

    def stop(now):
        if now.fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        choose(finished, 10, seed=5, progress=Progress(stop))
    assert waiting(finished) == before


def test_job__answers_what_the_call_would(finished, monkeypatch):
    monkeypatch.setattr("forge_core.jobs.supervision.ensure_supervisor", lambda *_, **__: None)
    monkeypatch.setattr("forge_core.predictions.embeddings.networks.choose", lambda _: RUN)
    take_labels(finished, 20)
    job = next_labels.submit(finished, 8, way=Way.CHOICE, actor=ACTOR)
    run_here(finished, job.job_id)
    done = queue.get_job(finished, job.job_id)
    assert done.status == JobStatus.SUCCEEDED
    assert next_labels.find_job(finished) == done
    found = next_labels.read_result(done)
    assert len(waiting(finished)) == 8
    again = choose(finished, 8, way=Way.CHOICE)
    assert found == again


def test_command__in_words_and_json(finished):
    if not finished.settings.resolved_database_url.startswith("sqlite"):
        pytest.skip("the command finds the copied database by its folder")
    take_labels(finished, 20)
    asked = (
        "label-next",
        "-n",
        "6",
        "--network",
        "run:1",
        "--device",
        "cpu",
        "-w",
        finished.folder,
    )
    found = forge_json(*asked)
    assert found["num_by_reason"] == {"chance": 1, "covers": 5}
    said = " ".join(forge(*asked).stdout.split())
    assert "6 of 20 images without a label wait in the queue “Label next”" in said
    assert "too few to try the choice on" in said
