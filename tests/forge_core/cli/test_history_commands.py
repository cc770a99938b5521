"""`forge history`, `forge diff`, `forge undo` on a real workspace."""

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from forge_core.catalog.editing import label_edits
from forge_core.cli.main import app
from forge_core.people.actor import Actor
from tests.arrange import ACTOR, class_id, list_all, make_catalog


def forge(*arguments, status=0):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    return result.stdout


@pytest.fixture
def changed(sqlite_workspace, tmp_path):
    """A catalog with one relabelling after the import; gives workspace, images and revision."""
    assets = make_catalog(sqlite_workspace, tmp_path / "images")
    ids = [asset.asset_id for asset in assets if asset.label_name == "circle"]
    stripe = class_id(sqlite_workspace, "stripe")
    result = label_edits.relabel(
        sqlite_workspace, ids, stripe, actor=Actor("bea"), message="they have stripes"
    )
    return sqlite_workspace, ids, result.revision_id


def test_history__names_who_changed_what(changed):
    workspace, ids, revision = changed
    text = forge("history", "-w", workspace.folder)
    assert "bea" in text
    assert "they have stripes" in text
    rows = json.loads(forge("history", "--limit", 1, "--json", "-w", workspace.folder))
    assert [(row["revision_id"], row["num_changes"]) for row in rows] == [(revision, len(ids))]


def test_history__of_one_image_by_path_or_id(changed):
    workspace, ids, _ = changed
    path = next(asset.file_path for asset in list_all(workspace) if asset.asset_id == ids[0])
    by_path = forge("history", "--asset", path, "--json", "-w", workspace.folder)
    assert by_path == forge("history", "--asset", ids[0], "--json", "-w", workspace.folder)
    last = json.loads(by_path)[-1]
    assert (last["before"], last["after"]) == ({"label_name": "circle"}, {"label_name": "stripe"})
    assert "stripe" in forge("history", "--asset", path, "-w", workspace.folder)
    forge("history", "--asset", "no/such.png", "-w", workspace.folder, status=1)


def test_diff__counts_names_and_writes_a_table(changed):
    workspace, ids, revision = changed
    text = forge("diff", revision - 1, revision, "-w", workspace.folder)
    assert f"{len(ids)} from circle to stripe" in text
    found = json.loads(
        forge("diff", revision - 1, revision, "--counts", "--json", "-w", workspace.folder)
    )
    assert found["counts"]["relabelled"] == len(ids)
    assert found["entries"] == []
    table = forge("diff", 0, revision, "--csv", "-w", workspace.folder)
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == len(list_all(workspace))
    assert {row["kind"] for row in rows} == {"added"}
    assert {row["after_label_name"] for row in rows} == {"square", "stripe"}
    forge("diff", 0, revision + 1, "-w", workspace.folder, status=1)


def test_undo__puts_back_and_names_what_it_left_alone(changed):
    workspace, ids, revision = changed
    square = class_id(workspace, "square")
    label_edits.relabel(workspace, ids[:1], square, actor=ACTOR)
    text = forge("undo", revision, "-w", workspace.folder)
    assert f"{len(ids) - 1} images put back, 1 left alone" in text
    assert str(ids[0]) in text
    again = forge("undo", revision, "-w", workspace.folder, status=1)
    assert "Nothing was put back" in again
    forge("undo", 999, "-w", workspace.folder, status=1)
