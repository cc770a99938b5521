"""Train, watch, measure, predict, serve and delete runs by commands."""

import csv
import io
import signal
import time

import httpx2 as httpx
import pytest

from db.enums import RunStatus
from forge_core.runs import records, removal
from forge_core.runs.starting import launch
from forge_core.settings import Settings
from forge_core.workspace import open_workspace
from tests.arrange import draw_folder, draw_image
from tests.forge_core.cli.commands import FAST, forge, forge_json, start
from tests.forge_core.jobs.supervising import Supervising, wait_for
from tests.journeys.servers import free_port

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A workspace with a finished run, made through the command itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORGE_USER", "tester")
        patch.delenv("FORGE_WORKSPACE", raising=False)
        root = tmp_path_factory.mktemp("cli")
        folder = root / "workspace"
        where = ["--workspace", str(folder)]
        splits = {"train": 8, "val": 3, "test": 3}
        forge_json("import", draw_folder(root / "drawn", splits=splits), *where)
        workspace = open_workspace(Settings(_env_file=None, workspace=folder, user="tester"))
        try:
            result = forge("train", *FAST, "--name", "first", *where)
            assert result.exit_code == 0, result.output
            assert "epoch   2" in result.stdout
            yield folder
        finally:
            Supervising(workspace).end()
            workspace.database.dispose()


@pytest.mark.parametrize("assignment", ["colour=red", "batch_size", "batch_size=1", "seed=abc"])
def test_train__bad_fields_are_refused(trained, assignment):
    result = forge("train", "--set", assignment, "-w", trained)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert len(forge_json("runs", "list", "-w", trained)) == 1


def test_runs_list_and_show(trained):
    (run,) = forge_json("runs", "list", "-w", trained)
    assert (run["run_id"], run["status"], run["name"]) == (1, "succeeded", "first")
    assert (run["state"], run["runs"], len(run["curve"])) == ("succeeded", [1], 2)
    assert "report" not in run  # a list of a thousand would read all of each
    listed = forge("runs", "list", "-w", trained).stdout
    assert "first" in listed
    assert "finished" in listed
    shown = forge_json("runs", "show", 1, "-w", trained)
    assert [epoch["epoch"] for epoch in shown["progress"]["epochs"]] == [1, 2]
    assert shown["run"]["config"]["scratch_epochs"] == 2
    words = forge("runs", "show", 1, "-w", trained).stdout
    assert "epoch   2" in words
    assert "test: accuracy" in words
    missing = forge("runs", "show", 9, "-w", trained)
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "no run 9" in missing.stderr
    assert "epoch 2" in forge("runs", "log", 1, "--lines", 50, "-w", trained).stdout


def test_runs_star_tag_and_note__are_shown_and_found(trained):
    forge("runs", "star", 1, "-w", trained)
    assert "Tags: base." in forge("runs", "tag", 1, "base", "-w", trained).stdout
    forge("runs", "note", 1, "two epochs", "-w", trained)
    shown = forge("runs", "show", 1, "-w", trained).stdout
    assert "starred, base" in shown
    assert "two epochs" in shown
    (run,) = forge_json("runs", "list", "--tag", "base", "--starred", "-w", trained)
    assert (run["tags"], run["note"], run["is_starred"]) == (["base"], "two epochs", True)
    assert "* first" in forge("runs", "list", "--find", "EPOCHS", "-w", trained).stdout
    assert "No run matches." in forge("runs", "list", "--state", "stopped", "-w", trained).stdout
    forge("runs", "star", 1, "--off", "-w", trained)
    forge("runs", "tag", 1, "base", "--off", "-w", trained)
    assert forge_json("runs", "list", "--starred", "-w", trained) == []


def test_runs_assets__exactly_the_images_of_a_split(trained):
    found = forge_json("runs", "assets", 1, "--split", "val", "-w", trained)
    assert len(found) == 9
    assert {asset["split_type"] for asset in found} == {"val"}
    table = forge("runs", "assets", 1, "--split", "val", "--csv", "-w", trained).stdout
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["asset_id"] for row in rows] == [asset["asset_id"] for asset in found]
    assert forge("runs", "assets", 1, "--split", "held_out", "-w", trained).exit_code == 1


def test_evaluate__same_numbers_as_the_run(trained):
    report = forge_json("evaluate", 1, "--split", "val", "--device", "cpu", "-w", trained)["report"]
    kept = forge_json("runs", "show", 1, "-w", trained)["run"]["report"]["val"]
    assert report["confusion"] == kept["confusion"]
    words = forge("evaluate", 1, "-w", trained).stdout
    assert "Run 1 on test: accuracy" in words
    assert "stripe" in words
    refused = forge("evaluate", 1, "--revision", "soon", "-w", trained)
    assert "--revision is a number, 'now' or 'run'" in refused.stderr


def test_score__all_images_or_those_of_a_split(trained):
    where = ["--device", "cpu", "-w", trained]
    found = forge_json("score", 1, "--all", *where)
    # 3 classes x (8 + 3 + 3) images; label quality for those that were not trained on.
    assert (found["report"]["num_scored"], found["report"]["num_rated"]) == (42, 18)
    assert found["predictions"]["num_images"] == 42
    words = forge("score", 1, "--all", "--split", "val", *where).stdout
    assert "Run 1 scored 9 images, 9 of them with a label quality" in words
    assert "It has predictions of 42 images" in words
    assert forge("score", 1, "--split", "valid", *where).exit_code == 1


