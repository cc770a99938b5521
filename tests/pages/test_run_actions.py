"""What a person can do with a run from its page, beside watching it."""

import re

import pytest

from db.boxes import JobError
from db.enums import RunStatus
from forge_core.jobs import supervision
from forge_core.runs import records
from forge_core.runs.listing import marks
from forge_core.training.diagnostics import underfitting
from forge_core.training.diagnostics.underfitting import Underfitting
from forge_core.workspace import Workspace
from pages.components.frame import navigation
from pages.components.train import chosen
from tests.pages.arrange_runs import add_run
from tests.pages.visiting import labels_of_buttons, press, visit, words

PAGE = "training/runs.py"


def test_failed__of_its_settings_leads_to_train_with_its_network(
    catalog: Workspace, monkeypatch: pytest.MonkeyPatch
):
    run = add_run(catalog, RunStatus.FAILED, message="The ImageNet weights are not here.")
    with catalog.database.write() as uow:
        job = uow.jobs.find_latest_of_run(run.run_id, kind="train")
        assert job is not None
        error = JobError(message=run.message, kind="WeightsUnavailable")
        uow.jobs.update_if(job.job_id, [job.status], error=error)
    gone: list[str] = []
    monkeypatch.setattr(navigation, "go_to", lambda page, *_: gone.append(page))
    app = visit(PAGE, run=1)
    assert not {"Resume", "Start it again"} & set(labels_of_buttons(app))
    app = press(app, "Choose other settings")
    assert gone == ["train"]
    assert app.session_state[chosen.ARCHITECTURE_KEY] == run.config["architecture"]


def test_extend__a_queued_run_gets_more_epochs(catalog: Workspace, sleeper: int):
    add_run(catalog, RunStatus.RUNNING, pid=sleeper)  # keeps the only place
    waiting = add_run(catalog, RunStatus.QUEUED)
    before = records.run_progress(catalog, waiting.run_id).total_epochs
    app = visit(PAGE, run=waiting.run_id)
    app.number_input(key="run_extend_epochs").set_value(3).run()
    press(app, "Train 3 epochs more")
    assert records.run_progress(catalog, waiting.run_id).total_epochs == before + 3


def test_log__is_searched_as_a_whole(finished_workspace: Workspace):
    app = visit(PAGE, run=1)
    app.text_input(key="run_log_words_1").set_value("VAL_ACCURACY").run()
    (shown,) = [block.value for block in app.code if "val_accuracy" in block.value]
    epochs = records.run_progress(finished_workspace, 1).epochs
    assert [re.match(r" *\d+  .* epoch (\d+) ", line)[1] for line in shown.splitlines()] == [
        str(epoch.epoch) for epoch in epochs
    ]
    app.text_input(key="run_log_words_1").set_value("no such words").run()
    assert "lines has these words" in words(app)


def test_underfitting__is_named_and_the_larger_network_is_a_click_away(
    finished_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    found = Underfitting(cause="network", message="Training reaches only 60%: too small.")
    monkeypatch.setattr(underfitting, "find", lambda *_, **__: found)
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda _, **options: None)
    app = visit(PAGE, run=1)
    assert found.message in words(app)
    first = records.get_run(finished_workspace, 1)
    press(app, "Same run, larger network")
    second = records.list_runs(finished_workspace)[0]
    changed = {k for k, v in second.config.items() if first.config.get(k) != v}
    assert (changed, second.name) == ({"architecture"}, "1, larger")
    assert second.revision_id == first.revision_id


def test_filters__a_tag_with_a_comma_comes_back_from_the_address_as_it_is(catalog: Workspace):
    tags = ["lower rate, longer", "base"]
    marks.change_tags(catalog, [add_run(catalog, RunStatus.SUCCEEDED).run_id], add=tags)
    app = visit(PAGE)
    app.multiselect(key="runs_tag").set_value(tags).run()
    assert app.query_params["tag"] == tags
    assert app.query_params["workspace"] in (catalog.id, [catalog.id])
    again = visit(PAGE, tag=tags)
    assert again.multiselect(key="runs_tag").value == tags
    assert list(again.dataframe[0].value["Run"]) == ["Run 1"]
    again.multiselect(key="runs_tag").set_value([]).run()
    assert "tag" not in again.query_params
