"""A run gets more epochs, finished or not, and is then what it would be if planned so."""

from pathlib import Path

import pytest

from db.enums import RunStatus
from db.records import EpochMetrics
from forge_core.errors import Conflict
from forge_core.runs import records
from forge_core.runs.live.reporter import TrainReporter
from forge_core.runs.starting import extension, launch
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, make_catalog
from tests.forge_core.handlers.running import run_here, start, train_job
from tests.forge_core.training.arrange import make_config, run_fit


def train(workspace: Workspace, run_id: int) -> list[tuple[str, float]]:
    """Let the run's job run here; stage and loss of each of its epochs."""
    assert run_here(workspace, train_job(workspace, run_id).job_id) == 0
    assert records.get_run(workspace, run_id).status == RunStatus.SUCCEEDED
    epochs = records.run_progress(workspace, run_id).epochs
    return [(epoch.stage, epoch.train_loss) for epoch in epochs]


def test_fit__an_extended_run_is_the_run_that_was_planned_so(tmp_path: Path) -> None:
    run_fit(tmp_path / "run", make_config(scratch_epochs=2))
    longer = make_config(scratch_epochs=2, extensions=(1, 1))
    extended = run_fit(tmp_path / "run", longer, resume=True)
    planned = run_fit(tmp_path / "planned", longer)
    assert [entry.stage for entry in extended.history] == [
        *("scratch", "scratch", "extension", "extension2")
    ]
    losses = [[entry.train_loss for entry in run.history] for run in (extended, planned)]
    assert losses[0] == losses[1]


def test_extend_run__a_finished_one_goes_on_and_a_running_one_does_not_end(
    sqlite_workspace: Workspace,
    tmp_path: Path,
    no_supervisor: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace = sqlite_workspace
    make_catalog(workspace, tmp_path / "drawn")
    run_id = start(workspace, scratch_epochs=1).run_id
    first = train(workspace, run_id)
    extension.extend_run(workspace, run_id, 1, actor=ACTOR)
    assert records.get_run(workspace, run_id).status == RunStatus.QUEUED
    told = TrainReporter.on_epoch

    def extend_once(reporter: TrainReporter, metrics: EpochMetrics) -> None:
        told(reporter, metrics)
        if metrics.epoch == 2 and records.run_progress(workspace, run_id).total_epochs == 2:
            extension.extend_run(workspace, run_id, 2, actor=ACTOR)

    monkeypatch.setattr(TrainReporter, "on_epoch", extend_once)
    epochs = train(workspace, run_id)
    assert epochs[0] == first[0]
    assert [stage for stage, _ in epochs] == ["scratch", "extension", "extension2", "extension2"]
    run = records.get_run(workspace, run_id)
    assert TrainConfig.from_dict(dict(run.config)).extensions == (1, 2)
    assert records.run_progress(workspace, run_id).total_epochs == 4


def test_extend_run__refused_where_it_would_not_do_what_is_meant(
    workspace: Workspace, tmp_path: Path, no_supervisor: None
) -> None:
    make_catalog(workspace, tmp_path / "drawn")
    patient = start(workspace, early_stopping_patience=3)
    with pytest.raises(Conflict, match="ends by early stopping"):
        extension.extend_run(workspace, patient.run_id, 5, actor=ACTOR)
    assert not extension.can_extend(workspace, patient)
    run = start(workspace)
    assert extension.can_extend(workspace, run)
    launch.cancel_run(workspace, run.run_id)
    with pytest.raises(Conflict, match="is stopped: it has epochs of its plan left"):
        extension.extend_run(workspace, run.run_id, 5, actor=ACTOR)
    with workspace.database.write() as uow:
        uow.runs.update_fields(run.run_id, status=RunStatus.SUCCEEDED)
    with pytest.raises(Conflict, match="saved nothing"):
        extension.extend_run(workspace, run.run_id, 5, actor=ACTOR)
