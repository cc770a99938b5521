"""A search for a learning rate answers for every config that differs in nothing it depends on."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from db.enums import JobStatus
from forge_core.cli.main import app
from forge_core.errors import InvalidInput
from forge_core.jobs import queue
from forge_core.people.actor import Actor
from forge_core.runs.starting import lr_finder
from forge_core.training.config import TrainConfig
from forge_core.training.diagnostics import lr_range_test
from forge_core.workspace import Workspace
from tests import arrange, ending
from tests.forge_core.training.arrange import Listener

CONFIG = TrainConfig(architecture="forge_cnn", input_size=16, batch_size=8, device="cpu")


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        lr_range_test.find_rate,
        "__kwdefaults__",
        {
            **(lr_range_test.find_rate.__kwdefaults__ or {}),
            "steps": 30,
        },
    )


@pytest.mark.process
def test_submit__runs_as_a_job_and_is_found_for_configs_like_it(
    sqlite_workspace: Workspace, tmp_path: Path
) -> None:
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=8, val=2, test=1)
    job = lr_finder.submit(sqlite_workspace, CONFIG, actor=Actor("tester"))
    try:
        done = queue.wait_until_finished(sqlite_workspace, job.job_id, timeout_seconds=120)
    finally:
        ending.end_jobs(sqlite_workspace)
    assert done.status == JobStatus.SUCCEEDED, done.error
    curve = lr_finder.read_result(done)
    assert curve.field == "scratch_lr"
    assert len(curve.points) > 20

    def is_found(config: TrainConfig) -> bool:
        found = lr_finder.find_job(sqlite_workspace, config)
        return found is not None and found.job_id == job.job_id

    assert is_found(replace(CONFIG, scratch_lr=0.5, scratch_epochs=99, device="auto"))
    assert not is_found(replace(CONFIG, batch_size=16))
    assert not is_found(replace(CONFIG, warmup_epochs=0))


@pytest.mark.process
def test_read_result__reads_back_what_the_job_keeps(
    sqlite_workspace: Workspace, tmp_path: Path
) -> None:
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=5, val=2, test=1)
    curve = lr_finder.find_rate(sqlite_workspace, CONFIG, reporter=Listener())
    queued = queue.submit(sqlite_workspace, "no such kind", "A job", {}, actor=Actor("tester"))
    kept = json.loads(json.dumps({"curve": asdict(curve)}))
    assert lr_finder.read_result(replace(queued, result=kept)) == curve
    ending.end_jobs(sqlite_workspace)


def test_find_rate__refuses_a_catalog_without_training_images(
    sqlite_workspace: Workspace, tmp_path: Path
) -> None:
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=0, val=2, test=1)
    with pytest.raises(InvalidInput):
        lr_finder.find_rate(sqlite_workspace, CONFIG, reporter=Listener())


def test_command__says_how_to_train_with_it(sqlite_workspace: Workspace, tmp_path: Path) -> None:
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=8, val=2, test=1)
    options = ["train", "--find-rate", "--set", "input_size=16", "--set", "batch_size=8"]
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 0, result.output
    assert "Loss of scratch by learning rate" in result.stdout
    assert "and --set scratch_lr=" in result.stdout
    answer = CliRunner().invoke(app, [*options, "--json"])
    assert json.loads(answer.stdout)["stage"] == "scratch"
    with sqlite_workspace.database.read() as uow:
        assert uow.runs.list_all() == [], "nothing was started"
