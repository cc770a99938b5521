"""Audits of a catalog: what people do in the gallery is the answer."""

import numpy as np
import pytest

from db.enums import Answer
from db.records import AssetFilter
from db.repositories.label_issues import LabelIssue
from forge_core.catalog.editing import class_merges, decisions, label_edits
from forge_core.catalog.listing import asset_list, filter_fields
from forge_core.errors import InvalidInput, NotFound
from forge_core.predictions import label_audits
from tests.arrange import ACTOR, class_id, list_all, make_catalog, set_columns
from tests.forge_core.cli.commands import forge, forge_json


@pytest.fixture
def judged(workspace, tmp_path):
    """60 images, of which every fifth is called something else, and looks like it."""
    assets = make_catalog(workspace, tmp_path / "images", train=12, val=4, test=4)
    square, circle = class_id(workspace, "square"), class_id(workspace, "circle")
    with workspace.database.write() as uow:
        uow.label_issues.add(
            [
                LabelIssue(
                    asset_id=asset.asset_id,
                    score=0.9 if place % 5 == 0 else 0.1 + place / 1000,
                    suggested_label_id=square if asset.label_id != square else circle,
                    label_id=asset.label_id,
                    content_hash=asset.content_hash,
                    network="run:1",
                    revision_id=1,
                )
                for place, asset in enumerate(assets)
            ]
        )
    return assets


def waiting(workspace, result):
    query = dict(result.query)
    assert query.pop("sort") == "shuffled"
    where = filter_fields.read(query)
    ids = asset_list.list_ids(workspace, where)
    assert len(ids) == asset_list.count_assets(workspace, where)
    return set(ids)


def answer(workspace, result, assets):
    """Correct those that are wrong, and keep the others."""
    wrong = {asset.asset_id for place, asset in enumerate(assets) if place % 5 == 0}
    waits = waiting(workspace, result)
    by_label = {asset.asset_id: asset.label_name for asset in list_all(workspace)}
    for asset_id in waits & wrong:
        other = "square" if by_label[asset_id] != "square" else "circle"
        label_edits.relabel(workspace, [asset_id], class_id(workspace, other), actor=ACTOR)
    decisions.decide(workspace, sorted(waits - wrong), Answer.KEEP, actor=ACTOR)


def test_audit__draws_images_and_reads_the_answers_from_labels_and_decisions(workspace, judged):
    result = label_audits.start_audit(workspace, actor=ACTOR, looks=40, seed=1)
    assert (result.num_images, result.num_drawn, result.num_waiting) == (60, 40, 40)
    assert result.overall.share is None
    assert len(waiting(workspace, result)) == 40
    answer(workspace, result, judged)
    done = label_audits.find_result(workspace)
    assert done.audit.audit_id == result.audit.audit_id
    assert (done.num_waiting, waiting(workspace, done)) == (0, set())
    low, high = done.overall.interval
    assert low <= 0.2 <= high
    assert done.num_wrong > 0
    assert {each.label_name for each in done.classes} == {"circle", "square", "stripe"}


def test_audit__an_undone_answer_waits_again_and_removed_images_tell_nothing(workspace, judged):
    result = label_audits.start_audit(workspace, actor=ACTOR, looks=30, seed=2)
    first, second, third, *_ = sorted(waiting(workspace, result))
    labels = {asset.asset_id: asset.label_id for asset in judged}
    other = next(label for label in set(labels.values()) if label != labels[first])
    label_edits.relabel(workspace, [first], other, actor=ACTOR)
    assert label_audits.find_result(workspace).num_wrong == 1
    label_edits.relabel(workspace, [first], labels[first], actor=ACTOR)
    assert label_audits.find_result(workspace).num_wrong == 0
    assert first in waiting(workspace, result)
    label_edits.remove_assets(workspace, [second], actor=ACTOR)
    with workspace.database.write() as uow:
        set_columns(uow, [third], content_hash="f" * 64)
    gone = label_audits.find_result(workspace)
    assert (gone.num_gone, gone.num_waiting) == (2, 28)
    assert waiting(workspace, result).isdisjoint({second, third})


