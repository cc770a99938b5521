"""Judging the labels of a catalog: kept with what was judged, queued while that holds."""

import numpy as np
import pytest

from db.enums import JobStatus
from db.records import AssetFilter
from forge_core.catalog.editing import class_merges, label_edits
from forge_core.catalog.listing import asset_list, queues, suggestions
from forge_core.errors import InvalidInput
from forge_core.evaluation import label_issues
from forge_core.jobs import queue
from forge_core.predictions import label_judging
from forge_core.predictions.embeddings.networks import NetworkSource
from tests import arrange
from tests.arrange import ACTOR, class_id
from tests.forge_core.cli.commands import forge_json
from tests.forge_core.handlers.running import run_here
from tests.forge_core.predictions.test_scoring import ALL, score

RUN = NetworkSource(run_id=1)
QUEUE = queues.QUEUES["wrong_labels"]


def judge(workspace, **choices):
    return label_judging.judge_labels(workspace, RUN, device="cpu", **choices)


def queued(workspace):
    page = asset_list.list_assets(workspace, QUEUE.filter(), sort=QUEUE.sort)
    assert asset_list.count_assets(workspace, QUEUE.filter(), sort=QUEUE.sort) == len(page.assets)
    assert list(page.issue_scores.values()) == sorted(page.issue_scores.values(), reverse=True)
    return [asset.asset_id for asset in page.assets]


@pytest.fixture
def planted(finished):
    """Three circles that are called squares."""
    circles = [a for a in arrange.list_all(finished) if a.label_name == "circle"][:3]
    ids = [asset.asset_id for asset in circles]
    label_edits.relabel(finished, ids, class_id(finished, "square"), actor=ACTOR)
    return ids


def test_judge__planted_mistakes_are_first_in_the_queue_with_their_class(finished, planted):
    report = judge(finished)
    assert (report.network, report.num_judged, report.revision_id) == ("run:1", ALL, 2)
    first = queued(finished)
    assert set(first[:3]) == set(planted)
    assert report.num_suspect == len(first) == queues.find_state(finished, QUEUE).num_images
    assert "may hide" in report.warnings[0]  # the run learned the labels
    assets = [asset_list.get_asset(finished, each) for each in planted]
    said = suggestions.suggest(finished, suggestions.JUDGING, assets)
    assert {each.label_name for each in said.values()} == {"circle"}
    assert all(each.run_id is None and each.confidence >= 0.5 for each in said.values())
    looks = AssetFilter(suspected=class_id(finished, "circle"), issue_min=0.5)
    assert set(planted) <= set(asset_list.list_ids(finished, looks))


def test_queue__loses_images_whose_label_or_bytes_are_others_and_gets_them_back(finished, planted):
    judge(finished)
    first, second, third = planted
    label_edits.relabel(finished, [first], class_id(finished, "circle"), actor=ACTOR)
    with finished.database.write() as uow:
        arrange.set_columns(uow, [second], content_hash="f" * 64)
    assert set(queued(finished)) & set(planted) == {third}
    label_edits.relabel(finished, [first], class_id(finished, "square"), actor=ACTOR)
    label_edits.remove_assets(finished, [third], actor=ACTOR)
    assert set(queued(finished)) & set(planted) == {first}
    asset = asset_list.get_asset(finished, second)
    assert suggestions.suggest(finished, suggestions.JUDGING, [asset]) == {}


def test_judge__again_replaces_all_scores(finished, planted, monkeypatch):
    monkeypatch.setattr(label_judging, "WRITTEN_AT_ONCE", 7)
    judge(finished)
    label_edits.relabel(finished, planted, None, actor=ACTOR)
    report = judge(finished)
    assert report.num_judged == ALL - 3
    with finished.database.read() as uow:
        state = uow.label_issues.find_state()
        everyone = [asset.asset_id for asset in arrange.list_all(finished)]
        assert set(uow.label_issues.list_now(everyone)) == set(everyone) - set(planted)
    assert (state.network, state.revision_id, state.num_judged) == ("run:1", 3, ALL - 3)


def test_judge__takes_a_run_s_answers_only_to_images_that_it_did_not_learn(finished, monkeypatch):
    score(finished)
    seen = {}
    original = label_issues.find_label_issues

    def look(features, labels, num_classes, *, answers, **choices):
        seen["answers"] = answers
        return original(features, labels, num_classes, answers=answers, **choices)

    monkeypatch.setattr(label_judging.label_issues, "find_label_issues", look)
    report = judge(finished)
    assert report.run_id == 1
    splits = [asset.split_type for asset in arrange.list_all(finished)]
    answers = seen["answers"]
    assert answers.is_out_of_sample.tolist() == [split != "train" for split in splits]
    np.testing.assert_allclose(answers.probabilities.sum(1), 1, atol=2e-3)
    circle, square = class_id(finished, "circle"), class_id(finished, "square")
    class_merges.merge_classes(finished, square, circle, actor=ACTOR)
    judge(finished)
    assert seen["answers"].probabilities.shape[1] == 2  # outputs of one class are added up
    np.testing.assert_allclose(seen["answers"].probabilities.sum(1), 1, atol=2e-3)


def test_judge__refuses_a_catalog_without_labels_and_says_what_it_left_out(finished):
    assets = arrange.list_all(finished)
    (finished.folder / "assets" / assets[0].file_path).unlink()
    report = judge(finished)
    assert (report.num_judged, report.num_without_embedding) == (ALL - 1, 1)
    assert "1 images could not be read" in report.warnings[-1]
    label_edits.relabel(finished, [a.asset_id for a in assets], None, actor=ACTOR)
    with pytest.raises(InvalidInput, match="No image has a label"):
        judge(finished)


def test_judging_job_and_command(finished, planted, no_supervisor):
    job = label_judging.submit(finished, RUN, actor=ACTOR)
    assert run_here(finished, job.job_id) == 0
    done = queue.get_job(finished, job.job_id)
    assert done.status == JobStatus.SUCCEEDED
    assert done.result["num_judged"] == ALL
    assert set(queued(finished)[:3]) == set(planted)
    if finished.settings.resolved_database_url.startswith("sqlite"):
        report = forge_json("label-issues", "--network", "run:1", "-w", finished.folder)
        assert (report["num_judged"], report["revision_id"]) == (ALL, 2)
