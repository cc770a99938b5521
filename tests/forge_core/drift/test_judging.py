"""From a log to a sentence: steady, changed, or nothing that can be known."""

from pathlib import Path

import numpy as np
import pytest

from forge_core.drift import audits, judging, traffic
from forge_core.drift.audits import Found
from forge_core.drift.judging import Verdict
from forge_core.errors import InvalidInput, NotFound
from tests.forge_core.drift import logged


def test_traffic_like_the_tests__is_steady_and_the_estimate_near(tmp_path: Path) -> None:
    embeddings, probabilities, places = logged.draw(400, seed=7)
    logged.write(tmp_path, embeddings, probabilities)
    report = judging.judge(traffic.read(tmp_path), logged.reference())
    truth = float((probabilities.argmax(axis=1) == places).mean())
    assert report.verdict is Verdict.STEADY
    assert report.unlabelled is not None
    assert report.unlabelled.low <= truth <= report.unlabelled.high
    assert "look like those of the tests" in report.sentence
    assert [day.num_answers for day in report.days] == [100, 100, 100, 100]
    assert report.alarms == []


def test_a_day_that_differs__is_named(tmp_path: Path) -> None:
    embeddings, probabilities, _ = logged.draw(300, seed=7)
    embeddings[100:200, :3] = np.abs(embeddings[100:200, :3]) * 0.6
    logged.write(tmp_path, embeddings, probabilities)
    report = judging.judge(traffic.read(tmp_path), logged.reference())
    assert [day.date for day in report.alarms] == ["2026-11-02"]
    assert report.verdict is Verdict.CHANGED
    assert "2026-11-02" in report.sentence
    assert "audit 50" in report.sentence


def test_images_that_nothing_in_the_tests_is_like__leave_nothing_to_be_known(
    tmp_path: Path,
) -> None:
    embeddings, probabilities, _ = logged.draw(300, seed=7)
    embeddings[::5, 6] -= 12
    logged.write(tmp_path, embeddings, probabilities)
    report = judging.judge(traffic.read(tmp_path), logged.reference())
    assert report.verdict is Verdict.CANNOT_KNOW
    assert report.unlabelled is None
    assert "cannot be known" in report.sentence
    strangest = {int(each.image_sha256, 16) for each in report.strangest[:40]}
    assert all(place % 5 == 0 for place in strangest)


def test_too_few_answers__are_said(tmp_path: Path) -> None:
    embeddings, probabilities, _ = logged.draw(60, seed=7)
    logged.write(tmp_path, embeddings, probabilities)
    report = judging.judge(traffic.read(tmp_path), logged.reference())
    assert (report.verdict, report.unlabelled) == (Verdict.CANNOT_KNOW, None)
    assert "Only 60 answers" in report.sentence


def test_a_log_without_embeddings__is_compared_by_probabilities_and_says_so(
    tmp_path: Path,
) -> None:
    _, probabilities, _ = logged.draw(200, seed=7)
    logged.write(tmp_path, None, probabilities)
    report = judging.judge(traffic.read(tmp_path), logged.reference())
    assert (report.compared, report.strangers) == ("probabilities", None)
    assert "no embeddings" in report.notes[0]


def test_reading__takes_one_checkpoint_and_counts_torn_lines(tmp_path: Path) -> None:
    embeddings, probabilities, _ = logged.draw(30)
    logged.write(tmp_path, embeddings, probabilities, logged.served("b" * 64))
    logged.write(tmp_path, embeddings, probabilities, start=logged.START.replace(day=9))
    (last,) = list(tmp_path.glob("*.jsonl"))[-1:]
    last.write_bytes(last.read_bytes() + b'{"time": "20')
    seen = traffic.read(tmp_path)
    assert (seen.checkpoint.sha256, len(seen)) == ("a" * 64, 30)
    assert (seen.others, seen.num_unreadable) == ({"b" * 64: 30}, 1)
    np.testing.assert_allclose(seen.probabilities, probabilities, atol=1e-3)
    assert traffic.read(tmp_path, checkpoint="bb").checkpoint.sha256 == "b" * 64
    with pytest.raises(NotFound, match="0 checkpoints"):
        traffic.read(tmp_path, checkpoint="cc")
    with pytest.raises(NotFound, match="No answer is logged"):
        traffic.read(tmp_path, days=1)


def test_an_audit__is_kept_with_the_log_and_corrects_the_estimate(tmp_path: Path) -> None:
    embeddings, probabilities, _ = logged.draw(300, seed=7)
    logged.write(tmp_path, embeddings, probabilities)
    seen = traffic.read(tmp_path)
    audit = audits.draw(seen, seen.confidence, seed=1)
    assert len(audit.images) == 50
    said = {each.image_sha256: Found.NONE.value for each in audit.images[:40]}
    said |= {each.image_sha256: Found.UNCLEAR.value for each in audit.images[40:45]}
    audits.say(tmp_path, audit, said, by="ann")
    audit = audits.say(tmp_path, audit, {audit.images[0].image_sha256: ""}, by="ann")
    assert (audit.num_said, audit.num_labels) == (44, 39)
    report = judging.judge(seen, logged.reference(), audit)
    assert report.audited is not None
    assert report.audited.high < 0.5  # every one was wrong
    assert "audit of 39 images" in report.sentence
    with pytest.raises(InvalidInput, match="not of this audit"):
        audits.say(tmp_path, audit, {"f" * 64: "cat"}, by="ann")
    fresh = audits.draw(seen, seen.confidence, seed=2)
    assert audits.find(tmp_path, fresh.checkpoint_sha256) == fresh  # nothing is said of it yet
