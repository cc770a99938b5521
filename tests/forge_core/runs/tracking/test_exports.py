"""A finished run, exported: what it used and measured, once however often it is exported."""

import csv
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.enums import RunStatus
from db.run_records import SeriesPoint
from forge_core.errors import Conflict, ExportFailed
from forge_core.runs import records
from forge_core.runs.tracking import csv_tables, facts, mlflow_runs, tensorboard_events
from forge_core.runs.tracking.facts import RunFacts
from forge_core.runs.tracking.outcome import Outcome
from forge_core.workspace import Workspace
from tests import trained
from tests.forge_core.cli.commands import forge, forge_json


@pytest.fixture(scope="module")
def opened(
    finished_run_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    """A copy of the workspace with run 1, which has a step whose loss was no number."""
    copy = trained.open_copy(finished_run_folder, tmp_path_factory.mktemp("exported") / "copy")
    with copy.database.write() as uow:
        uow.series.add(1, {"step_loss": [SeriesPoint(2, math.nan)]})
    yield copy
    copy.database.dispose()


@pytest.fixture(scope="module")
def found(opened: Workspace) -> RunFacts:
    return facts.collect(opened, 1)


@pytest.fixture
def changed(opened: Workspace) -> Iterator[RunFacts]:
    """The same run under another name, with a tag and a note."""
    _mark(opened, "renamed", ["baseline", "blue"], "the best, so far")
    yield facts.collect(opened, 1)
    _mark(opened, "", [], "")


def _mark(workspace: Workspace, name: str, tags: list[str], note: str) -> None:
    with workspace.database.write() as uow:
        uow.runs.update_fields(1, name=name, note=note)
        uow.run_tags.replace(1, tags)


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def test_collect__parameters_are_what_was_used(opened: Workspace, found: RunFacts) -> None:
    used = found.parameters
    assert (used["architecture"], used["input_size"], used["scratch_epochs"]) == (
        "forge_cnn",
        16,
        4,
    )
    run = records.get_run(opened, 1)
    assert run.environment is not None
    assert run.environment.speed is not None
    assert run.config["number_format"] == "auto"
    assert used["number_format"] == run.environment.speed["number_format"]
    assert {"warmup_epochs", "backbone_lr", "keep_statistics"} & used.keys() == set()
    assert (used["data.train_images"], used["data.revision_id"]) == (48, run.revision_id)
    assert found.metrics["test/accuracy"] == records.reports_of(run)["test"].accuracy
    assert found.metrics["epochs"] == 4


def test_collect__a_run_that_goes_on_is_refused(opened: Workspace) -> None:
    with opened.database.write() as uow:
        uow.runs.update_fields(1, status=RunStatus.RUNNING)
    with pytest.raises(Conflict, match="is running"):
        facts.collect(opened, 1)
    with opened.database.write() as uow:
        uow.runs.update_fields(1, status=RunStatus.SUCCEEDED)


def test_csv__every_epoch_step_and_class(
    opened: Workspace, found: RunFacts, tmp_path: Path
) -> None:
    assert csv_tables.write(found, tmp_path / "out").outcome == Outcome.WRITTEN
    points = rows_of(tmp_path / "out" / "run-1" / "series.csv")
    losses = [float(row["value"]) for row in points if row["series"] == "epoch/val_loss"]
    epochs = records.list_epochs(opened, [1])[1]
    assert losses == [epoch.val_loss for epoch in epochs]
    steps = [row["value"] for row in points if row["series"] == "step/step_loss"]
    assert len(steps) == 4 * 6  # 48 images, 8 a step
    assert steps[1] == "nan"
    classes = rows_of(tmp_path / "out" / "run-1" / "classes.csv")
    assert [row["class"] for row in classes if row["split"] == "test"] == found.run.class_names


def test_csv__exported_again_a_run_has_one_row_and_others_keep_theirs(
    found: RunFacts, changed: RunFacts, tmp_path: Path
) -> None:
    table = tmp_path / "runs.csv"
    csv_tables.write(found, table)
    assert csv_tables.write(found, table).outcome == Outcome.KEPT
    text = table.read_text("utf-8")
    table.write_text(text + text.splitlines()[1].replace(f"{found.workspace_id},1", "other,1"))
    assert csv_tables.write(changed, table).outcome == Outcome.REPLACED
    assert {row["workspace_id"]: row["name"] for row in rows_of(table)} == {
        found.workspace_id: "renamed",
        "other": "",
    }
    row = next(row for row in rows_of(table) if row["name"])
    assert (row["tags"], row["note"]) == ("baseline, blue", "the best, so far")
    assert len(rows_of(table)) == 2


def test_csv__other_files_stay_as_they_are(found: RunFacts, tmp_path: Path) -> None:
    stranger = tmp_path / "prices.csv"
    stranger.write_text("name,price\napple,3\n")
    with pytest.raises(Conflict, match="no table of runs"):
        csv_tables.write(found, stranger)
    assert stranger.read_text() == "name,price\napple,3\n"
    (tmp_path / "run-1").mkdir()
    (tmp_path / "run-1" / "thesis.txt").touch()
    with pytest.raises(Conflict, match="something else"):
        csv_tables.write(found, tmp_path)


def test_command__writes_what_is_asked_for(opened: Workspace, tmp_path: Path) -> None:
    (done,) = forge_json("runs", "export", 1, 1, "--csv", tmp_path, "-w", opened.folder)
    assert (done["run_id"], done["target"], done["outcome"]) == (1, "csv", "written")
    assert forge("runs", "export", 1, "-w", opened.folder).exit_code == 1


@pytest.mark.parametrize(
    ("option", "module", "extra"),
    [("--mlflow", "mlflow", "mlflow"), ("--tensorboard", "torch.utils.tensorboard", "tensorboard")],
)
def test_command__a_missing_package_is_named_before_anything_is_written(
    opened: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    option: str,
    module: str,
    extra: str,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    place = tmp_path / "out"
    refused = forge("runs", "export", 1, "--csv", place, option, "x", "-w", opened.folder)
    assert refused.exit_code == 1
    assert f"pip install 'vision-forge[{extra}]'" in refused.stderr.replace("\n", " ")
    assert not place.exists()


def test_tensorboard__every_value_once(found: RunFacts, changed: RunFacts, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="the extra tensorboard; see make test-extras")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    tensorboard_events.write(found, tmp_path)
    assert tensorboard_events.write(changed, tmp_path).outcome == Outcome.REPLACED
    read = EventAccumulator(str(tmp_path / "run-1"), {"scalars": 0, "tensors": 0})
    read.Reload()
    losses = [point.value for point in read.Scalars("epoch/val_loss")]
    assert losses == pytest.approx([p.value for p in found.series["epoch/val_loss"]])
    assert math.isnan(read.Scalars("step/step_loss")[1].value)
    (accuracy,) = read.Scalars("final/test/accuracy")
    assert accuracy.value == pytest.approx(found.metrics["test/accuracy"])
    assert "renamed" in read.Tensors("run/text_summary")[0].tensor_proto.string_val[0].decode()
    assert read.PluginTagToContent("hparams").keys() >= {"_hparams_/session_start_info"}


def test_mlflow__one_run_with_its_checkpoint_however_often(
    found: RunFacts, changed: RunFacts, tmp_path: Path
) -> None:
    mlflow = pytest.importorskip("mlflow", reason="the extra mlflow; see make test-extras")
    address = f"sqlite:///{tmp_path / 'mlflow.db'}"
    client = mlflow.MlflowClient(tracking_uri=address)
    assert mlflow_runs.write(found, address, "digits").outcome == Outcome.WRITTEN
    assert mlflow_runs.write(found, address, "digits").outcome == Outcome.KEPT
    experiment = client.get_experiment_by_name("digits").experiment_id
    (first,) = client.search_runs([experiment])
    client.set_tag(first.info.run_id, "reviewed_by", "ann")
    assert mlflow_runs.write(changed, address, "digits").outcome == Outcome.REPLACED

    (run,) = client.search_runs([experiment])
    assert (run.info.status, run.info.run_name) == ("FINISHED", "renamed")
    assert run.data.tags["reviewed_by"] == "ann"
    assert run.data.tags["mlflow.note.content"] == "the best, so far"
    assert run.data.tags["vision_forge.tags"] == "baseline, blue"
    assert run.data.params["input_size"] == "16"
    assert run.data.params["data.train_sha256"] == found.parameters["data.train_sha256"]
    assert run.data.metrics["test/accuracy"] == found.metrics["test/accuracy"]
    assert run.data.metrics["test/recall/circle"] == found.classes[0].recall
    losses = client.get_metric_history(run.info.run_id, "epoch/val_loss")
    assert [(m.step, m.value) for m in losses] == found.series["epoch/val_loss"]
    kept = client.download_artifacts(run.info.run_id, "checkpoint", str(tmp_path))
    assert found.checkpoint is not None
    assert (Path(kept) / found.checkpoint.name).read_bytes() == found.checkpoint.read_bytes()
    assert found.card is not None
    assert (Path(kept) / "card.json").read_text("utf-8") == found.card.to_json()


def test_mlflow__what_it_says_is_told_without_the_password(
    found: RunFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow", reason="the extra mlflow; see make test-extras")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(ExportFailed) as failed:
        mlflow_runs.write(found, "http://ann:secret@127.0.0.1:9", "digits")
    assert "http://127.0.0.1:9" in failed.value.message
    assert "secret" not in failed.value.message
