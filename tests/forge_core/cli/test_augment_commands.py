"""`forge augment`: copies that can be counted and taken back, and a risk table of a real run."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from forge_core.cli.main import app
from forge_core.jobs import supervision
from forge_core.workspace import Workspace
from tests import arrange

runner = CliRunner()


def test_copies__are_counted_written_and_undone(
    sqlite_workspace: Workspace, tmp_path: Path
) -> None:
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=2, val=1, test=1)
    common = ["augment", "copies", "--per-image", "2", "--size", "16", "--label", "circle"]
    counted = runner.invoke(app, [*common, "--dry-run"])
    assert "4 copies would be written" in counted.output
    written = runner.invoke(app, [*common, "--json"])
    assert written.exit_code == 0, written.output
    report = json.loads(written.output)
    assert (report["added"], report["num_parents"]) == (4, 2)
    again = runner.invoke(app, common)
    assert "in the catalog already" in again.output
    undone = runner.invoke(app, ["undo", str(report["revision_id"])])
    assert undone.exit_code == 0, undone.output
    assert "4 copies would be written" in runner.invoke(app, [*common, "--dry-run"]).output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--preset", "cosmic"], "There is no preset 'cosmic'"),
        (["--label", "unicorn"], "There is no class 'unicorn'"),
        (["--per-image", "99"], "Cannot make 99 copies"),
        (["--parameters", "nowhere.json"], "nowhere.json cannot be read"),
    ],
)
def test_copies__refuses_what_cannot_be(
    sqlite_workspace: Workspace, options: list[str], words: str
) -> None:
    answer = runner.invoke(app, ["augment", "copies", *options])
    assert answer.exit_code == 1
    assert words in answer.output


def test_train__says_where_the_augmentation_may_swap_classes(
    sqlite_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda *_, **__: None)
    arrange.make_catalog(
        sqlite_workspace, tmp_path / "drawn", ["arrow left", "arrow right"], train=8, val=4, test=0
    )
    train = ["train", "-a", "forge_cnn", "--no-wait"]
    started = runner.invoke(app, [*train, "--preset", "natural"])
    assert started.exit_code == 0, started.output
    swap = "note: Horizontal flip: left and right swap; your classes include 'arrow left'"
    assert swap in started.stderr
    assert swap not in started.stdout
    assert swap in runner.invoke(app, ["train", "--like", "1", "--no-wait"]).stderr
    assert "swap" not in runner.invoke(app, [*train, "--preset", "medical"]).stderr


def test_presets__are_saved_listed_trained_with_and_removed(
    sqlite_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda *_, **__: None)
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=8, val=4, test=0)
    numbers = tmp_path / "night.json"
    numbers.write_text(json.dumps({"brightness": 0.6}))
    save = ["augment", "save-preset", "Night shots", "--parameters", str(numbers)]
    assert "Preset 'Night shots' is saved" in runner.invoke(app, save).output
    assert "already, saved by tester" in runner.invoke(app, save).output
    assert runner.invoke(app, [*save, "--replace"]).exit_code == 0
    listed = json.loads(runner.invoke(app, ["augment", "presets", "--json"]).output)["presets"]
    assert [preset["name"] for preset in listed][-1] == "Night shots"
    assert listed[-1]["parameters"]["brightness"] == 0.6
    started = runner.invoke(
        app, ["train", "-a", "forge_cnn", "--preset", "night shots", "--no-wait", "--json"]
    )
    assert started.exit_code == 0, started.output
    config = json.loads(started.output)["config"]
    assert (config["preset"], config["preset_name"]) == ("natural", "Night shots")
    assert config["augmentation"]["brightness"] == 0.6
    run_id = json.loads(started.output)["run_id"]
    like = ["train", "--like", str(run_id), "--preset", "medical", "--no-wait", "--json"]
    config = json.loads(runner.invoke(app, like).output)["config"]
    assert (config["preset"], config["augmentation"]) == ("medical", None)
    assert "is removed" in runner.invoke(app, ["augment", "remove-preset", "Night shots"]).output
    assert (
        "no preset 'Night shots'" in runner.invoke(app, ["train", "--preset", "Night shots"]).output
    )
