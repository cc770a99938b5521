import pytest

from db.enums import RunStatus
from db.records import EpochRow
from forge_core.api import runs
from forge_core.jobs import queue
from forge_core.people.actor import Actor
from forge_core.training.config import TrainConfig
from tests.forge_core.jobs.supervising import Supervising, wait_running


@pytest.fixture
def run_id(workspace):
    """A finished run of three epochs."""
    with workspace.database.write() as uow:
        run_id = uow.runs.add(
            name="small",
            status=RunStatus.SUCCEEDED,
            author="anna",
            config=TrainConfig(architecture="forge_cnn", pretrained=False).to_dict(),
            revision_id=0,
            class_names=["cat", "dog"],
            label_ids=[1, 2],
            device="cpu",
            message="",
        )
        for epoch in (1, 2, 3):
            uow.metrics.add(
                EpochRow(
                    run_id=run_id,
                    epoch=epoch,
                    stage="scratch",
                    train_loss=1 / epoch,
                    train_accuracy=0.5,
                    val_loss=1.5 / epoch,
                    val_accuracy=0.25 * epoch,
                    learning_rates={"head": 0.001},
                    duration_seconds=2.0,
                    images_per_second=100.0,
                )
            )
    return run_id


def test_metrics__gives_the_epochs_after_the_cursor(browser, run_id):
    answer = browser.get(f"/runs/{run_id}/metrics", params={"after": 1}).json()
    assert [epoch["epoch"] for epoch in answer["epochs"]] == [2, 3]
    assert answer["epochs"][0]["val_accuracy"] == 0.5
    assert answer["epochs"][0]["learning_rates"] == {"head": 0.001}
    assert answer["state"] == "succeeded"
    assert answer["is_finished"] is True
    assert answer["eta_seconds"] is None
    everything = browser.get(f"/runs/{run_id}/metrics").json()
    assert [epoch["epoch"] for epoch in everything["epochs"]] == [1, 2, 3]
    nothing_new = browser.get(f"/runs/{run_id}/metrics", params={"after": 3}).json()
    assert nothing_new["epochs"] == []


def test_metrics__gives_the_points_after_the_step_and_where_they_end(
    browser, workspace, run_id, monkeypatch
):
    monkeypatch.setattr(runs, "MAX_POINTS_AT_ONCE", 2)
    with workspace.database.write() as uow:
        uow.series.add(
            run_id,
            {
                "train_loss": [(4, 2.0), (8, 1.5), (12, None)],
                "epoch": [(4, 0.5), (8, 1.0), (12, 1.5)],
                "images_per_second": [(4, 90.0), (8, 100.0), (12, 110.0)],
                "gradient_norm": [(4, 3.5), (99, 1.0)],
            },
        )

    def ask(**cursors):
        return browser.get(f"/runs/{run_id}/metrics", params=cursors).json()

    first = ask()
    told = ("step", "epoch", "train_loss", "images_per_second", "gradient_norm", "gpu_share")
    assert [tuple(point[name] for name in told) for point in first["points"]] == [
        (4, 0.5, 2.0, 90.0, 3.5, None),
        (8, 1.0, 1.5, 100.0, None, None),
    ]
    assert (first["last_step"], first["is_finished"]) == (12, False)
    rest = ask(after=3, after_step=8)
    assert [(point["step"], point["train_loss"]) for point in rest["points"]] == [(12, None)]
    assert (rest["epochs"], rest["is_finished"]) == ([], True)
    with workspace.database.write() as uow:
        uow.series.remove_after(run_id, 5)
    resumed = ask(after_step=12)
    assert (resumed["points"], resumed["last_step"]) == ([], 4)


def test_series__shows_the_whole_as_its_points_and_a_part_by_every_step(browser, workspace, run_id):
    losses = [(step, 900.0 if step == 70_001 else 2.0) for step in range(1, 120_001, 100)]
    steps = [(100_000 + k, 500.0 if k == 3 else 1.0) for k in range(10)]
    with workspace.database.write() as uow:
        uow.series.add(
            run_id,
            {
                "train_loss": [(step, 2.0) for step, _ in losses],
                "train_loss_low": [(step, 1.0) for step, _ in losses],
                "train_loss_high": losses,
                "epoch": [(step, step / 1000) for step, _ in losses],
                "step_loss": steps,
            },
        )
    whole = browser.get(f"/runs/{run_id}/series", params={"columns": 12}).json()
    assert (whole["last_step"], whole["epochs_per_step"]) == (119_901, 0.001)
    assert set(whole["series"]) == {"train_loss", "epoch"}
    drawn = whole["series"]["train_loss"]
    assert len(drawn) == 12
    assert [high for _, _, high, _ in drawn] == [2.0] * 7 + [900.0] + [2.0] * 4
    assert drawn[0] == [9901, 1.0, 2.0, 2.0]
    part = browser.get(
        f"/runs/{run_id}/series", params={"first": 100_000, "last": 100_009, "columns": 500}
    ).json()
    assert part["series"]["train_loss"] == [[step, loss, loss, loss] for step, loss in steps]


def test_series__of_a_run_without_any(browser, run_id):
    answer = browser.get(f"/runs/{run_id}/series").json()
    assert answer == {"last_step": 0, "epochs_per_step": None, "series": {}}


def test_metrics__of_a_run_that_is_not_there(browser, workspace):
    answer = browser.get("/runs/4711/metrics")
    assert answer.status_code == 404
    assert answer.json()["message"]


@pytest.mark.parametrize(
    "address",
    [
        *("x/metrics", "-1/metrics", "1/metrics?after=x", "1/metrics?after_step=-1"),
        *("1/metrics?n=1", "1/series?first=x", "1/series?columns=-1", "1/series?n=1"),
    ],
)
def test_metrics__refuses_what_it_does_not_know(browser, workspace, address):
    assert browser.get(f"/runs/{address}").status_code == 400


@pytest.mark.process
def test_jobs__lists_what_runs_and_what_waits(browser, workspace):
    assert browser.get("/jobs").json() == {"jobs": []}
    control = Supervising(workspace)
    control.start()
    try:
        job = queue.submit(workspace, "wait", "a long job", {}, actor=Actor("anna"))
        wait_running(workspace, job)
        (shown,) = browser.get("/jobs").json()["jobs"]
        queue.request_cancel(workspace, job.job_id)
        queue.wait_until_finished(workspace, job.job_id, timeout_seconds=40)
        assert browser.get("/jobs").json() == {"jobs": []}
    finally:
        control.end()
    assert shown["job_id"] == job.job_id
    assert (shown["kind"], shown["title"], shown["status"]) == ("wait", "a long job", "running")
    assert shown["progress"] == 0.5