def test_predict__by_run_and_by_file_and_with_a_broken_image(trained, tmp_path):
    good, bad = tmp_path / "circle.png", tmp_path / "bad.png"
    draw_image("circle", 77).save(good)
    bad.write_bytes(b"no picture")
    by_run = forge_json("predict", 1, good, bad, "--top", 2, "-w", trained)
    first, second = by_run["predictions"]
    assert len(first["probabilities"]) == 2
    assert "error" in second
    by_file = forge_json("predict", by_run["checkpoint"], good)["predictions"][0]
    assert by_file["probabilities"][0] == first["probabilities"][0]
    only_bad = forge("predict", 1, bad, "-w", trained)
    assert only_bad.exit_code == 1
    assert "bad.png" in only_bad.stderr
    absent = forge("predict", "absent.safetensors", good, "-w", trained)
    assert absent.exit_code == 1
    assert "no checkpoint file" in absent.stderr


def test_train__options_are_listed_with_defaults():
    listed = {option["name"]: option for option in forge_json("train", "--options")}
    assert listed["optimizer"]["choices"] == ["adamw", "sgd"]
    assert listed["clip_norm"]["default"] == 0.0
    said = forge("train", "--options").stdout
    assert 'schedule="cosine" (cosine | one_cycle | constant)' in said


def test_train__no_wait_then_cancel_and_delete(trained):
    queued = forge_json(
        "train",
        "-a",
        "forge_cnn",
        "--scratch",
        "--epochs",
        5000,
        "--no-wait",
        "--device",
        "cpu",
        "-w",
        trained,
    )
    assert queued["status"] in ("queued", "running")
    number = queued["run_id"]
    busy = forge("runs", "delete", number, "--yes", "-w", trained)
    assert busy.exit_code == 1
    assert "Cancel it first" in busy.stderr
    forge("runs", "cancel", number, "-w", trained)
    wait_for(
        lambda: forge_json("runs", "show", number, "-w", trained)["run"]["status"] == "cancelled"
    )
    assert forge("runs", "delete", number, "-w", trained).exit_code == 1  # nobody said yes
    assert forge_json("runs", "delete", number, "--yes", "-w", trained)["run_id"] == number


def test_train__interrupted_watching_leaves_the_run_going(trained, tmp_path):
    log = tmp_path / "log"
    network = ("--architecture", "forge_cnn", "--scratch", "--device", "cpu")
    watching = start("train", *network, "--epochs", 5000, "-w", trained, log=log)
    try:
        wait_for(lambda: "\nepoch" in log.read_text(), what="an epoch", seconds=90)
        watching.send_signal(signal.SIGINT)
        watching.wait(timeout=90)
    finally:
        watching.kill()
        watching.wait()
    errors = log.read_text()
    assert "goes on in the background" in errors
    assert "Traceback" not in errors
    workspace = open_workspace(Settings(_env_file=None, workspace=trained, user="tester"))
    run = records.list_runs(workspace)[0]
    assert run.status == RunStatus.RUNNING
    launch.cancel_run(workspace, run.run_id)
    wait_for(lambda: records.get_run(workspace, run.run_id).status.is_finished())
    removal.delete_run(workspace, run.run_id)


def test_serve__answers_like_predict(trained, tmp_path):
    image = tmp_path / "circle.png"
    draw_image("circle", 77).save(image)
    expected = forge_json("predict", 1, image, "-w", trained)["predictions"][0]["probabilities"]
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    service = start("serve", 1, "--port", port, "-w", trained, log=tmp_path / "log")
    try:
        wait_for(lambda: _is_healthy(address), what="healthy", seconds=60)
        with image.open("rb") as file:
            answer = httpx.post(f"{address}/predict", files={"file": file}, timeout=20).json()
    finally:
        service.terminate()
        assert service.wait(timeout=20) is not None
    served = max(_probabilities(answer), key=lambda entry: entry["probability"])
    assert served["label_name"] == expected[0]["label_name"]
    assert served["probability"] == pytest.approx(expected[0]["probability"], abs=1e-5)


def _is_healthy(address):
    try:
        return httpx.get(f"{address}/health", timeout=2).status_code == 200
    except httpx.TransportError:
        time.sleep(0.1)
        return False


def _probabilities(answer):
    if isinstance(answer, list):
        return [entry for part in answer for entry in _probabilities(part)]
    if isinstance(answer, dict):
        if "probability" in answer:
            return [answer]
        return [entry for part in answer.values() for entry in _probabilities(part)]
    return []


def test_doctor__each_check_and_the_exit_status(trained, tmp_path, monkeypatch):
    findings = forge_json("doctor", "-w", trained)["findings"]
    states = {finding["check"]: finding["state"] for finding in findings}
    assert states["database"] == states["asset root"] == states["versions"] == "ok"
    assert "device cpu" in states
    assert not list((trained / "assets").glob("forge-doctor-*"))
    empty = forge_json("doctor", "-w", tmp_path / "absent")["findings"]
    assert {f["check"]: f["state"] for f in empty}["workspace"] == "warn"
    assert not (tmp_path / "absent").exists()
    monkeypatch.setenv("FORGE_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    broken = forge("doctor", "-w", trained)
    assert broken.exit_code == 1
    assert "fail  database" in broken.stdout
    assert "FORGE_DATABASE_URL" in broken.stdout
