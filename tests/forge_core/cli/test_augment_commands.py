"""`forge augment`: copies that can be counted and taken back, and a risk table of a real run."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from forge_core.cli.main import app
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
