"""`forge train --like`, `forge runs diff` and `forge learning-curve` on a finished run."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from forge_core.augmentation.presets import PRESETS
from forge_core.cli.main import app
from forge_core.evaluation.learning_curve import LearningCurve
from forge_core.jobs import supervision
from forge_core.people.actor import Actor
from forge_core.predictions.labelling import label_learning_curve
from forge_core.runs import records
from forge_core.runs.starting import launch
from forge_core.workspace import Workspace
from tests import ending, trained

pytestmark = pytest.mark.process


@pytest.fixture
def copied(finished_run_folder: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace of drawn images with the finished run 1, which the test may change."""
    opened = trained.open_copy(finished_run_folder, tmp_path / "copy")
    yield opened
    ending.end_jobs(opened)
    opened.database.dispose()


def forge(workspace: Workspace, *arguments: str | int) -> Result:
    words = [*map(str, arguments), "-w", str(workspace.folder)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return result


def forge_json(workspace: Workspace, *arguments: str | int) -> Any:
    return json.loads(forge(workspace, *arguments, "--json").stdout)


def test_train_like__repeats_a_run_and_diff_says_so(copied: Workspace) -> None:
    said = forge(copied, "train", "--like", 1).stdout
    assert "the data of run 1 (revision 1)" in said
    first, again = records.get_run(copied, 1), records.get_run(copied, 2)
    assert (again.name, again.status, again.config) == ("like 1", "succeeded", first.config)
    assert again.report == first.report

    said = forge(copied, "runs", "diff", 1, 2).stdout
    assert "Run 2 repeats run 1: same config, same data." in said
    assert "the same." in said
    found = forge_json(copied, "runs", "diff", 1, 2)
    assert found["summary"] == said.splitlines()[: len(found["summary"])]
    assert found["comparison"]["config"] == []


def test_runs_diff__tells_what_is_other(copied: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda *_, **__: None)
    forge(copied, "train", "--like", 1, "--seed", 7, "--no-wait")
    said = forge(copied, "runs", "diff", 1, 2).stdout
    assert "Config: Seed 0 → 7." in said
    assert "repeats" not in said
    assert "They were not measured on the same split" in said


def test_train_set_preset__drops_the_numbers_of_the_earlier_run(
    copied: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda *_, **__: None)
    numbers = replace(PRESETS["natural"].parameters, horizontal_flip=0.25)
    config = replace(trained.TINY, preset="natural", augmentation=numbers, preset_name="mine")
    by_page = launch.start_run(copied, config, actor=Actor("tester")).run_id
    like = ["train", "--like", by_page, "--no-wait"]
    same = forge_json(copied, *like)["config"]
    assert same["augmentation"]["horizontal_flip"] == 0.25
    for choice in (["--set", "preset=medical"], ["--preset", "medical"]):
        other = forge_json(copied, *like, *choice)["config"]
        assert (other["preset"], other["augmentation"], other["preset_name"]) == (
            "medical",
            None,
            "",
        )


def test_runs_show__says_where_a_run_was_resumed(copied: Workspace) -> None:
    run = records.get_run(copied, 1)
    assert run.environment is not None
    resumed = replace(run.environment, resumed_in=(replace(run.environment, torch="9.9"),))
    with copied.database.write() as uow:
        uow.runs.update_fields(1, environment=resumed)
    said = forge(copied, "runs", "show", 1).stdout
    assert f"resumed in another environment: torch {run.environment.torch} → 9.9" in said


@pytest.mark.usefixtures("real_weights")
def test_learning_curve__in_words_and_json(
    copied: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = label_learning_curve.draw_curve
    drawn: list[LearningCurve] = []

    def draw_once(*arguments: Any, **choices: Any) -> LearningCurve:
        drawn[:] = drawn or [draw(*arguments, **choices)]
        return drawn[0]

    monkeypatch.setattr(label_learning_curve, "draw_curve", draw_once)
    found = forge_json(copied, "learning-curve", "--device", "cpu")
    assert [point["share"] for point in found["points"]] == [0.1, 0.2, 0.4, 0.8]
    assert (found["overall"]["num_train"], found["num_used"]) == (48, 48)
    said = forge(copied, "learning-curve", "--device", "cpu").stdout
    assert "10% of each class, 6 images" in said
    assert "all together" in said
    assert "Drawn from" not in said