def test_audit__a_merged_class_is_the_one_that_took_it_over(workspace, judged):
    result = label_audits.start_audit(workspace, actor=ACTOR, looks=60, seed=2)
    circle, square, stripe = (class_id(workspace, n) for n in ("circle", "square", "stripe"))
    for drawn, into in ((circle, square), (square, stripe)):
        class_merges.merge_classes(workspace, drawn, into, actor=ACTOR)
    merged = label_audits.find_result(workspace)
    assert (merged.num_wrong, merged.num_waiting, merged.num_gone) == (0, 60, 0)
    assert waiting(workspace, result) == {asset.asset_id for asset in judged}
    decisions.decide(workspace, sorted(waiting(workspace, result)), Answer.KEEP, actor=ACTOR)
    done = label_audits.find_result(workspace)
    assert [(c.label_name, c.result.num_looks) for c in done.classes] == [("stripe", 60)]


def test_audit__labels_that_went_with_their_class_tell_nothing(workspace, judged):
    label_audits.start_audit(workspace, actor=ACTOR, looks=60, seed=2)
    circle = class_id(workspace, "circle")
    class_merges.retire_class(workspace, circle, unlabel=True, actor=ACTOR)
    done = label_audits.find_result(workspace)
    assert (done.num_wrong, done.num_gone, done.num_waiting) == (0, 20, 40)


def test_audit__is_provisional_until_nothing_waits(workspace, judged):
    result = label_audits.start_audit(workspace, actor=ACTOR, looks=60, seed=2)
    assert not result.is_provisional  # nothing is told yet
    where = AssetFilter(audit=result.audit.audit_id)
    listed = asset_list.list_assets(workspace, where, sort="shuffled", limit=60).assets
    assert [a.content_hash for a in listed] == sorted(a.content_hash for a in judged)
    ids = [asset.asset_id for asset in listed]
    decisions.decide(workspace, ids[:50], Answer.KEEP, actor=ACTOR)
    assert label_audits.find_result(workspace).is_provisional
    decisions.decide(workspace, ids[50:], Answer.KEEP, actor=ACTOR)
    assert not label_audits.find_result(workspace).is_provisional


def test_audit__says_what_it_is_not_about(workspace, judged):
    label_edits.relabel(workspace, [judged[3].asset_id], class_id(workspace, "stripe"), actor=ACTOR)
    result = label_audits.start_audit(workspace, actor=ACTOR, looks=20)
    changed = judged[3].label_name != "stripe"
    assert result.audit.num_left_out == int(changed)
    assert result.num_images == 60 - int(changed)
    with workspace.database.read() as uow:
        drawn = [image.asset_id for image in uow.label_audits.list_images(result.audit.audit_id)]
    assert len(set(drawn)) == 20
    ids = asset_list.list_ids(workspace, AssetFilter(audit=result.audit.audit_id))
    assert sorted(ids) == sorted(drawn)


def test_audit__refuses_before_the_labels_were_judged(workspace, tmp_path):
    make_catalog(workspace, tmp_path / "images")
    with pytest.raises(InvalidInput, match="No label has been judged"):
        label_audits.start_audit(workspace, actor=ACTOR)
    with pytest.raises(InvalidInput, match="201 were asked for"):
        label_audits.start_audit(workspace, actor=ACTOR, looks=201)
    with pytest.raises(NotFound, match="There is no audit yet"):
        label_audits.find_result(workspace)
    with pytest.raises(NotFound, match="There is no audit 7"):
        label_audits.find_result(workspace, 7)


def test_audit_commands__start_and_show(workspace, judged):
    if not workspace.settings.resolved_database_url.startswith("sqlite"):
        pytest.skip("commands open the workspace by its folder")
    started = forge_json("audit", "start", "--looks", 40, "--seed", 3, "-w", workspace.folder)
    assert started["query"] == {"audit": "1", "undecided": "label", "sort": "shuffled"}
    assert forge_json("queue", "list", "-w", workspace.folder)[1]["num_images"] == 40
    answer(workspace, label_audits.find_result(workspace), judged)
    told = forge("audit", "show", "-w", workspace.folder).stdout
    assert "Audit 1: 40 of 40 images answered" in told
    assert "Wrong labels among 60 images, at 95 %: " in told
    share = forge_json("audit", "show", 1, "-w", workspace.folder)["result"]["overall"]["share"]
    assert share == pytest.approx(0.2, abs=0.1)
    assert not np.isnan(share)
