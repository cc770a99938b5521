"""Evaluations: as of any revision, kept with their answers, compared on the same images."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from db.records import AssetFilter
from forge_core.catalog.editing import class_merges, classes, label_edits, review_flags
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput, NotFound
from forge_core.evaluation import answers as answer_columns
from forge_core.predictions import (
    evaluation,
    evaluation_requests,
    kept_evaluations,
    measured_images,
    standings,
)
from forge_core.runs import records, removal
from forge_core.runs.starting import launch
from forge_core.workspace import Workspace
from tests.arrange import ACTOR
from tests.forge_core.cli.commands import forge, forge_json
from tests.forge_core.handlers import running
from tests.trained import TINY, open_copy

RUN = 1


def evaluate(workspace: Workspace, split: str = "val", **options: object) -> int:
    """Evaluate run 1 as of now, and keep it."""
    now = history.latest_revision_id(workspace)
    options = {"revision_id": now, "device": "cpu", **options}
    number, _ = evaluation.evaluate_and_keep(workspace, RUN, split, actor=ACTOR, **options)  # type: ignore[arg-type]
    return number


def ids_in(workspace: Workspace, split: str) -> list:
    found = asset_list.list_assets(workspace, AssetFilter(split=split), limit=500)
    return [asset.asset_id for asset in found.assets]


def test_every_cell_of_the_matrix__leads_to_as_many_images(finished: Workspace) -> None:
    number = evaluate(finished)
    found = kept_evaluations.get(finished, number)
    answers = kept_evaluations.read_answers(finished, number)
    counts = answer_columns.count_confusion(answers, found.label_ids)
    assert [list(row) for row in found.report.confusion] == counts.tolist()
    for row, true_label in enumerate(found.label_ids):
        for column, answered in enumerate(found.label_ids):
            where = AssetFilter(evaluation=number, true_label=true_label, answered=answered)
            assert asset_list.count_assets(finished, where) == counts[row, column]
    assert counts.sum() == found.summary.num_images == 12


def test_labels_changed_later__change_neither_the_counts_nor_their_images(
    finished: Workspace,
) -> None:
    number = evaluate(finished)
    before = kept_evaluations.read_answers(finished, number)
    other = {label.name: label.label_id for label in classes.list_classes(finished)}
    moved = ids_in(finished, "val")[:3]
    label_edits.relabel(finished, moved, next(iter(other.values())), actor=ACTOR)
    label_edits.set_split(finished, moved[:1], "train", actor=ACTOR)
    after = kept_evaluations.read_answers(finished, number)
    assert after.asset_ids == before.asset_ids
    assert np.array_equal(after.label_ids, before.label_ids)
    for label_id, count in Counter(before.label_ids.tolist()).items():
        where = AssetFilter(evaluation=number, true_label=label_id)
        assert asset_list.count_assets(finished, where) == count
    field = standings.find_field(finished, "val")
    (contender,) = field.contenders
    assert contender.evaluation is None
    assert contender.outdated is not None
    assert (contender.outdated.evaluation_id, contender.is_missing) == (number, True)
    again = evaluate(finished)
    assert again != number
    measured = kept_evaluations.read_answers(finished, again)
    assert len(measured) == 11
    ours = standings.find_field(finished, "val").contenders[0].evaluation
    assert ours is not None
    assert ours.evaluation_id == again
    # What was measured first is still what the split was at that revision.
    old = standings.find_field(finished, "val", revision_id=contender.outdated.revision_id)
    assert old.contenders[0].evaluation == contender.outdated


def test_a_revision_that_leaves_the_split_alone__leaves_the_evaluation_current(
    finished: Workspace,
) -> None:
    number = evaluate(finished)
    label_edits.relabel(finished, ids_in(finished, "train")[:2], 1, actor=ACTOR)
    found = standings.find_field(finished, "val").contenders[0].evaluation
    assert found is not None
    assert found.evaluation_id == number


def test_classes_merged_renamed_and_new__are_measured_as_they_were_called_then(
    finished: Workspace,
) -> None:
    first, second, third = (label for label in classes.list_classes(finished) if label.num_images)
    own = history.latest_revision_id(finished)
    before = evaluation.measure_run(finished, RUN, "val", device="cpu", revision_id=own)
    classes.rename_class(finished, third.label_id, "renamed", actor=ACTOR)
    class_merges.merge_classes(finished, first.label_id, second.label_id, actor=ACTOR)
    new = classes.create_class(finished, "new", actor=ACTOR)
    moved = ids_in(finished, "val")[:2]
    label_edits.relabel(finished, moved, new.label_id, actor=ACTOR)
    now = history.latest_revision_id(finished)
    after = evaluation.measure_run(finished, RUN, "val", device="cpu", revision_id=now)
    assert after.report.class_names == (second.name, "renamed")
    assert after.left_out.unknown == {"new": 2}
    assert len(after.answers) == 10
    assert set(after.answers.predicted_ids.tolist()) <= {second.label_id, third.label_id}
    again = evaluation.measure_run(finished, RUN, "val", device="cpu", revision_id=own)
    assert again.report == before.report


def test_images_that_the_run_was_trained_on__are_known_and_are_not_compared(
    finished: Workspace,
) -> None:
    label_edits.set_split(finished, ids_in(finished, "train")[:4], "test", actor=ACTOR)
    number = evaluate(finished, "test")
    assert kept_evaluations.get(finished, number).num_trained == 4
    seen = AssetFilter(evaluation=number, seen=True)
    assert asset_list.count_assets(finished, seen) == 4
    found = standings.rank(finished, standings.find_field(finished, "test"))
    assert (found.num_common, found.num_trained) == (12, 4)
    assert len(found.standings[0].is_right) == 12


def test_val__gets_a_temperature_that_other_splits_of_the_same_weights_take_over(
    finished: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept_evaluations.get(finished, evaluate(finished)).temperature is None  # 12 images
    monkeypatch.setattr("forge_core.evaluation.calibration.MIN_IMAGES", 10)
    on_val = kept_evaluations.get(finished, evaluate(finished)).temperature
    assert on_val is not None
    on_test = kept_evaluations.get(finished, evaluate(finished, "test")).temperature
    assert on_test is not None
    assert (on_test.value, on_test.fitted_on) == (on_val.value, "val")
    label_edits.set_split(finished, ids_in(finished, "train")[:4], "val", actor=ACTOR)
    number = evaluate(finished)
    assert kept_evaluations.get(finished, number).summary.num_images == 16
    again = kept_evaluations.get(finished, number).temperature
    assert again is not None
    assert again.num_images == 12  # not what it was trained on
    assert again.value == pytest.approx(on_val.value, rel=1e-4)  # 16 in a batch round otherwise
    monkeypatch.setattr("forge_core.evaluation.calibration.MIN_IMAGES", 1_000)
    label_edits.set_split(finished, ids_in(finished, "train")[:1], "val", actor=ACTOR)
    assert kept_evaluations.get(finished, evaluate(finished)).temperature is None
    later = kept_evaluations.get(finished, evaluate(finished, "test")).temperature
    assert later is not None  # a val that is too small takes none away
    assert later.value == pytest.approx(on_val.value, rel=1e-4)


def test_evaluating_again__takes_the_place_and_removing_the_run_removes_it(
    finished: Workspace,
) -> None:
    number = evaluate(finished)
    assert evaluate(finished) == number
    assert len(kept_evaluations.read_answers(finished, number)) == 12
    removal.delete_run(finished, RUN)
    with pytest.raises(NotFound, match="no evaluation"):
        kept_evaluations.get(finished, number)
    with pytest.raises(NotFound, match="no evaluation"):
        asset_list.count_assets(finished, AssetFilter(evaluation=number))
    assert kept_evaluations.read_answers(finished, number).asset_ids == []


def test_the_job__keeps_what_it_measured_and_is_not_asked_twice(
    finished: Workspace, no_supervisor: None
) -> None:
    now = history.latest_revision_id(finished)
    field = standings.find_field(finished, "val")
    (job,) = standings.evaluate_missing(finished, field, actor=ACTOR)
    again = evaluation_requests.submit_evaluation(
        finished, RUN, split="val", actor=ACTOR, revision_id=now
    )
    assert again.job_id == job.job_id
    waiting = standings.find_field(finished, "val")
    assert (waiting.missing, waiting.contenders[0].is_measuring) == ([], True)
    assert running.run_here(finished, job.job_id) == 0
    done = standings.find_field(finished, "val").contenders[0]
    assert done.evaluation is not None
    assert (done.evaluation.author, done.evaluation.revision_id) == (ACTOR.name, now)
    kept = kept_evaluations.get(finished, done.evaluation.evaluation_id)
    assert records.reports_of(records.get_run(finished, RUN))["val"] == kept.report


def test_asking_again__finds_the_one_that_waits_though_another_revision_was_asked_for_since(
    finished: Workspace, no_supervisor: None
) -> None:
    now = history.latest_revision_id(finished)
    first, earlier, again = (
        evaluation_requests.submit_evaluation(
            finished, RUN, split="val", actor=ACTOR, revision_id=revision_id
        ).job_id
        for revision_id in (now, now - 1, now)
    )
    assert first == again != earlier


def test_a_job_that_failed__is_said_with_its_next_step(
    finished: Workspace, no_supervisor: None
) -> None:
    label_edits.remove_assets(finished, ids_in(finished, "test"), actor=ACTOR)
    field = standings.find_field(finished, "test")
    (job,) = standings.evaluate_missing(finished, field, actor=ACTOR)
    assert running.run_here(finished, job.job_id) != 0
    found = standings.find_field(finished, "test").contenders[0]
    assert "0 images of run 1 are in test" in found.failure
    assert "Put labelled images into test" in found.failure


def test_a_split_without_images__is_refused_in_words(finished: Workspace) -> None:
    with pytest.raises(InvalidInput, match="0 images of run 1 are in held_out"):
        evaluation.measure_run(finished, RUN, "held_out")
    label_edits.relabel(finished, ids_in(finished, "test"), None, actor=ACTOR)
    now = history.latest_revision_id(finished)
    with pytest.raises(InvalidInput, match="0 of the 12 images in test have a label"):
        evaluation.measure_run(finished, RUN, "test", revision_id=now)


def test_the_digest__is_of_images_bytes_and_labels_alone(finished: Workspace) -> None:
    now = history.latest_revision_id(finished)
    val, test = (measured_images.read(finished, now, split).digest() for split in ("val", "test"))
    assert val != test
    review_flags.flag(finished, ids_in(finished, "val")[:1], actor=ACTOR)
    later = history.latest_revision_id(finished)
    assert measured_images.read(finished, later, "val").digest() == val


def test_two_seeds_of_a_config__are_compared_on_the_same_images(
    finished_run_folder: Path, tmp_path: Path, no_supervisor: None
) -> None:
    workspace = open_copy(finished_run_folder, tmp_path / "copy")
    second = launch.start_run(workspace, replace(TINY, seed=7, scratch_epochs=4), actor=ACTOR)
    assert running.run_here(workspace, running.train_job(workspace, second.run_id).job_id) == 0
    where = ("-w", workspace.folder)
    found = forge_json("evaluate", 1, 2, "--split", "val", "--device", "cpu", *where)
    first, other = found["evaluations"]
    assert first["evaluation_id"] != other["evaluation_id"]
    models = found["standings"]["models"]
    assert {each["run_id"] for each in models} == {1, 2}
    assert (models[0]["to_best"], found["standings"]["num_common"]) == (None, 12)
    assert models[1]["to_best"]["difference"] <= 0
    (seeds,) = found["standings"]["seeds"]
    assert seeds["runs"] == [1, 2]
    assert seeds["mean"] == pytest.approx(sum(each["accuracy"] for each in models) / 2)
    words = forge("evaluate", 1, 2, "--split", "val", *where).stdout
    assert "On the same 12 images of val." in words
    assert "Runs 1 and 2 differ in the seed alone" in words
    field = standings.find_field(workspace, "val")
    assert [each.run.run_id for each in field.contenders] == [2, 1]
    ranked = standings.rank(workspace, field)
    assert [each.accuracy.value for each in ranked.standings] == sorted(
        (each["accuracy"] for each in models), reverse=True
    )
    workspace.database.dispose()


def test_images_that_were_chosen_because_they_look_hard__do_not_count_as_a_fair_sample(
    finished: Workspace,
) -> None:
    number = evaluate(finished, "test")
    plain = kept_evaluations.get(finished, number).report
    assert (plain.sampled, plain.shown.note) == (None, "")
    hard = ids_in(finished, "val")[:5]
    label_edits.set_split(
        finished, hard, "test", found_by="by hand", allow_chosen=True, actor=ACTOR
    )
    report = kept_evaluations.get(finished, evaluate(finished, "test")).report
    assert report.sampled is not None
    assert (report.num_images, report.sampled.num_chosen, report.sampled.num_used) == (17, 5, 12)
    assert (report.shown.value, report.shown.interval) == (plain.accuracy, plain.accuracy_interval)
    assert report.shown.note.startswith("Biased: 5 of 17 images were chosen")
    found = standings.rank(finished, standings.find_field(finished, "test"))
    assert (found.num_common, found.num_chosen) == (12, 5)
