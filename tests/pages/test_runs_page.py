"""The Runs page in each state that a person can meet. Its curves move in tests/journeys."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from db.enums import EndRequest, RunStatus
from db.records import AssetFilter, Run
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import asset_list
from forge_core.jobs import queue
from forge_core.people.actor import Actor
from forge_core.runs import records
from forge_core.runs.starting import launch
from forge_core.workspace import Workspace
from pages.components.evaluation import confusion_chart
from pages.components.runs import run_report
from pages.components.words import data_time
from tests import arrange
from tests.pages.arrange_runs import add_run
from tests.pages.visiting import figures, labels_of_buttons, links, press, visit, words

PAGE = "training/runs.py"


def live_chart(app: AppTest) -> dict:
    """What the page gives to the component."""
    return json.loads(app.get("bidi_component")[0].proto.json)


def test_no_runs__offers_to_train(sqlite_workspace: Workspace):
    app = visit(PAGE)
    assert "No runs yet. A run trains a network on your labelled images." in words(app)
    assert labels_of_buttons(app) == ["Train a network"]
    app = press(app, "Train a network")
    assert app.title[0].value == "Train"


def test_table__has_a_row_a_run_with_its_curve(finished_workspace: Workspace):
    app = visit(PAGE)
    table = app.dataframe[0].value
    assert list(table["Run"]) == ["Run 1"]
    assert list(table["State"]) == ["finished"]
    assert list(table["Network"]) == ["ForgeCNN, from scratch"]
    assert list(table["Data"]) == [f"3 classes, {data_time.describe(finished_workspace, 1)}"]
    best = records.get_run(finished_workspace, 1).best_val_accuracy
    assert best is not None
    assert table["Best"][0] == pytest.approx(100 * best)
    assert len(table["Validation"][0]) == 4
    app = press(app, "New run")
    assert app.title[0].value == "Train"


def test_finished__report_files_and_next_step(finished_workspace: Workspace):
    app = visit(PAGE, run=1)
    run = records.get_run(finished_workspace, 1)
    said = words(app)
    assert run.best_val_accuracy is not None
    assert f"Run 1 finished: {100 * run.best_val_accuracy:.1f} % validation accuracy" in said
    assert "ForgeCNN, from scratch" in said
    report = records.reports_of(run)["test"]
    assert figures(app)["Accuracy on test"] == f"{100 * report.accuracy:.1f} %"
    low, high = report.accuracy_interval
    assert app.metric[0].delta == f"{100 * low:.1f} to {100 * high:.1f} %"
    assert figures(app)["Images"] == "12"
    assert app.get("plotly_chart")
    chart = live_chart(app)
    assert [epoch["epoch"] for epoch in chart["epochs"]] == [1, 2, 3, 4]
    assert chart["is_finished"] is True
    downloads = [button.proto.label for button in app.get("download_button")]
    assert [label.split(" (")[0] for label in downloads] == [
        "Download best checkpoint",
        "Download last checkpoint",
        "Download the report",
    ]
    assert not app.error
    assert not app.exception


def test_finished__classes_and_images_are_counted(finished_workspace: Workspace):
    app = visit(PAGE, run=1)
    by_columns = {tuple(frame.value.columns): frame.value for frame in app.dataframe}
    classes = by_columns["Class", "Precision", "Recall", "Recall, 95 %", "F1", "Images"]
    assert set(classes["Class"]) == {"circle", "square", "stripe"}
    images = by_columns["Class", "train", "val", "test"].set_index("Class")
    assert images.loc["circle"].tolist() == [16, 4, 4]
    assert images.loc["all"].tolist() == [48, 12, 12]


def test_finished__its_data_is_that_of_its_revision(finished_workspace: Workspace):
    assets = arrange.list_all(finished_workspace)
    label_edits.remove_assets(finished_workspace, [assets[0].asset_id], actor=Actor("tester"))
    app = visit(PAGE, run=1)
    images = next(f.value for f in app.dataframe if "train" in f.value.columns)
    assert images.iloc[-1].tolist() == ["all", 48, 12, 12]
    assert "Data of " in words(app)
    assert data_time.describe(finished_workspace, 1) in words(app)


def test_finished__other_split(finished_workspace: Workspace):
    app = visit(PAGE, run=1)
    app.segmented_control(key="run_split_1").set_value("val").run()
    assert "Accuracy on val" in figures(app)
    assert "Validation chose the best epoch" in words(app)


def test_finished__predict_with_it(finished_workspace: Workspace):
    app = press(visit(PAGE, run=1), "Predict with it")
    assert app.title[0].value == "Predict"
    assert app.query_params["run"] in ("1", ["1"])


def test_finished__train_again(finished_workspace: Workspace):
    app = press(visit(PAGE, run=1), "Train again")
    assert app.title[0].value == "Train"


def test_delete__says_what_it_frees_and_then_it_is_gone(finished_workspace: Workspace):
    app = press(visit(PAGE, run=1), "Delete")
    assert "It frees" in words(app)
    assert "MB" in words(app)
    assert records.list_runs(finished_workspace)
    app = press(app, "Delete it")
    assert records.list_runs(finished_workspace) == []
    assert "No runs yet." in words(app)
    assert [toast.value.split(";")[0] for toast in app.toast] == ["Run 1 is deleted"]
    app = visit(PAGE, run=1)
    assert "There is no run 1; it may have been removed." in words(app)
    assert labels_of_buttons(app) == ["See all runs"]


def test_delete__can_be_kept(finished_workspace: Workspace):
    app = press(visit(PAGE, run=1), "Delete")
    press(app, "Keep it")
    assert records.list_runs(finished_workspace)


def test_running__curve_progress_and_cancel(catalog: Workspace, sleeper: int):
    run = add_run(catalog, RunStatus.RUNNING, pid=sleeper)
    app = visit(PAGE, run=run.run_id)
    chart = live_chart(app)
    assert chart["progress"]["state"] == "running"
    assert chart["progress"]["epoch"] == 2
    assert chart["total_epochs"] == 9
    assert chart["is_finished"] is False
    assert chart["stages"] == [{"name": "scratch", "epochs": 9}]
    assert chart["run_id"] == run.run_id
    assert "Delete" not in labels_of_buttons(app)
    press(app, "Stop and keep the best")
    job_id = records.run_progress(catalog, run.run_id).job_id
    assert job_id is not None
    assert queue.get_job(catalog, job_id).end_requested == EndRequest.CANCEL


def test_running__pause_beside_cancel(catalog: Workspace, sleeper: int):
    run = add_run(catalog, RunStatus.RUNNING, pid=sleeper)
    app = press(visit(PAGE, run=run.run_id), "Pause")
    job_id = records.run_progress(catalog, run.run_id).job_id
    assert job_id is not None
    job = queue.get_job(catalog, job_id)
    assert job.end_requested == EndRequest.PAUSE
    stopping = next(button for button in app.button if button.label == "Stopping")
    assert stopping.disabled
    assert "Stop and keep the best" in labels_of_buttons(app)


def test_paused__says_where_and_resumes(catalog: Workspace, sleeper: int):
    add_run(catalog, RunStatus.RUNNING, pid=sleeper)  # keeps the only place
    waiting = add_run(catalog, RunStatus.QUEUED)
    app = press(visit(PAGE, run=waiting.run_id), "Pause")
    said = words(app)
    assert "Paused before it began." in said
    assert list(visit(PAGE).dataframe[0].value["State"]) == ["paused", "running"]
    assert "Pause" not in labels_of_buttons(app)
    app = press(app, "Start it again")
    assert records.get_run(catalog, waiting.run_id).status == RunStatus.QUEUED
    launch.cancel_run(catalog, waiting.run_id)


def test_queued__waits(catalog: Workspace, sleeper: int):
    add_run(catalog, RunStatus.RUNNING, pid=sleeper)
    waiting = add_run(catalog, RunStatus.QUEUED)
    app = visit(PAGE, run=waiting.run_id)
    progress = live_chart(app)["progress"]
    assert progress["state"] == "queued"
    assert progress["message"] == "Waits for a free place on this machine."
    press(app, "Take it out of the queue")
    assert records.get_run(catalog, waiting.run_id).status == RunStatus.CANCELLED
    said = words(visit(PAGE, run=waiting.run_id))
    assert "Stopped." in said
    assert "No epoch was finished, so there is no curve." in said


def test_interrupted__says_why_and_can_be_resumed(catalog: Workspace, sleeper: int):
    message = (
        "Run 1 stopped at epoch 7: its process ended without a word (killed, or out of memory). "
        "Last checkpoint: epoch 6."
    )
    add_run(catalog, RunStatus.INTERRUPTED, message=message)
    add_run(catalog, RunStatus.RUNNING, pid=sleeper)  # keeps the only place
    app = visit(PAGE, run=1)
    assert message in words(app)
    assert "See log" in labels_of_buttons(app)
    app = press(app, "Start it again")  # nothing was saved
    assert records.get_run(catalog, 1).status == RunStatus.QUEUED
    assert "Take it out of the queue" in labels_of_buttons(app)
    launch.cancel_run(catalog, 1)


def test_failed__says_why_with_the_next_step(catalog: Workspace):
    message = "The loss is not finite at step 3 of epoch 2. Lower the learning rate."
    add_run(catalog, RunStatus.FAILED, message=message)
    app = visit(PAGE, run=1)
    assert message in words(app)
    assert app.error
    assert "Start it again" in labels_of_buttons(app)


@pytest.mark.parametrize("asked", ["99", "abc", "-1", "1" * 40, "../1"])
def test_an_address_of_no_run__is_told(finished_workspace: Workspace, asked: str):
    app = visit(PAGE, run=asked)
    assert app.error
    assert not app.exception
    app = press(app, "See all runs")
    assert list(app.dataframe[0].value["Run"]) == ["Run 1"]


def test_log__is_there(finished_workspace: Workspace):
    app = visit(PAGE, run=1)
    assert any("val_accuracy" in block.value for block in app.code)


def test_confusion__every_cell_can_be_clicked_and_names_its_class(finished_workspace: Workspace):
    run = records.get_run(finished_workspace, 1)
    report = records.reports_of(run)["test"]
    counts = np.array(report.confusion)
    door = "click: images of {true}"
    matrix = confusion_chart.of_counts(counts, report.class_names, door=door)
    figure = confusion_chart.make_figure(matrix)
    cells = figure.data[2]
    assert len(cells.x) == 9
    assert [list(cell) for cell in cells.customdata[:2]] == [[0, 0], [0, 1]]
    assert "click: images of circle" in cells.text[0]
    label_id = run_report.label_of(run.class_names, run.label_ids, "square")
    assert label_id == arrange.class_id(finished_workspace, "square")


def test_confusion__of_a_run_leads_to_what_was_answered(finished_workspace: Workspace):
    run = records.get_run(finished_workspace, 1)
    report = records.reports_of(run)["test"]
    kept = run_report.find_evaluation(finished_workspace, run, report, "test")
    assert kept is not None
    for row, true in enumerate(kept.label_ids):
        for column, answered in enumerate(kept.label_ids):
            where = AssetFilter(evaluation=kept.evaluation_id, true_label=true, answered=answered)
            number = asset_list.count_assets(finished_workspace, where)
            assert number == report.confusion[row][column]
    assert run_report.find_evaluation(finished_workspace, run, report, "val") is None


def add_finished(workspace: Workspace, **config: object) -> Run:
    """A finished run like run 1 but for some choices."""
    like = records.get_run(workspace, 1)
    with workspace.database.write() as uow:
        run_id = uow.runs.add(
            name="other",
            status=RunStatus.SUCCEEDED,
            author="tester",
            config={**like.config, **config},
            revision_id=like.revision_id,
            class_names=like.class_names,
            label_ids=like.label_ids,
        )
        uow.runs.update_fields(run_id, report=like.report, best_val_accuracy=0.5)
    return records.get_run(workspace, run_id)


def test_compare__says_what_differs_and_what_the_metric_did(finished_workspace: Workspace):
    assert "Compare" not in words(visit(PAGE, run=1))
    add_finished(finished_workspace, seed=7)
    app = visit(PAGE, run=2)
    app.selectbox(key="run_compare").select(1).run()
    assert app.query_params["with"] == "1"
    said = words(app)
    assert "Config: Seed 0 → 7." in said
    assert "Accuracy on test" in said
    assert ": the same." in said
    differing = next(frame.value for frame in app.dataframe if "Setting" in frame.value.columns)
    settings = dict(zip(differing["Setting"], differing.values.tolist(), strict=True))
    assert settings["Seed"][1:] == ["0", "7"]
    assert settings["Epochs from scratch"][1:] == ["4", "0 of 4"]
    assert not app.exception


def test_compare__several_runs_of_the_address(finished_workspace: Workspace):
    add_finished(finished_workspace, seed=7)
    add_finished(finished_workspace, input_size=24)
    app = visit(PAGE, compare="1,2,3")
    assert app.title[0].value == "3 runs compared"
    tables = [frame.value for frame in app.dataframe]
    used = next(each for each in tables if "Setting" in each.columns).set_index("Setting")
    assert used.loc["Input size, px"].tolist() == ["16", "16", "24"]
    classes = next(each for each in tables if "Spread" in each.columns)
    assert classes["Spread"].tolist() == [0, 0, 0]
    assert "Which images flip between run 1 and run 3" in words(app)
    assert "Run 3 · other" in links(app)
    assert not app.exception
    wrong = visit(PAGE, compare="1,1")
    assert "Name two to 8 different runs" in words(wrong)


def test_compare__an_address_of_no_run_is_told(finished_workspace: Workspace):
    add_finished(finished_workspace)
    app = visit(PAGE, run=2, **{"with": 99})
    assert "There is no finished run 99 to compare with." in words(app)


@pytest.mark.process
def test_repeat__starts_the_same_on_the_same_data(finished_workspace: Workspace):
    app = visit(PAGE, run=1)
    app.button(key="run_repeat").click().run()
    again = records.get_run(finished_workspace, 2)
    first = records.get_run(finished_workspace, 1)
    assert (again.name, again.config, again.revision_id) == (
        "like 1",
        first.config,
        first.revision_id,
    )
    assert app.query_params["run"] == "2"
    assert app.query_params["with"] == "1"
